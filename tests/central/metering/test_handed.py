"""On which days readings are taken and for which month; what is doubtful about one."""

from datetime import date
from fractions import Fraction

import pytest

from central.metering.handed import DAY, Doubt, Window, as_shown, doubts
from central.metering.rounding import MWH_PER_KWH as KWH
from central.metering.terms import Reading

NOW = 1_800_000_000
LAST = Reading(NOW - 10 * DAY, 1_000 * KWH + 700_000, "daily")


def said(window: Window, day: date, *, always: bool = False) -> tuple[str, str, str, bool]:
    found = window.taken(day, always=always)
    return f"{found.month:%m}", f"{found.opens:%d.%m}", f"{found.closes:%d.%m}", found.open


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2026, 11, 14), ("11", "15.11", "26.11", False)),
        (date(2026, 11, 15), ("11", "15.11", "26.11", True)),
        (date(2026, 11, 26), ("11", "15.11", "26.11", True)),
        (date(2026, 11, 27), ("12", "15.12", "26.12", False)),
        (date(2026, 12, 31), ("01", "15.01", "26.01", False)),
    ],
)
def test_a_day_outside_waits_for_the_next_window(day: date, found: tuple[str, str, str, bool]) -> None:
    assert said(Window(15, 26), day) == found


def test_a_window_over_the_end_of_a_month_is_of_the_month_that_it_began_in() -> None:
    window = Window(25, 3)
    assert said(window, date(2026, 12, 2)) == ("11", "25.11", "03.12", True)
    assert said(window, date(2026, 12, 4)) == ("12", "25.12", "03.01", False)


def test_a_day_that_a_month_has_not_is_its_last() -> None:
    assert said(Window(20, 31), date(2027, 2, 28)) == ("02", "20.02", "28.02", True)


def test_without_a_window_each_day_is_of_its_month() -> None:
    assert said(Window(), date(2026, 11, 1)) == ("11", "01.11", "30.11", True)


def test_silence_takes_a_reading_on_any_day_for_its_own_month() -> None:
    assert said(Window(15, 26), date(2026, 11, 28), always=True)[0::3] == ("11", True)


def about(kwh: int, **more: object) -> set[Doubt]:
    known = {"last": LAST, "daily": 5 * KWH, "power_max": 15_000, "register_end": 10**6 * KWH} | more
    return set(doubts(kwh * KWH, NOW, **known))  # type: ignore[arg-type]


def test_what_is_usual_is_not_doubted() -> None:
    assert about(1_050) == set()


def test_lower_than_before_is() -> None:
    assert about(999) == {Doubt.LOWER}


def test_ten_times_the_usual_is_and_a_little_never() -> None:
    assert about(1_500) == set()
    assert about(1_502) == {Doubt.HIGH}
    assert about(1_025, daily=0) == set(), "an empty house that somebody came to"
    assert about(9_000, daily=None, power_max=None) == set(), "nobody knows what is usual"


def test_more_than_the_permitted_power_can_use_is() -> None:
    assert about(1_000 + 3_600) == {Doubt.HIGH}
    assert about(1_000 + 3_602) == {Doubt.POWER}
    assert about(1_000 + 3_600, k=Fraction(30), daily=400 * KWH) == {Doubt.POWER}, "the register is behind transformers"


def test_more_than_the_meter_said_later_is() -> None:
    assert about(1_050, later=Reading(NOW + DAY, 1_049 * KWH, "daily")) == {Doubt.LATER}
    assert about(1_050, later=Reading(NOW + DAY, 1_050 * KWH, "daily")) == set()


def test_a_register_that_began_anew_is_no_fall() -> None:
    last = Reading(NOW - 10 * DAY, 999_990 * KWH, "daily")
    assert about(20, last=last) == set()
    assert about(20, last=last, register_end=None) == {Doubt.LOWER}


def test_without_a_reading_before_nothing_is_doubted() -> None:
    assert about(5, last=None) == set()


@pytest.mark.parametrize(
    ("typed", "last", "stands"),
    [
        (1_000 * KWH, 1_000 * KWH + 700_000, 1_000 * KWH + 700_000),  # the same digits: no fall, and nothing used
        (1_000 * KWH, 1_001 * KWH, 1_000 * KWH),
        (1_000 * KWH + 600_000, 1_000 * KWH + 650_000, 1_000 * KWH + 650_000),  # a digit after the comma was read too
        (1_000 * KWH + 600_000, 1_000 * KWH + 700_000, 1_000 * KWH + 600_000),
        (1_000 * KWH, None, 1_000 * KWH),
    ],
)
def test_the_digits_that_were_read_are_those_of_the_last_reading(typed: int, last: int | None, stands: int) -> None:
    assert as_shown(typed, last) == stands
