"""The meter's own calendar: local seconds, days, slots of half an hour, tariff zones.

A moment `m` is the meter's local time as seconds since 1970-01-01 00:00 local: UTC + 60 · offset. The meters know no
summer time.
"""

from datetime import UTC, date, datetime

DAY = 86400
SLOT = 1800
SLOTS = DAY // SLOT
TARIFFS = 4

# zones of the population (order 1473-э of 26.11.2013): T1 peak, T2 night, T3 half-peak; T4 stays empty
_ZONES = ((0, 7, 2), (7, 10, 1), (10, 17, 3), (17, 21, 1), (21, 23, 3), (23, 24, 2))
SLOT_TARIFF = tuple(
    next(tariff for start, end, tariff in _ZONES if start * 3600 <= slot * SLOT < end * 3600) for slot in range(SLOTS)
)


def day_of(when: date) -> int:
    """Days since 1970."""
    return when.toordinal() - date(1970, 1, 1).toordinal()


def local(m: float) -> datetime:
    """What the calendar on the wall shows; the zone of the result means nothing."""
    return datetime.fromtimestamp(m, UTC)


def months(first: int, last: float) -> list[int]:
    """Starts of the months (1st, 00:00) in [first, last], oldest first."""
    found = []
    year, month = local(first).year, local(first).month
    while (start := day_of(date(year, month, 1)) * DAY) <= last:
        if start >= first:
            found.append(start)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found
