"""«Измерительные комплексы»: what stands on the wall of a point, when its verification ends, and what stood before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from central import figures
from central.faces import energy, formats, registry_words
from central.faces.forms import written
from central.faces.here import here, viewer
from central.figures.complexes import SOON, ComplexView, Stand
from central.figures.views import PointView
from central.metering.timetable import Band, DayTable
from central.metering.zones import ALL_MONTHS, ANY, DAY_MINUTES, day_of
from central.registry.complexes import Verified

YEAR = 366  # days: what lasts longer is told in years
OFFSET = 60  # minutes


@dataclass(frozen=True, slots=True)
class Lapse:
    """How a verification stands: `kind` of a badge, `left` in words."""

    kind: str  # ok | look | act | plain
    verified: Verified | None
    left: str


@dataclass(frozen=True, slots=True)
class Event:
    """An act at the wall. `kind`: of registry_words.CHANGES."""

    at: int
    kind: str
    number: str
    reason: str | None
    taken: Stand | None
    put: Stand | None


@dataclass(frozen=True, slots=True)
class Block:
    """A band of a day, along 100 %. `colour` "" = no zone."""

    x: str
    width: str
    colour: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A day of the timetable: its caption, the strip of its hours with ticks (%, hour), the hours of each zone."""

    caption: str
    blocks: tuple[Block, ...]
    ticks: tuple[tuple[str, str], ...]
    zones: tuple[tuple[energy.Zone, str, int], ...]  # zone, «07–10, 17–21», tariff register


def page(point: PointView) -> dict[str, object]:
    made = here()
    view = figures.complex_of(made.source, viewer(), point.id, made.now)
    day = None if view.over else view.day
    return {
        "point": point,
        "view": view,
        "next": lapse(view.next.verified if view.next is not None else None, day),
        "lapses": [(one, lapse(one.verified, day)) for one in view.devices],
        "sheets": [_sheet(table, view) for table in view.hours],
        "events": _events(view),
        "clock": _offset(view.standing.clock_offset) if view.standing is not None else "",
        "size": energy.size_word(view.standing.period) if view.standing is not None else "",
        "registry": registry_words,
        "written": written,
    }


def ahead(point: PointView) -> Lapse | None:
    """A verification that ends soon, or has ended; None: there is nothing to be told."""
    made = here()
    found = figures.next_verified(made.source, viewer(), point.id, made.now)
    told = lapse(found, day_of(made.now, point.tz)) if found is not None else None
    return told if told is not None and told.kind in ("look", "act") else None


def lapse(found: Verified | None, day: date | None) -> Lapse:
    """As of this day; None: of the time of a former consumer, when nothing runs out any more."""
    if found is None or day is None:
        return Lapse("plain", found, "")
    days = (found.until - day).days
    if days <= 0:
        return Lapse("act", found, str(_("истекла")))
    if days < YEAR:
        left = ngettext("остался %(num)d день", "осталось %(num)d дней", days)
    else:
        left = ngettext("осталось больше %(num)d года", "осталось больше %(num)d лет", days * 4 // 1461)
    return Lapse("look" if days <= SOON else "ok", found, str(left))


def _events(view: ComplexView) -> tuple[Event, ...]:
    """The newest first. What was taken down and put up at one moment is one act."""
    stands = [*([view.standing] if view.standing is not None else []), *view.earlier]
    taken = {one.taken.at: one for one in stands if one.taken is not None}
    put = {one.put.at: one for one in stands if one.put is not None}
    return tuple(_event(at, taken.get(at), put.get(at)) for at in sorted({*taken, *put}, reverse=True))


def _event(at: int, taken: Stand | None, put: Stand | None) -> Event:
    if taken is not None and put is not None:
        kind = "ratio" if taken.meter == put.meter else "replacement"
    else:
        kind = "mounting" if put is not None else "dismounting"
    act = put.put if put is not None else taken.taken if taken is not None else None
    number, reason = (act.number, act.reason) if act is not None else ("", None)
    return Event(at, kind, number, reason, taken, put)


def _sheet(table: DayTable, view: ComplexView) -> Sheet:
    zones = energy.zones_of(tuple(view.terms.tariffs))
    colours = {zone.name: zone.colour for zone in zones}
    return Sheet(
        caption=_caption(table),
        blocks=tuple(
            Block(_percent(band.start), _percent(band.end - band.start), colours.get(band.zone or "", ""))
            for band in table.bands
        ),
        ticks=tuple((_percent(band.start), _hour(band.start)) for band in table.bands),
        zones=tuple((zone, _hours(table.of(zone.name)), view.terms.tariffs[zone.name]) for zone in zones),
    )


def _caption(table: DayTable) -> str:
    days = "" if table.day_kind == ANY else registry_words.value("day_kind", table.day_kind)
    if table.months == ALL_MONTHS:
        return str(_("Дни: %(days)s", days=days) if days else _("Каждый день, круглый год"))
    months = registry_words.months(table.months)
    if days:
        return str(_("Дни: %(days)s, месяцы: %(months)s", days=days, months=months))
    return str(_("Месяцы: %(months)s", months=months))


def _hours(bands: Sequence[Band]) -> str:
    """«23–07», «07–10, 17–21»."""
    if any(band.start == 0 and band.end == DAY_MINUTES for band in bands):
        return str(_("круглые сутки"))
    return ", ".join(f"{_hour(band.start)}–{_hour(band.end)}" for band in bands) or formats.NOTHING


def _hour(minutes: int) -> str:
    return f"{minutes // 60:02}" + (f":{minutes % 60:02}" if minutes % 60 else "")


def _percent(minutes: int) -> str:
    return f"{minutes * 100 / DAY_MINUTES:.3f}".rstrip("0").rstrip(".")


def _offset(minutes: int) -> str:
    """«UTC+3», «UTC−3:30»."""
    sign = formats.MINUS if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), OFFSET)
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
