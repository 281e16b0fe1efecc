"""What a forecast promises whatever the days; the figures are in cases.md."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.forecast import USUAL, Basis, Day, Expected, forecast
from central.metering.zones import WEEKEND, WORKDAY

pytestmark = pytest.mark.quick

FIRST, UNTIL = date(2026, 11, 1), date(2026, 12, 1)
BEFORE = FIRST - timedelta(days=28)
ENERGIES = st.lists(st.integers(0, 10**9), min_size=28, max_size=58)


def course(energies: list[int]) -> list[Day]:
    """Days from four weeks before the month on."""
    return [Day(BEFORE + timedelta(days=number), energy) for number, energy in enumerate(energies)]


@given(ENERGIES)
def test_the_forecast_is_at_least_what_is_known_and_inside_its_band(energies: list[int]) -> None:
    found = forecast(course(energies), FIRST, UNTIL)
    assert found.known == sum(energies[28:])
    assert found.energy is not None
    assert found.band is not None
    assert found.known <= found.band[0] <= found.energy <= found.band[1]
    assert found.band[1] - found.energy == found.spread


@given(ENERGIES, st.integers(0, 10**9))
def test_days_that_are_all_alike_go_on_and_leave_no_doubt(energies: list[int], same: int) -> None:
    found = forecast(course([same] * len(energies)), FIRST, UNTIL)
    assert (found.energy, found.spread) == (30 * same, 0)


@given(ENERGIES)
def test_a_month_that_is_over_is_what_it_was(energies: list[int]) -> None:
    whole = (energies * 3)[:58]
    found = forecast(course(whole), FIRST, UNTIL)
    assert (found.energy, found.spread, found.expected) == (sum(whole[28:]), 0, ())


def test_each_kind_is_expected_by_its_own_days_so_far_and_before() -> None:
    days = [replace(day, energy=20 if day.day.weekday() >= 5 else 10) for day in course([0] * (28 + 13))]
    found = forecast(days, FIRST, UNTIL)
    assert found.energy == 30 * 10 + 9 * 10  # nine of them weekend days
    assert {one.kind: (one.lacking, one.days[-1].day) for one in found.expected} == {
        WORKDAY: (11, date(2026, 11, 13)),
        WEEKEND: (6, date(2026, 11, 8)),
    }
    assert {len(one.days) for one in found.expected} == {USUAL.similar}


def test_another_basis_is_taken() -> None:
    days = course([10] * 14 + [30] * 14)
    narrow = Basis(similar=2, least=2, reach=14, deviations=3)
    found = forecast(days, FIRST, UNTIL, narrow)
    assert found.energy == 900
    assert {len(one.days) for one in found.expected} == {2}
    assert forecast(days, FIRST, UNTIL, Basis(reach=1)).unknown == (WEEKEND, WORKDAY)
    scattered = [Day(date(2026, 10, 28), 0), Day(date(2026, 10, 29), 200), Day(date(2026, 10, 30), 100)]
    for deviations, spread in ((1, 115), (3, 346)):  # √(100²·4/3) = 115.47
        found = forecast(scattered, date(2026, 11, 2), date(2026, 11, 3), Basis(deviations=deviations))
        assert found.spread == spread


def test_part_of_a_day_lacks_part_of_a_day() -> None:
    days = [*course([10] * 28), Day(FIRST, 8, Fraction(1, 4)), Day(date(2026, 11, 2), 0, Fraction(1))]
    found = forecast(days, FIRST, date(2026, 11, 3))
    assert [(one.kind, one.lacking, one.energy) for one in found.expected] == [
        (WEEKEND, Fraction(1, 4), Fraction(10, 4)),
        (WORKDAY, 1, 10),
    ]
    assert found.energy == 21  # 8 + 2.5 + 10, a half goes up


def test_the_terms_are_exact() -> None:
    one = Expected(WORKDAY, Fraction(1), tuple(Day(FIRST, energy) for energy in (0, 0, 1)))
    assert (one.mean, one.energy, one.variance) == (Fraction(1, 3), Fraction(1, 3), Fraction(4, 9))
