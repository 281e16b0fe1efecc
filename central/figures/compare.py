"""Two figures beside each other: by how much more or less, and in which zone most of it happened."""

from dataclasses import dataclass
from fractions import Fraction

from central.figures.views import Totals
from central.metering.rounding import half_away


@dataclass(frozen=True, slots=True)
class Comparison:
    """`percent`: more than before (positive) or less, whole. `zone`: where at least half of it happened, None = all."""

    percent: int
    zone: str | None


def compare(now: Totals, before: Totals) -> Comparison | None:
    """None where there is nothing to compare with."""
    if now.total is None or not before.total:
        return None
    change = now.total - before.total
    by_zone = {zone: energy - before.zones.get(zone, 0) for zone, energy in now.zones.items()}
    leading = max(by_zone, key=lambda zone: by_zone[zone] * (1 if change > 0 else -1), default=None)
    if leading is None or len(by_zone) < 2 or 2 * abs(by_zone[leading]) < abs(change):
        leading = None
    return Comparison(half_away(Fraction(100 * change, before.total)), leading)
