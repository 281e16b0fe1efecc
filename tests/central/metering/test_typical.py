"""Gaps that no register closes: apart from every sum that is answered for (metering.md «Gaps»); figures: cases.md."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central.metering.estimation import Limits
from central.metering.rounding import half_away
from central.metering.slots import Slot, completeness, energies, fill, maximum
from central.metering.terms import State
from central.metering.typical import estimate_open
from tests.central.metering.parts import METER, MOSCOW, PERIOD, THREE, at, sample

pytestmark = pytest.mark.quick

DAY = at("2026-11-23 00:00")
END = DAY + 86_400
VALUES = st.lists(st.integers(0, 10**9), min_size=48, max_size=48)


def day(values: Sequence[int], gap: range = range(0), back: int = 0) -> tuple[Slot, ...]:
    """Half-hours of a day so many days before."""
    begin = DAY - back * 86_400
    rows = [sample(begin + PERIOD * (n + 1), value) for n, value in enumerate(values) if n not in gap]
    return fill([METER], rows, THREE, MOSCOW, begin, begin + 86_400, END + 86_400)


def of_day(slot: Slot) -> int:
    return (slot.start - DAY) % 86_400


def estimated(slots: Sequence[Slot], days: Sequence[Sequence[Slot]], **limits: int) -> tuple[Slot, ...]:
    return estimate_open(slots, lambda _: days, of_day, Limits(**limits))


@given(st.lists(VALUES, min_size=1, max_size=4), st.integers(0, 47), st.integers(1, 48))
def test_a_gap_is_the_rounded_mean_of_what_similar_days_used_then(
    values: list[list[int]], first: int, count: int
) -> None:
    gap = range(first, min(48, first + count))
    days = [day(one, back=back) for back, one in enumerate(values, 1)]
    known = day([1000] * 48, gap)
    found = estimated(known, days)
    exact = sum(sum(one[n] for n in gap) for one in values)
    assert sum(found[n].energy or 0 for n in gap) == half_away(sum(days_used(found[n]) for n in gap))
    assert sum(days_used(found[n]) for n in gap) * len(values) == exact
    assert [slot for n, slot in enumerate(found) if n not in gap] == [s for n, s in enumerate(known) if n not in gap]


def days_used(slot: Slot):  # type: ignore[no-untyped-def]
    """What its terms say, checked against its energy."""
    assert slot.typical is not None
    mean = sum(slot.typical.used) / len(slot.typical.used)
    assert slot.energy == half_away(slot.typical.before + mean) - half_away(slot.typical.before)
    return mean


def test_such_places_stand_apart_raise_no_completeness_and_make_no_maximum() -> None:
    found = estimated(day([10] * 48, range(20, 22)), [day([10_000] * 48, back=1)])
    assert energies(found)["half_peak"] == {State.MEASURED: 160, State.ESTIMATED_OPEN: 20_000}
    assert (completeness(found).received, completeness(found).estimated) == (46, 2)
    greatest = maximum(found)
    assert greatest is not None
    assert greatest.power == 20


def test_only_missing_places_are_estimated() -> None:
    slots = list(day([10] * 48, range(20, 23)))
    slots[20] = replace(slots[20], state=State.NOT_DUE)
    slots[21] = replace(slots[21], state=State.POWER_OFF, energy=0)
    found = estimated(slots, [day([10_000] * 48, back=1)])
    assert [slot.state for slot in found[20:23]] == [State.NOT_DUE, State.POWER_OFF, State.ESTIMATED_OPEN]


def test_each_place_has_the_days_of_its_own_kind() -> None:
    slots = (*day([0] * 48, range(48), back=1), *day([0] * 48, range(48)))  # a Sunday and a Monday
    weekend, workday = [day([7] * 48, back=8)], [day([3] * 48, back=3)]
    found = estimate_open(slots, lambda slot: weekend if slot.start < DAY else workday, of_day)
    assert [slot.energy for slot in found] == [7] * 48 + [3] * 48


def test_a_place_without_a_similar_day_stays_missing_beside_one_that_has_it() -> None:
    slots = day([0] * 48, range(10, 12))
    found = estimate_open(slots, lambda slot: [] if slot == slots[10] else [day([5] * 48, back=1)], of_day)
    assert [(slot.state, slot.energy) for slot in found[10:12]] == [(State.MISSING, None), (State.ESTIMATED_OPEN, 5)]


@pytest.mark.parametrize(("longest", "state"), [(3600, State.ESTIMATED_OPEN), (3599, State.MISSING)])
def test_a_gap_that_is_too_long_stays_a_gap(longest: int, state: State) -> None:
    found = estimated(day([10] * 48, range(20, 22)), [day([1] * 48, back=1)], longest=longest)
    assert {slot.state for slot in found[20:22]} == {state}


def test_no_more_days_than_the_limits_say() -> None:
    days = [day([value] * 48, back=back) for back, value in enumerate((10, 20, 90), 1)]
    assert estimated(day([0] * 48, range(1)), days, similar=2)[0].energy == 15


def test_a_place_across_two_of_a_similar_day_has_of_each_its_part_by_time() -> None:
    place = Slot(DAY + 600, DAY + 3000, "night", State.MISSING)  # 00:10–00:50
    (found,) = estimated([place], [day([300, 900, *[0] * 46], back=1)])
    assert found.energy == 200 + 600
    assert found.typical is not None
    assert (found.typical.used, found.typical.before) == ((800,), 0)


def test_a_time_that_the_similar_day_has_not_used_nothing() -> None:
    place = Slot(END - 600, END + 600, "night", State.MISSING)  # runs beyond midnight
    (found,) = estimated([place], [day([300] * 48, back=1)])
    assert found.energy == 100
    short = day([300] * 48, back=1)[:46]
    assert estimated([replace(place, start=END - 1800)], [short])[0].energy == 0
