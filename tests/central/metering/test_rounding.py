"""Rounding: half away from zero; rests are carried."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.rounding import half_away, kopecks, root, running, shares, whole_if_can, whole_kwh

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("1/2", 1), ("-1/2", -1), ("3/2", 2), ("-5/2", -3), ("49/100", 0), ("-49/100", 0), ("7", 7), ("5/3", 2)],
)
def test_a_half_goes_away_from_zero(value: str, rounded: int) -> None:
    assert half_away(Fraction(value)) == rounded


@pytest.mark.parametrize(
    ("amount", "rounded"), [("0.005", "0.01"), ("0.0049", "0.00"), ("-0.005", "-0.01"), ("2.675", "2.68")]
)
def test_money_is_rounded_to_kopecks_half_up(amount: str, rounded: str) -> None:
    assert kopecks(Decimal(amount)) == Decimal(rounded)


@given(st.lists(st.fractions(max_denominator=1000), max_size=20))
def test_rests_are_carried_so_that_every_partial_sum_is_the_rounded_exact_one(values: list[Fraction]) -> None:
    found = running(values)
    for upto in range(len(values) + 1):
        assert sum(found[:upto]) == half_away(sum(values[:upto], Fraction(0)))


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10_000), min_size=1).filter(any))
def test_shares_sum_exactly_to_the_whole(total: int, weights: list[int]) -> None:
    found = shares(total, weights)
    assert sum(found) == total
    assert all(part == 0 for part, weight in zip(found, weights, strict=True) if not weight)


def test_a_whole_kwh_reading_is_cut_down() -> None:
    assert whole_kwh(4_218_999_999) == 4_218_000_000


@given(st.fractions(0, 10**30, max_denominator=10**6))
def test_a_root_is_the_nearest_integer(value: Fraction) -> None:
    found = root(value)
    assert (2 * found - 1) ** 2 <= 4 * value < (2 * found + 1) ** 2 or not found


@pytest.mark.parametrize(
    ("value", "nearest"),
    [(0, 0), ("24/100", 0), ("1/4", 1), ("225/100", 2), ("2249/1000", 1), (9, 3), (10**40, 10**20)],
)
def test_half_a_root_goes_up(value: str | int, nearest: int) -> None:
    assert root(Fraction(value)) == nearest


def test_a_ratio_that_is_whole_becomes_an_integer_and_no_other() -> None:
    assert [type(whole_if_can(Fraction(text))) for text in ("40", "0", "3/2")] == [int, int, Fraction]
    assert whole_if_can(Fraction(3, 2)) == Fraction(3, 2)
