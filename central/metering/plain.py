"""Days that nothing is special of: every place is filled by one whole row of the one meter that stands there.

Nearly every day is such, and its sums need no places to be laid out; they are those of `slots.fill`, to the last mWh.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate

from central.metering.rounding import half_away
from central.metering.slots import NO_MAXIMUM, REPEATED
from central.metering.terms import Segment, State, possible
from central.metering.zones import Calendar, midnight

_DAY = timedelta(days=1)
_SPECIAL = NO_MAXIMUM | REPEATED


@dataclass(frozen=True, slots=True)
class Rows:
    """One channel of one meter, oldest first: stamps, spans (seconds), qualities, values (mWh or mvarh before K).
    `reach`: from when on this row and all after it tell."""

    ends: list[int]
    spans: list[int]
    qualities: list[int]
    values: list[int]
    reach: list[int]

    @classmethod
    def of(cls, ends: list[int], spans: list[int], qualities: list[int], values: list[int]) -> "Rows":
        begins = [end - (span or 1) for end, span in zip(ends, spans, strict=True)]
        return cls(ends, spans, qualities, values, list(accumulate(reversed(begins), min))[::-1])


@dataclass(frozen=True, slots=True)
class PlainDay:
    """`energies`: zone -> state -> mWh (mvarh), K applied; of `count` places. `power`, `at`: of the greatest of them,
    mW, and its end."""

    energies: Mapping[str, Mapping[State, int]]
    count: int
    power: int
    at: int


def plain_day(rows: Rows, segment: Segment, calendar: Calendar, day: date, tz: str) -> PlainDay | None:
    """`rows`: of the meter of the segment, a day further at least. None = the day is not such. Raises Uncovered."""
    start, end, period, k = midnight(day, tz), midnight(day + _DAY, tz), segment.period, segment.k
    first, last = bisect_right(rows.ends, start), bisect_right(rows.ends, end)
    starts = range(start, end, period)
    ends = rows.ends[first:last]
    reach = rows.reach[last] if last < len(rows.reach) else end
    if k.denominator != 1 or not segment.spans(start, end) or any(start < since < end for since, _ in segment.powers):
        return None
    if reach < end or ends != list(range(start + period, end + period, period)):
        return None
    if set(rows.spans[first:last]) != {period} or any(one & _SPECIAL for one in set(rows.qualities[first:last])):
        return None
    values = rows.values[first:last]
    greatest = max(values)
    if min(values) < 0 or not possible(greatest * k.numerator, period, segment.permitted(start, end)):
        return None
    zones = calendar.zones_on(day, starts, tz)
    sums = dict.fromkeys(zones, 0)
    for zone, value in zip(zones, values, strict=True):
        sums[zone] += value
    energies = {zone: {State.MEASURED: total * k.numerator} if total else {} for zone, total in sums.items()}
    if 0 in values:
        for zone, value in zip(zones, values, strict=True):
            if not value:
                energies[zone][State.ZERO] = 0
    power = half_away(Fraction(greatest * k.numerator * 3600, period))
    return PlainDay(energies, len(values), power, ends[values.index(greatest)])
