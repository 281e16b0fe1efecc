"""Rounding, in one place: half away from zero, and rests that are carried so that no sum loses anything."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import isqrt

MWH_PER_KWH = 1_000_000
KOPECK = Decimal("0.01")


def half_away(value: Fraction | int) -> int:
    """The nearest integer; a half goes away from zero."""
    return value if isinstance(value, int) else nearest(value.numerator, value.denominator)


def nearest(above: int, below: int) -> int:
    """The same of above / below, which is greater than 0."""
    found = (2 * abs(above) + below) // (2 * below)
    return -found if above < 0 else found


def root(value: Fraction | int) -> int:
    """The nearest integer to the square root of what is not negative."""
    return (isqrt(4 * value.numerator // value.denominator) + 1) // 2


def whole_if_can(value: Fraction) -> Fraction | int:
    """The same number; an integer where it is one, since integers are many times quicker."""
    return value.numerator if value.denominator == 1 else value


def running(values: Iterable[Fraction | int]) -> list[int]:
    """Each value rounded so that every partial sum is the rounded partial sum: rests are carried, not lost."""
    found = []
    exact: Fraction | int = 0
    given = 0
    for value in values:
        exact += value
        found.append(half_away(exact) - given)
        given += found[-1]
    return found


def shares(total: int, weights: Iterable[int]) -> list[int]:
    """An integer split in proportion to the weights (not all 0); the parts sum exactly to it."""
    weights = list(weights)
    whole = sum(weights)
    return running(Fraction(total * weight, whole) for weight in weights)


def kopecks(amount: Decimal) -> Decimal:
    """Roubles to whole kopecks, half away from zero."""
    return amount.quantize(KOPECK, ROUND_HALF_UP)


def whole_kwh(reading: int) -> int:
    """A reading (mWh, not negative) cut down to whole kWh, still in mWh: ruling `billing_reading`."""
    return reading - reading % MWH_PER_KWH
