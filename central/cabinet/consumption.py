"""«Потребление энергоресурсов»: a month of all points together, by zone, beside the one before and the same a year ago,
and what it will come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from central import figures
from central.faces import charts, energy
from central.faces.here import here, viewer
from central.faces.periods import Chosen
from central.figures import NotFound
from central.figures.compare import Comparison, compare
from central.figures.totals import added, money_of
from central.figures.views import Forecast, MonthBeside, MonthFigure, PointView, Totals
from central.metering.zones import day_of

ONE_DAY = timedelta(days=1)  # so far apart the ends of points may be: one is read at midnight, another just now


@dataclass(frozen=True, slots=True)
class Sum:
    """Of all points; `money` None = of none. `points`: those there is something of."""

    totals: Totals
    money: Decimal | None
    points: frozenset[int]


@dataclass(frozen=True, slots=True)
class Beside:
    """Another month beside this one. `same`: as many days of it; `without`: points of this month that it has nothing
    of, and then the two are not compared."""

    first: date
    same: Sum
    whole: Sum
    comparison: Comparison | None
    without: Sequence[PointView]


def page(points: Sequence[PointView], period: Chosen) -> dict[str, object]:
    """`points`: those that are summed; one at least."""
    found = [one for one in (_month(point, period.first) for point in points) if one is not None]
    zones = energy.zones_together(points)
    common = {"chosen": points, "point": points[0], "period": period, "zones": zones}
    month = _sum({one.point.id: one.month for one in found}, zones)
    if not found or month.totals.total is None:
        return common | {"month": None}
    foretold = _together([one.forecast for one in found]) if len(found) == len(points) else None
    before = period.before
    previous = before.first if before is not None else period.first
    year_ago = period.first.replace(year=period.first.year - 1)
    beside = [
        _beside(month, previous, zones, {one.point: (one.previous_same, one.previous) for one in found}),
        _beside(month, year_ago, zones, {one.point: (one.year_same, one.year) for one in found}),
    ]
    broken = [one.point for one in found if one.point.id in month.points and not one.month.whole]
    told = [one for one in beside if one.whole.totals.total is not None]
    alike = [one for one in told if not one.without and not broken]
    strips = [energy.strip(month.totals, zones, foretold)]
    strips += [energy.earlier_strip(one.same.totals.total, one.whole.totals.total) for one in alike]
    ends = {one.point: day_of(one.month.until - 1, one.point.tz) for one in found if one.point.id in month.points}
    last = max(ends.values())
    return common | {
        "month": month,
        "begun": min(day_of(one.month.since, one.point.tz) for one in found if one.point.id in month.points),
        "last": last,
        "forecast": foretold,
        "beside": told,
        "alike": alike,
        "strips": charts.strips(strips),
        "each": found if len(points) > 1 else [],
        "broken": broken,
        "unpriced": [one.point for one in found if one.month.cost is not None and one.month.cost.total is None],
        "lacking": [point for point in points if point.id not in month.points],
        "shorter": {point: end for point, end in ends.items() if end + ONE_DAY < last},
    }


def _month(point: PointView, first: date) -> MonthBeside | None:
    made = here()
    try:
        return figures.consumption(made.source, viewer(), point.id, first, made.now)
    except NotFound:
        return None


def _sum(found: Mapping[int, MonthFigure | None], zones: Sequence[energy.Zone]) -> Sum:
    there = {point: one for point, one in found.items() if one is not None and one.totals.total is not None}
    totals = added((one.totals for one in there.values()), [zone.name for zone in zones])
    return Sum(totals, money_of(one.cost for one in there.values()), frozenset(there))


def _beside(
    month: Sum,
    first: date,
    zones: Sequence[energy.Zone],
    found: Mapping[PointView, tuple[MonthFigure | None, MonthFigure | None]],
) -> Beside:
    same, whole = (_sum({point.id: pair[side] for point, pair in found.items()}, zones) for side in (0, 1))
    without = [point for point in found if point.id in month.points - same.points]
    return Beside(first, same, whole, None if without else compare(month.totals, same.totals), without)


def _together(found: Sequence[Forecast | None]) -> Forecast | None:
    """None where one of them has none. Bands of several points add up: they may all be high at once."""
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    zones: dict[str, int] = {}
    for one in known:
        for zone, of_zone in one.zones.items():
            zones[zone] = zones.get(zone, 0) + of_zone
    costs = [one.cost for one in known if one.cost is not None]
    return Forecast(
        energy=sum(one.energy for one in known),
        least=sum(one.least for one in known),
        most=sum(one.most for one in known),
        zones=zones,
        cost=sum(costs, Decimal(0)) if len(costs) == len(known) else None,
        days=min(one.days for one in known),
    )
