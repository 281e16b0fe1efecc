"""The registers of a meter as a function of the moment: exact integers, any moment at the cost of one half-hour.

Everything grows from the energy of half-hours, whole steps of the meter's resolution. Inside a half-hour the power
swings; while the power is off nothing is counted. Registers are sums of steps, so the energy of any intervals and of
the tariffs adds up to the registers to the last step, whatever the moments are.
"""

import math
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from demo.meters.calendar import DAY, SLOT, SLOT_TARIFF, SLOTS, TARIFFS
from demo.meters.chance import chance
from demo.meters.loads import Load
from demo.meters.power import Power

Four: TypeAlias = tuple[int, int, int, int]  # A+ A− R+ R−, mWh and mvarh
Registers: TypeAlias = tuple[tuple[int, ...], ...]  # [A+ A− R+ R−][T1 T2 T3 T4]

DIRECTIONS = 4
_MWH = SLOT / 3.6  # mWh that one watt makes in a half-hour


class Swing(NamedTuple):
    """How the energy of a half-hour is spread inside it: two harmonics, so that the power is never constant."""

    slow: float
    quick: float

    def share(self, x: float) -> float:
        """Part of the energy counted when the part `x` of the half-hour is over; rises from 0 to exactly 1."""
        if x <= 0:
            return 0.0
        if x >= 1:
            return 1.0
        turn = 2 * math.pi * x
        return x + self.slow * math.sin(turn) / (2 * math.pi) + self.quick * math.sin(3 * turn) / (6 * math.pi)

    def height(self, x: float) -> float:
        """Power at `x`, as a multiple of the mean: the slope of `share`, from 0.5 to 1.5."""
        turn = 2 * math.pi * x
        return 1 + self.slow * math.cos(turn) + self.quick * math.cos(3 * turn)


class Day(NamedTuple):
    slots: tuple[Four, ...]
    swings: tuple[Swing, ...]


class Energy:
    """Counts from day `born` (days since 1970) on. `resolution`: mWh of one step."""

    def __init__(self, load: Load, seed: str, born: int, supply: Power, resolution: int) -> None:
        self._load = load
        self._seed = seed
        self._born = born
        self._supply = supply
        self._resolution = resolution
        self._before: list[Registers] = [((0,) * TARIFFS,) * DIRECTIONS]  # at the start of each day
        self._day = lru_cache(400)(self._make_day)

    def registers(self, m: float) -> Registers:
        """All registers at the moment, mWh and mvarh. Before the meter was mounted they are zero."""
        day = int(m // DAY)
        if day < self._born:
            return self._before[0]
        while len(self._before) <= day - self._born:
            last = self._born + len(self._before) - 1
            self._before.append(self._add(self._before[-1], last, SLOTS, 0.0))
        slot, rest = divmod(m - day * DAY, SLOT)
        return self._add(self._before[day - self._born], day, int(slot), rest)

    def totals(self, m: float) -> Four:
        """A+, A−, R+, R− over all tariffs."""
        active_in, active_out, reactive_in, reactive_out = map(sum, self.registers(m))
        return active_in, active_out, reactive_in, reactive_out

    def power(self, m: float) -> tuple[float, float]:
        """Active and reactive power at the moment, W and var, import positive; nothing while the power is off."""
        if self._supply.at(m) or m < self._born * DAY:
            return 0.0, 0.0
        day = self._day(int(m // DAY))
        slot, rest = divmod(m % DAY, SLOT)
        height = day.swings[int(slot)].height(rest / SLOT) / _MWH
        active_in, active_out, reactive_in, reactive_out = day.slots[int(slot)]
        return (active_in - active_out) * height, (reactive_in - reactive_out) * height

    def _add(self, start: Registers, day: int, whole: int, rest: float) -> Registers:
        """`start` and the energy of the first `whole` half-hours of the day and of `rest` seconds of the next."""
        sums = [list(directions) for directions in start]
        dark = self._supply.within(day * DAY, (day + 1) * DAY)
        data = self._day(day)
        for slot in range(whole + (rest > 0)):
            four = data.slots[slot]
            end = SLOT if slot < whole else rest
            if dark or end < SLOT:
                four = self._part(day, slot, end)
            tariff = SLOT_TARIFF[slot] - 1
            for direction in range(DIRECTIONS):
                sums[direction][tariff] += four[direction]
        return tuple(map(tuple, sums))

    def _part(self, day: int, slot: int, end: float) -> Four:
        """Energy of a half-hour from its start until `end` seconds of it, less what outages took, in whole steps."""
        data = self._day(day)
        start = day * DAY + slot * SLOT
        swing = data.swings[slot]
        share = swing.share(end / SLOT)
        for outage in self._supply.within(start, start + end):
            off, on = (swing.share(min(edge - start, end) / SLOT) for edge in outage)
            share -= on - off
        step = self._resolution
        first, second, third, fourth = (int(energy / step * share) * step for energy in data.slots[slot])
        return first, second, third, fourth

    def _make_day(self, day: int) -> Day:
        dice = chance(self._seed, "swing", day)
        step = self._resolution
        slots = []
        for watts in self._load(self._seed, day):
            first, second, third, fourth = (round(power * _MWH / step) * step for power in watts)
            slots.append((first, second, third, fourth))
        swings = tuple(Swing(dice.uniform(-0.3, 0.3), dice.uniform(-0.2, 0.2)) for _ in range(SLOTS))
        return Day(tuple(slots), swings)
