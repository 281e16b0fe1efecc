"""Gaps that no register closes: a typical day says what was used, and nobody answers for the sum.

Such places are `estimated_open`: they stand apart in every sum, and bill only when somebody accepts them as manual. The
time between dismounting and mounting is such a gap (metering.md «Gaps»).
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction

from msgspec.structs import replace

from central.metering.estimation import USUAL, Limits
from central.metering.rounding import running
from central.metering.slots import Slot, Typical
from central.metering.terms import State

Similar = Callable[[Slot], Sequence[Sequence[Slot]]]  # a missing place -> complete days of its kind, the last one first


def estimate_open(
    slots: Sequence[Slot], similar: Similar, begin: Callable[[Slot], int], limits: Limits = USUAL
) -> tuple[Slot, ...]:
    """The places of one gap and around it, the missing ones estimated by the mean of similar days at their time.

    `begin`: seconds since the local midnight. A place without a similar day, or of a gap that is too long, stays
    missing.
    """
    gap = [slot for slot in slots if slot.state is State.MISSING]
    if sum(slot.end - slot.start for slot in gap) > limits.longest:
        return tuple(slots)
    days = {slot.start: similar(slot)[: limits.similar] for slot in gap}
    missing = [slot for slot in gap if days[slot.start]]
    used = [tuple(_used(day, slot, begin) for day in days[slot.start]) for slot in missing]
    means = [sum(by_day, Fraction(0)) / len(by_day) for by_day in used]
    found: dict[int, Slot] = {}
    before = Fraction(0)
    for slot, by_day, mean, energy in zip(missing, used, means, running(means), strict=True):
        typical = Typical(by_day, before)
        found[slot.start] = replace(slot, state=State.ESTIMATED_OPEN, energy=energy, typical=typical)
        before += mean
    return tuple(found.get(slot.start, slot) for slot in slots)


def _used(day: Sequence[Slot], slot: Slot, begin: Callable[[Slot], int]) -> Fraction:
    """What a day used from the time of day at which a place begins to that at which it ends: a place that an act cuts
    short, or one of another period, has its part by time."""
    start = begin(slot)
    end = start + slot.end - slot.start
    used = Fraction(0)
    for other in day[max(0, bisect_right(day, start, key=begin) - 1) :]:
        since = begin(other)
        if since >= end:
            break
        seconds = other.end - other.start
        common = max(0, min(end, since + seconds) - max(start, since))
        used += Fraction((other.energy or 0) * common, seconds)
    return used
