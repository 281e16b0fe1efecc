"""From readings to consumption: W = (P₂ − P₁)·K for each segment and register, and the checks of sums.

A fall of a register is a roll-over only if P₁ ≥ 0.9·10ⁿ, P₂ ≤ 0.1·10ⁿ and the energy is possible for the point; every
other fall is suspect and gives no consumption (metering.md «Readings to consumption»).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from central.metering.rounding import half_away, whole_kwh
from central.metering.terms import Reading, Segment, possible


class Rule(StrEnum):
    """How a difference was taken."""

    DIFFERENCE = "difference"
    ROLL_OVER = "roll_over"
    SUSPECT = "suspect"  # the register fell, and it is no roll-over


@dataclass(frozen=True, slots=True)
class RegisterTerm:
    """Consumption of one segment by one register, with everything it was made from. `energy` mWh, K applied."""

    segment: Segment
    start: Reading
    end: Reading
    rule: Rule
    difference: int | None  # as the meter shows it, before K
    energy: int | None
    whole: bool = False  # readings were cut down to whole kWh first


def from_registers(segment: Segment, start: Reading, end: Reading, *, whole: bool = False) -> RegisterTerm:
    """`whole`: readings are cut down to whole kWh first (ruling `billing_reading = whole_kwh`)."""
    first, last = (whole_kwh(start.value), whole_kwh(end.value)) if whole else (start.value, end.value)
    rule, difference = Rule.DIFFERENCE, last - first
    if difference < 0:
        rule, difference = _fallen(segment, first, last, start.moment, end.moment)
    if rule is Rule.SUSPECT:
        return RegisterTerm(segment, start, end, rule, None, None, whole)
    return RegisterTerm(segment, start, end, rule, difference, half_away(difference * segment.k), whole)


def _fallen(segment: Segment, first: int, last: int, start: int, end: int) -> tuple[Rule, int]:
    top, power_max = segment.register_end, segment.permitted(start, end)
    if top is None or power_max is None:
        return Rule.SUSPECT, 0
    difference = last + top - first
    near = 10 * first >= 9 * top and 10 * last <= top
    if near and possible(half_away(difference * segment.k), end - start, power_max):
        return Rule.ROLL_OVER, difference
    return Rule.SUSPECT, 0


def summed(terms: Sequence[RegisterTerm]) -> int | None:
    """Energy of all segments; None when there is none, or one of them is suspect."""
    energies = [term.energy for term in terms]
    if not energies or None in energies:
        return None
    return sum(energy for energy in energies if energy is not None)


def moved(segment: Segment, value: int, used: int) -> int:
    """What a register shows after `used` more (mWh or mvarh before K; less than nothing = before it): past its end it
    begins anew."""
    found = value + used
    return found % segment.register_end if segment.register_end is not None else found


@dataclass(frozen=True, slots=True)
class SumCheck:
    """Two sums that should agree: |`left` − `right`| < `permitted`, all mWh with K applied."""

    left: int
    right: int
    permitted: Fraction

    @property
    def difference(self) -> int:
        return self.left - self.right

    @property
    def holds(self) -> bool:
        return abs(self.difference) < self.permitted


def zones_to_total(zones: Sequence[int], total: int, segments: Sequence[Segment]) -> SumCheck:
    """|ΣW_z − W₀| < (Z + 1)·d·K: each register truncates at both ends. Segments add their tolerances."""
    permitted = sum((Fraction(len(zones) + 1) * segment.resolution * segment.k for segment in segments), Fraction(0))
    return SumCheck(sum(zones), total, permitted)


def intervals_to_register(
    intervals: int, count: int, registers: int, segments: Sequence[Segment], profile_resolution: int = 1
) -> SumCheck:
    """Sum of `count` intervals against the register difference: < 2·d·K + N·d_profile·K/2."""
    permitted = sum((2 * segment.resolution * segment.k for segment in segments), Fraction(0))
    k = max((segment.k for segment in segments), default=Fraction(1))
    return SumCheck(intervals, registers, permitted + Fraction(count * profile_resolution, 2) * k)
