"""Whether a day, or a month so far, used far more than is usual there. Out of days that were measured as a whole: of an
estimate nobody is warned.

A day is beside the four weeks before it: their median, and that of the same days of the week, whichever is more, so a
dacha's Saturday is no alarm. A month is beside the mean day of the sixty days before it, and of the same month a year
ago, whichever is more, so the first frost is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from statistics import median_low

from central.metering.rounding import MWH_PER_KWH, half_away
from central.metering.zones import month_start, next_month

ONE_DAY = timedelta(days=1)
DAY_SPAN, DAY_LEAST, WEEKDAYS_LEAST = 28, 14, 3  # days before, of them measured, of them of the same day of the week
DAY_FACTOR, DAY_EXCESS = Fraction(2), 5 * MWH_PER_KWH
MONTH_SPAN, MONTH_LEAST = 60, 28
MONTH_BEGUN = 10  # days, before there is anything to say of a month
YEAR_LEAST = 20  # measured days of the same month a year ago
MONTH_FACTOR, MONTH_EXCESS = Fraction(3, 2), 50 * MWH_PER_KWH


class Length(StrEnum):
    DAY = "day"
    MONTH = "month"  # as far as it has come


@dataclass(frozen=True, slots=True)
class High:
    """[first, last] used `energy` where `usual` is usual, mWh; `rests_on`: first and last day that it was taken from,
    `of` how many that were measured."""

    length: Length
    first: date
    last: date
    energy: int
    usual: int
    rests_on: tuple[date, date]
    of: int

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def high(day: date, used: Mapping[date, int]) -> High | None:
    """At the end of this day: the day itself, else its month so far. `used`: day -> mWh, of those that were measured as
    a whole."""
    return high_day(day, used) or high_month(day, used)


def high_day(day: date, used: Mapping[date, int]) -> High | None:
    """None also where too little is known."""
    before = [one for one in _span(day - DAY_SPAN * ONE_DAY, day) if one in used]
    if day not in used or len(before) < DAY_LEAST:
        return None
    alike = [one for one in before if one.weekday() == day.weekday()]
    kinds = [before, alike] if len(alike) >= WEEKDAYS_LEAST else [before]
    usual = max(median_low([used[one] for one in kind]) for kind in kinds)
    energy = used[day]
    if energy < DAY_FACTOR * usual or energy - usual < DAY_EXCESS:
        return None
    return High(Length.DAY, day, day, energy, usual, (before[0], before[-1]), len(before))


def high_month(day: date, used: Mapping[date, int]) -> High | None:
    """None also where too little is known, or a day of it was not measured."""
    first = month_start(day)
    own = _span(first, day + ONE_DAY)
    before = [one for one in _span(first - MONTH_SPAN * ONE_DAY, first) if one in used]
    if len(own) < MONTH_BEGUN or len(before) < MONTH_LEAST or not all(one in used for one in own):
        return None
    mean, rests = _mean(before, used), before
    year_ago = first.replace(year=first.year - 1)
    same = [one for one in _span(year_ago, next_month(year_ago)) if one in used]
    if len(same) >= YEAR_LEAST and _mean(same, used) > mean:
        mean, rests = _mean(same, used), same
    usual, energy = half_away(mean * len(own)), sum(used[one] for one in own)
    if energy < MONTH_FACTOR * usual or energy - usual < MONTH_EXCESS:
        return None
    return High(Length.MONTH, first, day, energy, usual, (rests[0], rests[-1]), len(rests))


def _mean(days: Sequence[date], used: Mapping[date, int]) -> Fraction:
    return Fraction(sum(used[one] for one in days), len(days))


def _span(first: date, until: date) -> list[date]:
    return [first + number * ONE_DAY for number in range((until - first).days)]
