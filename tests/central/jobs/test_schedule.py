"""When a job is due by itself: once a day of the company's clock, whatever that clock does."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from central.jobs.schedule import Daily, Every, name_of

pytestmark = pytest.mark.quick

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_every() -> None:
    now = utc("2026-11-24T05:59:59")
    assert Every(3600).latest(now, MOSCOW) == utc("2026-11-24T05:00:00")
    assert Every(3600).latest(now + 1, MOSCOW) == Every(3600).following(now, MOSCOW) == utc("2026-11-24T06:00:00")


@pytest.mark.parametrize(
    ("now", "latest", "following"),
    [
        ("2026-11-24T00:29:59", "2026-11-23T00:30:00", "2026-11-24T00:30:00"),
        ("2026-11-24T00:30:00", "2026-11-24T00:30:00", "2026-11-25T00:30:00"),
        ("2026-11-24T22:00:00", "2026-11-24T00:30:00", "2026-11-25T00:30:00"),  # the 25th in Moscow
    ],
)
def test_daily_at_half_past_three_in_moscow(now: str, latest: str, following: str) -> None:
    daily = Daily(time(3, 30))
    assert daily.latest(utc(now), MOSCOW) == utc(latest)
    assert daily.following(utc(now), MOSCOW) == utc(following)


@pytest.mark.parametrize(
    ("day", "moment"),
    [("2026-03-29", "2026-03-29T01:30:00"), ("2026-10-25", "2026-10-25T00:30:00")],
    ids=["02:30 is not there", "02:30 is there twice"],
)
def test_one_run_on_a_day_when_the_clock_jumps(day: str, moment: str) -> None:
    daily, start = Daily(time(2, 30)), utc(f"{day}T00:00:00") - 7200
    runs = {daily.latest(start + minute * 60, BERLIN) for minute in range(24 * 60)}
    assert {run for run in runs if datetime.fromtimestamp(run, BERLIN).date().isoformat() == day} == {utc(moment)}


def test_the_name_of_a_run() -> None:
    assert name_of(utc("2026-11-24T00:30:00")) == "2026-11-24T00:30Z"
    assert name_of(utc("2026-11-24T00:30:02")) == "2026-11-24T00:30:02Z"
    assert name_of(utc("2026-11-24T00:00:00")) == "2026-11-24T00:00Z"
