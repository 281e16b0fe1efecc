"""THE table of checks: what each is called, how grave it is, its limits, and what they are until a company sets others.

A check is run whenever something of the day came, or each night, where it is slow or speaks of the meter as it is now
(`When`). A limit of None: the check is off for that kind of point.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from central.metering.checks import journal, network, profile, registers, standing
from central.metering.checks.evidence import Evidence, Finding
from central.metering.checks.profile import Limits


class Severity(StrEnum):
    NOTE = "note"  # explains other things; nothing to do
    WARNING = "warning"  # to be looked at
    ALARM = "alarm"  # a figure is wrong, or will be


class PointKind(StrEnum):
    """What a point is, for the limits: a flat and a factory use otherwise."""

    HOUSEHOLD = "household"
    COMPANY = "company"
    COMMON = "common"  # of a whole house
    TECHNICAL = "technical"  # of the grid itself
    GENERATION = "generation"


class When(IntEnum):
    """When a check is run; whoever runs some runs those before them too."""

    ALWAYS = 0  # whenever a day is computed
    SLOW = 1  # it looks into days before or into instantaneous values: each night
    NOW = 2  # it judges the meter as its concentrator sees it now: each night, of the last day alone


class Doubts(StrEnum):
    """What a check doubts, and so what may be decided about it: decisions.py."""

    VALUES = "values"  # of places: to be set aside, or others put in their place
    GAPS = "gaps"  # nothing stands in places: something may be put there
    NOTHING = "nothing"  # of what stands there: it is mended elsewhere


@dataclass(frozen=True, slots=True)
class Check:
    """`again`: it helps to ask the meter again."""

    run: Callable[[Evidence, Limits], Iterator[Finding]]
    severity: Severity
    limits: Mapping[str, int] = field(default_factory=dict)
    doubts: Doubts = Doubts.NOTHING
    again: bool = False
    when: When = When.ALWAYS
    kinds: Mapping[PointKind, Mapping[str, int] | None] = field(default_factory=dict)  # where they differ; None = off

    @property
    def name(self) -> str:
        return self.run.__name__

    def usual(self, kind: PointKind) -> Mapping[str, int] | None:
        """Its limits for this kind of point; None = off."""
        own = self.kinds.get(kind, {})
        return None if own is None else {**self.limits, **own}


_HOUSEHOLD, _COMPANY, _COMMON = PointKind.HOUSEHOLD, PointKind.COMPANY, PointKind.COMMON
_TECHNICAL, _GENERATION = PointKind.TECHNICAL, PointKind.GENERATION
BOUNDS: Mapping[str, tuple[int, int]] = {  # of a limit: the least and the greatest that make sense
    "places": (1, 1_000),
    "rows": (1, 1_000),
    "days": (1, 366),
    "longest": (1, 45),  # registers are not looked for farther
    "times": (2, 10_000),
}
ANY = (0, 1_000_000_000)
NOTE, WARNING, ALARM = Severity
VALUES, GAPS = Doubts.VALUES, Doubts.GAPS
SLOW, NOW = When.SLOW, When.NOW

_LARGE = {"wh": 20_000}
_LARGE_EVERYWHERE = {_COMPANY: _LARGE, _COMMON: _LARGE, _TECHNICAL: _LARGE, _GENERATION: _LARGE}
_FROZEN = {_COMPANY: {"places": 6}, _COMMON: {"places": 6}}
_RETURN: Mapping[PointKind, Mapping[str, int] | None] = {_COMPANY: {"days": 10}, _GENERATION: None}
CHECKS: Mapping[str, Check] = {
    one.name: one
    for one in (
        Check(standing.meter_differs, ALARM, when=NOW),
        Check(profile.duplicate_stamp, ALARM, doubts=VALUES, again=True),
        Check(registers.duplicate_register, ALARM, again=True),
        Check(registers.register_fell, ALARM, again=True),
        Check(profile.over_power, ALARM, doubts=VALUES, again=True),
        Check(journal.use_while_off, ALARM, {"wh": 10}, doubts=VALUES),
        Check(journal.tampered, ALARM),
        Check(profile.future_stamp, ALARM, {"seconds": 300}),
        Check(registers.intervals_to_register, WARNING, {"per_mille": 1}, doubts=VALUES, again=True),
        Check(registers.zones_to_total, WARNING, again=True),
        Check(profile.missing_interval, WARNING, {"places": 1}, doubts=GAPS, again=True),
        Check(profile.channel_missing, WARNING, doubts=GAPS, again=True),
        Check(profile.period_changed, WARNING, {"rows": 3}),
        Check(standing.clock_stands, ALARM, when=NOW),
        Check(standing.clock_drift, WARNING, {"seconds": 30}, when=NOW, kinds={_COMPANY: {"seconds": 5}}),
        Check(journal.clock_doubtful, WARNING, {"rows": 1}, doubts=VALUES),
        Check(journal.ratio_set, WARNING),
        Check(journal.meter_failed, WARNING),
        Check(standing.ratio_differs, WARNING, when=SLOW),
        Check(
            profile.over_median,
            WARNING,
            {"times": 10, "days": 4, "wh": 2_000},
            doubts=VALUES,
            when=SLOW,
            kinds=_LARGE_EVERYWHERE,
        ),
        Check(profile.over_third, WARNING, {"times": 10, "wh": 3_000}, doubts=VALUES, kinds=_LARGE_EVERYWHERE),
        Check(profile.frozen, WARNING, {"places": 12}, doubts=VALUES, kinds=_FROZEN),
        Check(profile.zero_then_return, WARNING, {"days": 30}, doubts=VALUES, when=SLOW, kinds=_RETURN),
        Check(network.over_voltage, WARNING, {"volts": 253}, when=SLOW),
        Check(network.over_current, WARNING, {"amperes": 100}, when=SLOW),
        Check(network.phase_lost, WARNING, {"volts": 160}, when=SLOW),
        Check(profile.reverse_flow, WARNING, {"wh": 100}, doubts=VALUES, kinds={_GENERATION: None, _TECHNICAL: None}),
        Check(standing.use_without_contract, WARNING, {"wh": 10}, doubts=VALUES, kinds={_TECHNICAL: None}),
        Check(standing.long_estimate, WARNING, {"days": 7, "longest": 31}, when=SLOW),
        Check(journal.clock_set, NOTE, doubts=VALUES),
        Check(journal.meter_restarted, NOTE),
        Check(profile.power_off, NOTE, {"places": 1}),
    )
}

LONGEST = "long_estimate", "longest"  # check and limit: beyond so many days between two registers nothing is estimated
Settings = Mapping[str, Mapping[str, int] | None]  # check -> its limits; None = off


def usual(kind: PointKind) -> Settings:
    """What holds until a company sets something else."""
    return {name: one.usual(kind) for name, one in CHECKS.items()}


def found(evidence: Evidence, settings: Settings, upto: When) -> tuple[Finding, ...]:
    """What the checks find, those that are on, up to these."""
    return tuple(
        finding
        for name, one in CHECKS.items()
        if (limits := settings[name]) is not None and one.when <= upto
        for finding in one.run(evidence, limits)
    )


def severity_of(finding: Finding) -> Severity:
    """A check may find out itself that it is graver than usual."""
    return Severity.ALARM if finding.trace.get("grave") else CHECKS[finding.check].severity
