"""Losses between the meter and the balance boundary, each with what it was made from, and the energy at the boundary.

A loss is exact until `at_boundary` rounds their sum once. Energies have K applied; lines and transformers are
three-phase, voltages line-to-line (metering.md «Losses between meter and balance boundary»).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from central.metering.rounding import half_away
from central.metering.terms import Segment

_HOUR = 3600
_MILLI = 1000  # mWh of a Wh


class Loss(ABC):
    """What is lost somewhere between the meter and the boundary."""

    __slots__ = ()

    @property
    @abstractmethod
    def exact(self) -> Fraction:
        """mWh, not rounded."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What went through a point in [start, end), seconds UTC: mWh and mvarh."""

    start: int
    end: int
    active: int
    reactive: int

    @property
    def seconds(self) -> int:
        return self.end - self.start

    @property
    def square(self) -> int:
        """Wa² + Wr²."""
        return self.active**2 + self.reactive**2


@dataclass(frozen=True, slots=True)
class FixedLoss(Loss):
    """ΔW = W·p/100, as the contract says."""

    energy: int  # mWh
    percent: Fraction | int

    @property
    def exact(self) -> Fraction:
        return Fraction(self.energy) * self.percent / 100


@dataclass(frozen=True, slots=True)
class LineLoss(Loss):
    """ΔW = Σ (Wa² + Wr²)·R/(U²·Δt), by intervals, with the mean voltage of all that time."""

    flows: tuple[Flow, ...]
    ohms: Fraction | int  # of one phase
    volts: Fraction | int

    @property
    def exact(self) -> Fraction:
        squares = sum((Fraction(flow.square, flow.seconds) for flow in self.flows), Fraction(0))
        return squares * _HOUR * self.ohms / (_MILLI * self.volts**2)


@dataclass(frozen=True, slots=True)
class Transformer:
    """A nameplate: losses of the open and of the short circuit (W), rated voltage (V) and power (VA)."""

    no_load: Fraction | int
    load: Fraction | int
    volts: Fraction | int
    power: Fraction | int


@dataclass(frozen=True, slots=True)
class TransformerLoss(Loss):
    """ΔW = ΔPхх·T·(U/Uн)² + ΔPкз·(Wa² + Wr²)·kф²/(T·Sн²), T = all the time of `flow`, under voltage.

    `filling`: the load factor kз of that time, 0 < kз ≤ 1; it is 1 for a single interval of the profile, and any where
    nothing flowed.
    """

    transformer: Transformer
    flow: Flow
    volts: Fraction | int  # mean, on the side of the rated one
    filling: Fraction | int

    @property
    def no_load(self) -> Fraction:
        ratio = Fraction(self.volts) / self.transformer.volts
        return Fraction(self.flow.seconds * _MILLI, _HOUR) * self.transformer.no_load * ratio**2

    @property
    def load(self) -> Fraction:
        if not self.flow.square:
            return Fraction(0)
        squares = Fraction(self.flow.square, self.flow.seconds) * _HOUR * form_squared(self.filling)
        return self.transformer.load * squares / (_MILLI * self.transformer.power**2)

    @property
    def exact(self) -> Fraction:
        return self.no_load + self.load


@dataclass(frozen=True, slots=True)
class CurrentLoss(Loss):
    """ΔW = R·A²h·Ki²: the meter itself summed the squares of its currents; Ki² only for secondary values."""

    segment: Segment
    squared: Fraction | int  # A²h of all phases between two readings, before Ki²
    ohms: Fraction | int  # of one phase

    @property
    def exact(self) -> Fraction:
        ratio = Fraction(1) if self.segment.primary else self.segment.ki
        return ratio**2 * self.squared * self.ohms * _MILLI


def form_squared(filling: Fraction | int) -> Fraction:
    """kф² = (1 + 2·kз)/(3·kз): how much more a load loses than an even one. Raises ValueError outside (0, 1]."""
    if not 0 < filling <= 1:
        raise ValueError(f"a load factor lies in (0, 1], this is {filling}")
    return Fraction(1 + 2 * filling) / (3 * filling)


class Side(StrEnum):
    """Where the meter stands, seen from the network."""

    AFTER = "after"  # on the consumer's side: what is lost on the way to it is his
    BEFORE = "before"  # on the network's side: what is lost behind it is not his


@dataclass(frozen=True, slots=True)
class AtBoundary:
    """The energy at the balance boundary: measured + losses where the meter stands after it, − before."""

    measured: int  # mWh
    losses: tuple[Loss, ...]
    side: Side

    @property
    def lost(self) -> int:
        return lost(self.losses)

    @property
    def energy(self) -> int:
        return self.measured + self.lost if self.side is Side.AFTER else self.measured - self.lost


def at_boundary(measured: int, losses: Sequence[Loss], side: Side) -> AtBoundary:
    return AtBoundary(measured, tuple(losses), side)


def lost(losses: Sequence[Loss]) -> int:
    """mWh of all of them, rounded once."""
    return half_away(sum((loss.exact for loss in losses), Fraction(0)))
