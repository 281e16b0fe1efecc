"""Money: each line is rounded to kopecks, the total is the sum of its lines; a price change never rewrites the past."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.cost import Portion, Price, cost, price_days

pytestmark = pytest.mark.quick

FIRST, LAST = date(2026, 11, 1), date(2026, 12, 1)
PEAK = Price(1, "peak", date(2026, 7, 1), None, Decimal("8.42"))
NIGHT = Price(2, "night", date(2026, 7, 1), None, Decimal("3.36"))


def test_the_total_is_the_sum_of_the_rounded_lines_not_the_rounded_sum() -> None:
    bill = cost([Portion("peak", FIRST, LAST, 500), Portion("night", FIRST, LAST, 1_300_000)], [PEAK, NIGHT])
    assert [line.amount for line in bill.lines] == [Decimal("0.00"), Decimal("4.37")]  # 0.00421 and 4.368
    assert bill.total == Decimal("4.37")
    tiny = [Price(n, f"z{n}", FIRST, None, Decimal("0.004")) for n in range(3)]
    bill = cost([Portion(f"z{n}", FIRST, LAST, 1_000_000) for n in range(3)], tiny)
    assert bill.total == Decimal("0.00")  # not the 0.01 of 0.012


def test_half_a_kopeck_goes_up() -> None:
    bill = cost([Portion("z", FIRST, LAST, 1_000_000)], [Price(1, "z", FIRST, None, Decimal("2.675"))])
    assert bill.total == Decimal("2.68")


def test_the_receipt_of_the_picture() -> None:
    prices = [PEAK, NIGHT, Price(3, "half_peak", date(2026, 7, 1), None, Decimal("6.17"))]
    used = {"peak": 98_690_000, "night": 49_460_000, "half_peak": 74_370_000}
    bill = cost([Portion(zone, FIRST, LAST, energy) for zone, energy in used.items()], prices)
    assert [str(line.amount) for line in bill.lines] == ["830.97", "166.19", "458.86"]
    assert str(bill.total) == "1456.02"


def test_days_of_one_price_are_summed_before_they_are_rounded() -> None:
    days = [Portion("peak", date(2026, 11, day), date(2026, 11, day + 1), 600) for day in range(1, 29)]
    (line,) = cost(days, [PEAK]).lines
    assert (line.energy, line.amount) == (16_800, Decimal("0.14"))
    assert (line.first, line.until) == (date(2026, 11, 1), date(2026, 11, 29))


def test_each_version_of_a_price_is_a_line_of_its_own() -> None:
    change = date(2026, 11, 15)
    prices = [Price(1, "z", date(2026, 7, 1), change, Decimal(5)), Price(2, "z", change, None, Decimal(6))]
    assert price_days(prices, FIRST, LAST) == (change,)
    assert price_days(prices, change, LAST) == ()
    bill = cost([Portion("z", FIRST, change, 1_000_000), Portion("z", change, LAST, 1_000_000)], prices)
    assert [line.price.version for line in bill.lines] == [1, 2]
    assert bill.total == Decimal(11)


def test_energy_without_a_price_makes_no_total() -> None:
    bill = cost([Portion("peak", FIRST, LAST, 1), Portion("day", FIRST, LAST, 2)], [PEAK])
    assert bill.total is None
    assert [portion.zone for portion in bill.unpriced] == ["day"]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=8), st.decimals("0.01", "99.99", places=4))
def test_no_line_is_further_than_half_a_kopeck_from_exact(energies: list[int], amount: Decimal) -> None:
    prices = [Price(n, f"z{n}", FIRST, None, amount) for n in range(len(energies))]
    bill = cost([Portion(f"z{n}", FIRST, LAST, energy) for n, energy in enumerate(energies)], prices)
    assert bill.total == sum(line.amount for line in bill.lines)
    for line in bill.lines:
        assert abs(line.amount - Decimal(line.energy) * amount / 1_000_000) <= Decimal("0.005")
