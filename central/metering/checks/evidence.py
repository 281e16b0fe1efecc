"""What the checks of one day see, and what they find."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from central.metering.consumption import SumCheck
from central.metering.slots import Slot
from central.metering.terms import Reading, Segment

Trace: TypeAlias = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the profile as it came: which fields it has, not what they say."""

    meter: str
    end: int
    span: int
    quality: int
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the journal of the meter that stood there then (ГОСТ Р 58940-2020, app. Д)."""

    time: int
    journal: int
    code: int


@dataclass(frozen=True, slots=True)
class Twice:
    """A stamp that came with two values: field -> value of each. `register`: of a register, not of an interval."""

    stamp: int
    register: bool
    kept: Mapping[str, int]
    came: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Register:
    """One register of a tenure, as it was fixed around the day, oldest first; `tariff` 0 = the total."""

    channel: str
    tariff: int
    segment: Segment
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Sums:
    """A channel by its intervals and by its registers between the two midnights, where both are whole."""

    intervals: SumCheck | None
    zones: SumCheck | None


@dataclass(frozen=True, slots=True)
class DayBefore:
    """An earlier day as it was computed: active import, and how many of its places were estimated."""

    total: int | None
    estimated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of one local day [since, until), seconds UTC, as it is known at `now`.

    `slots`: channel -> its places as they were read, nothing estimated, nothing decided; `estimated`: how many places
    of active import are estimated in the figures. `rows` also of later stamps, where the day is today. `closed_before`:
    whether the relay was on as the day began. `contracts`: when one stood. The callables read more, when asked:
    `like(channel)` complete days of the same kind before this one, `before(n)` the n days before it, newest first;
    `network()` field of an instantaneous value -> the least and the greatest of the day.
    """

    since: int
    until: int
    now: int
    segments: Sequence[Segment]
    slots: Mapping[str, Sequence[Slot]]
    estimated: int
    rows: Sequence[Row]
    registers: Sequence[Register]
    sums: Mapping[str, Sums]
    events: Sequence[Event]
    twice: Sequence[Twice]
    closed_before: bool
    contracts: Sequence[tuple[int, int | None]]
    three_wires: bool = False
    ratios: tuple[str, str] | None = None  # Ki·Ku of the mounting, and of the transformers, where they differ
    other_meter: tuple[str, str] | None = None  # number that answers, number that should
    ahead: float | None = None  # seconds by which the meter's clock is ahead, as its concentrator saw last
    clock_stands: bool = False  # it did not advance between two looks of the concentrator
    like: Callable[[str], Sequence[Sequence[Slot]]] = lambda _channel: ()
    before: Callable[[int], Sequence[DayBefore]] = lambda _days: ()
    network: Callable[[], Mapping[str, tuple[float, float]]] = dict


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found in [since, until). `channel` "" = of the point; `trace`: which values, against which limit."""

    check: str
    channel: str
    since: int
    until: int
    trace: Trace
