"""Energy priced by the hour: one line, Σ energy of the hour × price of the hour, rounded to kopecks once."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from central.metering.rounding import MWH_PER_KWH, kopecks

HOUR = 3600


@dataclass(frozen=True, slots=True)
class HourPrice:
    """Roubles per kWh in the hour that begins at `hour` (seconds UTC). `version`: of the row that says so."""

    version: int
    hour: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class HourTerm:
    """Energy (mWh) of one hour and what it costs, exactly."""

    energy: int
    price: HourPrice

    @property
    def amount(self) -> Decimal:
        return Decimal(self.energy) * self.price.amount / MWH_PER_KWH


@dataclass(frozen=True, slots=True)
class HourlyLine:
    """`hours` in order of time."""

    energy: int
    hours: tuple[HourTerm, ...]
    amount: Decimal  # roubles, whole kopecks


def hourly_line(energies: Mapping[int, int], prices: Mapping[int, HourPrice]) -> tuple[HourlyLine, tuple[int, ...]]:
    """Of hours (their beginning -> mWh), and those of them that have no price."""
    hours = tuple(HourTerm(energies[hour], prices[hour]) for hour in sorted(energies) if hour in prices)
    amount = kopecks(sum((one.amount for one in hours), Decimal(0)))
    unpriced = tuple(hour for hour in sorted(energies) if hour not in prices)
    return HourlyLine(sum(one.energy for one in hours), hours, amount), unpriced
