"""The places of a profile and their states (metering.md «Time stamps», «Rulings»)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from central.metering.consumption import from_registers
from central.metering.slots import (
    DUE_AFTER,
    Outage,
    Sample,
    Slot,
    close_outages,
    completeness,
    count_places,
    energies,
    fill,
    maximum,
    places,
)
from central.metering.terms import Reading, Segment, State
from central.metering.zones import midnight
from protocol.reading import Quality
from tests.central.metering.parts import METER, MOSCOW, PERIOD, THREE, at, sample, segment

pytestmark = pytest.mark.quick

DAY = at("2026-11-24 00:00")
NEXT = DAY + 86_400
LATER = NEXT + 86_400


def filled(
    samples: Sequence[Sample],
    now: int = LATER,
    segments: Sequence[Segment] = (METER,),
    since: int = DAY,
    until: int = NEXT,
) -> tuple[Slot, ...]:
    return fill(segments, samples, THREE, MOSCOW, since, until, now)


def full(value: int = 100_000) -> list[Sample]:
    return [sample(DAY + PERIOD * (n + 1), value) for n in range(48)]


def slot_at(slots: Sequence[Slot], clock: str) -> Slot:
    return next(slot for slot in slots if slot.start == at(f"2026-11-24 {clock}"))


def test_a_day_has_48_half_hours_and_a_stamp_is_the_end_of_its_interval() -> None:
    slots = filled(full())
    assert len(slots) == 48
    assert {slot.state for slot in slots} == {State.MEASURED}
    assert slots[0].parts[0].sample.end == DAY + PERIOD
    assert energies(slots) == {
        "night": {State.MEASURED: 1_600_000},
        "peak": {State.MEASURED: 1_400_000},
        "half_peak": {State.MEASURED: 1_800_000},
    }


def test_the_interval_before_a_boundary_belongs_to_the_zone_it_began_in() -> None:
    slots = filled([sample(at("2026-11-24 07:00"), 5)])
    assert slot_at(slots, "06:30").zone == "night"
    assert slot_at(slots, "06:30").energy == 5


def test_periods_are_half_open() -> None:
    assert [start for start, _ in places([METER], DAY, DAY + PERIOD, MOSCOW)] == [DAY]
    assert places([METER], DAY, DAY, MOSCOW) == ()
    night = filled([sample(DAY, 7), sample(NEXT, 9)])
    assert [slot.energy for slot in night if slot.parts] == [9]  # the row of 00:00 is yesterday's last


def test_the_day_of_a_changed_offset_has_50_places() -> None:
    since, until = midnight(date(2014, 10, 26), MOSCOW), midnight(date(2014, 10, 27), MOSCOW)
    grid = places([METER], since, until, MOSCOW)
    assert len(grid) == 50
    assert all(end == start for (_, end), (start, _) in pairwise(grid))


def test_k_is_applied_once_and_its_rest_is_carried_through_the_day() -> None:
    slots = filled(full(1), segments=[segment(ki=Fraction("1.5"))])
    assert sum(slot.energy or 0 for slot in slots) == 72
    assert {slot.energy for slot in slots} == {1, 2}


def test_partial_rows_around_an_outage_fill_one_place_together() -> None:
    slots = filled(
        [
            sample(at("2026-11-24 10:10"), 30, span=600, quality=Quality.PARTIAL | Quality.POWER_OFF),
            sample(at("2026-11-24 10:30"), 40, span=600, quality=Quality.PARTIAL),
        ]
    )
    found = slot_at(slots, "10:00")
    assert (found.state, found.energy, len(found.parts)) == (State.MEASURED, 70, 2)
    assert found.quality == Quality.PARTIAL | Quality.POWER_OFF


def test_a_row_of_unknown_span_belongs_to_the_place_it_ends_in() -> None:
    slots = filled([sample(at("2026-11-24 10:10"), 30, span=0)])
    assert (slot_at(slots, "10:00").energy, slot_at(slots, "09:30").energy) == (30, None)
    assert maximum(slots) is None


def test_a_row_of_unknown_span_is_the_period_and_never_a_maximum() -> None:
    slots = filled([sample(DAY + PERIOD, 500, span=0)])
    assert (slots[0].state, slots[0].energy) == (State.MEASURED, 500)
    assert maximum(slots) is None


def test_repeated_stamps_are_other_intervals_and_both_count() -> None:
    end = at("2026-11-24 10:30")
    slots = filled([sample(end, 30), sample(end, 50, quality=Quality.REPEATED)])
    assert (slot_at(slots, "10:00").state, slot_at(slots, "10:00").energy) == (State.MEASURED, 80)
    found = maximum(slots)
    assert found is not None
    assert (found.power, found.computed) == (50 * 2, False)


def test_a_repeated_stamp_runs_its_own_time_when_its_power_is_judged() -> None:
    end = DAY + PERIOD
    rows = [sample(end, 500_000), sample(end, 500_000, quality=Quality.REPEATED)]
    assert filled(rows, segments=[segment(power_max=1000)])[0].state is State.MEASURED
    assert filled(rows, segments=[segment(power_max=999)])[0].state is State.SUSPECT


def test_a_meter_is_known_by_its_name() -> None:
    named = "".join(["A", "-1"])  # equal, and another object
    assert filled([sample(DAY + PERIOD, 5, meter=named)])[0].energy == 5


def test_a_catch_up_row_is_split_over_its_places_estimated_and_nothing_is_lost() -> None:
    slots = filled([sample(at("2026-11-24 11:30"), 100, span=3 * PERIOD, quality=Quality.CATCH_UP)])
    parts = [slot_at(slots, clock) for clock in ("10:00", "10:30", "11:00")]
    assert [part.energy for part in parts] == [33, 34, 33]
    assert {part.state for part in parts} == {State.ESTIMATED}
    assert maximum(slots) is None


def test_a_catch_up_row_over_midnight_gives_each_day_the_same_share_whoever_asks() -> None:
    row = [sample(NEXT + 2 * PERIOD, 101, span=5 * PERIOD, quality=Quality.CATCH_UP)]
    first, second = filled(row), filled(row, since=NEXT, until=LATER)
    both = filled(row, since=DAY, until=LATER)
    assert [slot.energy for slot in (*first, *second)] == [slot.energy for slot in both]
    assert sum(slot.energy or 0 for slot in both) == 101


def test_a_row_computed_by_the_edge_from_both_boundary_samples_is_measured() -> None:
    slots = filled([sample(DAY + PERIOD, 500, quality=Quality.COMPUTED)])
    assert slots[0].state is State.MEASURED
    found = maximum(slots)
    assert found is not None
    assert (found.power, found.computed) == (1000, True)
    assert found.part.sample.value == 500


@pytest.mark.parametrize("bit", [Quality.POWER_OFF, Quality.PARTIAL, Quality.CATCH_UP])
def test_some_bits_bar_a_maximum(bit: Quality) -> None:
    found = maximum(filled([sample(DAY + PERIOD, 500, quality=bit), sample(DAY + 2 * PERIOD, 10)]))
    assert found is not None
    assert (found.power, found.start) == (20, DAY + PERIOD)


def test_four_different_nothings() -> None:
    now = DAY + 3 * PERIOD
    slots = filled([sample(DAY + PERIOD, 0)], now=now + 3600)
    assert [slot.state for slot in slots[:4]] == [State.ZERO, State.MISSING, State.MISSING, State.NOT_DUE]
    assert [slot.energy for slot in slots[:4]] == [0, None, None, None]


def test_a_place_is_not_missing_before_its_hour_has_passed() -> None:
    assert filled([], now=DAY + PERIOD + 3599)[0].state is State.NOT_DUE
    assert filled([], now=DAY + PERIOD + 3600)[0].state is State.MISSING


def test_what_cannot_be_is_suspect_and_leaves_the_sums_but_stands_beside_them() -> None:
    limited = [segment(power_max=1000)]
    slots = filled(
        [sample(DAY + PERIOD, 500_001), sample(DAY + 2 * PERIOD, -1), sample(DAY + 3 * PERIOD, 500_000)],
        segments=limited,
    )
    assert [slot.state for slot in slots[:3]] == [State.SUSPECT, State.SUSPECT, State.MEASURED]
    assert energies(slots)["night"] == {State.SUSPECT: 500_000, State.MEASURED: 500_000}
    assert maximum(slots) is not None
    assert maximum(slots[:2]) is None


def test_completeness_counts_off_as_known_and_an_estimate_as_not_received() -> None:
    slots = [
        Slot(0, 1, "z", state)
        for state in (State.MEASURED, State.ZERO, State.POWER_OFF, State.ESTIMATED, State.MISSING, State.NOT_DUE)
    ]
    found = completeness(slots)
    assert (found.expected, found.received, found.off, found.estimated, found.missing, found.not_due) == (
        5,
        2,
        1,
        1,
        1,
        1,
    )
    assert found.percent == 60
    assert completeness(slots[5:]).percent is None


class TestReplacement:
    noon = at("2026-11-24 12:00")
    old = segment(until=noon, ki=Fraction(10))
    new = segment(mounting=2, meter="B-2", since=noon, ki=Fraction(20))

    def test_each_meter_counts_in_its_own_time_with_its_own_ratio(self) -> None:
        rows = [
            *(sample(self.noon, 1), sample(self.noon + PERIOD, 7)),  # the old one runs on, on a test bench
            *(sample(self.noon, 9, meter="B-2"), sample(self.noon + PERIOD, 1, meter="B-2")),
        ]
        slots = filled(rows, segments=[self.old, self.new])
        assert (slot_at(slots, "11:30").energy, slot_at(slots, "12:00").energy) == (10, 20)

    def test_another_interval_length_begins_with_the_new_meter(self) -> None:
        slots = filled([], segments=[self.old, segment(mounting=2, meter="B-2", since=self.noon, period=3600)])
        assert len(slots) == 24 + 12

    def test_before_the_first_meter_nothing_is_expected_between_two_all_is(self) -> None:
        late = segment(mounting=2, meter="B-2", since=self.noon + 3600)
        first = segment(since=DAY + 3600, until=self.noon)
        slots = filled([], segments=[first, late])
        assert slots[0].start == DAY + 3600
        assert slot_at(slots, "12:00").state is State.MISSING


class TestPowerOff:
    outage = Outage(at("2026-11-24 13:05"), at("2026-11-24 14:20"))

    def close(self, rest: int, outages: Sequence[Outage], **changes: object) -> tuple[Slot, ...]:
        gone = {at(f"2026-11-24 {clock}") for clock in ("13:30", "14:00", "14:30")}
        slots = filled([row for row in full() if row.end not in gone])
        measured = sum(slot.energy or 0 for slot in slots)
        return close_outages(slots, outages, DAY, NEXT, measured + rest, segment(**changes))

    @pytest.mark.parametrize("rest", [0, 20_000, -20_000])
    def test_an_event_and_registers_that_agree_make_the_gap_power_off(self, rest: int) -> None:
        slots = self.close(rest, [self.outage])
        assert [slot_at(slots, clock).state for clock in ("13:00", "13:30", "14:00")] == [State.POWER_OFF] * 3
        assert slot_at(slots, "13:30").energy == 0

    def test_an_event_alone_hides_nothing(self) -> None:
        assert slot_at(self.close(20_001, [self.outage]), "13:30").state is State.MISSING

    def test_registers_alone_say_nothing_about_power(self) -> None:
        assert slot_at(self.close(0, []), "13:30").state is State.MISSING

    def test_only_the_places_of_the_outage_are_off(self) -> None:
        slots = self.close(0, [Outage(at("2026-11-24 13:05"), at("2026-11-24 14:00"))])
        assert [slot_at(slots, clock).state for clock in ("13:30", "14:00")] == [State.POWER_OFF, State.MISSING]

    def test_the_tolerance_counts_the_ratio(self) -> None:
        assert slot_at(self.close(100_000, [self.outage], ki=Fraction(5)), "13:30").state is State.POWER_OFF


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Sample], int, Segment]:
    """Rows of a meter that lost power, was set back and caught up, and what its register grew by."""
    ratio = draw(st.sampled_from([Fraction(1), Fraction(30), Fraction(4000)]))
    rows: list[Sample] = []
    moment = DAY
    while moment < NEXT - 6 * PERIOD:
        value = draw(st.integers(0, 5_000_000))
        kind = draw(st.sampled_from(["whole", "partial", "repeated", "catch-up", "lost", "unknown"]))
        if kind == "whole":
            rows.append(sample(moment + PERIOD, value))
        elif kind == "partial":
            cut = draw(st.integers(1, PERIOD - 2))
            rows.append(sample(moment + cut, value, span=cut, quality=Quality.PARTIAL | Quality.POWER_OFF))
            back = draw(st.integers(cut + 1, PERIOD - 1))
            rows.append(sample(moment + PERIOD, value // 2, span=PERIOD - back, quality=Quality.PARTIAL))
        elif kind == "repeated":
            rows += [sample(moment + PERIOD, value), sample(moment + PERIOD, value // 3, quality=Quality.REPEATED)]
        elif kind == "catch-up":
            long = draw(st.integers(2, 5))
            moment += (long - 1) * PERIOD
            rows.append(sample(moment + PERIOD, value, span=long * PERIOD, quality=Quality.CATCH_UP))
        elif kind == "unknown":
            rows.append(sample(moment + draw(st.integers(1, PERIOD)), value, span=0))
        moment += PERIOD
    return rows, sum(row.value for row in rows), segment(ki=ratio)


@given(chains(), st.randoms(use_true_random=False))
def test_intervals_sum_to_the_register_difference_times_k(
    chain: tuple[list[Sample], int, Segment], random: object
) -> None:
    rows, grown, meter = chain
    random.shuffle(rows)  # type: ignore[attr-defined]
    slots = filled(rows, segments=[meter])
    term = from_registers(meter, Reading(DAY, 77, "daily"), Reading(NEXT, 77 + grown, "daily"))
    assert sum(slot.energy or 0 for slot in slots) == term.energy
    assert sum(sum(states.values()) for states in energies(slots).values()) == term.energy
    assert {slot.start for slot in slots} == {DAY + n * PERIOD for n in range(48)}


class TestATurnInsideAPlace:
    """At 10:10 another ratio, or another meter: the half-hour is two places, and what of a row is in which the act's
    registers say; without them, the clock."""

    TURN = at("2026-11-24 10:10")
    OLD = segment(mounting=1, until=TURN)
    NEW = segment(mounting=2, since=TURN, ki=Fraction(40))
    ROW = sample(at("2026-11-24 10:30"), 90)

    def cut(self, slots: Sequence[Slot]) -> list[tuple[int, int | None, State]]:
        """Length, energy and state of the two places."""
        around = [slot for slot in slots if at("2026-11-24 10:00") <= slot.start < at("2026-11-24 10:30")]
        return [(slot.end - slot.start, slot.energy, slot.state) for slot in around]

    def test_with_an_act_the_row_is_in_neither(self) -> None:
        slots = filled([self.ROW], segments=[self.OLD, replace(self.NEW, begun_by_act=True)])
        assert self.cut(slots) == [(600, None, State.MISSING), (1200, None, State.MISSING)]

    def test_a_whole_row_after_an_act_is_taken(self) -> None:
        row = sample(at("2026-11-24 10:30"), 90, span=1200)
        slots = filled([row], segments=[self.OLD, replace(self.NEW, begun_by_act=True)])
        assert self.cut(slots)[1] == (1200, 3600, State.MEASURED)

    def test_a_row_of_unknown_span_may_tell_of_the_time_before(self) -> None:
        row = sample(at("2026-11-24 10:30"), 90, span=0)
        slots = filled([row], segments=[self.OLD, replace(self.NEW, begun_by_act=True)])
        assert self.cut(slots)[1] == (1200, None, State.MISSING)

    def test_without_an_act_it_is_divided_by_time_each_part_with_its_ratio(self) -> None:
        slots = filled([self.ROW], segments=[self.OLD, self.NEW])
        assert self.cut(slots) == [(600, 30, State.ESTIMATED), (1200, 60 * 40, State.ESTIMATED)]

    def test_another_meter_s_row_gives_the_first_part_nothing(self) -> None:
        other = replace(self.NEW, meter="B-2")
        slots = filled([structs.replace(self.ROW, meter="B-2")], segments=[self.OLD, other])
        assert self.cut(slots) == [(600, None, State.MISSING), (1200, 60 * 40, State.ESTIMATED)]


@given(
    tenures=st.lists(
        st.tuples(st.integers(-40, 40), st.integers(1, 60), st.sampled_from([300, 900, 1800, 3600, 5000])), max_size=3
    ),
    day=st.sampled_from(["2026-03-28", "2026-03-29", "2026-10-25", "2026-11-20"]),
    now=st.integers(-10, 90),
    tz=st.sampled_from([MOSCOW, "Europe/Berlin"]),
    still=st.booleans(),
)
def test_places_are_counted_as_they_are_laid_out(
    tenures: list[tuple[int, int, int]], day: str, now: int, tz: str, still: bool
) -> None:
    """Whoever stands there, on days of 23 and of 25 hours too."""
    first = date.fromisoformat(day)
    since, until = midnight(first, tz), midnight(date.fromordinal(first.toordinal() + 1), tz)
    found, begun = [], since
    for offset, hours, period in tenures:
        begun = begun + offset * 1800 if not found else found[-1].until or begun
        found.append(replace(segment(), since=begun, until=begun + hours * 3600, period=period))
    if found and still:
        found[-1] = replace(found[-1], until=None)
    moment = since + now * 1800 + 7
    grid = places(found, since, until, tz)
    due = sum(1 for _, end in grid if end + DUE_AFTER <= moment)
    assert count_places(found, since, until, tz, moment) == (len(grid), due)
