"""What the pages receive: figures, each with the terms it was made from. Nothing here is text for people.

Energy is integer mWh (mvarh for reactive channels) with K applied, power mW, money Decimal roubles, instants seconds
UTC, days `date` in the point's zone; periods are half-open. None = there is no such figure: never zero. The terms are
the dataclasses of `central.metering`: State, Slot, RegisterTerm, SumCheck, Cost, Completeness, Maximum.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from central.metering.consumption import RegisterTerm, SumCheck
from central.metering.cost import Cost, Portion
from central.metering.decisions import Decided
from central.metering.slots import Completeness, Maximum, Slot
from central.metering.terms import Reading, Segment, State
from central.metering.workings import Working
from central.metering.zones import Calendar


class NotFound(Exception):
    """There is no such object for this viewer: a foreign one and one that does not exist are the same."""


@dataclass(frozen=True, slots=True)
class Period:
    """[since, until), seconds UTC."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class PointView:
    """A metering point as its consumer knows it. `visible` = what of the time asked for this viewer may see."""

    id: int
    code: str
    name: str
    address: str
    path: str  # names of the network from the top, joined by «\\»; "" = none
    tz: str
    scheme: str
    zones: tuple[str, ...]  # in the order of the tariffs: peak night half_peak | day night | all
    zone_source: str  # registers | profile: which of the two bills
    serial: str | None  # of the meter that stands there now
    meter_type: str | None
    period: int | None  # of its load profile, seconds
    visible: Period


class Totals(Struct, frozen=True, gc=False):
    """Energy of a period. `total` = the sum of `zones` = the sum of `states`; suspect energy stands beside it."""

    total: int | None  # None = nothing at all is known
    zones: Mapping[str, int]
    states: Mapping[State, int]
    suspect: int


@dataclass(frozen=True, slots=True)
class IntervalView:
    """Half-hours (or whatever the meter's period is) of one channel.

    `check` = sum of the intervals against the register difference, where registers stand at both ends and nothing is
    missing between; `registers` = that difference, also when something is missing. `segments` = which meter with which
    ratio; the rule of a zone is in `calendar`.
    """

    point: PointView
    channel: str
    asked: Period
    slots: tuple[Slot, ...]
    totals: Totals
    completeness: Completeness
    maximum: Maximum | None
    registers: int | None
    check: SumCheck | None
    calendar: Calendar
    segments: tuple[Segment, ...]


class DayView(Struct, frozen=True, gc=False):
    """One local day of one channel. `version` counts from 1, grows when a published figure changes.

    `whole` = False: the viewer may see a part of this day only (hand-over), or it is not over yet.
    `registers` = register difference of the day, mWh, K applied. `cost` at the prices of that day, by the profile; of
    monthly ranges those that the days of the month before it had left.
    `made_at`, `cause`: of this version; None when the day was computed for this view alone. `energies`: zone -> state
    -> mWh, what the totals are made from.
    """

    day: date
    totals: Totals
    energies: Mapping[str, Mapping[State, int]]
    completeness: Completeness
    max_power: int | None  # mW, of active import, over a whole measured interval
    max_at: int | None  # end of that interval
    registers: int | None
    cost: Cost | None
    whole: bool
    version: int | None
    made_at: int | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class DaysView:
    """Days [first, until) of one channel; days that have not begun, or that the viewer may not see, are not in it.

    `before`: where prices have monthly ranges, the days of the month before the first one, which fill them.
    """

    point: PointView
    channel: str
    first: date
    until: date
    days: tuple[DayView, ...]
    totals: Totals
    completeness: Completeness
    cost: Cost | None  # active import only, of energy
    before: tuple[DayView, ...]


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """What a person decided about values, and when it was taken back."""

    id: int
    kind: Decided
    at: int
    reason: str
    undone_at: int | None


@dataclass(frozen=True, slots=True)
class DayVersion:
    """A published figure as it once was. `change`: number and kind of the registry's change that was the cause;
    `decision`: that of a person."""

    version: int
    total: int | None
    made_at: int
    cause: str
    author: str
    change: tuple[int, str] | None
    decision: DecisionTold | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """«Уточнено …: за сутки было …, стало …»: two versions of a day, one after the other."""

    day: date
    before: DayVersion
    after: DayVersion


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """One register of the meter over the period: `tariff` 0 = the total register, with zone None.

    `terms`: one a segment (meter, ratio), each with start, end, difference, K, rule. `energy` None = one of them is
    suspect or a reading is lacking.
    """

    zone: str | None
    tariff: int
    terms: tuple[RegisterTerm, ...]
    energy: int | None


