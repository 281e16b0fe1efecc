"""«Учетные данные»: the values of the chosen points and channel, as chart, table, sums by zone and completeness.

Days and longer steps are read from the days; the intervals of a long period a day at a time, as its table is turned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from flask_babel import gettext as _
from markupsafe import Markup

from central import figures
from central.cabinet import meanwhile
from central.cabinet.asked import MOST_TOGETHER, SHORT, Asked
from central.faces import charts, energy, words
from central.faces.formats import day as written
from central.faces.formats import kilo
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.faces.periods import Chosen
from central.figures import NotFound, TooLong
from central.figures.compare import Comparison, compare
from central.figures.steps import DAY, MONTH, Step, steps, steps_of_days, steps_of_many, steps_of_months
from central.figures.totals import added, money_of, together
from central.figures.views import DaysView, IntervalView, PointView, Revision, Totals
from central.metering.cost import Cost
from central.metering.decree import Happened
from central.metering.slots import Completeness
from central.metering.zones import day_of, midnight, month_start

ROWS = {DAY: 31, MONTH: 36}  # on a page of the table; of shorter steps:
SHORT_ROWS = 48
LACKING = 20  # of so many intervals one may lack in what is compared
PRICED = "active_import"


@dataclass(frozen=True, slots=True)
class Shown:
    """`steps`: those of the table, oldest first; None = the period is too long to have all of them, and the table is
    turned by days. `drawn` = the bars of the chart, each of `size` seconds. `money`: what it costs; `costs`: by the
    beginning of a step; `unpriced`: points that lack a price. `each`: what each point has of the total."""

    steps: Sequence[Step] | None
    drawn: Sequence[Step]
    size: int
    totals: Totals
    completeness: Completeness
    money: Decimal | None
    costs: Mapping[int, Decimal | None]
    unpriced: Sequence[PointView] = ()
    each: Sequence[tuple[PointView, int | None]] = ()


@dataclass(frozen=True, slots=True)
class Turned:
    """A page of the table. `told`: which of it this is, in words."""

    rows: Sequence[energy.Row]
    number: int
    pages: int
    told: str


@dataclass(frozen=True, slots=True)
class Compared:
    """With another period, whose steps are drawn behind. `alike`: by the beginning of a step, it and its like there, of
    those that may be compared; `due`: of so many. `found` None = there is nothing to compare."""

    period: Chosen
    steps: Sequence[Step | None]
    alike: Mapping[int, tuple[Step, Step]]
    due: int
    found: Comparison | None


def page(asked: Asked, number: str) -> dict[str, object]:
    """`number`: of the table's page."""
    shown = show(asked)
    common = {
        "asked": asked,
        "point": asked.point,
        "period": asked.period,
        "unit": words.UNITS[asked.channel],
        "zones": asked.zones,
        "most_together": MOST_TOGETHER,
    }
    if shown is None or not (shown.completeness.expected or shown.drawn):
        return common | {"shown": None}
    beside = _compared(asked, shown)
    turned = _turned(asked, shown, whole(number) or 1)
    cases = meanwhile.cases(asked.point, *asked.period.span(asked.point.tz)) if asked.alone else ()
    beside_rows = {row.step.start: meanwhile.told(cases, row.step.start, row.step.end) for row in turned.rows}
    return common | {
        "shown": shown,
        "chart": _chart(asked, shown, beside, cases),
        "cases": cases,
        "meanwhile": {start: told for start, told in beside_rows.items() if told},
        "long": shown.steps is None or shown.size > asked.size,
        "chart_step": energy.size_word(shown.size),
        "turned": turned,
        "beside": beside,
        "changes": _changes(beside) if beside and shown.steps is not None and shown.size == asked.size else {},
        "priced": bool(shown.costs),
        "marks": list({mark.state: mark for row in turned.rows for mark in row.exceptions}.values()),
        "refined": _refined(asked),
        "registers": _registers(asked) if shown.completeness.missing and asked.alone else None,
    }


def show(asked: Asked, *, every: bool = False, priced: bool = True) -> Shown | None:
    """None = nothing of this period is for this viewer. `every`: all steps, however many; `priced`: with what each
    costs."""
    if asked.size < DAY and (every or asked.period.days <= SHORT):
        return _by_intervals(asked)
    return _by_days(asked, priced=priced and asked.channel == PRICED and asked.size >= DAY)


