"""What is expected of days to come: by days like them, with a band that holds what it says."""

import random
from datetime import date, timedelta

import pytest

from central.metering.expected import spread, to_come

MONDAY = date(2026, 11, 2)
KWH = 1_000_000

pytestmark = pytest.mark.quick


def days(count: int) -> list[date]:
    return [MONDAY + timedelta(days=number) for number in range(count)]


def test_workdays_are_like_workdays_and_days_off_like_days_off() -> None:
    known = {day: {"day": (20 if day.weekday() > 4 else 10) * KWH, "night": 2 * KWH} for day in days(28)}
    friday, saturday = MONDAY + timedelta(days=32), MONDAY + timedelta(days=33)
    assert to_come(known, {friday: 0.5, saturday: 1.0}) == {"day": 25 * KWH, "night": 3 * KWH}
    assert spread(known, 1.5) == 0, "days that never varied leave no doubt"


def test_few_days_of_a_kind_are_reckoned_with_all() -> None:
    known = {day: {"all": (20 if day.weekday() > 4 else 10) * KWH} for day in days(6)}
    assert to_come(known, {MONDAY + timedelta(days=12): 1.0}) == {"all": 10 * KWH + 10 * KWH // 6 + 1}


@pytest.mark.parametrize("alike", [0.0, 0.6])
def test_eight_months_of_ten_end_within_the_band(alike: float) -> None:
    """Also where days that follow each other are alike."""
    chance = random.Random(7)
    inside = 0
    for _ in range(400):
        level, energies = 0.0, []
        for _day in range(56 + 20):
            level = alike * level + chance.gauss(0, 1.5)
            energies.append(round(max(10 + level, 0) * KWH))
        known = {day: {"all": energy} for day, energy in zip(days(56), energies, strict=False)}
        left = {MONDAY + timedelta(days=56 + number): 1.0 for number in range(20)}
        expected, around = sum(to_come(known, left).values()), spread(known, 20)
        inside += abs(sum(energies[56:]) - expected) <= around
    assert 0.70 <= inside / 400 <= 0.92
