"""What a month will come to: what is known of it, and what is expected of the rest, with its price."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from central.figures.bills import PROFILE, contract_days
from central.figures.daily import ONE_DAY, still_out, whole_days
from central.figures.month_figure import removed_at
from central.figures.source import Opened
from central.figures.totals import cost_of
from central.figures.views import Forecast, MonthFigure, Period
from central.metering.cost import Cost, Portion
from central.metering.expected import spread, to_come
from central.metering.monthly import monthly_lines
from central.metering.zones import day_of, days, midnight, month_start, next_month

HISTORY = 56  # days
ENOUGH = 14  # whole days, else nothing is foretold
MWH = 1_000_000  # mWh of a kWh: a forecast is told in whole ones


def forecast(point: Opened, month: MonthFigure, now: int) -> Forecast | None:
    """Of the month that goes on; None where too little is known to tell, or the rest of it is another's."""
    today = day_of(now, point.tz)
    first = month_start(day_of(month.since, point.tz))
    if first != month_start(today) or month.totals.total is None or point.visible.until <= now:
        return None
    if removed_at(point, now) is not None:
        return None
    known = whole_days(point, today - timedelta(days=HISTORY), today, now)
    if len(known) < ENOUGH:
        return None
    end = min(midnight(next_month(first), point.tz), point.reach.until)  # a contract may be known to end
    left = (
        still_out(point, day_of(month.since, point.tz), day_of(end - 1, point.tz) + ONE_DAY, now)
        if month.billed_by == PROFILE
        else _left(point, month.until, end)
    )
    zones = to_come(known, left)
    around = spread(known, sum(left.values()))
    coming = sum(zones.values())
    so_far = month.totals.total
    return Forecast(
        energy=_whole(so_far + coming),
        least=_whole(so_far + max(coming - around, 0)),
        most=_whole(so_far + coming + around),
        zones={zone: _whole(month.totals.zones.get(zone, 0) + energy) for zone, energy in zones.items()},
        cost=_cost(point, month, left, zones),
        days=len(known),
    )


def _left(point: Opened, since: int, until: int) -> dict[date, float]:
    """Days after what the registers tell, and which part of each."""
    found = {}
    for day in days(day_of(since, point.tz), day_of(until - 1, point.tz) + ONE_DAY):
        start, end = midnight(day, point.tz), midnight(day + ONE_DAY, point.tz)
        found[day] = (min(end, until) - max(start, since)) / (end - start)
    return found


def _cost(point: Opened, month: MonthFigure, left: Mapping[date, float], zones: Mapping[str, int]) -> Decimal | None:
    """What is billed so far, what is to come at the prices of its days, and what is paid for the month."""
    if month.cost is None or month.cost.total is None or month.cost.hourly:
        return None
    first = month_start(day_of(month.since, point.tz))
    until = next_month(first)
    used = [Portion(zone, first, until, energy) for zone, energy in month.totals.zones.items()]
    coming = _by_days(left, zones)
    spent: Cost | None = cost_of(coming, point.entries.prices, used)
    if spent is None or spent.total is None:
        return None
    whole = Period(midnight(first, point.tz), midnight(until, point.tz))
    fees = monthly_lines(contract_days(point, whole), point.entries.monthly)
    so_far = month.cost.total - sum((line.amount for line in month.cost.monthly), Decimal(0))
    return so_far + spent.total + sum((line.amount for line in fees), Decimal(0))


def _by_days(left: Mapping[date, float], zones: Mapping[str, int]) -> Sequence[Portion]:
    """In even parts: what differs between days is no matter to a price."""
    whole = sum(left.values())
    return [
        Portion(zone, day, day + ONE_DAY, round(energy * part / whole))
        for day, part in left.items()
        for zone, energy in zones.items()
        if energy
    ]


def _whole(energy: float) -> int:
    return round(energy / MWH) * MWH
