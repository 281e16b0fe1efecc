"""Laws of a node's balance (metering.md «Balance of a node»); the figures are in cases.md."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.balance import Balance, Metered, balance
from central.metering.losses import FixedLoss

pytestmark = pytest.mark.quick

ENERGIES = st.lists(st.integers(0, 10**13), max_size=6)
PERCENT = st.fractions(0, 5, max_denominator=100)


def points(energies: list[int], error: Fraction | None = Fraction(1)) -> list[Metered]:
    return [Metered(number, energy, error) for number, energy in enumerate(energies)]


@given(ENERGIES, ENERGIES, PERCENT)
def test_a_node_that_gives_all_it_receives_closes(outgoing: list[int], needs: list[int], error: Fraction) -> None:
    received = sum(outgoing) + sum(needs)
    found = balance(points([received], error), points(outgoing, error), points(needs, error))
    assert (found.unbalance, found.holds) == (0, True)
    assert found.percent == (0 if received else None)


@given(ENERGIES, ENERGIES, st.integers(0, 10**12))
def test_what_is_lost_or_used_without_a_meter_is_the_unbalance(
    first: list[int], second: list[int], stolen: int
) -> None:
    received = sum(first) + sum(second) + stolen + 7
    found = balance(points([received]), points(first), points(second), [FixedLoss(700, Fraction(1))])
    assert (found.received, found.unbalance) == (received, stolen)


@given(ENERGIES, ENERGIES, PERCENT, st.integers(2, 1000))
def test_the_limit_grows_with_the_energy_and_the_percent_of_it_does_not(
    incoming: list[int], outgoing: list[int], error: Fraction, times: int
) -> None:
    def node(scale: int) -> Balance:
        return balance(*(points([scale * energy for energy in energies], error) for energies in (incoming, outgoing)))

    once, more = node(1), node(times)
    assert once.permitted_squared is not None
    assert more.permitted_squared == once.permitted_squared * times**2
    assert (more.holds, more.percent) == (once.holds, once.percent)


def test_the_limit_is_shown_in_percent_of_what_was_received() -> None:
    found = balance(points([200], Fraction(3, 2)), points([196], Fraction(0)))
    assert (found.permitted, found.permitted_percent, found.percent, found.holds) == (3, Fraction(3, 2), 2, False)
    assert balance(points([]), points([])).permitted_percent is None
    assert balance(points([200], None), []).permitted_percent is None
