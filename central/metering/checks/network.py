"""Checks of voltages and currents: by the meter's journal, and by what the concentrator read of the day."""

from collections.abc import Iterator

from central.metering.checks.evidence import Evidence, Finding, Trace
from central.metering.checks.journal import CURRENTS, VOLTAGES
from central.metering.checks.profile import Limits

PHASES = ("a", "b", "c")
OVER_VOLTAGE = frozenset({7, 13, 15, 17})
OVER_CURRENT = frozenset({17, 25, 27, 29})
PHASE_LOST = {(VOLTAGES, 1): "a", (VOLTAGES, 3): "b", (VOLTAGES, 5): "c"} | {
    (CURRENTS, 7): "a",
    (CURRENTS, 9): "b",
    (CURRENTS, 11): "c",
}


def over_voltage(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """A phase above so many `volts`, or the meter's own word for it."""
    yield from _over(evidence, "over_voltage", VOLTAGES, OVER_VOLTAGE, "u", limits["volts"])


def over_current(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """A phase above so many `amperes` at the meter, or the meter's own word for it."""
    yield from _over(evidence, "over_current", CURRENTS, OVER_CURRENT, "i", limits["amperes"])


def phase_lost(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """A phase below so many `volts` while another stands, or lost by the meter's journal. A meter in the middle of a
    three-wire line has no phase B."""
    phases = [phase for phase in PHASES if phase != "b" or not evidence.three_wires]
    for event in evidence.events:
        phase = PHASE_LOST.get((event.journal, event.code))
        if phase in phases:
            told = {"time": event.time, "journal": event.journal, "code": event.code}
            yield Finding("phase_lost", "", event.time, event.time, {"phase": phase, **told})
    least = {phase: found[0] for phase in phases if (found := evidence.network().get(f"u_{phase}"))}
    for phase, volts in least.items():
        if len(least) > 1 and volts < limits["volts"] <= max(least.values()):
            trace: Trace = {"phase": phase, "volts": round(volts), "limit": limits["volts"]}
            yield Finding("phase_lost", "", evidence.since, evidence.until, trace)


def _over(
    evidence: Evidence, check: str, journal: int, codes: frozenset[int], stem: str, limit: int
) -> Iterator[Finding]:
    told = [event for event in evidence.events if event.journal == journal and event.code in codes]
    if told:
        events = {"events": len(told), "time": told[0].time, "journal": journal, "code": told[0].code}
        yield Finding(check, "", told[0].time, told[-1].time, events)
        return
    for phase in PHASES:
        _, greatest = evidence.network().get(f"{stem}_{phase}", (0.0, 0.0))
        if greatest > limit:
            trace: Trace = {"phase": phase, "greatest": round(greatest), "limit": limit}
            yield Finding(check, "", evidence.since, evidence.until, trace)
