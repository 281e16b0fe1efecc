"""The figure of a calendar month at a point: what was used and what it costs, as its bill has it."""

from datetime import date

from central.figures.bills import PROFILE, REGISTERS, readings_view
from central.figures.registers import ALL_KINDS
from central.figures.source import Opened
from central.figures.views import MonthFigure, Period, ReadingsView, Totals
from central.metering.zones import day_of, midnight, next_month

NOTHING = Totals(None, {}, {}, 0)  # nothing is known
NEAR = 86_400  # seconds: so far from its boundary a reading tells of all the period
LACKING = 20  # of so many intervals one may lack


def month_figure(point: Opened, first: date, now: int) -> MonthFigure:
    """From its first midnight, as far as it is the viewer's; a month that is not over until the newest that is known: a
    register, or else now, or when the last meter was taken away."""
    since = max(midnight(first, point.tz), point.visible.since)
    until = min(midnight(next_month(first), point.tz), point.visible.until)
    if until > now:
        terms = point.terms_on(day_of(now, point.tz))
        until = (_newest_register(point, since, now) if terms.zone_source == REGISTERS else None) or now
        removed = removed_at(point, now)
        until = min(until, max(removed, since + 1)) if removed is not None else until
    return figure(point, Period(since, until), now)


def removed_at(point: Opened, now: int) -> int | None:
    """When the last meter was taken away; None = one stands there, or none ever did."""
    stood = point.entries.segments(0, now + 1)
    return stood[-1].until if stood and stood[-1].until is not None and stood[-1].until <= now else None


def figure(point: Opened, period: Period, now: int) -> MonthFigure:
    """The same of any period."""
    found = readings_view(point, period, now)
    whole = found.totals is not None and _whole(point, period, found)
    return MonthFigure(period.since, period.until, found.totals or NOTHING, found.cost, found.billed_by, whole)


def earlier(
    point: Opened, first: date, other: date, month: MonthFigure, now: int
) -> tuple[MonthFigure | None, MonthFigure | None]:
    """Of the month that begins with `other`: until the day and hour that `month`, which began with `first`, has come
    to, and all of it; None where it may not be seen from its beginning, or it is not known of all of it."""
    start, end = midnight(other, point.tz), midnight(next_month(other), point.tz)
    over = month.until == midnight(next_month(first), point.tz)
    whole = _told(point, Period(start, end), now)
    until = end if over else min(_as_far(month.until, first, other, point.tz), end)
    return (whole if until == end else _told(point, Period(start, until), now)), whole


def _told(point: Opened, period: Period, now: int) -> MonthFigure | None:
    if not point.visible.since <= period.since < period.until:
        return None
    found = figure(point, period, now)
    return found if found.whole else None


def _whole(point: Opened, period: Period, found: ReadingsView) -> bool:
    """Whether what was billed is of all the period: not from when the meter came, or without days that did not come."""
    if found.billed_by == PROFILE:
        counts = found.days.completeness if found.days is not None else None
        stood = point.entries.segments(period.since, period.since + 1) and point.entries.segments(
            period.until - 1, period.until
        )
        return bool(stood) and counts is not None and LACKING * counts.missing <= counts.expected
    taken = found.taken
    return taken is not None and taken.since - period.since <= NEAR and period.until - taken.until <= NEAR


def _as_far(moment: int, first: date, other: date, tz: str) -> int:
    """The same day of another month, and the same time of it on the clock."""
    day = day_of(moment, tz)
    return midnight(other + (day - first), tz) + moment - midnight(day, tz)


def _newest_register(point: Opened, since: int, now: int) -> int | None:
    standing = point.entries.segments(now, now + 1)
    row = point.series.last_register(standing[0].meter, ALL_KINDS, now) if standing else None
    return row.time if row is not None and row.time > since else None
