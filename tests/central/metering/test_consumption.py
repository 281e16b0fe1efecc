"""Readings to consumption, and the checks of sums (metering.md «Readings to consumption», «Quality checks»)."""

from fractions import Fraction

import pytest

from central.metering.consumption import Rule, from_registers, intervals_to_register, summed, zones_to_total
from central.metering.terms import Reading
from tests.central.metering.parts import segment

pytestmark = pytest.mark.quick

KWH = 1_000_000
TOP = 100_000 * KWH  # five digits


def reading(moment: int, kwh: str) -> Reading:
    return Reading(moment, int(Fraction(kwh) * KWH), "daily")


def test_the_difference_is_multiplied_with_ki_ku_once() -> None:
    through = segment(ki=Fraction(30), ku=Fraction(100))
    term = from_registers(through, reading(0, "100.25"), reading(86_400, "101.50"))
    assert (term.rule, term.difference, term.energy) == (Rule.DIFFERENCE, 1_250_000, 1_250_000 * 3000)


def test_primary_values_are_not_multiplied() -> None:
    through = segment(ki=Fraction(30), primary=True)
    assert from_registers(through, reading(0, "1"), reading(1, "2")).energy == KWH


def test_a_ratio_that_is_no_whole_number_is_exact_until_it_is_rounded() -> None:
    through = segment(ki=Fraction("1.5"))
    assert from_registers(through, Reading(0, 0, "now"), Reading(1, 1, "now")).energy == 2


@pytest.mark.parametrize(
    ("first", "last", "power_max", "top", "rule"),
    [
        ("99995", "7", 15_000, TOP, Rule.ROLL_OVER),
        ("90000", "7", 1_000_000, TOP, Rule.ROLL_OVER),
        ("89999", "7", 1_000_000, TOP, Rule.SUSPECT),  # P1 < 0.9·10ⁿ
        ("99995", "10000", 1_000_000, TOP, Rule.ROLL_OVER),
        ("99995", "10001", 1_000_000, TOP, Rule.SUSPECT),  # P2 > 0.1·10ⁿ
        ("99995", "7", 400, TOP, Rule.SUSPECT),  # 12 kWh a day at 400 W
        ("99995", "7", None, TOP, Rule.SUSPECT),  # nothing says that it is possible
        ("99995", "7", 15_000, None, Rule.SUSPECT),  # nothing says where the register ends
        ("5", "4", 15_000, TOP, Rule.SUSPECT),
    ],
)
def test_a_fall_is_a_roll_over_only_when_all_three_say_so(
    first: str, last: str, power_max: int | None, top: int | None, rule: Rule
) -> None:
    through = segment(power_max=power_max, register_end=top)
    term = from_registers(through, reading(0, first), reading(86_400, last))
    assert term.rule is rule
    expected = int((Fraction(last) + 100_000 - Fraction(first)) * KWH) if rule is Rule.ROLL_OVER else None
    assert term.energy == expected


def test_the_possible_energy_of_a_roll_over_counts_the_ratio() -> None:
    first, last = reading(10**9, "99995"), reading(10**9 + 86_400, "7")
    assert from_registers(segment(power_max=15_000, register_end=TOP, ki=Fraction(30)), first, last).energy is not None
    assert from_registers(segment(power_max=14_999, register_end=TOP, ki=Fraction(30)), first, last).energy is None


def test_a_suspect_segment_leaves_no_sum() -> None:
    good = from_registers(segment(), reading(0, "1"), reading(1, "2"))
    bad = from_registers(segment(), reading(0, "2"), reading(1, "1"))
    assert summed([good, good]) == 2 * KWH
    assert summed([good, bad]) is None
    assert summed([]) is None


def test_whole_kwh_cuts_each_reading_down_before_k() -> None:
    term = from_registers(segment(ki=Fraction(30)), reading(0, "1.9"), reading(1, "3.1"), whole=True)
    assert (term.energy, term.whole) == (2 * 30 * KWH, True)
    assert not from_registers(segment(), reading(0, "1.9"), reading(1, "3.1")).whole


def test_zones_against_total_allow_z_plus_one_last_digits() -> None:
    d = 10_000
    meters = [segment(ki=Fraction(2))]
    assert zones_to_total([5 * KWH, 3 * KWH, 2 * KWH], 10 * KWH + 4 * d * 2 - 1, meters).holds
    assert not zones_to_total([5 * KWH, 3 * KWH, 2 * KWH], 10 * KWH + 4 * d * 2, meters).holds


def test_intervals_against_registers_allow_two_last_digits_and_half_a_unit_each() -> None:
    check = intervals_to_register(10_020_023, 48, 10_000_000, [segment()])
    assert check.permitted == 20_024
    assert (check.difference, check.holds) == (20_023, True)
    assert not intervals_to_register(10_020_024, 48, 10_000_000, [segment()]).holds
    assert not intervals_to_register(11_000_000, 48, 10_000_000, [segment()]).holds


def test_a_fall_by_a_last_unit_is_a_fall() -> None:
    assert from_registers(segment(), Reading(0, 2, "now"), Reading(1, 1, "now")).rule is Rule.SUSPECT


def test_intervals_are_permitted_half_a_digit_of_the_profile_each() -> None:
    assert intervals_to_register(0, 48, 0, [segment()], profile_resolution=10).permitted == 20_000 + 240
    assert intervals_to_register(0, 48, 0, []).permitted == 24
