"""The figure of a calendar month at a point: what was used and what it costs, as its bill has it."""

from datetime import date

from central.figures.bills import REGISTERS, readings_view
from central.figures.registers import ALL_KINDS
from central.figures.source import Opened
from central.figures.views import MonthFigure, Period, Totals
from central.metering.zones import day_of, midnight, next_month

NOTHING = Totals(None, {}, {}, 0)  # nothing is known


def month_figure(point: Opened, first: date, now: int) -> MonthFigure:
    """From its first midnight; a month that is not over until the newest that is known: a register, or else now."""
    since, until = max(midnight(first, point.tz), point.visible.since), midnight(next_month(first), point.tz)
    if until > now:
        terms = point.terms_on(day_of(now, point.tz))
        until = (_newest_register(point, since, now) if terms.zone_source == REGISTERS else None) or now
    return figure(point, Period(since, until), now)


def figure(point: Opened, period: Period, now: int) -> MonthFigure:
    """The same of any period."""
    found = readings_view(point, period, now)
    return MonthFigure(period.since, period.until, found.totals or NOTHING, found.cost, found.billed_by)


def earlier(
    point: Opened, first: date, other: date, month: MonthFigure, now: int
) -> tuple[MonthFigure | None, MonthFigure | None]:
    """Of the month that begins with `other` as many days and hours as `month`, which began with `first`, has, and all
    of it; None where it may not be seen from its beginning."""
    start, end = midnight(other, point.tz), midnight(next_month(other), point.tz)
    until = min(start + month.until - midnight(first, point.tz), end)
    found = []
    for period in (Period(start, until), Period(start, end)):
        seen = point.visible.since <= period.since < period.until
        found.append(figure(point, period, now) if seen else None)
    return found[0], found[1]


def _newest_register(point: Opened, since: int, now: int) -> int | None:
    standing = point.entries.segments(now, now + 1)
    row = point.series.last_register(standing[0].meter, ALL_KINDS, now) if standing else None
    return row.time if row is not None and row.time > since else None
