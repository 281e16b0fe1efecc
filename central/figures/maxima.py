"""The greatest mean power of each day of a point, and the greatest within the hours of its peak zone.

Of whole measured intervals alone (`metering.slots.maximum`): a row of a part of an interval or of several at once has
no maximum, nor has an estimate.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from central.accounts.policy import Viewer
from central.figures.daily import LONGEST, ONE_DAY, days_view
from central.figures.intervals import TooLong, view
from central.figures.source import ACTIVE_IMPORT, Opened, Source, opened
from central.figures.views import DayView, Period
from central.metering.slots import Maximum, Slot, maximum
from central.metering.zones import day_of, midnight

PEAK = "peak"  # the zone, in every scheme that has one
AT_ONCE = timedelta(days=7)


class DayMaximum(Struct, frozen=True, gc=False):
    """Of one local day, active import. `most`: None = no whole interval was measured; `peak`: the same within the hours
    of the peak zone. `zoned` False: the scheme has no such zone then."""

    day: DayView
    most: Maximum | None
    peak: Maximum | None
    zoned: bool


def maxima(source: Source, viewer: Viewer, point_id: int, first: date, until: date, now: int) -> tuple[DayMaximum, ...]:
    """Of local days [first, until) that have begun. Raises NotFound, TooLong, SeriesUnavailable."""
    if (until - first).days > LONGEST:
        raise TooLong(f"{(until - first).days} days, at most {LONGEST}")
    with opened(source, viewer, point_id, midnight(first - ONE_DAY, "UTC"), midnight(until + ONE_DAY, "UTC")) as point:
        days = days_view(point, first, until, ACTIVE_IMPORT, now, priced=False).days
        there = {day.day: day for day in days}
        return tuple(
            DayMaximum(
                there[day],
                maximum(slots),
                maximum(slot for slot in slots if slot.zone == PEAK),
                any(slot.zone == PEAK for slot in slots),
            )
            for day, slots in _by_day(point, first, until, now)
            if day in there
        )


def _by_day(point: Opened, first: date, until: date, now: int) -> Iterator[tuple[date, list[Slot]]]:
    """Days that have places, with what may be seen of them; some days at a time: memory does not grow."""
    while first < until:
        end = min(first + AT_ONCE, until)
        span = Period(midnight(first, point.tz), midnight(end, point.tz))
        if point.visible.since < span.until and span.since < min(point.visible.until, now):
            found: dict[date, list[Slot]] = defaultdict(list)
            for slot in view(point, span, ACTIVE_IMPORT, now).slots:
                found[day_of(slot.start, point.tz)].append(slot)
            yield from found.items()
        first = end
