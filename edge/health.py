"""What the edge knows of its own health: one board that the readers and the pump write to, and the page, `status` and
the health message read from. Times: seconds UTC.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from edge.config import DAY
from edge.journal.journal import Waiting
from edge.journal.rows import Span
from protocol.messages.control import Counted, Health, MeterHealth, Running, with_counts
from protocol.reading import Kind


@dataclass(slots=True)
class MeterState:
    id: str
    line: str
    title: str
    period: int
    serial: str | None = None
    last_success: int | None = None
    fault: str | None = None  # why the last attempt failed
    fault_since: int | None = None
    ahead: float | None = None  # seconds by which its clock is ahead of ours
    clock_stands: bool = False  # it did not advance between two looks at it
    load_mark: int | None = None  # stamp of the last interval read
    gap_days: float = 0.0  # of the past still to be read

    def late(self, now: int) -> bool:
        """It answers, but its last interval is more than three periods old."""
        return self.load_mark is not None and now - self.load_mark > 3 * self.period + 600


@dataclass(slots=True)
class LineState:
    name: str
    url: str
    fault: str | None = None
    since: int | None = None
    visits: Counter[str] = field(default_factory=Counter)  # conversations by outcome, since the start
    busy: float = 0.0  # seconds they took

    def visited(self, outcome: str, seconds: float) -> None:
        self.visits[outcome] += 1
        self.busy += seconds


@dataclass(slots=True)
class Board:
    meters: dict[str, MeterState] = field(default_factory=dict)
    lines: dict[str, LineState] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=lambda: Waiting(0, None, 0, None))
    journal_fault: str | None = None  # why the disk refused the last commit
    notices: list[str] = field(default_factory=list)  # what an engineer must know about this start
    store: str | None = None
    counted: list[Counted] = field(default_factory=list)  # newest first
    dropped: dict[str, int] = field(default_factory=dict)  # what came and was not obeyed: why -> when last
    configuration: Running = field(default_factory=Running)  # what of central's is in force

    def message(self, now: int, trusted: bool, depth: int) -> Health:
        """`depth` = days that the meters keep."""
        health = Health(
            time=_moment(now),
            waiting=self.waiting.rows,
            oldest=None if self.waiting.oldest is None else _moment(self.waiting.oldest),
            days_left=self.waiting.days_left,
            clock="trusted" if trusted else "untrusted",
            meters={
                meter.id: MeterHealth(
                    last_success=None if meter.last_success is None else _moment(meter.last_success),
                    fault=meter.fault,
                    overwritten_from=None if meter.load_mark is None else _moment(meter.load_mark + depth * DAY),
                    ahead=None if meter.ahead is None else round(meter.ahead, 1),
                    clock_stands=meter.clock_stands,
                )
                for meter in self.meters.values()
            },
        )
        return health if self.store is None else with_counts(health, self.store, self.counted)

    def forget(self, line: str) -> None:
        """The line and its meters are not read any more."""
        del self.lines[line]
        self.meters = {meter.id: meter for meter in self.meters.values() if meter.line != line}

    def arrange(self, lines: Sequence[str], meters: Sequence[str]) -> None:
        """In the order of the configuration; all that are read are named."""
        self.lines = {name: self.lines[name] for name in lines}
        self.meters = {id: self.meters[id] for id in meters}

    def learn(self, marks: Mapping[tuple[str, str], int], gaps: Iterable[Span]) -> None:
        """What the journal knows: (meter, kind) -> stamp, and what is still to be read."""
        unread: Counter[str] = Counter()
        for span in gaps:
            if span.kind == Kind.LOAD:
                unread[span.meter] += span.until - span.since
        for meter in self.meters.values():
            meter.load_mark = marks.get((meter.id, Kind.LOAD.value))
            meter.gap_days = unread[meter.id] / DAY


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
