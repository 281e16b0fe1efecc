"""Money: each line is rounded to kopecks, the total is the sum of its lines; a price change never rewrites the past."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.cost import Cost, Portion, Price, cost, price_days
from central.metering.monthly import MonthlyPrice, monthly_lines
from central.metering.ranges import split
from central.metering.zones import days

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


STEPS = [
    Price(1, "z", date(2026, 7, 1), date(2026, 11, 15), Decimal(4)),
    Price(2, "z", date(2026, 7, 1), date(2026, 11, 15), Decimal(6), above=150_000_000),
    Price(3, "z", date(2026, 11, 15), None, Decimal(5)),
    Price(4, "z", date(2026, 11, 15), None, Decimal(8), above=200_000_000),
]


def lines(bill: Cost) -> list[tuple[int, int]]:
    return [(line.price.version, line.energy // 10**6) for line in bill.lines]


def test_a_step_fills_in_order_of_time_through_a_price_change() -> None:
    change = date(2026, 11, 15)
    bill = cost([Portion("z", change, LAST, 100_000_000), Portion("z", FIRST, change, 180_000_000)], STEPS)
    assert lines(bill) == [(1, 150), (2, 30), (3, 20), (4, 80)]  # 180 before: 20 to the new limit of 200
    assert bill.total == Decimal(4 * 150 + 6 * 30 + 5 * 20 + 8 * 80)


def test_each_month_begins_its_ranges_anew_and_what_was_used_before_the_bill_fills_them() -> None:
    months = [date(2026, month, 1) for month in (8, 9, 10)]
    assert price_days(STEPS, date(2026, 8, 1), date(2026, 10, 5)) == tuple(months[1:])
    used = [
        Portion("z", first, until, 160_000_000)
        for first, until in ((months[0], months[1]), (months[1], months[2]), (months[2], date(2026, 10, 5)))
    ]
    bill = cost(used, STEPS)
    assert lines(bill) == [(1, 150), (2, 10)] * 3
    rest = cost([Portion("z", date(2026, 10, 5), FIRST, 20_000_000)], STEPS, used)
    assert lines(rest) == [(2, 20)]


def test_a_price_for_much_alone_leaves_the_first_kilowatt_hours_unpriced() -> None:
    bill = cost([Portion("z", FIRST, LAST, 160_000_000)], [STEPS[1]])
    assert bill.total is None
    assert [portion.energy for portion in bill.unpriced] == [150_000_000]


def test_one_version_under_two_coefficients_is_two_lines() -> None:
    change = date(2026, 11, 15)
    town = Price(1, "z", date(2026, 7, 1), change, Decimal(5))
    village = Price(1, "z", change, None, Decimal(5), coefficient=Decimal("0.7"))
    bill = cost([Portion("z", FIRST, change, 10**6), Portion("z", change, LAST, 10**6)], [town, village])
    assert [line.amount for line in bill.lines] == [Decimal("5.00"), Decimal("3.50")]


def test_a_bill_without_a_price_has_no_total_with_a_monthly_line_either() -> None:
    line = monthly_lines(days(FIRST, LAST), [MonthlyPrice(1, "плата", date(2026, 1, 1), None, Decimal(50))])
    assert cost([Portion("peak", FIRST, LAST, 10**6)], [PEAK]).with_monthly(line).total == Decimal("58.42")
    assert cost([Portion("day", FIRST, LAST, 10**6)], [PEAK]).with_monthly(line).total is None


def test_months_are_paid_one_by_one_and_a_payment_that_begins_later_not_at_all() -> None:
    prices = [
        MonthlyPrice(1, "плата", date(2026, 1, 1), None, Decimal(31)),
        MonthlyPrice(2, "замок", date(2026, 11, 2), None, Decimal(7)),
    ]
    found = monthly_lines(days(date(2026, 10, 30), date(2026, 12, 2)), prices)
    assert [(line.name, line.days, line.of, str(line.amount)) for line in found] == [
        ("плата", 2, 31, "2.00"),
        ("плата", 30, 30, "31.00"),
        ("плата", 1, 31, "1.00"),
        ("замок", 1, 31, "0.23"),
    ]


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=4),
    st.sets(st.integers(1, 2 * 10**9), max_size=3),
    st.integers(0, 10**9),
)
def test_ranges_lose_nothing(energies: list[int], limits: set[int], filled: int) -> None:
    bounds = [0, *sorted(limits)]
    parts = split(energies, bounds, filled)
    assert [sum(zone) for zone in zip(*parts, strict=True)] == energies
    assert all(energy >= 0 for part in parts for energy in part)
    upto = filled
    for part, upper in zip(parts, [*bounds[1:], 10**12], strict=True):
        upto += sum(part)
        assert upto <= max(upper, filled)


def test_a_monthly_payment_that_has_ended_is_paid_no_more() -> None:
    first, until = date(2026, 11, 1), date(2026, 12, 1)
    paid = [MonthlyPrice(1, "плата", date(2026, 1, 1), first, Decimal(50))]
    assert monthly_lines(days(first, until), paid) == ()
    (line,) = monthly_lines(days(date(2026, 10, 10), first), paid)
    assert (line.first, line.days, line.of) == (date(2026, 10, 10), 22, 31)


def test_nothing_used_in_a_range_is_told_in_the_range_that_the_month_stands_in() -> None:
    cheap = Price(1, "all", date(2026, 7, 1), None, Decimal(5))
    dear = replace(cheap, above=100 * 10**6, version=2, amount=Decimal(9))
    used = Portion("all", FIRST, FIRST + timedelta(days=1), 150 * 10**6)
    idle = Portion("all", FIRST + timedelta(days=1), LAST, 0)
    (line,) = cost([idle], [cheap, dear], [used]).lines
    assert (line.price.version, line.energy, line.amount) == (2, 0, Decimal("0.00"))
