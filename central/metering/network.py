"""Parameters of the network out of instantaneous values: their ratio, limits beside them, runs of a chart, vectors.

The meter says what it feels at its terminals. Behind transformers a value of the network is that times its ratio: Ku
for voltages, Ki for currents, Ki·Ku for powers (nothing where the meter's values are primary already).

Nominal voltage (ГОСТ 29322-2014; the registry does not tell it, so this is the rule, once): connected directly, 230 V
to neutral, 400 V between lines. Through voltage transformers, whose secondary is 100 V between lines, 100/√3 = 57.7 V
to neutral: times Ku. A meter for three wires measures between lines: Uab, Ucb, Uac stand in the fields of A, B, C
(ГОСТ Р 58940-2020, table Б.1).

Limits of ГОСТ 32144-2013: voltage ±10 % of nominal (4.2.2), all the time; frequency of synchronised networks ±0.2 Hz
in 95 % of the time and ±0.4 Hz in all (4.2.1); unbalance by negative sequence 2 % in 95 % and 4 % in all (4.2.5). The
standard judges means of ten minutes (of frequency, of ten seconds) over a week. Samples of a moment are no such means:
what is told here is how many of them lie outside, never that a network conforms. A voltage below 5 % of nominal is an
interruption (4.3.1), not a deviation: such samples stand apart.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from operator import sub

PHASES = ("a", "b", "c")
HERTZ = 50.0
TO_NEUTRAL, BETWEEN_LINES = 230.0, 400.0  # V, connected directly
SECONDARY = 100.0  # V between lines, of voltage transformers
DEVIATION = 0.10
INTERRUPTED = 0.05
OFTEN, EVER = Fraction(5, 100), Fraction(0)  # of the time that the standard lets outside
FREQUENCY = ((0.2, OFTEN), (0.4, EVER))  # Hz
UNBALANCE = ((2.0, OFTEN), (4.0, EVER))  # %


class Quantity(StrEnum):
    VOLTAGE = "voltage"
    CURRENT = "current"
    ACTIVE = "active"
    REACTIVE = "reactive"
    APPARENT = "apparent"
    FACTOR = "factor"
    FREQUENCY = "frequency"


FIELDS: Mapping[Quantity, tuple[str, ...]] = {  # of live rows: by phase, then what is of all of them
    Quantity.VOLTAGE: ("u_a", "u_b", "u_c"),
    Quantity.CURRENT: ("i_a", "i_b", "i_c", "i_n"),
    Quantity.ACTIVE: ("p_a", "p_b", "p_c", "p"),
    Quantity.REACTIVE: ("q_a", "q_b", "q_c", "q"),
    Quantity.APPARENT: ("s_a", "s_b", "s_c", "s"),
    Quantity.FACTOR: ("pf_a", "pf_b", "pf_c", "pf"),
    Quantity.FREQUENCY: ("f",),
}
OF_FIELD: Mapping[str, Quantity] = {field: quantity for quantity, fields in FIELDS.items() for field in fields}


@dataclass(frozen=True, slots=True)
class Ratios:
    """How a meter is connected. `primary`: its values are of the network already."""

    ki: Fraction = Fraction(1)
    ku: Fraction = Fraction(1)
    primary: bool = False
    three_wires: bool = False

    def of(self, quantity: Quantity) -> Fraction:
        """What a value of the meter is multiplied with."""
        if self.primary or quantity in (Quantity.FACTOR, Quantity.FREQUENCY):
            return Fraction(1)
        if quantity is Quantity.VOLTAGE:
            return self.ku
        return self.ki if quantity is Quantity.CURRENT else self.ki * self.ku

    @property
    def nominal(self) -> float:
        """V of the network, of what the meter measures."""
        if self.ku == 1:
            return BETWEEN_LINES if self.three_wires else TO_NEUTRAL
        line = SECONDARY * float(self.ku)
        return line if self.three_wires else line / math.sqrt(3)


@dataclass(frozen=True, slots=True)
class Limits:
    """[low, high], and what share of the time may be outside."""

    low: float
    high: float
    allowed: Fraction


def voltage_limits(nominal: float) -> Limits:
    return Limits(nominal * (1 - DEVIATION), nominal * (1 + DEVIATION), EVER)


def frequency_limits() -> tuple[Limits, ...]:
    return tuple(Limits(HERTZ - away, HERTZ + away, allowed) for away, allowed in FREQUENCY)


def unbalance_limits() -> tuple[Limits, ...]:
    return tuple(Limits(0.0, most, allowed) for most, allowed in UNBALANCE)


@dataclass(frozen=True, slots=True)
class Judged:
    """Samples beside limits. `off`: interruptions, which are neither within nor outside; `least`, `greatest` of the
    others, None = there is none."""

    limits: Limits
    samples: int
    below: int
    above: int
    off: int
    least: float | None
    greatest: float | None

    @property
    def outside(self) -> int:
        return self.below + self.above

    @property
    def share(self) -> Fraction | None:
        """Of the samples outside; None without any."""
        return Fraction(self.outside, self.samples) if self.samples else None


def judged(values: Sequence[float], limits: Limits, off: float = 0.0) -> Judged:
    """`off`: what is below it is an interruption. A value at a limit is within it, to a hair of float."""
    hair = 1e-9 * limits.high
    low, high = limits.low - hair, limits.high + hair
    if not values:
        return Judged(limits, 0, 0, 0, 0, None, None)
    least, greatest = min(values), max(values)
    if max(low, off) <= least and greatest < high:  # as it nearly always is
        return Judged(limits, len(values), 0, 0, 0, least, greatest)
    order = sorted(values)
    dead = bisect_left(order, off) if off else 0
    if dead == len(order):
        return Judged(limits, 0, 0, 0, dead, None, None)
    below, above = bisect_left(order, low, dead) - dead, len(order) - bisect_left(order, high, dead)
    return Judged(limits, len(order) - dead, below, above, dead, order[dead], order[-1])


def unbalance(ab: float, bc: float, ca: float) -> float | None:
    """K2U, %: negative by positive sequence, of the three voltages between lines, whose sum is zero.

    ГОСТ 30804.4.30-2013, 5.7.1. Out of three voltages to neutral it does not follow: their angles are not measured.
    None where the three make no triangle.
    """
    squares = ab * ab + bc * bc + ca * ca
    if squares <= 0:
        return None
    inside = 3 - 6 * (ab**4 + bc**4 + ca**4) / squares**2
    if inside < -1e-9:
        return None
    root = math.sqrt(max(0.0, inside))
    return 100 * math.sqrt(max(0.0, (1 - root) / (1 + root)))


# runs of a chart


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured in a step of a chart."""

    least: float
    mean: float
    greatest: float
    samples: int


