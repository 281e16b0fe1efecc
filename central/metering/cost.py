"""What energy costs: each line (zone × range × price) is rounded to kopecks, the total is the sum of its lines.

A price may hold from some monthly consumption on only (`ranges`); what is priced by the hour (`hourly`), and what is
paid whatever was used (`monthly`), have lines of their own.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from msgspec import Struct, structs

from central.metering.hourly import HourlyLine, HourPrice, hourly_line
from central.metering.monthly import MonthlyLine
from central.metering.ranges import split
from central.metering.rounding import MWH_PER_KWH, kopecks
from central.metering.zones import month_start, next_month


@dataclass(frozen=True, slots=True)
class Price:
    """A version of a price: roubles per kWh in a zone from a day until before another (None = still).

    `above`: mWh of a calendar month, all zones together, from which on it holds, until the next price of its zone.
    `coefficient`: of the category of the consumer (a village, an electric stove): the price is multiplied by it.
    """

    version: int
    zone: str
    valid_from: date
    valid_to: date | None
    amount: Decimal
    above: int = 0
    coefficient: Decimal = Decimal(1)

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    @property
    def rate(self) -> Decimal:
        return self.amount * self.coefficient


class Portion(Struct, frozen=True, gc=False):
    """Energy (mWh) of one zone used on days [first, until), through which no price changes (`price_days`)."""

    zone: str
    first: date
    until: date
    energy: int
    by_days: bool = False  # no reading at the price change: divided by days, estimated


@dataclass(frozen=True, slots=True)
class Step:
    """What [lower, upper) mWh of a month hold of one zone (upper None = all above).

    `shared`: zone by zone what fills the ranges together, `number` = the line's own; `filled`: what filled them in that
    month before. `limits`: where any range begins.
    """

    lower: int
    upper: int | None
    limits: tuple[int, ...]
    filled: tuple[Portion, ...]
    shared: tuple[tuple[Portion, ...], ...]
    number: int


@dataclass(frozen=True, slots=True)
class CostLine:
    """`portions`: of this zone; their sum is the energy, or, with a `step`, what the step holds of it."""

    zone: str
    first: date
    until: date
    energy: int  # mWh
    price: Price
    amount: Decimal  # roubles, whole kopecks
    by_days: bool
    portions: tuple[Portion, ...]
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """`total` = Σ `lines` + `hourly` + Σ `monthly`; None when something has no price: half a sum is no sum.

    `unpriced_hours`: beginnings of hours, seconds UTC.
    """

    lines: tuple[CostLine, ...]
    total: Decimal | None
    unpriced: tuple[Portion, ...]
    monthly: tuple[MonthlyLine, ...] = ()
    hourly: HourlyLine | None = None
    unpriced_hours: tuple[int, ...] = ()

    def with_hours(self, energies: Mapping[int, int], prices: Mapping[int, HourPrice]) -> "Cost":
        """The same bill with energy that is priced by the hour: beginning of an hour -> mWh."""
        line, unpriced = hourly_line(energies, prices)
        total = None if self.total is None or unpriced else self.total + line.amount
        return replace(self, total=total, hourly=line, unpriced_hours=unpriced)

    def with_monthly(self, monthly: Sequence[MonthlyLine]) -> "Cost":
        """The same bill with what is paid whatever was used."""
        total = None if self.total is None else sum((line.amount for line in monthly), self.total)
        return replace(self, total=total, monthly=(*self.monthly, *monthly))


def price_days(prices: Iterable[Price], first: date, until: date) -> tuple[date, ...]:
    """Days inside (first, until) on which some price begins or ends, in order: a bill is cut there.

    Where prices have ranges, each month begins them anew.
    """
    prices = tuple(prices)
    edges = {day for price in prices for day in (price.valid_from, price.valid_to) if day is not None}
    if any(price.above for price in prices):
        month = next_month(first)
        while month < until:
            edges.add(month)
            month = next_month(month)
    return tuple(sorted(day for day in edges if first < day < until))


def cost(portions: Sequence[Portion], prices: Sequence[Price], used: Sequence[Portion] = ()) -> Cost:
    """One line for each zone and price in force, zone by zone; the energy of a line is summed first.

    With ranges, a line for each of them and each month; `used`: what filled them before, and is no part of this bill.
    """
    drafts: dict[tuple[str, int, Decimal, Step | None], _Draft] = {}
    unpriced: list[Portion] = []
    earlier: dict[date, list[Portion]] = {}
    for portion in used:
        earlier.setdefault(month_start(portion.first), []).append(portion)
    for month, unit, held in _units(portions, prices):
        filled = earlier.setdefault(month, [])
        for zone, step, price, energy in _priced(unit, held, tuple(filled)):
            if price is None:
                unpriced += unit[zone] if step is None else [structs.replace(unit[zone][0], energy=energy)]
            else:
                draft = drafts.setdefault((zone, price.version, price.coefficient, step), _Draft(price))
                draft.portions += unit[zone]
                draft.energy += energy
        filled += [portion for of_zone in unit.values() for portion in of_zone]
    order = {zone: number for number, zone in enumerate(dict.fromkeys(portion.zone for portion in portions))}
    made = tuple(draft.line(zone, step) for (zone, *_, step), draft in drafts.items())
    lines = tuple(sorted(made, key=lambda line: order[line.zone]))
    total = None if unpriced else sum((line.amount for line in lines), Decimal("0.00"))
    return Cost(lines, total, tuple(unpriced))


_FIRST = attrgetter("first")
Unit = Mapping[str, list[Portion]]  # zone -> portions of one month through which no price of any zone changes
Held = Mapping[str, Sequence[Price]]  # zone -> its prices then, those from the least consumption first


@dataclass(slots=True)
class _Draft:
    price: Price
    portions: list[Portion] = field(default_factory=list)
    energy: int = 0

    def line(self, zone: str, step: Step | None) -> CostLine:
        return CostLine(
            zone=zone,
            first=min(portion.first for portion in self.portions),
            until=max(portion.until for portion in self.portions),
            energy=self.energy,
            price=self.price,
            amount=kopecks(Decimal(self.energy) * self.price.rate / MWH_PER_KWH),
            by_days=any(portion.by_days for portion in self.portions),
            portions=tuple(self.portions),
            step=step,
        )


def _units(portions: Sequence[Portion], prices: Sequence[Price]) -> Iterator[tuple[date, Unit, Held]]:
    """In order of time."""
    edges = sorted({day for price in prices for day in (price.valid_from, price.valid_to) if day is not None})
    between: dict[int, tuple[Held, tuple[tuple[int, Decimal], ...]]] = {}  # the same prices hold from edge to edge
    units: dict[tuple[date, tuple[tuple[int, Decimal], ...]], tuple[Held, dict[str, list[Portion]]]] = {}
    for day, begun in groupby(sorted(portions, key=_FIRST), key=_FIRST):
        place = bisect_right(edges, day)
        if place not in between:
            held = _held(prices, day)
            versions = tuple((one.version, one.coefficient) for of_zone in held.values() for one in of_zone)
            between[place] = held, versions
        held, versions = between[place]
        _, unit = units.setdefault((month_start(day), versions), (held, {}))
        for portion in begun:
            unit.setdefault(portion.zone, []).append(portion)
    for (month, _), (held, unit) in units.items():
        yield month, unit, held


def _held(prices: Iterable[Price], day: date) -> Held:
    found: dict[str, list[Price]] = {}
    for price in sorted(prices, key=lambda one: one.above):
        if price.covers(day):
            found.setdefault(price.zone, []).append(price)
    return found


def _priced(
    unit: Unit, held: Held, filled: tuple[Portion, ...]
) -> Iterator[tuple[str, Step | None, Price | None, int]]:
    """Zone, range, price in force there, energy. A zone whose price has no ranges is whole."""
    energies = [sum(portion.energy for portion in of_zone) for of_zone in unit.values()]
    limits = tuple(sorted({0, *(price.above for zone in unit for price in held.get(zone, ()))}))
    before = sum(portion.energy for portion in filled)
    begun = max(limit for limit in limits if limit <= before)
    parts = split(energies, limits, before) if len(limits) > 1 else [energies]
    for number, zone in enumerate(unit):
        steps = held.get(zone, ())
        if [price.above for price in steps] in ([], [0]):
            yield zone, None, steps[0] if steps else None, energies[number]
            continue
        shared = tuple(tuple(of_zone) for of_zone in unit.values())
        lowest = sorted({0, *(price.above for price in steps)})
        for lower, upper in zip(lowest, [*lowest[1:], None], strict=True):
            inside = [n for n, limit in enumerate(limits) if lower <= limit and (upper is None or limit < upper)]
            energy = sum(parts[n][number] for n in inside)
            if energy or (not energies[number] and lower <= begun and (upper is None or begun < upper)):
                price = next((one for one in steps if one.above == lower), None)
                yield zone, Step(lower, upper, limits, filled, shared, number), price, energy
