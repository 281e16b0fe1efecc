"""Steps of energy as the chart, the table and the panels beside them show them: one list of rows for all three."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import gettext as _

from central.faces import charts, formats, words
from central.faces.registry_words import tariff
from central.figures.steps import DAY, MONTH, Step
from central.figures.views import Forecast, PointView, Totals
from central.metering.terms import State
from central.metering.zones import day_of, days, local, midnight, month_start, next_month

HOUR = 3600
CHART_STEPS = (60, 300, 900, 1800, HOUR, 3 * HOUR, 6 * HOUR, DAY)
ESTIMATES = (State.ESTIMATED, State.ESTIMATED_OPEN)


@dataclass(frozen=True, slots=True)
class Zone:
    """`colour` = its class and, with «Т», its short name: t1 for the first tariff of the point. Among points of
    different tariffs a number names none: there its word is the short name."""

    name: str
    colour: str
    short: str
    word: str

    @property
    def label(self) -> str:
        return f"{self.short} {self.word}".rstrip()


def zones_of(names: Sequence[str]) -> tuple[Zone, ...]:
    """In the order of the tariffs; four colours there are, further zones share the last."""
    return tuple(Zone(name, f"t{min(n, 4)}", tariff(n), words.zone(name)) for n, name in enumerate(names, 1))


def zones_together(points: Sequence[PointView]) -> tuple[Zone, ...]:
    """Of all these points, each once."""
    zones = zones_of(tuple(dict.fromkeys(zone for point in points for zone in point.zones)))
    if len({point.zones for point in points}) == 1:
        return zones
    return tuple(replace(zone, short=zone.word, word="") for zone in zones)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is not simply measured in a row: its state, at how many places (0 = the row is one place)."""

    state: State
    mark: str
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """A step with its words."""

    step: Step
    label: str
    exceptions: tuple[Mark, ...]

    @property
    def state(self) -> State:
        """The gravest there is."""
        return self.exceptions[0].state if self.exceptions else State.MEASURED


def due(found: Iterable[Step]) -> list[Step]:
    """What has begun, newest first."""
    return [step for step in found if step.completeness.expected or step.energies][::-1]


def rows(found: Sequence[Step], tz: str, *, size: int, within: str = "") -> tuple[Row, ...]:
    """`within` a day or a year, which is not told again."""
    return tuple(Row(step, label(step, tz, size=size, within=within), exceptions(step)) for step in found)


def label(step: Step, tz: str, *, size: int, within: str = "") -> str:
    """«ноябрь 2026», «пн 23.11», «23.11 07:00–07:30», «07:00–07:30»."""
    start = local(step.start, tz)
    if size >= MONTH:
        return formats.said(start, "LLLL" if within == "year" else "LLLL y")
    if size >= DAY:
        return f"{formats.said(start, 'ccc')}{formats.NO_BREAK}{formats.day(start.date(), year=False)}"
    hours = f"{formats.clock(step.start, tz)}–{formats.clock(step.end, tz, end=True)}"
    return hours if within == "day" else f"{formats.day(start.date(), year=False)}{formats.NO_BREAK}{hours}"


def exceptions(step: Step) -> tuple[Mark, ...]:
    counts = step.completeness
    if counts.received == counts.expected and not (counts.suspect or step.computed):  # nearly always
        return ()
    alone = counts.expected + counts.not_due <= 1
    return tuple(
        Mark(state, words.mark(state), words.state(state), 0 if alone else count)
        for state, count in words.counted(counts, step.computed)
    )


def for_chart(wanted: int, seconds: int) -> int:
    """Seconds of a bar: `wanted`, or the shortest with which a period of so many seconds has few enough."""
    return next(
        (size for size in CHART_STEPS if size >= wanted and seconds / size <= charts.MOST_BARS), CHART_STEPS[-1]
    )


