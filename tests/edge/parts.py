"""Small parts for the tests of the edge: journals, rows, a clock that is set by hand, a meter without a wire."""

import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge.journal.journal import Journal
from edge.journal.rows import Batch, Commit
from edge.journal.schema import connect
from edge.lines.base import Line, LineDown
from edge.meters.base import ClockReading, Driver, Meter, MeterFault
from protocol.reading import Event, Kind, Readings, Row

NOW = 1_795_521_600  # 2026-11-24T12:00:00Z
PERIOD = 1800


def load(*rows: tuple[int, int], quality: int = 0) -> Readings:
    """Rows of `load`: stamp, mWh of active import."""
    return Readings(Kind.LOAD, ("active_import",), tuple(Row(end, PERIOD, quality, (value,)) for end, value in rows))


def commit(*rows: tuple[int, int], meter: str = "m-1") -> Commit:
    return Commit(batches=[Batch(meter, 180, load(*rows))])


def journal(folder: Path, limit: int = 2**30) -> Journal:
    return Journal(connect(folder / "journal.db"), limit)


def grown(folder: Path, count: int) -> Journal:
    """A journal with so many rows of one reading each."""
    made = journal(folder)
    for number in range(count):
        made.append(commit((NOW + PERIOD * number, number)), NOW + number)
    return made


def raw(folder: Path) -> sqlite3.Connection:
    """A second connection, to look and to spoil."""
    return sqlite3.connect(folder / "journal.db", isolation_level=None)


@dataclass
class HandClock:
    now: float = float(NOW)
    since: float = 0.0
    believed: bool = True

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.since

    def trusted(self) -> bool:
        return self.believed

    def go(self, seconds: float) -> None:
        self.now += seconds
        self.since += seconds


@dataclass
class FakeLine:
    name: str = "l-1"
    url: str = "tcp://127.0.0.1:1"

    def granted(self, who: str) -> AbstractAsyncContextManager[object]:
        raise NotImplementedError

    lent = granted


@dataclass
class FakeMeter:
    """Answers from a dictionary; `fault` is raised at the next conversation, `cost` seconds pass in it."""

    clock_of_edge: HandClock
    rows: dict[Kind, list[Row]] = field(default_factory=dict)
    lines: list[Event] = field(default_factory=list)
    registers: int = 1_000_000
    fault: MeterFault | LineDown | None = None
    refuses: dict[str, MeterFault] = field(default_factory=dict)
    cost: float = 0.0
    stands_at: float | None = None  # what its clock shows, and goes on no more
    asked: list[tuple[str, int, int]] = field(default_factory=list)

    async def passport(self) -> dict[str, str]:
        return {"serial": "1"}

    async def clock(self) -> ClockReading | None:
        now = self.clock_of_edge.now
        return ClockReading(now + 7 if self.stands_at is None else self.stands_at, now, False)

    async def archive(self, kind: Kind, since: int, until: int) -> Readings:
        self._ask(kind.value, since, until)
        found = tuple(row for row in self.rows.get(kind, []) if since < row.end <= until)
        return Readings(kind, ("active_import",), found)

    async def events(self, journals: Collection[int], since: int, until: int) -> tuple[Event, ...]:
        for journal in journals:
            self._ask(f"event {journal}", since, until)
        return tuple(event for event in self.lines if event.journal in journals and since < event.time <= until)

    async def now(self) -> Readings:
        self._ask("now", 0, 0)
        stamp = int(self.clock_of_edge.now)
        return Readings(Kind.NOW, ("active_import_total",), (Row(stamp, 0, 0, (self.registers,)),))

    async def live(self) -> dict[str, float]:
        self._ask("live", 0, 0)
        return {"voltage_a": 230.5}

    async def relay(self) -> bool | None:
        return True

    def _ask(self, what: str, since: int, until: int) -> None:
        """`refuses`: by the whole name, or by its first word."""
        self.asked.append((what, since, until))
        fault = self.refuses.get(what) or self.refuses.get(what.partition(" ")[0])
        if fault is not None:
            raise fault


class Street:
    """An opener for several fake meters, by id."""

    def __init__(self, meters: dict[str, FakeMeter]) -> None:
        self.meters = meters
        self.visits: list[str] = []

    @asynccontextmanager
    async def __call__(self, meter: Meter, line: Line) -> AsyncIterator[Driver]:
        fake = self.meters[meter.id]
        self.visits.append(meter.id)
        fake.clock_of_edge.go(fake.cost)
        if fake.fault is not None:
            raise fake.fault
        yield fake
