"""What energy costs: each line (zone × price) is rounded to kopecks, the total is the sum of its lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from central.metering.rounding import MWH_PER_KWH, kopecks


@dataclass(frozen=True, slots=True)
class Price:
    """A version of a price: roubles per kWh in a zone from a day until before another (None = still)."""

    version: int
    zone: str
    valid_from: date
    valid_to: date | None
    amount: Decimal

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Portion:
    """Energy (mWh) of one zone used on days [first, until), through which no price changes (`price_days`)."""

    zone: str
    first: date
    until: date
    energy: int
    by_days: bool = False  # no reading at the price change: divided by days, estimated


@dataclass(frozen=True, slots=True)
class CostLine:
    zone: str
    first: date
    until: date
    energy: int  # mWh
    price: Price
    amount: Decimal  # roubles, whole kopecks
    by_days: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """`total` is None when something has no price: half a sum is no sum."""

    lines: tuple[CostLine, ...]
    total: Decimal | None
    unpriced: tuple[Portion, ...]


def price_days(prices: Iterable[Price], first: date, until: date) -> tuple[date, ...]:
    """Days inside (first, until) on which some price begins or ends, in order: a bill is cut there."""
    edges = {day for price in prices for day in (price.valid_from, price.valid_to) if day is not None}
    return tuple(sorted(day for day in edges if first < day < until))


def cost(portions: Sequence[Portion], prices: Sequence[Price]) -> Cost:
    """One line for each zone and price in force, in the order of the portions; the energy of a line is summed first."""
    lines: dict[tuple[str, int], list[Portion]] = {}
    versions = {price.version: price for price in prices}
    unpriced = []
    for portion in portions:
        price = next((price for price in prices if price.zone == portion.zone and price.covers(portion.first)), None)
        if price is None:
            unpriced.append(portion)
        else:
            lines.setdefault((portion.zone, price.version), []).append(portion)
    made = tuple(_line(found, versions[version]) for (_, version), found in lines.items())
    total = None if unpriced else sum((line.amount for line in made), Decimal("0.00"))
    return Cost(made, total, tuple(unpriced))


def _line(portions: Sequence[Portion], price: Price) -> CostLine:
    energy = sum(portion.energy for portion in portions)
    return CostLine(
        zone=price.zone,
        first=min(portion.first for portion in portions),
        until=max(portion.until for portion in portions),
        energy=energy,
        price=price,
        amount=kopecks(Decimal(energy) * price.amount / MWH_PER_KWH),
        by_days=any(portion.by_days for portion in portions),
    )
