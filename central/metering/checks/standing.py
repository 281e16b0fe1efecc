"""Checks of what stands at a point: its meter, its ratio, its contract, and for how long it has been estimated."""

from collections.abc import Iterator
from itertools import takewhile

from central.metering.checks.evidence import Evidence, Finding
from central.metering.checks.profile import ACTIVE_IMPORT, MWH_PER_WH, Limits


def meter_differs(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """Another number answers than the one that stands there by the registry."""
    if evidence.other_meter is not None:
        found, expected = evidence.other_meter
        trace = {"found": found, "expected": expected}
        yield Finding("meter_differs", "", evidence.since, evidence.until, trace)


def clock_drift(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """The meter's clock is off by more than so many `seconds`, either way."""
    if evidence.ahead is not None and abs(evidence.ahead) > limits["seconds"]:
        trace = {"ahead": round(evidence.ahead), "limit": limits["seconds"]}
        yield Finding("clock_drift", "", evidence.since, evidence.until, trace)


def clock_stands(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """The meter answered with the same time twice: its clock stands, or what it answers is old."""
    if evidence.clock_stands:
        yield Finding("clock_stands", "", evidence.since, evidence.until, {})


def ratio_differs(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """Ki·Ku of the mounting is not what the transformers at the point come to."""
    if evidence.ratios is not None:
        mounted, transformers = evidence.ratios
        trace = {"mounted": mounted, "transformers": transformers}
        yield Finding("ratio_differs", "", evidence.since, evidence.until, trace)


def use_without_contract(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """More than `wh` used while no contract stood."""
    slots = [
        slot
        for slot in evidence.slots.get(ACTIVE_IMPORT, ())
        if slot.energy
        and not any(since < slot.end and (until is None or slot.start < until) for since, until in evidence.contracts)
    ]
    energy = sum(slot.energy or 0 for slot in slots)
    if energy > limits["wh"] * MWH_PER_WH:
        trace = {"energy": energy, "limit": limits["wh"]}
        yield Finding("use_without_contract", ACTIVE_IMPORT, slots[0].start, slots[-1].end, trace)


def long_estimate(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """At least so many `days` one after the other with estimated places, this one the last."""
    if not evidence.estimated:
        return
    before = evidence.before(limits["days"])
    days = 1 + sum(1 for _ in takewhile(lambda day: day.estimated > 0, before))
    if days >= limits["days"]:
        yield Finding("long_estimate", "", evidence.since, evidence.until, {"days": days, "limit": limits["days"]})
