"""What a person decided about values: to believe them, to set them aside, or to put others in their place.

The raw value is never overwritten: a decision stands beside it, and is undone by taking it away (metering.md «Quality
checks»).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from msgspec.structs import replace

from central.metering.rounding import half_away, shares
from central.metering.slots import Slot
from central.metering.terms import State


class Decided(StrEnum):
    ACCEPT = "accept"  # a suspect value is true, and counts
    ESTIMATE = "estimate"  # a value is not true: its place is a gap, closed as any other
    SUBSTITUTE = "substitute"  # another value stands in its place
    FILL = "fill"  # a value stands where none came, until one comes
    TYPICAL = "typical"  # the same, as a typical day says
    ASK = "ask"  # the meter is asked again: nothing changes before it answers


FILLING = frozenset({Decided.FILL, Decided.TYPICAL})


@dataclass(frozen=True, slots=True)
class Decision:
    """About the places of a channel ("" = all) that start in [since, until). `energies`: start -> mWh, K applied, up to
    the next start, or as long as the shortest; places that are cut otherwise now share it by their length."""

    id: int
    kind: Decided
    channel: str
    since: int
    until: int
    energies: Mapping[int, int]


def decided(slots: Sequence[Slot], channel: str, decisions: Iterable[Decision]) -> tuple[Slot, ...]:
    """The places as they were decided on, the latest decision last."""
    found = tuple(slots)
    for one in decisions:
        if one.kind is not Decided.ASK and one.channel in ("", channel):
            found = tuple(_decided(slot, one) if one.since <= slot.start < one.until else slot for slot in found)
    return found


def _decided(slot: Slot, one: Decision) -> Slot:
    if one.kind is Decided.ACCEPT:
        if slot.state is not State.SUSPECT:
            return slot
        return replace(slot, state=State.MEASURED if slot.energy else State.ZERO, decision=one.id)
    if one.kind is Decided.ESTIMATE:
        return slot if slot.energy is None else replace(slot, state=State.MISSING, energy=None, decision=one.id)
    fills = one.kind in FILLING
    energy = _put(one, slot) if not fills or slot.state is State.MISSING else None
    if energy is None:
        return slot
    state = State.MANUAL if fills else State.SUBSTITUTED
    return replace(slot, state=state, energy=energy, decision=one.id)


def _put(one: Decision, slot: Slot) -> int | None:
    """What was put into this place; None = nothing was."""
    starts = sorted(one.energies)
    ends = [*starts[1:], one.until]
    shortest = min((end - start for start, end in zip(starts, ends, strict=True)), default=0)
    put = [(start, min(end, start + shortest)) for start, end in zip(starts, ends, strict=True)]
    inside = [(start, end) for start, end in put if start < slot.end and slot.start < end]
    if not inside:
        return None
    return sum(
        _upto(one.energies[start], start, end, slot.end) - _upto(one.energies[start], start, end, slot.start)
        for start, end in inside
    )


def _upto(energy: int, start: int, end: int, moment: int) -> int:
    """What of an energy of [start, end) is used up at a moment, evenly."""
    return half_away(Fraction(energy * (min(max(moment, start), end) - start), end - start))


def spread(energy: int, places: Sequence[tuple[int, int]]) -> dict[int, int]:
    """So much (mWh) over places [start, end), evenly by their length, to the last digit: start -> mWh."""
    lengths = [end - start for start, end in places]
    return {start: share for (start, _), share in zip(places, shares(energy, lengths), strict=True)}