def _by_intervals(asked: Asked) -> Shown | None:
    tz, period = asked.point.tz, asked.period
    views = _views(asked, period.first, period.until)
    if not views:
        return None
    slots = [slot for view in views for slot in view.slots]
    since, until = period.span(tz)
    found, size = steps(slots, asked.size, tz), energy.for_chart(asked.size, until - since)
    totals = added((view.totals for view in views), [zone.name for zone in asked.zones])
    counts = together(view.completeness for view in views)
    drawn = found if size == asked.size else steps(slots, size, tz)
    return Shown(found, drawn, size, totals, counts, None, {})


def _views(asked: Asked, first: date, until: date) -> list[IntervalView]:
    """Local days [first, until), in as many parts as needed: a meter of minutes may have stood there."""
    made, tz = here(), asked.point.tz
    span = midnight(first, tz), midnight(until, tz)
    try:
        return [figures.interval(made.source, viewer(), asked.point.id, *span, asked.channel, made.now)]
    except NotFound:
        return []
    except TooLong:
        middle = first + (until - first) // 2
        return [*_views(asked, first, middle), *_views(asked, middle, until)]


def _by_days(asked: Asked, *, priced: bool) -> Shown | None:
    by_months = asked.size == MONTH
    views = [(point, _days_of(asked, point, by_months=by_months, priced=priced)) for point in asked.points]
    views = [(point, found) for point, found in views if found]
    if not views:
        return None
    tz, zones = asked.point.tz, [zone.name for zone in asked.zones]
    days = steps_of_many(steps_of_days(one.days, tz) for _, found in views for one in found)
    months = steps_of_months(days, tz)
    drawn, size = (months, MONTH) if by_months or asked.period.days > charts.MOST_BARS else (days, DAY)
    every = [one for _, found in views for one in found]
    return Shown(
        steps=None if asked.size < DAY else months if by_months else days,
        drawn=drawn,
        size=size,
        totals=added((one.totals for one in every), zones),
        completeness=together(one.completeness for one in every),
        money=money_of(one.cost for one in every),
        costs=_costs(every, months if by_months else days, tz, by_months=by_months) if priced else {},
        unpriced=[point for point, found in views if any(one.cost and one.cost.total is None for one in found)],
        each=[(point, added((one.totals for one in found), zones).total) for point, found in views],
    )


def _days_of(asked: Asked, point: PointView, *, by_months: bool, priced: bool) -> Sequence[DaysView]:
    """Of the whole period, or of each month of it: a month is what a bill rounds. `priced`: each of
    its days has a cost."""
    made, period = here(), asked.period
    of = (made.source, viewer(), point.id, period.first, period.until, asked.channel, made.now)
    try:
        return figures.by_months(*of) if by_months else [figures.days(*of, each=priced)]
    except (NotFound, TooLong):
        return ()


def _costs(views: Sequence[DaysView], drawn: Sequence[Step], tz: str, *, by_months: bool) -> dict[int, Decimal | None]:
    """By the beginning of a step. A month begins with the first day that any of the points has of it."""
    found: dict[date, list[Cost | None]] = {}
    for view in views:
        if by_months:
            found.setdefault(month_start(view.days[0].day), []).append(view.cost)
        else:
            for day in view.days:
                found.setdefault(day.day, []).append(day.cost)
    days = {step.start: day_of(step.start, tz) for step in drawn}
    return {start: money_of(found.get(month_start(day) if by_months else day, ())) for start, day in days.items()}