def bars(
    found: Sequence[Step],
    zones: Sequence[Zone],
    unit: str,
    first: date,
    until: date,
    size: int,
    tz: str,
    now: int,
    earlier: Sequence[Step | None] = (),
    meanwhile: Callable[[int, int], str] = lambda _start, _end: "",
) -> list[charts.Bar]:
    """One bar for each step of local days [first, until), whatever is known of it. `earlier`: those of another period,
    by their place in it; zones that are not named are not drawn. `meanwhile`: what else happened in [start, end)."""
    grid = _grid(first, until, size, tz)
    tick = _ticks((until - first).days, size)
    drawn = [zone.name for zone in zones]
    made = []
    for place, ((start, end), step) in enumerate(zip(grid, on_grid(found, first, until, size, tz), strict=True)):
        caption, fine = tick(start, tz)
        other = earlier[place] if place < len(earlier) else None
        before = _drawn(other, drawn) if other is not None else None
        note = _note(step, start, end, unit, tz, size)
        if other is not None and before is not None:
            note += f"\n{_when(other.start, other.end, size, tz)}: {formats.kilo(before)}{formats.NARROW}{unit}"
        counts = step.completeness if step is not None else None
        state = _state(step, start, now)
        told = meanwhile(start, end) if state not in (charts.NOT_DUE, charts.ABSENT) else ""
        made.append(
            charts.Bar(
                parts=_parts(step, zones) if step is not None and state == charts.SOLID else (),
                state=state,
                note=f"{note}\n{told}" if told else note,
                noted=bool(told),
                whole=counts is None or not (counts.missing or counts.estimated or counts.suspect),
                suspect=bool(counts and counts.suspect),
                tick=caption,
                fine=fine,
                centred=size >= DAY,
                before=None if before is None else before / 1e6,
                since=day_of(start, tz).isoformat(),
                until=day_of(end - 1, tz).isoformat(),
            )
        )
    return made


def on_grid(found: Sequence[Step], first: date, until: date, size: int, tz: str) -> list[Step | None]:
    """For each place of local days [first, until) the step that stands there."""
    by_place = {_place(step.start, size, tz): step for step in found}
    return [by_place.get(start) for start, _ in _grid(first, until, size, tz)]


def lengths(first: date, until: date, size: int, tz: str) -> list[int]:
    """Seconds of each of these places."""
    return [end - start for start, end in _grid(first, until, size, tz)]


def _drawn(step: Step, zones: Sequence[str]) -> int | None:
    known = [energy for zone, energy in step.zones.items() if zone in zones]
    return sum(known) if known else None


def _when(start: int, end: int, size: int, tz: str) -> str:
    """«20 октября», «20 октября, 07:00–07:30», «октябрь»."""
    day = local(start, tz).date()
    if size >= MONTH:
        return formats.said(day, "LLLL y")
    told = formats.said(day, "d MMMM")
    return told if size >= DAY else f"{told}, {formats.clock(start, tz)}–{formats.clock(end, tz, end=True)}"


def _grid(first: date, until: date, size: int, tz: str) -> list[tuple[int, int]]:
    found = []
    if size >= MONTH:
        day = month_start(first)
        while day < until:
            found.append((midnight(day, tz), midnight(next_month(day), tz)))
            day = next_month(day)
        return found
    for day in days(first, until):
        origin, end = midnight(day, tz), midnight(date.fromordinal(day.toordinal() + 1), tz)
        starts = range(origin, end, size) if size < DAY else (origin,)
        found += [(start, min(start + size, end) if size < DAY else end) for start in starts]
    return found


def _place(moment: int, size: int, tz: str) -> int:
    day = local(moment, tz).date()
    if size >= MONTH:
        return midnight(month_start(day), tz)
    origin = midnight(day, tz)
    return origin + (moment - origin) // size * size if size < DAY else origin


def _ticks(count: int, size: int) -> Callable[[int, str], tuple[str, bool]]:
    """What stands under a step, and whether only where there is room."""

    def of_hours(start: int, tz: str) -> tuple[str, bool]:
        here = local(start, tz)
        return (f"{here:%H}", here.hour % 6 != 0) if here.minute == 0 and here.hour % 2 == 0 else ("", False)

    def of_week(start: int, tz: str) -> tuple[str, bool]:
        here = local(start, tz)
        at_midnight = here.hour == here.minute == 0
        return (f"{formats.said(here, 'ccc')} {here.day}" if at_midnight else "", False)

    def of_month(start: int, tz: str) -> tuple[str, bool]:
        here = local(start, tz)
        at_midnight = here.hour == here.minute == 0
        return (str(here.day), here.day != 1 and here.day % 5 != 0) if at_midnight else ("", False)

    def of_quarter(start: int, tz: str) -> tuple[str, bool]:
        here = local(start, tz)
        at_midnight = here.hour == here.minute == 0
        return (formats.said(here, "d MMM") if at_midnight and here.day == 1 else "", False)

    def of_year(start: int, tz: str) -> tuple[str, bool]:
        here = local(start, tz)
        return (formats.said(here, "LLL").rstrip("."), here.month % 2 == 0)

    if size >= MONTH:
        return of_year
    return of_hours if count == 1 else of_week if count <= 7 else of_month if count <= 62 else of_quarter


