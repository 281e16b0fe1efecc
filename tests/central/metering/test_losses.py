"""Laws of losses (metering.md «Losses between meter and balance boundary»); the figures are in cases.md."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.losses import (
    CurrentLoss,
    FixedLoss,
    Flow,
    LineLoss,
    Side,
    Transformer,
    TransformerLoss,
    at_boundary,
    form_squared,
    lost,
)
from tests.central.metering.parts import segment

pytestmark = pytest.mark.quick

ENERGY = st.integers(0, 10**12)
RATIO = st.fractions(Fraction(1, 100), 1, max_denominator=1000)
FLOWS = st.lists(st.builds(lambda a, r, s: Flow(60, 60 + s, a, r), ENERGY, ENERGY, st.integers(1, 7200)), max_size=6)
PLATE = Transformer(Fraction(950), Fraction(5500), Fraction(10_000), Fraction(400_000))


def line(flows: Sequence[Flow]) -> LineLoss:
    return LineLoss(tuple(flows), Fraction("0.35"), Fraction(400))


def over(flows: Sequence[Flow]) -> Flow:
    """The same energy in the same time, evenly."""
    seconds = sum(flow.seconds for flow in flows)
    return Flow(0, seconds, sum(flow.active for flow in flows), sum(flow.reactive for flow in flows))


@given(FLOWS, FLOWS)
def test_losses_of_a_line_add_up_over_intervals(first: list[Flow], second: list[Flow]) -> None:
    assert line(first + second).exact == line(first).exact + line(second).exact


@given(FLOWS.filter(bool))
def test_an_even_load_loses_least(flows: list[Flow]) -> None:
    assert line([over(flows)]).exact <= line(flows).exact


@given(st.integers(1, 10**9), st.integers(1, 7200), st.integers(1, 20))
def test_a_transformer_s_losses_add_up_over_even_intervals(active: int, seconds: int, count: int) -> None:
    def loss(times: int) -> Fraction:
        flow = Flow(0, seconds * times, active * times, 0)
        return TransformerLoss(PLATE, flow, Fraction(10_000), Fraction(1)).exact

    assert loss(count) == count * loss(1)


@given(RATIO, RATIO)
def test_an_uneven_load_loses_more_than_an_even_one_and_at_most_by_its_peaks(one: Fraction, other: Fraction) -> None:
    assert 1 <= form_squared(one) <= 1 / one
    assert form_squared(min(one, other)) >= form_squared(max(one, other))


@given(ENERGY, st.lists(st.fractions(0, 20, max_denominator=100), max_size=4))
def test_after_and_before_the_boundary_are_as_far_from_the_meter(energy: int, percents: list[Fraction]) -> None:
    losses = [FixedLoss(energy, percent) for percent in percents]
    after, before = (at_boundary(energy, losses, side) for side in (Side.AFTER, Side.BEFORE))
    assert after.energy - energy == energy - before.energy == after.lost == lost(losses)
    assert after.losses == tuple(losses)
    assert abs(after.lost - energy * sum(percents) / 100) <= Fraction(1, 2)


def test_terms_may_be_integers_and_nothing_becomes_a_float() -> None:
    flow, meter = Flow(0, 1800, 50 * 10**6, 0), segment(ki=Fraction(3, 2))
    plate = Transformer(950, 5500, 10_000, 400_000)
    losses = [
        FixedLoss(1, 3),
        LineLoss((flow,), 1, 7),
        CurrentLoss(meter, 3, 1),
        TransformerLoss(plate, flow, 10_500, 1),
        TransformerLoss(plate, replace(flow, active=0), 10_500, 0),
    ]
    assert all(isinstance(loss.exact, Fraction) for loss in losses)
    assert losses[0].exact == Fraction(3, 100)
    assert losses[2].exact == Fraction(27, 4) * 1000
    assert losses[4].exact == Fraction(950 * 1800 * 1000, 3600) * Fraction(105, 100) ** 2


def test_nothing_lost_changes_nothing() -> None:
    assert at_boundary(5, [], Side.AFTER).energy == 5
    assert line([]).exact == 0


@pytest.mark.parametrize("filling", [Fraction(0), Fraction(-1), Fraction(1001, 1000)])
def test_a_load_factor_beyond_its_bounds_is_refused(filling: Fraction) -> None:
    with pytest.raises(ValueError, match=str(filling)):
        form_squared(filling)
