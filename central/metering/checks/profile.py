"""Checks of the places of a profile."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from statistics import median_low

from central.metering.checks.evidence import Evidence, Finding, Trace, Twice
from central.metering.slots import NO_MAXIMUM, Slot
from central.metering.terms import State
from protocol.quantities import DIRECTIONS
from protocol.reading import Quality

Limits = Mapping[str, int]
MWH_PER_WH = 1000
ACTIVE_IMPORT, ACTIVE_EXPORT = DIRECTIONS[0][0], DIRECTIONS[1][0]
MEASURED = (State.MEASURED, State.ZERO)


def missing_interval(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """Places that are due and empty, no outage explaining them; at least so many `places`. What active import lacks too
    is told once, of it."""
    known: set[int] = set()
    for channel, slots in evidence.slots.items():
        missing = [slot for slot in slots if slot.state is State.MISSING and slot.start not in known]
        if channel == ACTIVE_IMPORT:
            known = {slot.start for slot in missing}
        if missing and len(missing) >= limits["places"]:
            trace = {"missing": len(missing), "of": len(slots), "limit": limits["places"]}
            yield Finding("missing_interval", channel, missing[0].start, missing[-1].end, trace)


def channel_missing(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """Rows without a channel that other rows of the day have."""
    known = frozenset().union(*(row.fields for row in evidence.rows))
    for name, _, field, _ in DIRECTIONS:
        without = [row for row in evidence.rows if field not in row.fields]
        if field in known and without:
            trace: Trace = {"rows": len(evidence.rows), "without": len(without), "field": field}
            begun = without[0].end - (without[0].span or 1)
            yield Finding("channel_missing", name, begun, without[-1].end, trace)


def duplicate_stamp(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """An interval that came twice, with different values: the first stays until somebody decides."""
    for one in evidence.twice:
        if one.register:
            continue
        places = evidence.slots.get(ACTIVE_IMPORT, ())
        since, until = next(
            ((slot.start, slot.end) for slot in places if slot.start < one.stamp <= slot.end), (one.stamp, one.stamp)
        )
        yield Finding("duplicate_stamp", "", since, until, both(one))


def both(twice: Twice) -> Trace:
    """`kept_ap`, `came_ap` …: the two values of each field."""
    fields = sorted(twice.kept.keys() | twice.came.keys())
    return {
        f"{which}_{field}": values[field]
        for which, values in (("kept", twice.kept), ("came", twice.came))
        for field in fields
        if field in values
    }


def future_stamp(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """A row stamped later than now by more than so many `seconds`."""
    late = [row.end for row in evidence.rows if row.end > evidence.now + limits["seconds"]]
    if late:
        trace = {"rows": len(late), "ahead": max(late) - evidence.now, "limit": limits["seconds"]}
        yield Finding("future_stamp", "", min(late), max(late), trace)


def period_changed(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """At least so many `rows` that ran whole, and not as long as the period in the registry."""
    periods = {segment.meter: segment.period for segment in evidence.segments}
    others = [
        row
        for row in evidence.rows
        if row.span and not row.quality & NO_MAXIMUM and row.span != periods.get(row.meter, row.span)
    ]
    if len(others) >= limits["rows"]:
        trace = {"rows": len(others), "span": others[0].span, "period": periods[others[0].meter]}
        yield Finding("period_changed", "", others[0].end, others[-1].end, trace | {"limit": limits["rows"]})


def over_power(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """More than the permitted power of the point can use in that time, or less than nothing: such a place is suspect,
    and out of every sum."""
    for channel, slots in evidence.slots.items():
        for slot in slots:
            if slot.state is State.SUSPECT and slot.energy is not None:
                power = slot.parts[0].segment.permitted(slot.start, slot.end) if slot.parts else None
                trace = {"energy": slot.energy, "seconds": slot.end - slot.start}
                yield Finding(
                    "over_power", channel, slot.start, slot.end, trace | ({"power_max": power} if power else {})
                )


def over_median(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """A place of more than so many `times` the median of that time of day on days like this one, and of `wh`."""
    for channel in (ACTIVE_IMPORT, ACTIVE_EXPORT):
        large = [slot for slot in _measured(evidence, channel) if _energy(slot) > limits["wh"] * MWH_PER_WH]
        days = evidence.like(channel) if large else ()
        if len(days) < limits["days"]:
            continue
        at = _by_time(days)
        for slot in large:
            usual = at.get(slot.start - evidence.since)
            if usual is not None and _energy(slot) > limits["times"] * max(usual, 1):
                trace = {"energy": _energy(slot), "median": usual, "days": len(days), "limit": limits["times"]}
                yield Finding("over_median", channel, slot.start, slot.end, trace)


def _by_time(days: Iterable[Sequence[Slot]]) -> Mapping[int, int]:
    """Seconds since the beginning of the day -> the median of these days."""
    found: dict[int, list[int]] = {}
    for day in days:
        for slot in day:
            found.setdefault(slot.start - day[0].start, []).append(_energy(slot))
    return {begin: median_low(energies) for begin, energies in found.items()}


def over_third(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """The highest place of the day against the third highest: more than so many `times`, and than `wh`."""
    for channel in (ACTIVE_IMPORT, ACTIVE_EXPORT):
        ordered = sorted(_measured(evidence, channel), key=_energy, reverse=True)
        if len(ordered) < 3:
            continue
        top, third = ordered[0], ordered[2]
        if _energy(top) > limits["wh"] * MWH_PER_WH and _energy(top) > limits["times"] * _energy(third):
            trace = {"energy": _energy(top), "third": _energy(third), "limit": limits["times"]}
            yield Finding("over_third", channel, top.start, top.end, trace)


def frozen(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """The same value that is not zero in at least so many `places` one after the other; reactive energy may well be."""
    for channel in (ACTIVE_IMPORT, ACTIVE_EXPORT):
        slots = evidence.slots.get(channel, ())
        for (state, energy), run in groupby(slots, key=lambda slot: (slot.state, slot.energy)):
            same = list(run)
            if state is State.MEASURED and len(same) >= max(limits["places"], 3):
                trace = {"energy": energy or 0, "places": len(same), "limit": limits["places"]}
                yield Finding("frozen", channel, same[0].start, same[-1].end, trace)


def zero_then_return(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """Something is used again after at least so many `days` of nothing."""
    used = [slot for slot in _measured(evidence, ACTIVE_IMPORT) if slot.energy]
    if not used:
        return
    before = evidence.before(limits["days"])
    if len(before) == limits["days"] and all(day.total == 0 for day in before):
        trace = {"energy": sum(_energy(slot) for slot in used), "days": len(before), "limit": limits["days"]}
        yield Finding("zero_then_return", ACTIVE_IMPORT, used[0].start, used[-1].end, trace)


def power_off(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """At least so many `places` without power, or that the meter itself marks so."""
    slots = evidence.slots.get(ACTIVE_IMPORT, ())
    off = [slot for slot in slots if slot.state is State.POWER_OFF or slot.quality & Quality.POWER_OFF]
    if off and len(off) >= limits["places"]:
        trace = {"places": len(off), "limit": limits["places"]}
        yield Finding("power_off", "", off[0].start, off[-1].end, trace)


def reverse_flow(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """More than `wh` given back in a day, where nothing generates."""
    back = [slot for slot in _measured(evidence, ACTIVE_EXPORT) if slot.energy]
    energy = sum(_energy(slot) for slot in back)
    if energy > limits["wh"] * MWH_PER_WH:
        trace = {"energy": energy, "limit": limits["wh"]}
        yield Finding("reverse_flow", ACTIVE_EXPORT, back[0].start, back[-1].end, trace)


def _measured(evidence: Evidence, channel: str) -> Iterator[Slot]:
    return (slot for slot in evidence.slots.get(channel, ()) if slot.state in MEASURED)


def _energy(slot: Slot) -> int:
    return slot.energy or 0
