"""Checks of registers, and of the sums that should agree with them."""

from collections.abc import Iterator
from itertools import pairwise

from central.metering.checks.evidence import Evidence, Finding
from central.metering.checks.profile import Limits, both
from central.metering.consumption import Rule, SumCheck, from_registers


def duplicate_register(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """A register that came twice for one moment, with different values: the first bills until the meter is asked."""
    for one in evidence.twice:
        if one.register:
            yield Finding("duplicate_register", "", one.stamp, one.stamp, both(one))


def register_fell(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """A register below nothing, or below what it was, and no roll-over."""
    for one in evidence.registers:
        for first, last in pairwise(one.readings):
            if last.moment <= evidence.since or first.moment >= evidence.until:
                continue
            fell = from_registers(one.segment, first, last).rule is Rule.SUSPECT
            if fell or last.value < 0:
                trace = {"tariff": one.tariff, "before": first.value, "after": last.value}
                yield Finding("register_fell", one.channel, first.moment, last.moment, trace)


def intervals_to_register(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """The intervals of the day against its register: beyond 2·d·K + N·d_profile·K/2.

    `grave`: the difference is `per_mille` of the register or more. It is never a reason to accept the rest.
    """
    for channel, sums in evidence.sums.items():
        if sums.intervals is not None and not sums.intervals.holds:
            grave = abs(sums.intervals.difference) * 1000 >= limits["per_mille"] * abs(sums.intervals.right)
            trace = {**_trace(sums.intervals), "grave": int(grave), "limit": limits["per_mille"]}
            yield Finding("intervals_to_register", channel, evidence.since, evidence.until, trace)


def zones_to_total(evidence: Evidence, _limits: Limits) -> Iterator[Finding]:
    """The tariff registers of the day against the total one: beyond (Z + 1)·d·K."""
    for channel, sums in evidence.sums.items():
        if sums.zones is not None and not sums.zones.holds:
            yield Finding("zones_to_total", channel, evidence.since, evidence.until, _trace(sums.zones))


def _trace(check: SumCheck) -> dict[str, int]:
    permitted = check.permitted
    return {"left": check.left, "right": check.right, "permitted": -(-permitted.numerator // permitted.denominator)}
