"""PURE: samples of cumulative registers -> rows of a meter that keeps no archive of its own.

Such a meter is asked for its registers at the boundaries of its intervals. A boundary is KNOWN when a sample lies
within `AT` of it, or when the two samples around it are at most `GAP` periods apart: then each register is
interpolated between them. All that is made here is marked COMPUTED.

    load      energy between two known boundaries that follow each other; a longer stretch is one row, CATCH_UP
    daily     registers at 00:00 of the meter's offset        monthly   registers at 00:00 of the 1st

No row where a register falls (exchanged, cleared, overflown), none over a gap longer than `LONGEST`, none for the piece
before the first boundary: half known is not known. Registers at boundaries are whole mWh, so rows add up to the
difference of the registers exactly. The same samples, or the same and later ones, give the same rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor

from protocol.quantities import DIRECTIONS, TARIFFS, register
from protocol.reading import Kind, Quality, Readings, Row

AT = 1.0  # seconds within which a sample stands for the boundary itself
GAP = 1.5  # periods; one missed sample makes 2
LONGEST = 86400  # seconds that one catch-up row may cover
_DAY = 86400
_DIRECTIONS = tuple(name for name, *_ in DIRECTIONS)
_REGISTERS = tuple(register(name, tariff) for name in _DIRECTIONS for tariff in range(TARIFFS + 1))

Registers = dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Sample:
    """`time`: seconds UTC at the middle of the exchange; `registers`: mWh, mvarh by quantity name."""

    time: float
    registers: Registers


def rows(samples: Sequence[Sample], period: int, offset: int, since: int, until: int) -> tuple[Readings, ...]:
    """Load, daily and monthly rows with since < end <= until that these samples give; a kind without rows is left out.

    `samples` oldest first; `period` seconds; `offset` minutes east of UTC, where days and months are cut; `since`,
    `until` seconds UTC.
    """
    shift = offset * 60
    shown = [name for name in _REGISTERS if any(name in sample.registers for sample in samples)]
    metered = [name for name in _DIRECTIONS if register(name, 0) in shown]
    load: list[Row] = []
    days: list[Row] = []
    for run in _without_falls(samples):
        load += _load(_known(run, period, period, shift), metered, period)
        for moment, registers in _known(run, _DAY, period, shift):
            days.append(Row(moment, 0, Quality.COMPUTED, tuple(registers.get(name) for name in shown)))
    months = [row for row in days if datetime.fromtimestamp(row.end + shift, UTC).day == 1]
    found = (
        (Kind.LOAD, metered, load),
        (Kind.DAILY, shown, days),
        (Kind.MONTHLY, shown, months),
    )
    asked = ((kind, names, tuple(row for row in made if since < row.end <= until)) for kind, names, made in found)
    return tuple(Readings(kind, tuple(names), made) for kind, names, made in asked if names and made)


def _without_falls(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    """Runs of samples in which no register falls."""
    run: list[Sample] = []
    for sample in samples:
        if run and _falls(run[-1].registers, sample.registers):
            yield run
            run = []
        run.append(sample)
    if run:
        yield run


def _falls(before: Registers, after: Registers) -> bool:
    pairs = ((value, after.get(name)) for name, value in before.items())
    return any(old is not None and new is not None and new < old for old, new in pairs)


def _known(run: Sequence[Sample], step: int, period: int, shift: int) -> list[tuple[int, Registers]]:
    """The known boundaries of a run, one each `step` seconds of local time, and the registers there."""
    found: dict[int, Registers] = {}
    for sample in run:
        nearest = round((sample.time + shift) / step) * step - shift
        if abs(sample.time - nearest) <= AT:
            found.setdefault(nearest, sample.registers)
    for before, after in pairwise(run):
        if after.time - before.time <= GAP * period:
            for moment in _between(before.time, after.time, step, shift):
                found.setdefault(moment, _interpolated(before, after, moment))
    return sorted(found.items(), key=lambda item: item[0])


def _between(start: float, end: float, step: int, shift: int) -> Iterable[int]:
    first, last = ceil((start + shift) / step), floor((end + shift) / step)
    return (number * step - shift for number in range(first, last + 1))


def _interpolated(before: Sample, after: Sample, moment: int) -> Registers:
    share = (moment - before.time) / (after.time - before.time) if after.time > before.time else 0.0
    found: Registers = {}
    for name, old in before.registers.items():
        new = after.registers.get(name)
        found[name] = None if old is None or new is None else old + round((new - old) * share)
    return found


def _load(known: Sequence[tuple[int, Registers]], metered: Sequence[str], period: int) -> Iterator[Row]:
    for (start, old), (end, new) in pairwise(known):
        span = end - start
        if span <= LONGEST:
            quality = Quality.COMPUTED | (Quality.CATCH_UP if span > period else 0)
            yield Row(end, span, int(quality), tuple(_difference(old, new, register(name, 0)) for name in metered))


def _difference(old: Registers, new: Registers, name: str) -> int | None:
    before, after = old.get(name), new.get(name)
    return None if before is None or after is None else after - before
