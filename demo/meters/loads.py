"""What stands behind a meter: a household, a small enterprise behind current transformers, a corner shop.

A load gives the mean power of each half-hour of a day at the meter's terminals, in W and var: (A+, A−, R+, R−). It is
a function of (seed, day); no person and no place is real.
"""

import math
from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from demo.meters.calendar import SLOTS, day_of
from demo.meters.chance import chance

Watts: TypeAlias = tuple[float, float, float, float]
Load: TypeAlias = Callable[[str, int], list[Watts]]

_YEAR = 365.25
_MIDWINTER = day_of(date(2024, 1, 15))
_SATURDAY, _SUNDAY = 5, 6


def _weekday(day: int) -> int:
    return (day + 3) % 7  # 1970-01-01 was a Thursday


def _winter(day: int) -> float:
    """1 in midwinter, −1 in midsummer."""
    return math.cos(2 * math.pi * (day - _MIDWINTER) / _YEAR)


def _bell(hour: float, top: float, width: float) -> float:
    return math.exp(-(((hour - top) / width) ** 2) / 2)


def household(seed: str, day: int) -> list[Watts]:
    """A family flat: a fridge, quiet nights, a morning, a long evening, weekends at home, now and then nobody in."""
    family = chance(seed, "family")
    base, lively = family.uniform(70, 140), family.uniform(0.7, 1.4)
    morning, evening = family.uniform(6.6, 8.0), family.uniform(19.0, 20.8)
    dice = chance(seed, "day", day)
    weekend = _weekday(day) >= _SATURDAY
    mood = 0.03 if dice.random() < 0.05 else lively * dice.uniform(0.8, 1.25) * (1 + 0.25 * _winter(day))
    found = []
    for slot in range(SLOTS):
        hour = (slot + 0.5) / 2
        wish = 800 * _bell(hour, morning + 2 * weekend, 0.9) + 1150 * _bell(hour, evening, 2.1)
        wish += 550 * _bell(hour, 13.5, 2.5) if weekend else 90 * _bell(hour, 13.0, 4.0)
        active = base * dice.uniform(0.8, 1.2) + mood * wish * dice.lognormvariate(0, 0.35)
        inductive = active * dice.uniform(0.12, 0.35)
        found.append((active, 0.0, inductive, base * dice.uniform(0.05, 0.15)))
    return found


def enterprise(ki: int) -> Load:
    """A workshop behind current transformers of ratio `ki`, with panels on its roof; the meter sees primary / ki."""

    def day_of_work(seed: str, day: int) -> list[Watts]:
        firm = chance(seed, "firm")
        night, shift, roof = firm.uniform(4e3, 7e3), firm.uniform(40e3, 65e3), firm.uniform(22e3, 34e3)
        dice = chance(seed, "day", day)
        busy = {_SATURDAY: 0.35, _SUNDAY: 0.03}.get(_weekday(day), 1.0) * dice.uniform(0.85, 1.1)
        sun = roof * dice.choice((0.15, 0.4, 0.75, 1.0)) * (0.6 - 0.4 * _winter(day))
        daylight = 2.6 - 0.9 * _winter(day)
        found = []
        for slot in range(SLOTS):
            hour = (slot + 0.5) / 2
            work = shift * busy * (_bell(hour, 10.5, 1.8) + _bell(hour, 15.0, 1.8)) * dice.uniform(0.85, 1.15)
            drawn = night * dice.uniform(0.9, 1.1) + work
            net = drawn - sun * _bell(hour, 13.0, daylight)
            reactive = drawn * dice.uniform(0.35, 0.6)
            found.append((max(net, 0) / ki, max(-net, 0) / ki, reactive / ki, night * 0.02 / ki))
        return found

    return day_of_work


def shop(seed: str, day: int) -> list[Watts]:
    """A corner shop: cold counters that never stop, light and an oven while it is open. Never under 800 W."""
    owner = chance(seed, "owner")
    cold, till = owner.uniform(850, 1200), owner.uniform(1500, 2600)
    dice = chance(seed, "day", day)
    summer = 1 - 0.15 * _winter(day)
    found = []
    for slot in range(SLOTS):
        hour = (slot + 0.5) / 2
        open_now = 8 <= hour < 22
        active = cold * summer * dice.uniform(1.0, 1.25) + (till * dice.uniform(0.7, 1.2) if open_now else 0)
        found.append((active, 0.0, active * dice.uniform(0.25, 0.45), 6.0))
    return found
