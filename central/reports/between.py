"""Readings at both ends of a period as rows have them: what the reports of readings and of flows share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _

from central import figures
from central.faces import energy, formats
from central.faces.periods import Chosen
from central.figures.boundaries import Wanted
from central.figures.reading_at import COMPUTED
from central.figures.source import ACTIVE_IMPORT
from central.figures.views import Between, Boundaries, DaysView, Period, PointView, RegisterBetween
from central.metering.consumption import Rule
from central.metering.terms import MANUAL, Reading, Segment, State
from central.metering.zones import local
from central.reports.asked import Asked
from central.reports.description import Address, Mark
from central.reports.making import Making
from central.reports.marks import of_states
from central.reports.profiles import tells_nothing

ONE_DAY = timedelta(days=1)
EXACT = frozenset({"act", "daily", "monthly"})  # kinds of readings that every page takes at a boundary


@dataclass(frozen=True, slots=True)
class Line:
    """A zone, or all of them (None), of one direction. `parts`: its meters; none = the profile counts it. `counted` =
    False: it stands beside what is counted, and is in no sum. `opens`: what explains its energy."""

    zone: str | None
    zones: tuple[str, ...]
    parts: tuple[Between, ...]
    energy: int | None
    marks: tuple[Mark, ...]
    remarks: tuple[str, ...] = ()
    opens: Address | None = None
    counted: bool = True
    source: str = ""  # what else than its registers its energy is from

    @property
    def told(self) -> tuple[str, ...]:
        """All remarks."""
        return (*self.remarks, self.source) if self.source else self.remarks


class Captions:
    """Of zones and meters; what is translated is made once."""

    def __init__(self) -> None:
        self._total = str(_("всего"))
        self._several = str(_("вместе"))
        self._zones: dict[tuple[str, ...], dict[str, tuple[str, str]]] = {}

    def of(self, line: Line) -> tuple[str, str]:
        """«Т1 пик» and its colour."""
        if line.zone is None:
            return self._total, ""
        if line.zones not in self._zones:
            self._zones[line.zones] = {one.name: (one.label, one.colour) for one in energy.zones_of(line.zones)}
        return self._zones[line.zones][line.zone]

    def meter(self, one: PointView, found: Boundaries, parts: Sequence[Between]) -> str:
        """«Милур 107S № 04217795», of several that they are; where nothing is told of one, what stands there now."""
        segments: Sequence[Segment] = [part.segment for part in parts] or found.segments
        names = {(found.types[each.meter], each.serial) for each in segments}
        if not names and one.serial:
            names = {(one.meter_type or "", one.serial)}
        if len(names) > 1:
            return self._several
        return " ".join(f"{kind} {_('№')} {serial}".strip() for kind, serial in names)


def each(made: Making, channels: tuple[str, ...]) -> Iterator[tuple[PointView, Boundaries]]:
    """The points of which something may be seen in the period."""
    asked = made.asked
    periods = {one.id: Period(*asked.period.span(one.tz)) for one in made.points}
    wanted = Wanted(channels, asked.tariffs, asked.fixed, asked.replaced)
    found = figures.all_boundaries(made.source, made.viewer, periods, made.now, wanted)
    current = next(found, None)
    for one in made.each():
        if current is not None and current.point == one.id:
            yield one, current
            current = next(found, None)


def lines(found: Boundaries, channel: str, asked: Asked, by_profile: str) -> list[Line]:
    """Those of a direction in the order in which they are shown; at least one. `by_profile`: the words for it."""
    of_channel = found.channels[channel]
    if of_channel.days is None:
        opens = _opens(found, channel, asked.period)
        return [_line(found, one, opens) for one in of_channel.registers] or [_nothing(found)]
    beside = str(_("в итог не входит: расход по профилю"))
    told = [_line(found, one, None, beside) for one in of_channel.registers]
    return told + list(_of_days(found, of_channel.days, channel, asked, by_profile))


def reading_page(found: Boundaries, moment: int) -> Address | None:
    """Where a reading of this moment is explained; it knows minutes."""
    here = local(moment, found.tz)
    there = {"point": found.point, "day": here.date().isoformat(), "time": f"{here:%H:%M}"}
    return Address("cabinet.reading", there) if moment % 60 == 0 else None


def marks_of(found: Boundaries, parts: Sequence[Between]) -> set[Mark]:
    """Of readings and what came of them."""
    marks = set()
    for part in parts:
        for reading, moment in ((part.first, part.start), (part.last, part.end)):
            marks |= _of_reading(found, reading, moment)
        if part.term is not None and part.term.rule is Rule.SUSPECT:
            marks.add(Mark.SUSPECT)
    return marks


def in_order(marks: set[Mark]) -> tuple[Mark, ...]:
    return tuple(mark for mark in Mark if mark in marks)


def span_of(found: Boundaries, start: int, end: int) -> list[str]:
    """«с 14.10 12:00», «до 20.10»: what of the asked time it is, where it is not all."""
    told = []
    if start > found.asked.since:
        told.append(str(_("с %(when)s", when=_when(start, found.tz))))
    if end < found.asked.until:
        told.append(str(_("до %(when)s", when=_when(end, found.tz))))
    return told


def of_part(found: Boundaries, line: Line, part: Between) -> tuple[tuple[Mark, ...], tuple[str, ...]]:
    """Marks and remarks of one meter among several, or of what is not counted."""
    told = (*span_of(found, part.start, part.end), *_how([part]), line.source)
    return in_order(marks_of(found, [part])), tuple(filter(None, told))


def _when(moment: int, tz: str) -> str:
    here = local(moment, tz)
    written = formats.day(here.date(), year=False)
    return f"{written} {here:%H:%M}" if here.hour or here.minute else written


def _of_reading(found: Boundaries, reading: Reading | None, moment: int) -> set[Mark]:
    if reading is None:
        waits = moment == found.period.until and not found.due
        return {Mark.NOT_DUE if waits else Mark.MISSING}
    return {mark for kind, mark in ((COMPUTED, Mark.COMPUTED), (MANUAL, Mark.MANUAL)) if kind == reading.kind}


def _how(parts: Sequence[Between]) -> list[str]:
    told = []
    if any(part.term is not None and part.term.rule is Rule.ROLL_OVER for part in parts):
        told.append(str(_("переход через ноль")))
    if any(part.whole for part in parts):
        told.append(str(_("разность по целым кВт·ч")))
    return told


def _common(found: Boundaries) -> tuple[set[Mark], list[str]]:
    """What is said of every row of a point."""
    marks = {mark for mark, holds in ((Mark.REPLACED, found.replaced), (Mark.NOT_DUE, found.open)) if holds}
    told = []
    if found.replaced:
        days = dict.fromkeys(formats.day(local(one, found.tz).date(), year=False) for one in found.replaced)
        told.append(str(_("замена %(days)s", days=", ".join(days))))
    for gap in found.without:
        span = {"since": _when(gap.since, found.tz), "until": _when(gap.until, found.tz)}
        told.append(str(_("без счётчика с %(since)s до %(until)s", **span)))
    return marks, told


def _whole(found: Boundaries, parts: Sequence[Between]) -> list[str]:
    """Of what time a row is, where the mark of a replacement does not say it."""
    start, end = parts[0].start, parts[-1].end
    return span_of(found, found.asked.since if found.replaced else start, end)


def _line(found: Boundaries, one: RegisterBetween, opens: Address | None, beside: str = "") -> Line:
    if not one.parts:
        return _nothing(found, one.zone, one.zones)
    marks, told = _common(found)
    marks |= marks_of(found, one.parts)
    remarks = (*told, *_whole(found, one.parts), *_how(one.parts))
    return Line(
        one.zone,
        one.zones,
        one.parts,
        one.energy,
        in_order(marks),
        remarks,
        opens if one.energy is not None else None,
        not beside,
        beside,
    )


def _nothing(found: Boundaries, zone: str | None = None, zones: tuple[str, ...] = ()) -> Line:
    """No meter stood there, or none that counts this; or nothing of the time is over."""
    marks, told = _common(found)
    if not found.open or found.segments:
        marks.add(Mark.MISSING)
    if not found.segments and not found.open:
        told.append(str(_("счётчика не было")))
    return Line(zone, zones, (), None, in_order(marks), tuple(told))


def _of_days(found: Boundaries, days: DaysView, channel: str, asked: Asked, by_profile: str) -> Iterator[Line]:
    """By the profile, zone by zone where zones are wanted."""
    marks, told = _common(found)
    start = found.asked.since if found.replaced else max(found.period.since, found.segments[0].since)
    remarks = (*told, *span_of(found, start, found.period.until))
    counts, totals = days.completeness, days.totals
    lacks = counts.missing or any(tells_nothing(day.energies, day.completeness) for day in days.days)
    marks |= {mark for mark, there in ((Mark.MISSING, lacks), (Mark.NOT_DUE, counts.not_due)) if there}
    there = {"point": found.point, "by": "profile", "channel": channel, **_named(found, asked.period)}
    opens = Address("cabinet.explain", there) if not _last_alone(found) else None
    for zone in found.zones if asked.tariffs and totals.zones else (None,):
        energy = totals.total if zone is None else totals.zones.get(zone)
        of_zones = [states for day in days.days for name, states in day.energies.items() if zone in (None, name)]
        states = {State(name) for of_zone in of_zones for name in of_zone} - {State.POWER_OFF}
        of_line = marks | set(of_states(states)) | ({Mark.MISSING} if energy is None else set())
        explained = opens if energy is not None else None
        yield Line(zone, found.zones, (), energy, in_order(of_line), remarks, explained, source=by_profile)


def _opens(found: Boundaries, channel: str, period: Chosen) -> Address | None:
    """A page that shows the same consumption: where all of its readings are such as every page takes."""
    of_channel = found.channels[channel]
    parts = [part for one in of_channel.registers for part in one.parts]
    if not parts or any(_inexact(part) for part in parts):
        return None
    if _last_alone(found):
        return None
    there = {"point": found.point, **_named(found, period)}
    zones = all(one.zone is not None for one in of_channel.registers)
    if channel == ACTIVE_IMPORT and zones and found.by_registers:
        return Address("cabinet.explain", there | {"by": "bill"})
    cut = any(len(one.parts) != len(found.segments) for one in of_channel.registers)
    return Address("cabinet.readings", there) if not cut else None


def _last_alone(found: Boundaries) -> bool:
    """Whether the meter that stands there at the end is told of, and not those before it."""
    return bool(found.replaced) and len({segment.meter for segment in found.segments}) == 1


def _inexact(part: Between) -> bool:
    kinds = {reading.kind for reading in (part.first, part.last) if reading is not None}
    return part.energy is None or not kinds <= EXACT


def _named(found: Boundaries, period: Chosen) -> Mapping[str, str]:
    """The period for an address: of one that is not over, the days that are."""
    if not found.open:
        return period.named
    last = local(found.period.until, found.tz).date() - ONE_DAY
    return {"length": "own", "day": period.first.isoformat(), "last": last.isoformat()}
