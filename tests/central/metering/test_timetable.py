"""The hours of a calendar as they are told: seasons and kinds of days that are alike stand once."""

from datetime import date

from central.metering.timetable import Band, clocks, timetable
from central.metering.zones import ALL_MONTHS, ANY, WEEKEND, WORKDAY, Calendar, ZoneRule

SINCE, DAY = date(2013, 1, 1), date(2026, 11, 24)
WINTER = 0b1000_0000_0111  # December to March


def rule(start: int, end: int, zone: str, *, months: int = ALL_MONTHS, kind: str = ANY, **more: object) -> ZoneRule:
    dates = {"valid_from": SINCE, "valid_to": None} | more
    return ZoneRule(months=months, day_kind=kind, start=60 * start, end=60 * end, zone=zone, **dates)  # type: ignore[arg-type]


def calendar(*rules: ZoneRule) -> Calendar:
    return Calendar("схема", ("day", "night"), rules)


def test_a_night_over_midnight_is_one_band_and_all_days_alike_are_one_table() -> None:
    (table,) = timetable(calendar(rule(7, 23, "day"), rule(23, 7, "night")), DAY)
    assert (table.months, table.day_kind) == (ALL_MONTHS, ANY)
    assert table.bands == (Band(0, 420, "night"), Band(420, 1380, "day"), Band(1380, 1440, "night"))
    assert table.of("night") == (Band(1380, 420, "night"),)
    assert table.of("day") == (Band(420, 1380, "day"),)


def test_days_off_and_seasons_that_differ_stand_apart() -> None:
    found = timetable(
        calendar(
            rule(0, 24, "night", kind=WEEKEND, months=WINTER),
            rule(7, 23, "day"),
            rule(23, 7, "night"),
        ),
        DAY,
    )
    assert [(one.months, one.day_kind) for one in found] == [
        (WINTER, WORKDAY),
        (WINTER, WEEKEND),
        (ALL_MONTHS & ~WINTER, ANY),
    ]
    assert found[1].bands == (Band(0, 1440, "night"),)
    assert found[0].bands == found[2].bands


def test_the_first_rule_that_covers_an_hour_holds_as_it_does_in_reckoning() -> None:
    (table,) = timetable(calendar(rule(10, 12, "night"), rule(0, 24, "day")), DAY)
    assert [band.zone for band in table.bands] == ["day", "night", "day"]


def test_an_hour_that_no_rule_covers_has_no_zone() -> None:
    (table,) = timetable(calendar(rule(7, 23, "day")), DAY)
    assert [band.zone for band in table.bands] == [None, "day", None]


def test_only_the_rules_of_the_day_hold_and_their_clock_is_told() -> None:
    old = rule(0, 24, "night", valid_to=date(2026, 1, 1))
    new = rule(0, 24, "day", valid_from=date(2026, 1, 1), tz="Europe/Moscow")
    (table,) = timetable(calendar(old, new), DAY)
    assert table.bands == (Band(0, 1440, "day"),)
    assert clocks(calendar(old, new), DAY) == ("Europe/Moscow",)
    assert clocks(calendar(old, new), date(2025, 6, 1)) == ()