STEPS = (60, 300, 600, 900, 1800, 3600, 7200, 10_800, 28_800, 43_200, 86_400)  # seconds
MOST_RUNS = 144


def step_of(seconds: int, times: Sequence[int]) -> int:
    """The shortest that makes few enough runs of so many seconds, and in which a sample is sure to lie: else each slip
    of the poll would be a gap. `times`: of the samples, in order."""
    apart = sorted(map(sub, times[1:], times))
    usual = apart[len(apart) // 2] if apart else 0
    return next((step for step in STEPS if seconds <= step * MOST_RUNS and 3 * usual <= 2 * step), STEPS[-1])


def reduced(times: Sequence[int], values: Sequence[float], since: int, until: int, step: int) -> Iterator[Run | None]:
    """Of each step of [since, until) what was measured in it; None = nothing was."""
    first = bisect_left(times, since)
    for start in range(since, until, step):
        last = bisect_left(times, min(start + step, until), first)
        there = values[first:last]
        first = last
        yield Run(min(there), sum(there) / len(there), max(there), len(there)) if there else None


# vectors


class By(StrEnum):
    """Out of what an angle between voltage and current was found."""

    POWERS = "powers"  # of the phase: P and Q with their signs
    FACTOR = "factor"  # of the phase: cos φ; its side is by the sign of all Q, lagging where there is none
    WHOLE = "whole"  # of all phases together: the phase does not tell its own


@dataclass(frozen=True, slots=True)
class Angle:
    """φ, degrees: the current lags behind its voltage by it (a coil); negative = it leads (a capacitor)."""

    degrees: float
    by: By


@dataclass(frozen=True, slots=True)
class Vector:
    """`angle`, degrees from the voltage of phase A, against the clock positive; `field` that its length is of."""

    field: str
    length: float
    angle: float


@dataclass(frozen=True, slots=True)
class Diagram:
    """`angles`: φ by phase, of those whose current has one."""

    voltages: tuple[Vector, ...]
    currents: tuple[Vector, ...]
    angles: Mapping[str, Angle]


TURNS = {"a": 0.0, "b": -120.0, "c": 120.0}  # of voltages to neutral, as they are assumed: nobody measures them
LINE_TURNS = {"a": 30.0, "b": 90.0, "c": -30.0}  # of Uab, Ucb, Uac in the same network


def diagram(values: Mapping[str, float], *, three_wires: bool = False) -> Diagram:
    """By field. A current of which no angle is known is not drawn, nor one that does not flow."""
    turns = LINE_TURNS if three_wires else TURNS
    voltages = tuple(
        Vector(f"u_{phase}", values[f"u_{phase}"], turns[phase]) for phase in PHASES if values.get(f"u_{phase}")
    )
    angles: dict[str, Angle] = {}
    currents = []
    for phase in PHASES:
        current = values.get(f"i_{phase}")
        found = angle_of(values, phase, alone=not three_wires) if current else None
        if current and found is not None:
            angles[phase] = found
            currents.append(Vector(f"i_{phase}", abs(current), TURNS[phase] - found.degrees))
    return Diagram(voltages, tuple(currents), angles)


def angle_of(values: Mapping[str, float], phase: str, *, alone: bool = True) -> Angle | None:
    """`alone`: the phase has powers of its own; those of a meter for three wires belong to pairs of lines."""
    if alone:
        active, reactive = values.get(f"p_{phase}"), values.get(f"q_{phase}")
        if active is not None and reactive is not None and (active or reactive):
            return Angle(math.degrees(math.atan2(reactive, active)), By.POWERS)
        factor = values.get(f"pf_{phase}")
        if factor is not None:
            return Angle(_by_factor(factor, active or values.get("p"), reactive or values.get("q")), By.FACTOR)
    active, reactive = values.get("p"), values.get("q")
    single = "u_b" not in values and "u_c" not in values
    if active is not None and reactive is not None and (active or reactive):
        return Angle(math.degrees(math.atan2(reactive, active)), By.POWERS if single else By.WHOLE)
    factor = values.get("pf")
    return None if factor is None else Angle(_by_factor(factor, active, reactive), By.FACTOR if single else By.WHOLE)


def _by_factor(factor: float, active: float | None, reactive: float | None) -> float:
    found = math.degrees(math.acos(min(1.0, abs(factor))))
    if factor < 0 or (active or 0.0) < 0:
        found = 180 - found
    return -found if (reactive or 0.0) < 0 else found
