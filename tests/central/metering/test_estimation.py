"""Gaps closed by registers: the sum is the register's to the last mWh, only its course within the gap is guessed."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central.metering.consumption import from_registers
from central.metering.estimation import Closer, Limits, close_gaps, shape_of
from central.metering.slots import Slot, fill
from central.metering.terms import Reading, Segment, State
from tests.central.metering.parts import METER, MOSCOW, THREE, at, sample, segment

DAY = at("2026-11-23 00:00")
END = DAY + 86_400
TARIFFS = {"peak": 1, "night": 2, "half_peak": 3}
LATER = END + 86_400


def profile(gap: range, energy: int = 1000, meter: Segment = METER) -> list[Slot]:
    """A day of half-hours, each of so much energy but for those in the gap (numbers from 0)."""
    rows = [sample(DAY + 1800 * (n + 1), energy) for n in range(48) if n not in gap]
    return list(fill([meter], rows, THREE, MOSCOW, DAY, END, LATER))


def closer(difference: int, tariff: int = 0, zones: Sequence[str] = (), meter: Segment = METER) -> Closer:
    first, last = Reading(DAY, 5_000_000, "daily"), Reading(END, 5_000_000 + difference, "daily")
    return Closer(tariff, frozenset(zones), from_registers(meter, first, last))


def even(missing: Sequence[Slot]) -> Sequence[int]:
    return [1] * len(missing)


def energies(slots: Sequence[Slot], gap: range) -> list[int | None]:
    return [slots[n].energy for n in gap]


def test_up_to_two_hours_are_spread_evenly_and_nothing_is_lost() -> None:
    gap = range(10, 14)
    found = close_gaps(profile(gap), [], closer(44 * 1000 + 10_001), lambda _: pytest.fail("no shape is asked for"))
    assert energies(found, gap) == [2500, 2501, 2500, 2500]  # 10,001 in four, by a running total
    assert {found[n].state for n in gap} == {State.ESTIMATED}
    assert sum(slot.energy or 0 for slot in found) == 44 * 1000 + 10_001


def test_less_than_two_hours_too() -> None:
    found = close_gaps(
        profile(range(10, 12)), [], closer(46 * 1000 + 8), lambda _: pytest.fail("no shape is asked for")
    )
    assert energies(found, range(10, 12)) == [4, 4]


def test_longer_ones_follow_the_shape_of_similar_days() -> None:
    gap = range(10, 16)
    found = close_gaps(profile(gap), [], closer(42 * 1000 + 600), lambda missing: range(1, len(missing) + 1))
    assert energies(found, gap) == [29, 57, 85, 115, 143, 171]  # 600·(1, 3, 6, 10, 15, 21)/21, rounded and differenced


def test_a_place_that_the_shape_knows_nothing_of_has_nothing() -> None:
    gap = range(10, 16)
    found = close_gaps(profile(gap), [], closer(42 * 1000 + 600), lambda _: [-5, 0, 1, 1, 0, 2])
    assert energies(found, gap) == [0, 0, 150, 150, 0, 300]


@pytest.mark.parametrize("state", [State.ZERO, State.POWER_OFF, State.SUBSTITUTED])
def test_only_missing_places_are_estimated(state: State) -> None:
    slots = profile(range(10, 12))
    slots[11] = replace(slots[11], state=state, energy=0)
    found = close_gaps(slots, [], closer(46 * 1000 + 8), even)
    assert [(slot.state, slot.energy) for slot in found[10:12]] == [(State.ESTIMATED, 8), (state, 0)]


def test_a_shape_of_nothing_is_even() -> None:
    gap = range(10, 16)
    found = close_gaps(profile(gap), [], closer(42 * 1000 + 600), lambda missing: [0] * len(missing))
    assert energies(found, gap) == [100] * 6


def test_each_tariff_closes_its_own_zones() -> None:
    gap = range(12, 16)  # 06:00 night, 07:00–08:00 peak
    slots = profile(gap)
    counts = {zone: sum(slot.energy or 0 for slot in slots if slot.zone == zone) for zone in TARIFFS}
    rests = {"night": 800, "peak": 5000, "half_peak": 0}
    tariffs = [closer(counts[zone] + rests[zone], tariff, [zone]) for zone, tariff in TARIFFS.items()]
    found = close_gaps(slots, tariffs, closer(0), even)
    assert energies(found, gap) == [400, 400, 2500, 2500]
    assert [found[n].closing.tariff for n in gap if found[n].closing] == [2, 2, 1, 1]


def test_where_the_meter_s_zones_are_not_the_calendar_s_the_total_closes() -> None:
    gap = range(12, 16)
    tariffs = [closer(-50_000 if zone == "peak" else 10**6, tariff, [zone]) for zone, tariff in TARIFFS.items()]
    found = close_gaps(profile(gap), tariffs, closer(44 * 1000 + 4000), even)
    assert energies(found, gap) == [1000] * 4
    assert {found[n].closing.tariff for n in gap if found[n].closing} == {0}


@pytest.mark.parametrize(("rest", "tariff"), [(19_999, 1), (20_000, 0), (10**6, 0)])
def test_a_tariff_that_counted_more_than_its_whole_zones_used_is_not_the_calendar_s(rest: int, tariff: int) -> None:
    gap = range(14, 16)  # of the peak only
    slots = profile(gap)
    counts = {zone: sum(slot.energy or 0 for slot in slots if slot.zone == zone) for zone in TARIFFS}
    rests = {"night": rest, "peak": 5000, "half_peak": 0}
    tariffs = [closer(counts[zone] + rests[zone], number, [zone]) for zone, number in TARIFFS.items()]
    found = close_gaps(slots, tariffs, closer(46 * 1000 + 5000), even)
    assert {found[n].closing.tariff for n in gap if found[n].closing} == {tariff}


@pytest.mark.parametrize(
    ("rest", "expected"),
    [(0, 0), (-1, 0), (-19_999, 0), (-20_000, None), (-(10**6), None)],  # 2·d = 20,000 mWh
)
def test_a_small_lack_is_the_registers_last_digit_a_larger_one_closes_nothing(rest: int, expected: int | None) -> None:
    gap = range(10, 14)
    found = close_gaps(profile(gap, 100_000), [], closer(44 * 100_000 + rest), even)
    assert energies(found, gap) == [expected] * 4


def test_k_is_applied_once() -> None:
    meter = segment(ki=Fraction(40))
    gap = range(10, 14)
    found = close_gaps(profile(gap, 1000, meter), [], closer(44 * 1000 + 400, meter=meter), even)
    assert energies(found, gap) == [4000] * 4


def test_what_a_suspect_place_used_is_not_given_to_the_gap() -> None:
    gap = range(10, 14)
    slots = profile(gap)
    slots[20] = replace(slots[20], state=State.SUSPECT)
    assert energies(close_gaps(slots, [], closer(10**6), even), gap) == [None] * 4


def test_nothing_is_estimated_while_something_is_not_due() -> None:
    rows = [sample(DAY + 1800 * (n + 1), 1000) for n in range(40)]
    slots = fill([METER], rows, THREE, MOSCOW, DAY, END, END)
    assert close_gaps(slots, [], closer(10**6), even) == slots


def test_without_a_register_a_gap_is_a_gap() -> None:
    gap = range(10, 14)
    assert energies(close_gaps(profile(gap), [], None, even), gap) == [None] * 4


def test_a_shape_is_what_similar_days_used_at_that_time() -> None:
    first, second = profile(range(0), 1000), profile(range(0), 500)
    shape = shape_of([first, second], lambda slot: slot.start - DAY)
    assert shape(first[7]) == 1500
    assert shape_of([], lambda slot: slot.start)(first[7]) == 0
    assert shape_of([profile(range(0), 0)], lambda slot: slot.start - DAY)(first[7]) == 0


@given(
    gap=st.sets(st.integers(0, 47), min_size=1),
    rest=st.integers(-19_999, 10**9),
    weights=st.lists(st.integers(0, 10**9), min_size=48, max_size=48),
)
def test_the_sum_is_the_register_s_whatever_the_gap(gap: set[int], rest: int, weights: list[int]) -> None:
    rows = [sample(DAY + 1800 * (n + 1), 1000 + n) for n in range(48) if n not in gap]
    slots = fill([METER], rows, THREE, MOSCOW, DAY, END, LATER)
    known = sum(slot.energy or 0 for slot in slots)
    found = close_gaps(slots, [], closer(known + rest), lambda missing: weights[: len(missing)])
    assert sum(slot.energy or 0 for slot in found) == known + max(rest, 0)
    assert all((slot.energy or 0) >= 0 for slot in found)
    assert [slot for n, slot in enumerate(found) if n not in gap] == [
        slot for n, slot in enumerate(slots) if n not in gap
    ]


@pytest.mark.parametrize(("kind", "state"), [("act", State.COMPUTED), ("daily", State.ESTIMATED)])
def test_what_is_left_between_a_fixed_reading_and_an_act_is_no_guess(kind: str, state: State) -> None:
    turn = DAY + 10 * 3600 + 600
    begin = DAY + 10 * 3600
    slots = [Slot(DAY, begin, "night", State.MEASURED, 0, 50_000), Slot(begin, turn, "half_peak", State.MISSING)]
    term = from_registers(METER, Reading(DAY, 0, "daily"), Reading(turn, 57_000, kind))
    found = close_gaps(slots, [], Closer(0, frozenset(), term), even)
    assert (found[1].state, found[1].energy) == (state, 7000)


@pytest.mark.parametrize(
    ("kinds", "gap", "state"),
    [
        (("act", "daily"), range(0, 1), State.COMPUTED),  # begins with the act
        (("act", "daily"), range(3, 4), State.ESTIMATED),  # elsewhere between the two
        (("daily", "act"), range(0, 1), State.ESTIMATED),
        (("daily", "act"), range(47, 48), State.COMPUTED),  # ends with it
        (("act", "act"), range(0, 2), State.ESTIMATED),  # two places: how much is whose is a guess
        (("daily", "daily"), range(47, 48), State.ESTIMATED),
    ],
)
def test_only_a_lone_piece_at_an_act_is_computed(kinds: tuple[str, str], gap: range, state: State) -> None:
    first, last = (Reading(at, value, kind) for at, value, kind in zip((DAY, END), (0, 60_000), kinds, strict=True))
    found = close_gaps(profile(gap), [], Closer(0, frozenset(), from_registers(METER, first, last)), even)
    assert {found[n].state for n in gap} == {state}
    assert sum(slot.energy or 0 for slot in found) == 60_000


def test_usual_limits_are_two_hours_four_days_and_a_month() -> None:
    assert Limits() == Limits(short=2 * 3600, similar=4, longest=31 * 24 * 3600)


@pytest.mark.parametrize(("limits", "energies_found"), [(Limits(), [2, 2, 2, 2]), (Limits(short=7199), [1, 2, 2, 3])])
def test_what_is_short_is_a_setting(limits: Limits, energies_found: list[int]) -> None:
    gap = range(10, 14)
    shape = [1, 2, 2, 3]
    found = close_gaps(profile(gap), [], closer(44 * 1000 + 8), lambda _: shape, limits)
    assert energies(found, gap) == energies_found
