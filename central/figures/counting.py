"""What came of a channel on whole days. A stored day counts the intervals of active import alone: those of another
channel are counted from its own rows, and where these do not fill a day one by one, from its intervals.

Of what a meter never tells while it tells of active import nothing lacks: it counts as received, without energy.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import structs

from central.figures.intervals import slots
from central.figures.material import CATCH_UP
from central.figures.source import FIELDS, Opened
from central.figures.views import DayView, Period
from central.metering.slots import MEASURED, NO_MAXIMUM, REPEATED, Completeness, Slot, completeness
from central.metering.terms import Segment
from central.metering.zones import day_of, midnight
from central.timeseries.base import Column

ONE_DAY = timedelta(days=1)
_SPECIAL = NO_MAXIMUM | REPEATED


def with_counts(point: Opened, days: Sequence[DayView], channel: str, now: int) -> list[DayView]:
    """Whole days with the counts of active import, oldest first: with those of this channel. Raises
    SeriesUnavailable."""
    spans = {day.day: Period(midnight(day.day, point.tz), midnight(day.day + ONE_DAY, point.tz)) for day in days}
    stood = {day: point.entries.segments(span.since, span.until) for day, span in spans.items()}
    spoke = {one.meter for day in days if day.completeness.received for one in stood[day.day]}
    rows = {one: _rows(point, one, channel, spans[days[0].day].since, spans[days[-1].day].until) for one in spoke}
    found: dict[date, Completeness] = {}
    others: list[date] = []
    for day in days:
        there = stood[day.day]
        if not day.energies and there and all(one.meter in rows and not rows[one.meter].ends for one in there):
            found[day.day] = _all(day.completeness.expected, day.completeness.not_due)
        elif len(there) == 1 and there[0].meter in rows and _plain(day, there[0], rows[there[0].meter], spans[day.day]):
            found[day.day] = _all((spans[day.day].until - spans[day.day].since) // there[0].period)
        else:
            others.append(day.day)
    found |= _by_intervals(point, {day: spans[day] for day in others}, channel, now)
    return [structs.replace(day, completeness=found[day.day]) for day in days]


def _rows(point: Opened, meter: str, channel: str, since: int, until: int) -> Column:
    return point.series.column(meter, FIELDS[channel], since, until + CATCH_UP)


def _plain(day: DayView, segment: Segment, rows: Column, span: Period) -> bool:
    """Whether each place of the day has its own row, and none of them is anything but measured."""
    first, last = bisect_right(rows.ends, span.since), bisect_right(rows.ends, span.until)
    if rows.ends[first:last] != list(range(span.since + segment.period, span.until + 1, segment.period)):
        return False
    if set(rows.spans[first:last]) != {segment.period} or any(one & _SPECIAL for one in rows.qualities[first:last]):
        return False
    return segment.spans(span.since, span.until) and all(states.keys() <= MEASURED for states in day.energies.values())


def _all(count: int, not_due: int = 0) -> Completeness:
    return Completeness(count, count, 0, 0, 0, 0, not_due)


def _by_intervals(point: Opened, spans: Mapping[date, Period], channel: str, now: int) -> dict[date, Completeness]:
    by_day: dict[date, list[Slot]] = defaultdict(list)
    for slot in slots(point, [(span.since, span.until) for span in spans.values()], channel, now):
        by_day[day_of(slot.start, point.tz)].append(slot)
    return {day: completeness(by_day[day]) for day in spans}
