"""A point's days and intervals as the reports take them from the figures: a few days at a time, so memory does not grow
with the period; what is not the viewer's is not there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

from central import figures
from central.figures import NotFound, TooLong
from central.figures.intervals import MOST
from central.figures.source import ACTIVE_IMPORT, FIELDS
from central.figures.tenures import Tenure
from central.figures.views import DayView, Period, PointView
from central.metering.slots import RECEIVED, Completeness, Slot
from central.metering.terms import State
from central.metering.zones import day_of, local, midnight
from central.metering.zones import days as dates
from central.reports.asked import Asked
from central.reports.description import Address
from central.reports.making import Making

HALF_HOUR, HOUR, DAY = 1800, 3600, 86_400
ONE_DAY = timedelta(days=1)


def days(made: Making, one: PointView, first: date, until: date, channel: str = ACTIVE_IMPORT) -> Sequence[DayView]:
    """Local days [first, until) that have begun, that the viewer may see and at which a meter stood there."""
    try:
        found = figures.days(made.source, made.viewer, one.id, first, until, channel, made.now, priced=False)
    except NotFound:
        return ()
    return [day for day in found.days if day.completeness.expected or day.completeness.not_due or day.energies]


def parts(made: Making, one: PointView, first: date, until: date) -> Iterator[tuple[int, int]]:
    """Local days [first, until) a few at a time, seconds UTC [since, until), not after now."""
    since, end = midnight(first, one.tz), min(midnight(until, one.tz), made.now)
    at_once = timedelta(days=max(1, MOST * (one.period or HALF_HOUR) // DAY // 12))
    while since < end:
        upto = min(end, midnight(local(since, one.tz).date() + at_once, one.tz))
        yield since, upto
        since = upto


def places(
    made: Making, one: PointView, since: int, until: int, channels: Collection[str] = FIELDS
) -> Iterator[Mapping[str, Sequence[Slot]]]:
    """Intervals that start in [since, until), by those of these channels that a meter tells of then; in as many pieces
    as needed: a meter of minutes may have stood there. The places of a meter that does not are `untold`."""
    try:
        found = figures.profile(made.source, made.viewer, one.id, since, until, made.now, channels)
        active = found[ACTIVE_IMPORT]
        yield {channel: _with_untold(slots, active) for channel, slots in found.items()}
    except NotFound:
        return
    except TooLong:
        middle = midnight(local((since + until) // 2, one.tz).date(), one.tz)
        middle = middle if since < middle else (since + until) // 2
        yield from places(made, one, since, middle, channels)
        yield from places(made, one, middle, until, channels)


def untold(active: Sequence[Slot]) -> Sequence[Slot]:
    """Places of a channel of which nothing came. `active`: those of active import; where some of these came, the meter
    does not have the channel, and it is no gap."""
    there = State.MEASURED if any(slot.parts for slot in active) else State.MISSING
    return [Slot(one.start, one.end, one.zone, one.state if one.state is State.NOT_DUE else there) for one in active]


def is_untold(slot: Slot) -> bool:
    return slot.energy is None and slot.state in RECEIVED


def tells_nothing(energies: Mapping[str, object], counts: Completeness) -> bool:
    """Of days or a step: the meter tells of active energy then, and nothing of this channel."""
    return not energies and counts.received > counts.suspect


def _with_untold(slots: Sequence[Slot], active: Sequence[Slot]) -> Sequence[Slot]:
    there = {part.segment.mounting for slot in slots for part in slot.parts}
    if all(part.segment.mounting in there for slot in active for part in slot.parts):
        return slots
    return [
        slot if slot.parts or not own.parts or own.parts[-1].segment.mounting in there else none
        for slot, own, none in zip(slots, active, untold(active), strict=True)
    ]


def tenures(made: Making) -> Iterator[tuple[PointView, Sequence[Tenure]]]:
    """The points at which a meter stood in the period, as far as it has begun and may be seen, and when it did."""
    found = figures.tenures(made.source, made.viewer, {one.id: Period(*made.span(one)) for one in made.points})
    for one in made.points:
        if one.id in found:
            yield one, found[one.id]


def days_of(there: Sequence[Tenure], tz: str) -> int:
    """How many local days have a moment in these times."""
    return len({day for one in there for day in dates(day_of(one.since, tz), day_of(one.until - 1, tz) + ONE_DAY)})


def count_days(made: Making) -> int:
    """How many rows a report of days has."""
    return sum(days_of(there, one.tz) for one, there in tenures(made))


def explained(one: PointView, channel: str, first: date, until: date | None = None) -> Address:
    """The page that explains the energy of local days [first, until); None = of the one day."""
    there: dict[str, object] = {"point": one.id, "by": "profile", "channel": channel}
    if until is None or until - first == ONE_DAY:
        return Address("cabinet.explain", there | {"length": "day", "day": first.isoformat()})
    own = {"length": "own", "day": first.isoformat(), "last": (until - ONE_DAY).isoformat()}
    return Address("cabinet.explain", there | own)


def explained_period(asked: Asked, one: PointView, channel: str) -> Address:
    """The same of the whole period."""
    return Address("cabinet.explain", {"point": one.id, "by": "profile", "channel": channel, **asked.period.named})
