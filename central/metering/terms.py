"""Words that every figure is told in: states, tenure of a meter at a point, readings."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class State(StrEnum):
    """What a value is, or which of four different nothings stands in its place."""

    MEASURED = "measured"
    COMPUTED = "computed"  # derived by central from measured ones
    ESTIMATED = "estimated"  # closed by a register or by a longer row: its sum is right
    ESTIMATED_OPEN = "estimated_open"  # closed by nothing
    MANUAL = "manual"
    SUBSTITUTED = "substituted"
    SUSPECT = "suspect"  # leaves every sum, stands beside it
    ZERO = "zero"  # measured, and nothing was used
    POWER_OFF = "power_off"
    MISSING = "missing"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Segment:
    """One meter at one point with one ratio, `since` <= time < `until` (seconds UTC; None = still)."""

    mounting: int
    meter: str
    serial: str
    since: int
    until: int | None
    ki: Fraction
    ku: Fraction
    primary: bool  # the meter's values are primary already: K is 1
    period: int  # of the load profile, seconds
    resolution: int  # the last digit of a register, mWh
    register_end: int | None = None  # where a register begins anew, mWh
    power_max: int | None = None  # the point's permitted primary power, W, up to the first of `powers`
    powers: tuple[tuple[int, int | None], ...] = ()  # since when another one is permitted, oldest first
    begun_by_act: bool = False  # an act says where its registers stood at `since`

    @property
    def k(self) -> Fraction:
        """What a value of the meter is multiplied with: Ki·Ku, once, and only where values are secondary."""
        return Fraction(1) if self.primary else self.ki * self.ku

    def permitted(self, start: int, end: int) -> int | None:
        """The greatest power that was permitted in [start, end), W; None = at some time of it nobody knows."""
        if not self.powers:
            return self.power_max
        held = [self.power_max] if not self.powers or start < self.powers[0][0] else []
        for number, (since, power) in enumerate(self.powers, 1):
            if since < end and (number == len(self.powers) or start < self.powers[number][0]):
                held.append(power)
        known = [power for power in held if power is not None]
        return max(known) if len(known) == len(held) else None

    def spans(self, start: int, end: int) -> bool:
        """Whether the meter stood there all of [start, end]."""
        return self.since <= start and (self.until is None or end <= self.until)


ACT = "act"  # kind of a reading that an act says
MANUAL = "manual"  # and of one that a person read


@dataclass(frozen=True, slots=True)
class Reading:
    """A register as the meter showed it: mWh or mvarh before K. `kind`: daily, monthly, now, act or manual."""

    moment: int
    value: int
    kind: str
    quality: int = 0


def possible(energy: int, seconds: int, power_max: int | None) -> bool:
    """Whether a point of this permitted power (W) can use this energy (mWh) in this time; unknown power: yes."""
    return power_max is None or abs(energy) * 3600 <= power_max * 1000 * seconds
