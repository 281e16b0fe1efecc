"""Checks of a meter's journals and its clock (codes: ГОСТ Р 58940-2020, app. Д; from 19 on СТО 34.01-5.1-006-2021)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from central.metering.checks.evidence import Evidence, Finding
from central.metering.checks.profile import ACTIVE_IMPORT, MWH_PER_WH, Limits
from central.metering.decree import Case, happened
from protocol.reading import Quality

VOLTAGES, CURRENTS, SWITCHING, CORRECTIONS = 0, 1, 2, 3  # journals
CLOCK_SET = frozenset({3, 63, 68})
RATIO_SET = frozenset({16, 17})
RELAY_OFF = frozenset({3, 6, 8, 9, 10, 11, 13, 14, 15, 18, 19, 25, 28})
RELAY_ON = frozenset({4, 7, 12, 20, 21, 22, 23, 24, 26, 27})


def clock_set(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """The clock was set inside an interval: it is longer or shorter than it says."""
    for event in evidence.events:
        if event.journal != CORRECTIONS or event.code not in CLOCK_SET:
            continue
        inside = [slot for slot in evidence.slots.get(ACTIVE_IMPORT, ()) if slot.start < event.time < slot.end]
        for slot in inside:
            trace = {"time": event.time, "journal": event.journal, "code": event.code}
            yield Finding("clock_set", "", slot.start, slot.end, trace)


def clock_doubtful(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """At least so many `rows` stamped by a clock that the meter or the concentrator itself did not believe."""
    doubtful = [row for row in evidence.rows if row.quality & (Quality.METER_CLOCK | Quality.EDGE_CLOCK)]
    if doubtful and len(doubtful) >= limits["rows"]:
        meters = sum(1 for row in doubtful if row.quality & Quality.METER_CLOCK)
        trace = {"rows": len(doubtful), "meter": meters, "limit": limits["rows"]}
        yield Finding("clock_doubtful", "", doubtful[0].end, doubtful[-1].end, trace)


def ratio_set(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """Somebody set the transformer ratio in the meter: the registry may say another one."""
    for event in evidence.events:
        if event.journal == CORRECTIONS and event.code in RATIO_SET:
            trace = {"time": event.time, "journal": event.journal, "code": event.code}
            yield Finding("ratio_set", "", event.time, event.time, trace)


def tampered(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """A seal was broken, or a magnet was near."""
    return _cases(evidence, "tampered", (Case.OPENED, Case.MAGNET))


def meter_failed(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """The meter found a fault in itself."""
    return _cases(evidence, "meter_failed", (Case.FAILURE,))


def meter_restarted(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """The meter was without power, or started anew for no reason that it tells."""
    return _cases(evidence, "meter_restarted", (Case.SWITCHED_OFF, Case.RESTARTED))


def _cases(evidence: Evidence, check: str, wanted: Collection[Case]) -> Iterator[Finding]:
    """That began in this day, up to their end or that of the day."""
    for one in happened(evidence.events):
        if one.case in wanted:
            trace = {"time": one.since, "journal": one.journal, "code": one.code}
            yield Finding(check, "", one.since, evidence.until if one.until is None else one.until, trace)


@dataclass(frozen=True, slots=True)
class _Off:
    """The relay was open, [start, end)."""

    start: int
    end: int


def use_while_off(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """More than `wh` in places through which the relay was open."""
    spans = _open(evidence)
    slots = [
        slot
        for slot in evidence.slots.get(ACTIVE_IMPORT, ())
        if slot.energy and any(off.start <= slot.start and slot.end <= off.end for off in spans)
    ]
    energy = sum(slot.energy or 0 for slot in slots)
    if energy > limits["wh"] * MWH_PER_WH:
        trace = {"energy": energy, "places": len(slots), "limit": limits["wh"]}
        yield Finding("use_while_off", ACTIVE_IMPORT, slots[0].start, slots[-1].end, trace)


def _open(evidence: Evidence) -> list[_Off]:
    found: list[_Off] = []
    begun = None if evidence.closed_before else evidence.since
    for event in evidence.events:
        if event.journal != SWITCHING:
            continue
        if event.code in RELAY_OFF and begun is None:
            begun = event.time
        elif event.code in RELAY_ON and begun is not None:
            found.append(_Off(begun, event.time))
            begun = None
    return [*found, _Off(begun, evidence.until)] if begun is not None else found
