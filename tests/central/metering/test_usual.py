"""When a day, or a month so far, is far more than usual: by numbers that are reckoned by hand."""

from datetime import date, timedelta

import pytest

from central.metering.usual import High, Length, high, high_day, high_month

KWH = 10**6  # mWh
MONDAY = date(2026, 11, 23)


def days(last: date, *energies: float) -> dict[date, int]:
    """kWh, the last one of `last`."""
    first = last - timedelta(days=len(energies) - 1)
    return {first + timedelta(days=number): int(energy * KWH) for number, energy in enumerate(energies)}


def test_a_day_of_twice_the_median_is_told() -> None:
    used = days(MONDAY, *[10] * 28, 20)
    assert high_day(MONDAY, used) == High(
        Length.DAY, MONDAY, MONDAY, 20 * KWH, 10 * KWH, (date(2026, 10, 26), date(2026, 11, 22)), 28
    )
    assert high_day(MONDAY, {**used, MONDAY: 20 * KWH - 1}) is None


def test_of_little_twice_as_much_is_no_matter() -> None:
    """2 kWh where 0.9 is usual; 5.9 kWh are 5.0 more, and are told."""
    assert high_day(MONDAY, days(MONDAY, *[0.9] * 28, 2)) is None
    assert high_day(MONDAY, days(MONDAY, *[0.9] * 28, 5.9)) is not None


def test_an_empty_house_has_a_usual_of_nothing() -> None:
    found = high_day(MONDAY, days(MONDAY, *[0] * 28, 6))
    assert found is not None
    assert (found.energy, found.usual) == (6 * KWH, 0)


def test_one_feast_before_does_not_make_the_next_one_usual() -> None:
    """The median of 27 × 10 and a 100 is 10; the mean would be 13.2."""
    found = high_day(MONDAY, days(MONDAY, 100, *[10] * 27, 21))
    assert found is not None
    assert found.usual == 10 * KWH


def test_a_saturday_is_beside_saturdays() -> None:
    """A dacha: 1 kWh on working days, 20 on four Saturdays. 30 is less than twice 20, 40 is not."""
    saturday = date(2026, 11, 21)
    weeks = [20, 1, 1, 1, 1, 1, 1] * 4
    assert high_day(saturday, days(saturday, *weeks, 30)) is None
    found = high_day(saturday, days(saturday, *weeks, 40))
    assert found is not None
    assert found.usual == 20 * KWH
    sunday = date(2026, 11, 22)
    assert high_day(sunday, days(sunday, *weeks[1:], 20, 15)) is not None, "a Sunday of 15 is no Saturday"


def test_too_few_days_say_nothing() -> None:
    used = days(MONDAY, *[10] * 28, 50)
    known = sorted(used)
    assert high_day(MONDAY, {day: used[day] for day in known[-15:]}) is not None, "14 before it"
    assert high_day(MONDAY, {day: used[day] for day in known[-14:]}) is None


def test_a_day_that_was_not_measured_is_not_told() -> None:
    used = days(MONDAY, *[10] * 28, 50)
    del used[MONDAY]
    assert high_day(MONDAY, used) is None


def test_a_month_of_half_as_much_again_is_told() -> None:
    """60 days of 10, then 16 days of 15: 240 where 160 is usual."""
    day = date(2026, 11, 16)
    used = days(day, *[10] * 60, *[15] * 16)
    assert high_day(day, used) is None
    assert high(day, used) == High(
        Length.MONTH, date(2026, 11, 1), day, 240 * KWH, 160 * KWH, (date(2026, 9, 2), date(2026, 10, 31)), 60
    )
    assert high_month(day, {**used, day: 15 * KWH - 1}) is None


@pytest.mark.parametrize(("length", "told"), [(9, False), (10, True)])
def test_a_month_has_begun_after_ten_days(length: int, told: bool) -> None:
    day = date(2026, 11, length)
    assert (high_month(day, days(day, *[10] * 60, *[20] * length)) is not None) is told


def test_a_month_with_a_day_that_was_not_measured_is_not_told() -> None:
    day = date(2026, 11, 16)
    used = days(day, *[10] * 60, *[20] * 16)
    assert high_month(day, used) is not None
    del used[date(2026, 11, 7)]
    assert high_month(day, used) is None


def test_the_first_frost_of_each_year_is_usual() -> None:
    """A year ago November had 18 a day: 16 days of 20 are 320 beside 288, and no alarm; beside October's 10 they would
    be."""
    day = date(2026, 11, 16)
    used = days(day, *[10] * 60, *[20] * 16)
    assert high_month(day, used) is not None
    assert high_month(day, used | days(date(2025, 11, 30), *[18] * 30)) is None
    found = high_month(day, used | days(date(2025, 11, 30), *[12] * 30))
    assert found is not None
    assert (found.usual, found.of, found.rests_on[0].year) == (192 * KWH, 30, 2025)
    assert high_month(day, used | days(date(2025, 11, 19), *[18] * 19)) is not None, "19 days say nothing"


def test_fifty_kilowatt_hours_are_the_least_that_is_told_of_a_month() -> None:
    """16 days of 1 are 16 usual; 65 are 49 more, 66 are 50."""
    day = date(2026, 11, 16)
    assert high_month(day, days(day, *[1] * 60, *[4] * 15, 5)) is None
    assert high_month(day, days(day, *[1] * 60, *[4] * 15, 6)) is not None
