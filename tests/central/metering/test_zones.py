"""Tariff zones (metering.md «Tariff zones»): [start, end) on the point's clock, the zone of the START."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.zones import DAY_MINUTES, WEEKEND, WORKDAY, Calendar, Uncovered, day_of, midnight, next_month
from tests.central.metering.parts import MOSCOW, THREE, at, rule

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("clock", "zone"),
    [
        ("00:00", "night"),
        ("06:59", "night"),
        ("07:00", "peak"),
        ("09:59", "peak"),
        ("10:00", "half_peak"),
        ("16:30", "half_peak"),
        ("17:00", "peak"),
        ("20:30", "peak"),
        ("21:00", "half_peak"),
        ("22:30", "half_peak"),
        ("23:00", "night"),
        ("23:30", "night"),
    ],
)
def test_three_zones_of_the_population_are_half_open(clock: str, zone: str) -> None:
    assert THREE.zone(at(f"2026-11-24 {clock}"), MOSCOW) == zone


def test_the_zone_follows_the_point_s_clock_not_the_server_s() -> None:
    moment = at("2026-11-24 05:00")
    assert THREE.zone(moment, MOSCOW) == "night"
    assert THREE.zone(moment, "Asia/Yekaterinburg") == "peak"


def test_a_calendar_in_moscow_time_holds_wherever_the_point_is() -> None:
    moscow = Calendar("по приказу", ("a", "b"), (rule(8, 20, "a", tz=MOSCOW), rule(20, 8, "b", tz=MOSCOW)))
    assert moscow.zone(at("2026-11-24 07:30"), "Asia/Yekaterinburg") == "b"  # 09:30 there


@pytest.mark.parametrize(
    ("stamp", "zone"),
    [
        (datetime(2011, 3, 20, 20, 30, tzinfo=UTC), "night"),  # UTC+3: 23:30
        (datetime(2011, 4, 20, 19, 30, tzinfo=UTC), "night"),  # UTC+4 for ever: 23:30
        (datetime(2014, 10, 25, 19, 30, tzinfo=UTC), "night"),  # still UTC+4: 23:30
        (datetime(2014, 10, 26, 19, 30, tzinfo=UTC), "half_peak"),  # UTC+3 since that night: 22:30
    ],
)
def test_zones_follow_the_changes_of_moscow_s_offset(stamp: datetime, zone: str) -> None:
    assert THREE.zone(int(stamp.timestamp()), MOSCOW) == zone


def test_the_day_on_which_the_offset_changed_has_25_hours() -> None:
    day = date(2014, 10, 26)
    assert midnight(day + timedelta(days=1), MOSCOW) - midnight(day, MOSCOW) == 25 * 3600
    assert midnight(day, MOSCOW) - midnight(day - timedelta(days=1), MOSCOW) == DAY_MINUTES * 60


def test_days_and_months_of_a_rule() -> None:
    winter = 1 << 11 | 1  # December, January
    calendar = Calendar(
        "по дням",
        ("a", "b", "c"),
        (rule(0, 24, "a", months=winter), rule(0, 24, "b", day_kind=WORKDAY), rule(0, 24, "c", day_kind=WEEKEND)),
    )
    assert [calendar.zone(at(day), MOSCOW) for day in ("2026-12-05", "2026-11-27", "2026-11-28")] == ["a", "b", "c"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_new_order_does_not_rewrite_the_past(turned: bool) -> None:
    change = date(2026, 7, 1)
    rules = [rule(0, 24, "a", valid_to=change), rule(0, 24, "b", valid_from=change)]
    calendar = Calendar("x", ("a", "b"), tuple(reversed(rules) if turned else rules))
    stamps = ("2026-01-01", "2026-06-30 23:59", "2026-07-01 00:00", "2027-01-01")
    assert [calendar.zone(at(text), MOSCOW) for text in stamps] == ["a", "a", "b", "b"]


@pytest.mark.parametrize("tz", [None, MOSCOW])
@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 11, 21), date(2026, 6, 12), date(2010, 10, 31)])
def test_the_zones_of_a_day_are_those_of_its_moments(day: date, tz: str | None) -> None:
    """Of a workday, a day off, another season, and a day of 25 hours."""
    calendar = Calendar(
        "времена года",
        ("a", "b", "c"),
        (
            rule(0, 24, "c", months=0b111000, tz=tz),
            rule(8, 20, "a", day_kind=WORKDAY, tz=tz),
            rule(20, 8, "b", day_kind=WORKDAY, tz=tz),
            rule(0, 24, "b", day_kind=WEEKEND, tz=tz),
        ),
    )
    moments = range(midnight(day, MOSCOW), midnight(day + timedelta(days=1), MOSCOW), 1800)
    assert calendar.zones_on(day, moments, MOSCOW) == [calendar.zone(moment, MOSCOW) for moment in moments]


def test_a_calendar_with_a_hole_says_where() -> None:
    with pytest.raises(Uncovered, match=r"«x».*2026-11-24T12:00"):
        Calendar("x", ("a",), (rule(0, 12, "a"),)).zone(at("2026-11-24 12:00"), MOSCOW)


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.sampled_from([MOSCOW, "Europe/Berlin", "Asia/Kamchatka"]))
def test_a_day_begins_at_its_midnight_and_not_before(day: date, tz: str) -> None:
    start = midnight(day, tz)
    assert day_of(start, tz) == day
    assert day_of(start - 1, tz) == day - timedelta(days=1)


def test_the_month_after_december_is_january() -> None:
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert next_month(date(2028, 1, 31)) == date(2028, 2, 1)
    assert next_month(date(2026, 2, 1)) == date(2026, 3, 1)


@pytest.mark.parametrize("month", range(1, 13))
def test_each_month_has_its_own_bit(month: int) -> None:
    rules = tuple(rule(0, 24, str(number), months=1 << number - 1) for number in range(1, 13))
    assert Calendar("x", (), rules).zone(at(f"2026-{month:02}-15"), MOSCOW) == str(month)
