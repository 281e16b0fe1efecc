"""The law of closing a month: the bill as it was closed, with its corrections, is the bill as it would be now."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.corrections import BillLine, applied, difference, same, total

pytestmark = pytest.mark.quick


def line(name: str, energy: int, amount: str, **facts: object) -> BillLine:
    return BillLine((("zone", name),), energy, Decimal(amount), facts)


kopecks = st.integers(-(10**6), 10**6).map(lambda number: Decimal(number).scaleb(-2))
names = st.sampled_from("abcd")
lines = st.builds(line, names, st.integers(-(10**12), 10**12), kopecks.map(str))
bills = st.lists(lines, max_size=6)


@given(closed=bills, later=st.lists(bills, max_size=5))
def test_the_closed_bill_with_its_corrections_is_the_bill_as_it_would_be_now(
    closed: list[BillLine], later: list[list[BillLine]]
) -> None:
    corrections = []
    for now in later:
        found = difference(applied(closed, corrections), now)
        if found:
            corrections.append(found)
        assert same(applied(closed, corrections), now)
        assert total(applied(closed, corrections)) == total(now)
        money = sum((one.amount for correction in corrections for one in correction), total(closed)[1])
        assert money == total(now)[1], "money of the corrections adds up without the lines"


@given(bill=bills)
def test_a_bill_that_became_the_same_again_needs_no_correction(bill: list[BillLine]) -> None:
    assert difference(bill, bill) == ()
    assert difference(bill, list(reversed(bill))) == ()
    assert difference(applied(bill, []), bill) == ()


@given(first=bills, second=bills)
def test_there_and_back_comes_to_nothing(first: list[BillLine], second: list[BillLine]) -> None:
    there, back = difference(first, second), difference(second, first)
    assert same(applied(first, [there, back]), first)
    assert [(-one.energy, -one.amount) for one in sorted(there, key=lambda one: one.key)] == [
        (one.energy, one.amount) for one in sorted(back, key=lambda one: one.key)
    ]


def test_days_and_words_that_changed_charge_nobody() -> None:
    assert difference([line("a", 1, "0.01", first="1")], [line("a", 1, "0.01", first="2")]) == ()


def test_money_alone_is_a_difference_and_so_is_energy_alone() -> None:
    (money,) = difference([line("a", 1, "0.01")], [line("a", 1, "0.02")])
    assert (money.energy, money.amount) == (0, Decimal("0.01"))
    (energy,) = difference([line("a", 1, "0.01")], [line("a", 2, "0.01")])
    assert (energy.energy, energy.amount) == (1, Decimal("0.00"))


def test_a_line_says_what_it_was_and_what_it_is_and_in_whose_order() -> None:
    found = difference([line("b", 5, "1.00"), line("a", 1, "0.10")], [line("c", 7, "2.00"), line("a", 2, "0.20")])
    assert [(one.key[0][1], one.before and one.before.energy, one.after and one.after.energy) for one in found] == [
        ("b", 5, None),
        ("a", 1, 2),
        ("c", None, 7),
    ]


def test_what_a_line_was_made_from_is_kept_through_corrections() -> None:
    first = difference([line("a", 1, "0.10", rate="old")], [line("a", 2, "0.20", rate="new"), line("b", 1, "1.00")])
    kept = {one.key[0][1]: one.facts for one in applied([line("a", 1, "0.10", rate="old")], [first])}
    assert kept == {"a": {"rate": "new"}, "b": {}}