@dataclass(frozen=True, slots=True)
class DirectionReadings:
    """All registers of one direction. `check` = zones against the total register."""

    channel: str
    total: ZoneReading | None
    zones: tuple[ZoneReading, ...]
    check: SumCheck | None


@dataclass(frozen=True, slots=True)
class BilledPart:
    """A portion of a bill by registers, and what its energy is made of: the sum of these readings' energies.

    `spans`: nothing was read at some day inside the period, so that sum is divided by the lengths of these runs of
    days, in order; the portion is the `number`th of them.
    """

    portion: Portion
    readings: tuple[ZoneReading, ...]
    spans: tuple[int, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class ReadingsView:
    """Readings at the start and the end of a period, consumption, and what it costs.

    `taken` = from which to which moment the readings really are (the snapshot nearest to each boundary): when it
    differs from `asked`, say so. `totals` and `cost` are active import, made from the registers' zones or, when the
    point bills by its profile (or a reading of some zone is lacking), from the profile; `billed_by` says which.
    `zones` and `parts`: zone -> the readings that its energy is the sum of, and what the lines of the bill are made
    of; both empty where the profile bills: then `days` are what all is made from. `before`, or, where no reading tells,
    `days_before`: what filled the monthly ranges of prices in the month before the period.
    """

    point: PointView
    asked: Period
    taken: Period | None
    directions: tuple[DirectionReadings, ...]
    billed_by: str  # registers | profile
    totals: Totals | None
    cost: Cost | None
    provisional: bool  # the period is not over, or its end is not published yet
    calendar: Calendar
    zones: Mapping[str, tuple[ZoneReading, ...]]
    parts: tuple[BilledPart, ...]
    before: tuple[BilledPart, ...]
    days_before: tuple[DayView, ...]
    days: DaysView | None


class Hindrance(StrEnum):
    """Why a month is not closed with all the others."""

    NOT_OVER = "not_over"  # its last day is not published
    WAITING = "waiting"  # days of it are being computed
    UNPRICED = "unpriced"
    NOTHING = "nothing"  # there is no figure at all
    BOUNDARY = "boundary"  # the readings are far from its ends
    INCOMPLETE = "incomplete"  # the profile bills, and lacks too much
    SUSPECT = "suspect"  # energy that cannot be, or a register that fell


@dataclass(frozen=True, slots=True)
class Hindered:
    """`days` that it is about, where it is about some."""

    what: Hindrance
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class ClosedStep:
    """[lower, upper) mWh of a month; None = all above."""

    lower: int
    upper: int | None


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """A line of a bill as it was kept. `rate`: roubles per kWh; None = it is no price of energy. `zone` None: of energy
    by the hour, or, where there is a `name`, of what is paid each month. `step`: the range of monthly consumption.
    """

    zone: str | None
    first: date | None
    until: date | None
    energy: int
    rate: Decimal | None
    amount: Decimal
    by_days: bool
    name: str | None = None
    step: ClosedStep | None = None


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """What was charged for one thing, and what is; None = not at all."""

    before: ClosedLine | None
    after: ClosedLine | None

    @property
    def told(self) -> ClosedLine:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def energy(self) -> int:
        return (self.after.energy if self.after else 0) - (self.before.energy if self.before else 0)

    @property
    def amount(self) -> Decimal:
        nothing = Decimal("0.00")
        return (self.after.amount if self.after else nothing) - (self.before.amount if self.before else nothing)


@dataclass(frozen=True, slots=True)
class Correction:
    """`id`: its number. `month` is corrected, `charged_in` charged. `change`: of the registry, number and kind;
    `decision`: of a person."""

    id: int
    point: int
    code: str
    name: str
    contract: str | None
    holder: str | None
    month: date
    charged_in: date
    made_at: int
    cause: str
    change: tuple[int, str] | None
    decision: DecisionTold | None
    energy: int
    amount: Decimal
    lines: tuple[CorrectionLine, ...]


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A bill as it was closed. `reason`, `hindrances`: why it was, although something was incomplete."""

    id: int
    month: date
    contract: int | None
    number: str | None  # of the contract
    holder: str | None
    spans: tuple[Period, ...]
    scheme: str
    billed_by: str
    energy: int
    total: Decimal
    lines: tuple[ClosedLine, ...]
    energy_working: Working | None
    cost_working: Working | None
    hindrances: tuple[Hindered, ...]
    made_at: int
    author: str
    reason: str | None
    undone_at: int | None
    undone_by: str | None
    undone_reason: str | None
    corrections: tuple[Correction, ...]

    @property
    def energy_now(self) -> int:
        return self.energy + sum(one.energy for one in self.corrections)

    @property
    def total_now(self) -> Decimal:
        return sum((one.amount for one in self.corrections), self.total)


@dataclass(frozen=True, slots=True)
class Settled:
    """Of a point's month: what is closed of it, and what of earlier months is charged in it.

    `whole`: the closing that says all of what the viewer may see of the month.
    """

    closed: tuple[ClosedMonth, ...]
    whole: ClosedMonth | None
    charged: tuple[Correction, ...]

    @property
    def charge(self) -> Decimal:
        return sum((one.amount for one in self.charged), Decimal("0.00"))


RowKey = tuple[str, str, int]  # meter, kind, stamp


@dataclass(frozen=True, slots=True)
class Origin:
    """The message that brought a row, while the inbox keeps it; after that only who was entitled to bring it.

    `store`, `seq`: its place in the concentrator's journal; `made_at`: when it was read; `offset`: minutes by which the
    meter's clock is before UTC.
    """

    edge: str | None
    store: str | None = None
    seq: int | None = None
    received_at: int | None = None
    made_at: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """Who entered a reading by hand: the registry's change, and why."""

    change: int
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    """How the figures of a period came about. `cost` None = there is none; `days`: the period by its profile.

    `closed`: the month was closed, and `energy` and `cost` are those of that time. `intervals`: of a single day by its
    profile. `origins`: of the readings and rows at the leaves. `decisions`: about its places, by number. `noted`: of
    readings by hand, by mounting and moment.
    """

    energy: Working | None
    cost: Working | None
    bill: ReadingsView | None
    days: DaysView | None
    intervals: IntervalView | None
    origins: Mapping[RowKey, Origin]
    revisions: tuple[Revision, ...]
    decisions: Mapping[int, DecisionTold] = field(default_factory=dict)
    noted: Mapping[tuple[int, int], Noted] = field(default_factory=dict)
    closed: ClosedMonth | None = None


@dataclass(frozen=True, slots=True)
class RegisterAt:
    """One register at a moment. `tariff` 0 = the total register, with zone None; a tariff that the terms bill by no
    zone has None too. `working`: the reading that stood exactly then, or another one moved along the profile (rule
    MOVED); None = nothing was fixed, and the profile between is not whole: there is no such reading.
    """

    channel: str
    zone: str | None
    tariff: int
    working: Working | None


@dataclass(frozen=True, slots=True)
class ReadingAt:
    """What the meter showed at a moment; `meters`: of each that stood there then, with its registers: two where one
    took the place of another at that moment, the old one first."""

    point: PointView
    moment: int
    meters: tuple[tuple[Segment, tuple[RegisterAt, ...]], ...]
    origins: Mapping[RowKey, Origin]
    noted: Mapping[tuple[int, int], Noted]


@dataclass(frozen=True, slots=True)
class Between:
    """One register of one meter with one ratio between two boundaries. A reading is of exactly its boundary: fixed then
    (kind daily, monthly, now, act, manual) or reckoned (kind «computed»); None = there is none. `term`: what was used;
    None = a reading is lacking.
    """

    segment: Segment
    tariff: int
    whole: bool  # readings are cut to whole kWh for the difference
    start: int
    end: int
    first: Reading | None
    last: Reading | None
    term: RegisterTerm | None

    @property
    def energy(self) -> int | None:
        return self.term.energy if self.term is not None else None


@dataclass(frozen=True, slots=True)
class RegisterBetween:
    """A zone, or all of them (None: the total register), through the meters that stood there, one after the other.
    `zones`: of the terms, in the order of their tariffs. `energy` None = of one of the meters it is not known.
    """

    zone: str | None
    zones: tuple[str, ...]
    parts: tuple[Between, ...]
    energy: int | None


@dataclass(frozen=True, slots=True)
class ChannelBetween:
    """`days`: what counts instead of the registers, where the point bills by its profile or its meters have no such
    registers; then `registers` is the total one alone, and none where they have not even that."""

    registers: tuple[RegisterBetween, ...]
    days: "DaysView | None" = None

    @property
    def measured(self) -> bool:
        """Whether the meters tell of this direction at all."""
        return bool(self.registers) or (self.days is not None and self.days.totals.total is not None)


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Readings of a point at both ends of a period. `period`: what of `asked` may be seen and is over, by whole days
    where it is not over yet. `replaced`: when another meter took the place of one inside it; `without`: when none stood
    between two. `open`: that time is not over; `due`: what its end is to say must have come. `segments`: those
    whose readings are told. `zones`: of its terms, the last ones first. `by_registers`: they bill, not the profile.
    """

    point: int
    tz: str
    asked: Period
    period: Period
    segments: tuple[Segment, ...]
    types: Mapping[str, str]  # of their meters
    zones: tuple[str, ...]
    channels: Mapping[str, ChannelBetween]
    replaced: tuple[int, ...]
    without: tuple[Period, ...]
    by_registers: bool
    open: bool
    due: bool


@dataclass(frozen=True, slots=True)
class MonthFigure:
    """Active import of [since, until): from registers where the point bills by them, else from the profile. `whole`:
    known of all that time, within a day or one interval of twenty."""

    since: int
    until: int
    totals: Totals
    cost: Cost | None
    billed_by: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of the whole month, mWh: `energy`, its band `least`…`most`, by `zones`. `cost` None = something has no price, or
    has one of the hour. `days`: whole ones that it rests on."""

    energy: int
    least: int
    most: int
    zones: Mapping[str, int]
    cost: Decimal | None
    days: int


@dataclass(frozen=True, slots=True)
class Heard:
    """When the meter last spoke. `silent` = longer than two periods and the hour in which data is due."""

    stamp: int | None  # end of the newest interval, or moment of the newest register
    received_at: int | None
    read_at: int | None  # the concentrator's last success with it
    fault: str | None  # why its last attempt failed
    silent: bool


class Concern(StrEnum):
    """What is wrong at a point, the gravest first."""

    NO_METER = "no_meter"  # it was taken away, or none stood there yet
    SILENT = "silent"  # the meter is not heard
    SUSPECT = "suspect"  # values that cannot be
    MISSING = "missing"  # gaps in this month
    POWER_OFF = "power_off"  # it was without power yesterday
    NO_PRICE = "no_price"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to look at: since when, and how many places it concerns (0 = does not apply)."""

    concern: Concern
    since: int | None
    count: int = 0


class Meanwhile(StrEnum):
    """By what a point is billed while its meter is silent."""

    REGISTERS = "registers"  # by the last that the meter said
    PROFILE = "profile"  # by its intervals, as far as they came
    HANDED_IN = "handed_in"  # by what a person read off it since
    ESTIMATE = "estimate"  # a typical day stands in the gap


@dataclass(frozen=True, slots=True)
class Silence:
    """A meter that is not heard. `since`: its last reading, else when it was mounted; `read_at`: when a person read it
    after that, None = nobody has; `opened`: so long that its readings are taken on any day; `own`: the viewer may hand
    them in."""

    since: int
    days: int
    by: Meanwhile
    read_at: int | None
    opened: bool
    own: bool


@dataclass(frozen=True, slots=True)
class SummaryView:
    """The main page of one point. `previous_same` = the same part of the month before, `previous` = all of it.
    `forecast` None = too little is known; `heard` None = no meter stands there; `silence` None = the meter is heard, or
    there is none."""

    point: PointView
    now: int
    month: MonthFigure
    forecast: Forecast | None
    previous_same: MonthFigure | None
    previous: MonthFigure | None
    yesterday: IntervalView
    yesterday_cost: Cost | None
    heard: Heard | None
    silence: Silence | None
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class MonthBeside:
    """A month of one point beside the one before it and the same a year ago: of each the same days and hours, and all
    of it; None = the viewer may not see it from its beginning."""

    point: PointView
    month: MonthFigure
    forecast: Forecast | None
    previous_same: MonthFigure | None
    previous: MonthFigure | None
    year_same: MonthFigure | None
    year: MonthFigure | None


@dataclass(frozen=True, slots=True)
class PointStatus:
    """A line of the operator's list of points."""

    point: PointView
    contract: str | None
    holder: str | None
    meter: str | None  # <meter> of the topics
    edge: str | None
    heard: Heard
    yesterday: Completeness | None


@dataclass(frozen=True, slots=True)
class EdgeStatus:
    """A line of the operator's list of concentrators. `state`: online | offline | lost | None = not said yet."""

    name: str
    state: str | None
    state_at: int | None
    last_at: int
    waiting: int | None  # rows not acknowledged, by its last health
    oldest: int | None  # of them
    clock: str | None  # trusted | untrusted
    health_at: int | None
    meters: int
    silent_meters: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over all that the company has, as they were at `at`: at most a minute ago."""

    points: int
    silent: int
    at: int


@dataclass(frozen=True, slots=True)
class PointList:
    """One page of the operator's list of points; `found` = how many fit the search."""

    points: tuple[PointStatus, ...]
    found: int
    page: int  # from 1; the last one when less fits
    tally: Tally


@dataclass(frozen=True, slots=True)
class EdgeList:
    """One page of the operator's list of concentrators; `found` = how many there are."""

    edges: tuple[EdgeStatus, ...]
    found: int
    page: int