def _note(step: Step | None, start: int, end: int, unit: str, tz: str, size: int) -> str:
    """When it is, and what is told of it."""
    day = local(start, tz).date()
    when = formats.month_name(day) if size >= MONTH else formats.said(day, "ccc, d MMMM")
    if size < DAY:
        when += f", {formats.clock(start, tz)}–{formats.clock(end, tz, end=True)}"
    return when if step is None else f"{when}\n{_told(step, unit)}"


def _state(step: Step | None, start: int, now: int) -> str:
    if step is None:
        return charts.NOT_DUE if start >= now else charts.ABSENT
    counts = step.completeness
    if not counts.expected and not step.energies:
        return charts.NOT_DUE
    if counts.off and counts.off == counts.expected:
        return charts.OFF
    return charts.SOLID if step.total is not None or counts.suspect else charts.MISSING


def _parts(step: Step, zones: Sequence[Zone]) -> tuple[charts.Part, ...]:
    """From the bottom: the last tariff first, of each what is known, then what is estimated."""
    found = []
    for zone in reversed(zones):
        known = estimated = 0
        for state, energy in step.energies.get(zone.name, {}).items():
            if state in ESTIMATES:
                estimated += energy
            elif state is not State.SUSPECT:
                known += energy
        if known > 0:
            found.append(charts.Part(zone.colour, known / 1e6))
        if estimated > 0:
            found.append(charts.Part(zone.colour, estimated / 1e6, True))
    return tuple(found)


def _told(step: Step, unit: str) -> str:
    if not step.completeness.expected and not step.energies:
        return str(words.STATES[State.NOT_DUE])
    if step.total is None:
        return str(words.STATES[State.SUSPECT if step.completeness.suspect else State.MISSING])
    text = f"{formats.kilo(step.total)}{formats.NARROW}{unit}"
    told = [f"{found.word}: {found.count}" if found.count else found.word for found in exceptions(step)]
    return "\n".join((text, *told))


def captions(name: str, title: str, desc: str, unit: str, last_tick: str = "") -> charts.Captions:
    """With the words for what is lacking."""
    lacking, later = str(words.STATES[State.MISSING]), str(words.STATES[State.NOT_DUE])
    return charts.Captions(name, title, desc, unit, lacking, later, last_tick)


def strip(totals: Totals, zones: Sequence[Zone], foretold: Forecast | None = None) -> charts.Strip:
    """A month so far by zone, the first tariff first, and what it will come to."""
    parts = tuple(
        charts.Part(zone.colour, totals.zones[zone.name] / 1e6) for zone in zones if zone.name in totals.zones
    )
    if foretold is None:
        return charts.Strip(parts)
    ends = foretold.least / 1e6, foretold.most / 1e6
    return charts.Strip(parts, foretold.energy / 1e6, True, *ends)


def earlier_strip(same: int | None, whole: int | None) -> charts.Strip:
    """An earlier month: the same days filled, the rest hollow."""
    parts = (charts.Part("before", same / 1e6),) if same else ()
    return charts.Strip(parts, None if whole is None else whole / 1e6)


def size_word(seconds: int) -> str:
    """How long a step is, in words."""
    if seconds >= MONTH:
        return str(_("месяц"))
    if seconds >= DAY:
        return str(_("сутки"))
    if seconds % HOUR == 0:
        hours = seconds // HOUR
        return str(_("час") if hours == 1 else _("%(num)d ч", num=hours))
    return str(_("%(num)d мин", num=seconds // 60))
