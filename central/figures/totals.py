"""Energy by zone and state, summed the same way wherever it comes from: places of a profile or rows of `point_day`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import astuple

from central.figures.views import DayView, Totals
from central.metering.cost import Cost, Portion, Price, cost
from central.metering.slots import Completeness, completeness
from central.metering.terms import State

Energies = Mapping[str, Mapping[State, int]]  # zone -> state -> mWh


def totals(parts: Iterable[Energies], zones: Sequence[str]) -> Totals:
    """Of any number of parts; zones in this order. Suspect energy stands beside the sums."""
    by_zone: dict[str, int] = {}
    by_state: dict[State, int] = {}
    suspect = 0
    for part in parts:
        for zone, states in part.items():
            for state, energy in states.items():
                if state is State.SUSPECT:
                    suspect += energy
                else:
                    by_zone[zone] = by_zone.get(zone, 0) + energy
                    by_state[state] = by_state.get(state, 0) + energy
    ordered = {zone: by_zone[zone] for zone in zones if zone in by_zone}
    return Totals(sum(ordered.values()) if ordered else None, ordered, by_state, suspect)


def added(parts: Iterable[Totals], zones: Sequence[str]) -> Totals:
    """Sums of sums."""
    by_zone: dict[str, int] = defaultdict(int)
    by_state: dict[State, int] = defaultdict(int)
    suspect = 0
    for part in parts:
        for zone, energy in part.zones.items():
            by_zone[zone] += energy
        for state, energy in part.states.items():
            by_state[state] += energy
        suspect += part.suspect
    ordered = {zone: by_zone[zone] for zone in zones if zone in by_zone}
    return Totals(sum(ordered.values()) if ordered else None, ordered, dict(by_state), suspect)


def together(parts: Iterable[Completeness]) -> Completeness:
    """Counts of several periods in one."""
    columns = list(zip(*map(astuple, parts), strict=True))
    return Completeness(*map(sum, columns)) if columns else completeness(())


def portions_of(days: Iterable[DayView]) -> tuple[Portion, ...]:
    """Days as a bill takes them, zone by zone."""
    return tuple(portion for day in days for portion in day_portions(day.day, day.totals))


def day_portions(day: date, found: Totals) -> tuple[Portion, ...]:
    """The same of one day."""
    return tuple(Portion(zone, day, day + timedelta(days=1), energy) for zone, energy in found.zones.items())


def money_of(costs: Iterable[Cost | None]) -> Decimal | None:
    """Of several costs together: None where none of them is one, or something in one has no price: half a sum is no
    sum."""
    totals = [one.total for one in costs if one is not None]
    known = [total for total in totals if total is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(totals) else None


def cost_of(portions: Sequence[Portion], prices: Sequence[Price], used: Sequence[Portion] = ()) -> Cost | None:
    """What these portions cost, after `used` in their month; None when there is no energy at all."""
    return cost(portions, prices, used) if portions else None
