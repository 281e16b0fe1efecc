"""Sums of sums: half a sum is no sum."""

from decimal import Decimal

import pytest

from central.figures.totals import money_of
from central.metering.cost import Cost

pytestmark = pytest.mark.quick


def cost(total: str | None) -> Cost:
    return Cost((), None if total is None else Decimal(total), ())


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        ([], None),
        ([None], None),
        ([cost("1.10"), cost("2.20")], Decimal("3.30")),
        ([cost("1.10"), None], Decimal("1.10")),  # no energy, so nothing to pay
        ([cost("1.10"), cost(None)], None),  # energy without a price
        ([cost(None)], None),
    ],
)
def test_money_of_several(costs: list[Cost | None], told: Decimal | None) -> None:
    assert money_of(costs) == told
