"""Figures opened down to their readings: what a page shows, with its workings, where each reading came from, and what
was published before."""

from collections.abc import Iterator
from datetime import date, timedelta

from central.accounts.policy import Viewer
from central.figures import decisions, workings
from central.figures.bills import readings_view
from central.figures.closed import settled_of
from central.figures.daily import LONGEST, days_view, revised
from central.figures.hours import by_hours, hour_prices, with_hours
from central.figures.intervals import TooLong, view
from central.figures.origins import noted, origins
from central.figures.source import ACTIVE_IMPORT, FIELDS, Opened, Source, opened
from central.figures.totals import cost_of, day_portions, portions_of
from central.figures.views import DaysView, Explained, IntervalView, NotFound, Period, RowKey
from central.metering.terms import ACT, MANUAL
from central.metering.workings import Rule, Working
from central.metering.zones import day_of, midnight, month_start, next_month

ONE_DAY = timedelta(days=1)


def explain_bill(source: Source, viewer: Viewer, point_id: int, since: int, until: int, now: int) -> Explained:
    """What `readings` shows of the same period; of a closed month what was closed.

    Raises NotFound, SeriesUnavailable.
    """
    with opened(source, viewer, point_id, since, until) as point:
        bill = readings_view(point, Period(since, until), now)
        energy, cost = workings.of_energy(bill), workings.of_cost(bill)
        month, closed = month_start(day_of(since, point.tz)), None
        if (since, until) == (midnight(month, point.tz), midnight(next_month(month), point.tz)):
            closed = settled_of(point, viewer, month).whole
        if closed is not None:
            energy, cost = closed.energy_working, closed.cost_working
        first, last = day_of(since, point.tz), day_of(max(until - 1, since), point.tz) + ONE_DAY
        return Explained(
            energy=energy,
            cost=cost,
            bill=bill,
            days=bill.days or _days(point, first, last, ACTIVE_IMPORT, now),
            intervals=None,
            origins=origins(point.connection, set(rows_of(energy, cost))),
            revisions=revised(point, first, last, ACTIVE_IMPORT),
            closed=closed,
            noted=noted(point.connection, set(by_hand(energy, cost))),
        )


def explain_days(
    source: Source, viewer: Viewer, point_id: int, first: date, until: date, channel: str, now: int
) -> Explained:
    """Local days [first, until) by the profile; a single day down to its rows. Raises NotFound, TooLong,
    SeriesUnavailable; KeyError for no channel."""
    FIELDS[channel]
    if (until - first).days > LONGEST:
        raise TooLong(f"{(until - first).days} days, at most {LONGEST}")
    with opened(source, viewer, point_id, midnight(first - ONE_DAY, "UTC"), midnight(until + ONE_DAY, "UTC")) as point:
        days = days_view(point, first, until, channel, now)
        alone = until - first == ONE_DAY
        intervals = (
            view(point, Period(midnight(first, point.tz), midnight(until, point.tz)), channel, now) if alone else None
        )
        energy, cost = _of_days(point, days, intervals)
        return Explained(
            energy=energy,
            cost=cost if channel == ACTIVE_IMPORT else None,
            bill=None,
            days=days,
            intervals=intervals,
            origins=origins(point.connection, set(rows_of(energy))),
            revisions=revised(point, first, until, channel),
            decisions=decisions.told(point.connection, _decided(intervals)),
            noted=noted(point.connection, set(by_hand(energy))),
        )


def _decided(intervals: IntervalView | None) -> set[int]:
    return {slot.decision for slot in intervals.slots if slot.decision is not None} if intervals else set()


def _of_days(point: Opened, days: DaysView, intervals: IntervalView | None) -> tuple[Working | None, Working | None]:
    """Energy and, as if it were active import, cost."""
    if intervals is None:
        return workings.of_days(days), workings.of_cost_of_days(days)
    energy = workings.of_intervals(intervals)
    spent, used = day_portions(days.first, intervals.totals), portions_of(days.before)
    hours = by_hours(point, intervals.slots)
    found = cost_of(spent if days.first not in hours else (), point.entries.prices, used)
    found = with_hours(found, hours.values(), hour_prices(point, hours))
    return energy, workings.of_cost_of_day(found, energy, days.before) if energy is not None else None


def _days(point: Opened, first: date, until: date, channel: str, now: int) -> DaysView | None:
    try:
        return days_view(point, first, until, channel, now)
    except NotFound:  # nothing of these days has begun
        return None


def by_hand(*trees: Working | None) -> Iterator[tuple[int, int]]:
    """Mounting and moment of the leaves that a person read."""
    for tree in trees:
        for leaf in tree.leaves() if tree is not None else ():
            if leaf.rule is Rule.READING and leaf.facts["kind"] == MANUAL:
                yield int(str(leaf.facts["mounting"])), int(str(leaf.facts["time"]))


def rows_of(*trees: Working | None) -> Iterator[RowKey]:
    """What the leaves were brought by messages as."""
    for tree in trees:
        for leaf in tree.leaves() if tree is not None else ():
            if leaf.rule in (Rule.READING, Rule.ROW) and leaf.facts["kind"] not in (ACT, MANUAL):
                yield str(leaf.facts["meter"]), str(leaf.facts["kind"]), int(str(leaf.facts["time"]))
