"""Readings that a consumer hands in: on which days they are taken and for which month, and which of them are doubtful.

A doubt is a warning and never a wall: who stands before the meter knows better.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from central.metering.rounding import MWH_PER_KWH
from central.metering.terms import Reading, possible
from central.metering.zones import month_start, next_month

DAY, HOUR = 86_400, 3600
ONE_DAY = timedelta(days=1)
TIMES = 10  # the usual use of a day, beyond which it is doubtful
LITTLE = 30 * MWH_PER_KWH  # that much is doubted by no comparison: a house may have stood empty
NEAR_END = 10  # a register that began anew stood in its last tenth, and stands in its first


class Doubt(StrEnum):
    """What is strange about a reading."""

    LOWER = "lower"  # than one before it
    HIGH = "high"  # far more than usual was used since
    POWER = "power"  # more than the permitted power can use in that time
    LATER = "later"  # than what the meter itself said after it


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of a reading of some day: it counts for `month` (its first day). `opens`, `closes`: the first and
    last day on which that month's readings are taken; not `open` = this day is none of them: it is kept till `opens`.
    """

    month: date
    opens: date
    closes: date
    open: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Days of a month on which readings are taken, `first` to `last`, both included; one that a month has not is its
    last day; `last` before `first` lies in the month after. Both None = any day."""

    first: int | None = None
    last: int | None = None

    def taken(self, day: date, *, always: bool = False) -> Taken:
        """`always`: whatever the day is, it counts for its own month."""
        months = (month_start(month_start(day) - ONE_DAY), month_start(day), next_month(month_start(day)))
        spans = [Taken(month, *self._days(month), open=True) for month in months]
        found = next((one for one in spans if one.opens <= day <= one.closes), None)
        if found is not None:
            return found
        if always:
            return spans[1]
        waits = next(one for one in spans if day < one.opens)
        return Taken(waits.month, waits.opens, waits.closes, open=False)

    def _days(self, month: date) -> tuple[date, date]:
        if self.first is None or self.last is None:
            return month, next_month(month) - ONE_DAY
        ends = month if self.first <= self.last else next_month(month)
        return _in(month, self.first), _in(ends, self.last)


def _in(month: date, day: int) -> date:
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def as_shown(value: int, last: int | None) -> int:
    """What a register stands at, of which its face was read: where the digits that were read are those of the last
    reading, that reading, which has more of them; mWh."""
    grain = next(grain for grain in _GRAINS if value % grain == 0)
    return last if last is not None and value <= last < value + grain else value


_GRAINS = tuple(10**power for power in range(6, -1, -1))  # a kWh down to its last digit


def doubts(
    value: int,
    at: int,
    *,
    last: Reading | None,
    later: Reading | None = None,
    daily: int | None = None,
    k: Fraction = Fraction(1),
    power_max: int | None = None,
    register_end: int | None = None,
) -> tuple[Doubt, ...]:
    """About a register that stood at `value` (mWh before K) at `at` (seconds UTC).

    `last`, `later`: what is known of it before and after; `daily`: what it usually counts in a day, mWh.
    """
    return tuple(_doubts(value, at, last, later, daily, k, power_max, register_end))


def _doubts(
    value: int,
    at: int,
    last: Reading | None,
    later: Reading | None,
    daily: int | None,
    k: Fraction,
    power_max: int | None,
    register_end: int | None,
) -> Iterator[Doubt]:
    if last is not None:
        used, seconds = used_since(value, last.value, register_end), max(at - last.moment, 1)
        if used < 0:
            yield Doubt.LOWER
        elif not possible(int(used * k), seconds, power_max):
            yield Doubt.POWER
        elif daily is not None and used > max(LITTLE, TIMES * daily * seconds // DAY):
            yield Doubt.HIGH
    if later is not None and used_since(later.value, value, register_end) < 0:
        yield Doubt.LATER


def used_since(value: int, before: int, register_end: int | None) -> int:
    """Less than nothing where it fell, and did not begin anew."""
    anew = register_end is not None and NEAR_END * before >= (NEAR_END - 1) * register_end
    if register_end is not None and value < before and anew and NEAR_END * value <= register_end:
        return value - before + register_end
    return value - before
