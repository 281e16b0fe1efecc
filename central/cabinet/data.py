"""«Учетные данные»: the interval values of one point and channel, as chart, table, sums by zone and completeness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _

from central import figures
from central.faces import charts, energy, words
from central.faces.formats import kilo
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.faces.periods import Chosen
from central.figures import NotFound, TooLong
from central.figures.intervals import MOST
from central.figures.steps import DAY, Step, steps, steps_of_days
from central.figures.views import DayView, IntervalView, PointView, Revision, Totals
from central.metering.cost import Cost
from central.metering.slots import Completeness
from central.metering.zones import day_of

STEPS = {"period": 0, "half_hour": 1800, "hour": 3600, "day": DAY}  # word of the URL -> seconds, 0 = the meter's own
USUAL = {"day": "half_hour", "week": "hour", "month": "day"}  # length -> step
ROWS = {True: 31, False: 48}  # on a page of the table: days, shorter steps


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page tells, from intervals or from days. `drawn` = the steps of the chart, each of `size` seconds."""

    steps: Sequence[Step]
    drawn: Sequence[Step]
    size: int
    totals: Totals
    completeness: Completeness
    cost: Cost | None
    days: Mapping[int, DayView]  # by their beginning
    intervals: IntervalView | None


def page(point: PointView, period: Chosen, args: Mapping[str, str]) -> dict[str, object]:
    """Raises NotFound for a channel that there is not."""
    channel = args.get("channel", "active_import")
    if channel not in words.CHANNELS:
        raise NotFound("channel")
    may = offered(point, period)
    step = args.get("step", "")
    step = step if step in may else USUAL[period.length]
    common = {
        "point": point,
        "period": period,
        "channel": channel,
        "unit": words.UNITS[channel],
        "step": step,
        "step_names": may,
        "step_name": may[step],
        "zones": energy.zones_of(point.zones),
        "query": {"point": point.id, "length": period.length, "day": period.first, "channel": channel, "step": step},
    }
    shown = show(point, period, channel, STEPS[step])
    if shown is None or not (shown.completeness.expected or shown.steps):
        return common | {"shown": None}
    rows = energy.rows(shown.steps, point.tz, of_days=step == "day", one_day=period.length == "day")
    on_page = ROWS[step == "day"]
    pages = max(1, -(-len(rows) // on_page))
    number = min(max(whole(args.get("page", "")) or 1, 1), pages)
    return common | {
        "shown": shown,
        "chart": _chart(point, period, channel, shown),
        "chart_step": energy.size_word(shown.size),
        "rows": rows[(number - 1) * on_page : number * on_page],
        "count": len(rows),
        "page": number,
        "pages": pages,
        "on_page": on_page,
        "marks": _marks(rows),
        "refined": _refined(point, period, channel),
        "registers": _registers(point, period, channel) if shown.completeness.missing else None,
    }


def offered(point: PointView, period: Chosen) -> dict[str, str]:
    """Steps that make sense: not shorter than the meter's own, and no more intervals than a page may ask for."""
    own = point.period or STEPS["half_hour"]
    since, until = period.span(point.tz)
    found = {}
    if (until - since) // own <= MOST:
        if own not in STEPS.values():
            found["period"] = energy.size_word(own)
        found |= {name: energy.size_word(size) for name, size in STEPS.items() if own <= size < DAY}
    if period.length != "day" or not found:
        found["day"] = energy.size_word(DAY)
    usual = USUAL[period.length]
    return found if usual in found else found | {usual: energy.size_word(own)}


def show(point: PointView, period: Chosen, channel: str, size: int) -> Shown | None:
    """None = nothing of this period is for this viewer. A period too long for intervals is told by days."""
    made = here()
    since, until = period.span(point.tz)
    try:
        if size < DAY:
            view = figures.interval(made.source, viewer(), point.id, since, until, channel, made.now)
            found = steps(view.slots, size or 1, point.tz)
            drawn, drawn_size = energy.for_chart(view.slots, size or (point.period or 1), until - since, point.tz)
            return Shown(found, drawn, drawn_size, view.totals, view.completeness, None, {}, view)
        days = figures.days(made.source, viewer(), point.id, period.first, period.until, channel, made.now)
    except (NotFound, TooLong):
        return None
    found = steps_of_days(days.days, point.tz)
    by_start = {step.start: day for step, day in zip(found, days.days, strict=True)}
    return Shown(found, found, DAY, days.totals, days.completeness, days.cost, by_start, None)


def _chart(point: PointView, period: Chosen, channel: str, shown: Shown) -> object:
    unit = str(words.UNITS[channel])
    zones = energy.zones_of(point.zones)
    bars = energy.bars(shown.drawn, zones, unit, period.first, period.until, shown.size, point.tz, here().now)
    size = energy.size_word(shown.size)
    return charts.bars(
        bars,
        energy.captions(
            "load",
            f"{words.CHANNELS[channel]}, {period.caption}",
            _("Всего %(total)s %(unit)s, столбик — %(size)s", total=kilo(shown.totals.total), unit=unit, size=size),
            _("%(unit)s, столбик — %(size)s", unit=unit, size=size),
            "24" if period.length == "day" else "",
        ),
    )


def _marks(rows: Sequence[energy.Row]) -> list[energy.Mark]:
    """The legend: each exception that stands anywhere in these rows, once."""
    return list({mark.state: mark for row in rows for mark in row.exceptions}.values())


def _refined(point: PointView, period: Chosen, channel: str) -> Revision | None:
    """What a single published day was before it became what it is."""
    if period.length != "day" or period.first >= day_of(here().now, point.tz):
        return None
    try:
        found = figures.revisions(
            here().source, viewer(), point.id, period.first, period.first + timedelta(days=1), channel
        )
    except NotFound:
        return None
    return found[0] if found else None


def _registers(point: PointView, period: Chosen, channel: str) -> int | None:
    """What the registers say of a period in which intervals are missing."""
    since, until = period.span(point.tz)
    view = figures.readings(here().source, viewer(), point.id, since, min(until, here().now), here().now)
    found = next((one for one in view.directions if one.channel == channel), None)
    return found.total.energy if found is not None and found.total is not None else None