def _turned(asked: Asked, shown: Shown, number: int) -> Turned:
    """A page of the table, the newest first."""
    within = {1: "day"}.get(asked.period.days, asked.period.length)
    if shown.steps is not None:
        due = energy.due(shown.steps)
        on_page = ROWS.get(asked.size, SHORT_ROWS)
        pages = max(1, -(-len(due) // on_page))
        number = min(max(number, 1), pages)
        first, last = (number - 1) * on_page, min(number * on_page, len(due))
        return Turned(
            energy.rows(due[first:last], asked.point.tz, size=asked.size, within=within),
            number,
            pages,
            _("%(first)s–%(last)s из %(count)s", first=first + 1, last=last, count=len(due)),
        )
    days = max(1, min(SHORT_ROWS * asked.size // DAY, SHORT))
    there = [step for step in shown.drawn if step.completeness.expected or step.energies]
    began = [day_of(step.start, asked.point.tz) for step in there]
    newest = max((day_of(step.end - 1, asked.point.tz) for step in there), default=asked.period.last)
    newest = min(newest, asked.period.last, asked.period.today)
    pages = max(1, -(-((newest - began[0]).days + 1) // days)) if began else 1
    number = min(max(number, 1), pages)
    until = newest - timedelta(days=(number - 1) * days)
    first_day = max(until - timedelta(days=days - 1), asked.period.first)
    part = Chosen("own", first_day, until + timedelta(days=1), asked.period.today)
    found = _by_intervals(_during(asked, part))
    rows = energy.rows(energy.due(found.steps or ()), asked.point.tz, size=asked.size) if found else ()
    told = written(until) if days == 1 else f"{written(first_day, year=False)}–{written(until)}"
    return Turned(rows, number, pages, told)


def _during(asked: Asked, period: Chosen) -> Asked:
    return replace(asked, period=period, compare="", hidden=frozenset())


def _compared(asked: Asked, shown: Shown) -> Compared | None:
    """By what stands in both periods alike: a day that one of them lacks tells of nothing."""
    if asked.other is None:
        return None
    before = show(_during(asked, asked.other), priced=False)
    tz = asked.point.tz
    if before is None or before.size != shown.size:
        return Compared(asked.other, (), {}, 0, None)
    mine = energy.on_grid(shown.drawn, asked.period.first, asked.period.until, shown.size, tz)
    theirs = energy.on_grid(before.drawn, asked.other.first, asked.other.until, shown.size, tz)
    lengths = energy.lengths(asked.period.first, asked.period.until, shown.size, tz)
    before_lengths = energy.lengths(asked.other.first, asked.other.until, shown.size, tz)
    due = [one for one in mine if one is not None and one.completeness.expected]
    both = {
        one.start: (one, other)
        for one, other, *whole in zip(mine, theirs, lengths, before_lengths, strict=False)
        if one is not None and other is not None and _alike((one, other), whole)
    }
    sums = [
        added((_totals(pair[side]) for pair in both.values()), [zone.name for zone in asked.zones]) for side in (0, 1)
    ]
    return Compared(asked.other, theirs, both, len(due), compare(sums[0], sums[1]) if both else None)


def _alike(steps: Sequence[Step], lengths: Sequence[int]) -> bool:
    """Both are over, and of the same points for the same part of their time (`lengths`: seconds of their places): one
    part in LACKING at most is not there."""
    for step in steps:
        counts = step.completeness
        if step.total is None or counts.not_due or LACKING * counts.missing > counts.expected:
            return False
    parts = [Fraction(step.due, length) for step, length in zip(steps, lengths, strict=True)]
    return LACKING * (max(parts) - min(parts)) <= max(parts)


def _totals(step: Step) -> Totals:
    return Totals(step.total, step.zones, {}, 0)


def _changes(beside: Compared) -> Mapping[int, int]:
    """By the beginning of a step: per cent more or less than its like before."""
    found = {start: compare(_totals(one), _totals(other)) for start, (one, other) in beside.alike.items()}
    return {start: change.percent for start, change in found.items() if change is not None}


def _chart(asked: Asked, shown: Shown, beside: Compared | None, cases: Sequence[Happened]) -> Markup:
    unit = str(words.UNITS[asked.channel])
    zones = tuple(zone for zone in asked.zones if zone.name not in asked.hidden)
    period = asked.period
    bars = energy.bars(
        shown.drawn, zones, unit, period.first, period.until, shown.size, asked.point.tz, here().now,
        earlier=beside.steps if beside else (), meanwhile=lambda start, end: meanwhile.told(cases, start, end),
    )  # fmt: skip
    size = energy.size_word(shown.size)
    return charts.bars(
        bars,
        energy.captions(
            "load",
            f"{words.CHANNELS[asked.channel]}, {period.caption}",
            _("Всего %(total)s %(unit)s, столбик — %(size)s", total=kilo(shown.totals.total), unit=unit, size=size),
            _("%(unit)s, столбик — %(size)s", unit=unit, size=size),
            "24" if period.days == 1 else "",
        ),
    )


def _refined(asked: Asked) -> Revision | None:
    """What a single published day was before it became what it is."""
    first = asked.period.first
    if not asked.alone or asked.period.days != 1 or first >= day_of(here().now, asked.point.tz):
        return None
    days = first, first + timedelta(days=1)
    try:
        found = figures.revisions(here().source, viewer(), asked.point.id, *days, asked.channel)
    except NotFound:
        return None
    return found[0] if found else None


def _registers(asked: Asked) -> int | None:
    """What the registers say of a period in which intervals are missing."""
    made, point = here(), asked.point
    since, until = asked.period.span(point.tz)
    view = figures.readings(made.source, viewer(), point.id, since, min(until, made.now), made.now)
    found = next((one for one in view.directions if one.channel == asked.channel), None)
    return found.total.energy if found is not None and found.total is not None else None
