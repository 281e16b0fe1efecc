"""What days to come are expected to use, by days like them before, and how far from it they may end.

Workdays and days off are reckoned apart. Days go on to vary, one by one and week by week, as they did.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from math import sqrt
from statistics import fmean, variance

OF_KIND = 3  # days of a kind; fewer are reckoned with all the others
WEEK = 7
WEEKS = 4  # from so many on they tell how weeks vary
EIGHT_OF_TEN = 1.2816  # quantile of the normal distribution
FRIDAY = 4


def _day_off(day: date) -> bool:
    return day.weekday() > FRIDAY


Known = Mapping[date, Mapping[str, int]]  # whole days, mWh by zone


def _means(known: Known, names: Iterable[str]) -> dict[bool, dict[str, float]]:
    """Of a day off (True) and of a workday, by zone."""
    found = {}
    for kind in (True, False):
        like = [zones for day, zones in known.items() if _day_off(day) == kind]
        like = like if len(like) >= OF_KIND else list(known.values())
        found[kind] = {name: sum(zones.get(name, 0) for zones in like) / len(like) for name in names}
    return found


def to_come(known: Known, left: Mapping[date, float]) -> dict[str, int]:
    """mWh by zone of days to come. `left`: which part of each day; `known`: one day at least."""
    names = sorted({zone for zones in known.values() for zone in zones})
    means = _means(known, names)
    return {zone: round(sum(part * means[_day_off(day)][zone] for day, part in left.items())) for zone in names}


def spread(known: Known, count: float) -> float:
    """mWh on either side of what is expected of `count` days to come: eight times of ten they end between.
    `known`: two days at least."""
    totals = {day: {"": sum(zones.values())} for day, zones in sorted(known.items())}
    means = _means(totals, [""])
    off = [total[""] - means[_day_off(day)][""] for day, total in totals.items()]
    found = _around(count, variance(off), 1, len(off))
    weeks = [fmean(off[at : at + WEEK]) for at in range(0, len(off) - WEEK + 1, WEEK)]
    if len(weeks) >= WEEKS:  # days that follow each other are alike, so weeks vary more than their days would
        found = max(found, _around(count, variance(weeks), WEEK, len(weeks)))
    return found


def _around(count: float, varies: float, length: int, known: int) -> float:
    """Of the sum of `count` days, when means of `length` days vary so and `known` of them told it: their own varying
    and that of what is expected, by Student's quantile, for it is an estimate too."""
    quantile = EIGHT_OF_TEN * (1 + (EIGHT_OF_TEN**2 + 1) / (4 * (known - 1)))
    return quantile * sqrt(count * length * varies + count**2 * varies / known)
