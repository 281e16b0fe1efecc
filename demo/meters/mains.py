"""What the terminals feel at a moment: voltage, frequency, and how the power is shared by the phases."""

import math
from typing import NamedTuple

from demo.meters.calendar import DAY
from demo.meters.chance import chance
from demo.meters.energy import Energy
from demo.meters.power import Power

_SHARES = {1: (1.0,), 3: (0.38, 0.33, 0.29)}


class Phase(NamedTuple):
    """Volts, W and var of one phase; the rest follows."""

    voltage: float
    active: float
    reactive: float

    @property
    def apparent(self) -> float:
        return math.hypot(self.active, self.reactive)

    @property
    def current(self) -> float:
        return self.apparent / self.voltage if self.voltage else 0.0

    @property
    def factor(self) -> float:
        """cos φ; 1 where nothing flows."""
        return abs(self.active) / self.apparent if self.apparent else 1.0


class Mains:
    """The network at one place, with one or three phases; in an outage there is none."""

    def __init__(self, seed: str, energy: Energy, supply: Power, phases: int) -> None:
        self._seed = seed
        self._energy = energy
        self._supply = supply
        self._shares = _SHARES[phases]

    def phases(self, m: float) -> tuple[Phase, ...]:
        """The phases at the moment; their powers add up to the power that the registers count."""
        active, reactive = self._energy.power(m)
        return tuple(
            Phase(self.voltage(m, number), active * share, reactive * share)
            for number, share in enumerate(self._shares)
        )

    def voltage(self, m: float, phase: int = 0) -> float:
        """Between 221 and 239 V: a level of the place, higher at night, a little unrest each minute."""
        if self._supply.at(m):
            return 0.0
        level = chance(self._seed, "level", phase).uniform(226, 234)
        night = 2.5 * math.cos(2 * math.pi * (m % DAY) / DAY)
        return level + night + chance(self._seed, "volts", phase, int(m // 60)).uniform(-1.5, 1.5)

    def frequency(self, m: float) -> float:
        if self._supply.at(m):
            return 0.0
        return 50 + chance("frequency", int(m // 10)).uniform(-0.03, 0.03)  # one network for all
