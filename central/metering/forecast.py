"""What a month will come to: what is known of it, and what it lacks by days of the same kind, with a band.

The rule: each day kind lacks m days (of a day begun, the part that lacks) and is expected at the mean of its last n
complete days, of this month or before. The band is ± two standard deviations of that sum, √Σ s²·m·(1 + m/n): the days
to come scatter as the known ones did, and the mean itself is known no better than n days tell. Were days independent,
19 months of 20 would end inside; weather makes neighbours alike, so somewhat fewer do. Where a kind that lacks days has
too few complete ones, there is no forecast, and `unknown` says which.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from operator import attrgetter

from central.metering.rounding import half_away, root
from central.metering.zones import day_kind, days


@dataclass(frozen=True, slots=True)
class Day:
    """Energy (mWh) known of a day, and the part of the day that it lacks: 0 = complete, 1 = nothing known."""

    day: date
    energy: int
    lacking: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Basis:
    """By what is forecast."""

    similar: int = 8  # last complete days of a kind
    least: int = 3  # fewer tell nothing; at least 2
    reach: int = 42  # days before the period that still tell of it
    deviations: int = 2


USUAL = Basis()


@dataclass(frozen=True, slots=True)
class Expected:
    """What days of one kind lack, in days, and the complete days that they are expected by."""

    kind: str
    lacking: Fraction
    days: tuple[Day, ...]

    @property
    def mean(self) -> Fraction:
        return Fraction(sum(day.energy for day in self.days), len(self.days))

    @property
    def energy(self) -> Fraction:
        return self.lacking * self.mean

    @property
    def variance(self) -> Fraction:
        """Of `energy`, mWh²."""
        mean, count = self.mean, len(self.days)
        scatter = sum(((day.energy - mean) ** 2 for day in self.days), Fraction(0)) / (count - 1)
        return scatter * self.lacking * (1 + self.lacking / count)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of days [first, until). `known`: mWh used already; `unknown`: kinds that lack days and have too few complete."""

    first: date
    until: date
    known: int
    expected: tuple[Expected, ...]
    unknown: tuple[str, ...]
    basis: Basis

    @property
    def energy(self) -> int | None:
        return None if self.unknown else half_away(self.known + sum(one.energy for one in self.expected))

    @property
    def spread(self) -> int | None:
        """The half of the band."""
        if self.unknown:
            return None
        return root(self.basis.deviations**2 * sum(one.variance for one in self.expected))

    @property
    def band(self) -> tuple[int, int] | None:
        """From, to; what was used already is not given back."""
        energy, spread = self.energy, self.spread
        if energy is None or spread is None:
            return None
        return max(energy - spread, self.known), energy + spread


def forecast(known: Iterable[Day], first: date, until: date, basis: Basis = USUAL) -> Forecast:
    """Of the days [first, until): a month, or what of it the contract lasts. `known`: its days so far and those before;
    of a day that is not among them nothing is known."""
    past = sorted(
        (day for day in known if first - timedelta(days=basis.reach) <= day.day < until), key=attrgetter("day")
    )
    found = {day.day: day for day in past if first <= day.day}
    lacking: dict[str, Fraction] = {}
    for day in days(first, until):
        part = found[day].lacking if day in found else Fraction(1)
        if part:
            lacking[day_kind(day)] = lacking.get(day_kind(day), Fraction(0)) + part
    similar = {kind: _similar(past, kind, basis) for kind in lacking}
    unknown = tuple(kind for kind in lacking if len(similar[kind]) < basis.least)
    expected = tuple(Expected(kind, lacking[kind], similar[kind]) for kind in lacking if kind not in unknown)
    return Forecast(first, until, sum(day.energy for day in found.values()), expected, unknown, basis)


def _similar(past: Sequence[Day], kind: str, basis: Basis) -> tuple[Day, ...]:
    complete = [day for day in past if not day.lacking and day_kind(day.day) == kind]
    return tuple(complete[-basis.similar :])
