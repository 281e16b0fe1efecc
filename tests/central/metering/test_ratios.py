"""Load factor and tg φ where they end; the figures are in cases.md."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.ratios import load_factor, tan_phi
from central.metering.slots import fill, maximum
from tests.central.metering.parts import METER, MOSCOW, PERIOD, THREE, at, sample

pytestmark = pytest.mark.quick

DAY = at("2026-11-24 00:00")


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=48).filter(any))
def test_a_profile_fills_between_its_mean_and_all_of_its_greatest_place(values: list[int]) -> None:
    rows = [sample(DAY + PERIOD * (n + 1), value) for n, value in enumerate(values)]
    end = DAY + PERIOD * len(values)
    slots = fill([METER], rows, THREE, MOSCOW, DAY, end, end)
    found = load_factor(sum(values), end - DAY, maximum(slots))
    assert found.ratio == Fraction(sum(values), max(values) * len(values))


def test_a_second_has_a_load_factor_and_energy_given_away_no_tan_phi() -> None:
    greatest = maximum(fill([METER], [sample(DAY + PERIOD, 1800)], THREE, MOSCOW, DAY, DAY + PERIOD, DAY + 86_400))
    assert load_factor(1, 1, greatest).ratio == 1
    assert tan_phi(-1, 1).ratio is None
