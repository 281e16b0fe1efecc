"""Gaps closed by registers: what a register counted between two readings, less what is known of that time, is spread
over the places that are missing there. The sum is exact; only its course within the gap is an estimate.

All gaps between two readings are one. Up to two hours it is spread evenly, else by the shape of similar days
(metering.md «Estimation», «Gaps»).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from central.metering.consumption import RegisterTerm
from central.metering.rounding import shares
from central.metering.slots import Closing, Slot
from central.metering.terms import ACT, State


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an estimate goes."""

    short: int = 2 * 3600  # seconds of gaps that are spread evenly
    similar: int = 4  # complete days that give the shape
    longest: int = 31 * 86_400  # seconds between two readings: beyond it nothing is estimated


USUAL = Limits()
SIMILAR = USUAL.similar

Shape = Callable[[Sequence[Slot]], Sequence[int]]  # missing places -> their weights


@dataclass(frozen=True, slots=True)
class Closer:
    """One register between the two readings, and the zones that it counts; no zones = all of them."""

    tariff: int
    zones: frozenset[str]
    term: RegisterTerm

    def counts(self, slot: Slot) -> bool:
        return not self.zones or slot.zone in self.zones


def close_gaps(
    slots: Sequence[Slot],
    tariffs: Sequence[Closer],
    total: Closer | None,
    shape: Shape,
    limits: Limits = USUAL,
) -> tuple[Slot, ...]:
    """The places between two readings, the missing ones estimated by each tariff's register, or, where those do not
    agree with the calendar's zones, by the total one. What cannot be closed stays missing."""
    missing = [slot for slot in slots if slot.state is State.MISSING]
    if not missing or any(slot.state is State.NOT_DUE for slot in slots):
        return tuple(slots)
    for closers in (tariffs, [total] if total is not None else []):
        found = _closed(slots, closers, shape, limits)
        if found is not None and all(slot.start in found for slot in missing):
            return tuple(found.get(slot.start, slot) for slot in slots)
    return tuple(slots)


def _closed(
    slots: Sequence[Slot], closers: Iterable[Closer], shape: Shape, limits: Limits
) -> Mapping[int, Slot] | None:
    """Beginning of a missing place -> the place estimated; None when a rest is too small to be true."""
    found: dict[int, Slot] = {}
    for closer in closers:
        group = [slot for slot in slots if closer.counts(slot)]
        missing = [slot for slot in group if slot.state is State.MISSING]
        if closer.term.energy is None or any(slot.state is State.SUSPECT for slot in group):
            return None  # what the suspect place really used would be given to the gap
        known = sum(slot.energy or 0 for slot in group)
        rest, segment = closer.term.energy - known, closer.term.segment
        last_digits = 2 * segment.resolution * segment.k
        if rest <= -last_digits or (not missing and rest >= last_digits):
            return None  # with nothing missing: the meter's zones are not the calendar's
        weights = _weights(missing, shape, limits.short)
        for number, energy in enumerate(shares(max(rest, 0), weights)):
            closing = Closing(closer.term, closer.tariff, known, weights, number)
            slot = missing[number]
            state = State.COMPUTED if len(missing) == 1 and _cut(slot, closer.term) else State.ESTIMATED
            found[slot.start] = replace(slot, state=state, energy=energy, closing=closing)
    return found


def _cut(slot: Slot, term: RegisterTerm) -> bool:
    """Whether a place begins or ends with an act: alone, all that is left is its own, and no guess."""
    begins = slot.start == term.start.moment and term.start.kind == ACT
    return begins or (slot.end == term.end.moment and term.end.kind == ACT)


def _weights(missing: Sequence[Slot], shape: Shape, short: int) -> tuple[int, ...]:
    lengths = tuple(slot.end - slot.start for slot in missing)
    if sum(lengths) <= short:
        return lengths
    weights = tuple(max(weight, 0) for weight in shape(missing))
    return weights if sum(weights) else lengths


def shape_of(days: Sequence[Sequence[Slot]], begin: Callable[[Slot], int]) -> Callable[[Slot], int]:
    """Of similar days: place -> the sum of what those days used at its time of day; `begin`: seconds since midnight."""
    sums: dict[int, int] = {}
    for day in days:
        for slot in day:
            since = begin(slot)
            sums[since] = sums.get(since, 0) + (slot.energy or 0)
    return lambda slot: sums.get(begin(slot), 0)
