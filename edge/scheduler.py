"""Reads the meters: one task a line, one conversation at a time, one transaction for what a conversation brought.

The plan (plan.py) says what is due, the breaker when a failing meter is asked again; here is only the doing. A meter
that fails is logged once, and once when it is well again. What was read before a failure is kept. What central wants to
see at once (orders/wanted.py) goes before all but the samples, between two reads, whatever the breaker says.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import isfinite

import msgspec

from edge import plan
from edge.breaker import Breaker
from edge.clock import Clock
from edge.config import Config, Schedule
from edge.health import Board, LineState, MeterState
from edge.journal.rows import Batch, Commit, Span
from edge.journal.rows import Sample as Kept
from edge.journal.thread import JournalThread
from edge.lines.base import Line, LineDown
from edge.meters.base import (
    ClockReading,
    Driver,
    Garbled,
    Meter,
    MeterFault,
    ModbusMeter,
    NoAnswer,
    NotGiven,
    Opener,
    OtherMeter,
)
from edge.meters.boundary import Sample
from edge.orders.wanted import Answer, Wanted, Wish
from edge.plan import Ask, Memory, What
from protocol.messages.bodies import EVENT
from protocol.messages.command import Shown
from protocol.messages.control import Live
from protocol.reading import Event, Kind, Quality, Readings

log = logging.getLogger("edge.meters")

TICK = 0.25  # seconds; a sample is taken at most this late
VISIT_SECONDS = 300.0
STANDS = 30.0  # a clock that shows the same time so much later does not go
LINE_WAIT, LINE_WAIT_MAX = 1.0, 10.0  # a vanished port is tried again within 15 s
COMPUTED_DAYS = 2 * 86400  # how far back the boundary samples go

# (samples, period, offset, since, until) -> rows of load, daily, monthly
Compute = Callable[[Sequence[Sample], int, int, int, int], Sequence[Readings]]
_registers = msgspec.json.Decoder(dict[str, int | None])


@dataclass(slots=True)
class _Client:
    """One meter on the line, and all that is known of it."""

    meter: Meter
    state: MeterState
    memory: Memory
    breaker: Breaker = field(default_factory=Breaker)
    chunk: float = 0.0  # seconds the last chunk of the past took
    turn: float = 0.0  # when it last had a turn of the past
    clock: ClockReading | None = None  # the last look at its clock
    lines: frozenset[Event] = frozenset()  # of its journals, at the last look
    shown: Shown | None = None  # what it showed when it was last asked for that


class LineReader:
    def __init__(
        self,
        line: Line,
        meters: Sequence[Meter],
        config: Config,
        journal: JournalThread,
        clock: Clock,
        board: Board,
        opener: Opener,
        compute: Compute,
        live: Callable[[str, Live], None],
        wanted: Wanted,
    ) -> None:
        self._line = line
        self._schedule: Schedule = config.schedule
        self._journal = journal
        self._clock = clock
        self._opener = opener
        self._compute = compute
        self._live = live
        self._wanted = wanted
        self._board = board
        self.state = board.lines[line.name] = LineState(line.name, line.url)
        self._clients = []
        for meter in meters:
            state = board.meters[meter.id] = MeterState(
                meter.id, line.name, config.titles[meter.id], meter.period, meter.serial
            )
            self._clients.append(_Client(meter, state, Memory(night=int(clock.wall()))))
        self._ids = {meter.id for meter in meters}
        self.beat = clock.monotonic()  # when this loop last showed that it lives
        self._leaving = False

    async def run(self) -> None:
        """Until cancelled, or told to leave; then the port is free."""
        await self.remember()
        while not self._leaving:
            self.beat = self._clock.monotonic()
            if not await self.step():
                await asyncio.sleep(TICK)
        self._line.close()

    def leave(self) -> None:
        """No further read is begun; what was read is kept."""
        self._leaving = True

    async def step(self) -> bool:
        """One conversation, the most urgent; False when nothing is due."""
        await self._nightly()
        now = int(self._clock.wall())
        present, wish = self._present(now), self._wanted.first(self._ids)
        if wish is not None and (present is None or present[1][0].what > What.ASKED):
            await self._answer(wish)
            return True
        found = present or self._past(now)
        if found is None:
            return False
        await self._end(await self._visit(*found))
        return True

    # ---- choosing

    def _present(self, now: int) -> tuple[_Client, list[Ask]] | None:
        best: tuple[What, _Client, list[Ask]] | None = None
        for client in self._free():
            asks = plan.due(client.meter, self._schedule, client.memory, now)
            if asks and (best is None or asks[0].what < best[0]):
                best = (asks[0].what, client, asks)
        return best and (best[1], best[2])

    def _past(self, now: int) -> tuple[_Client, list[Ask]] | None:
        """A chunk of the past for the meter that has waited longest, if it ends before a sample is due."""
        for client in sorted(self._free(), key=lambda client: client.turn):
            ask = plan.past(client.memory)
            if ask is not None and client.chunk < self._seconds_to_sample(now):
                client.turn = self._clock.monotonic()
                return client, [ask]
        return None

    def _seconds_to_sample(self, now: int) -> float:
        periods = [client.meter.period for client in self._clients if isinstance(client.meter, ModbusMeter)]
        return min((period - now % period for period in periods), default=float("inf"))

    def _free(self) -> list[_Client]:
        now = self._clock.monotonic()
        return [client for client in self._clients if client.breaker.allows(now)]

    # ---- doing

    async def _answer(self, wish: Wish) -> None:
        """One meter is asked what it shows; the answer is given before anything else is done."""
        client = next(client for client in self._clients if client.meter.id == wish.meter)
        client.shown = None
        self._wanted.take(wish)
        try:
            fault = await self._visit(client, [Ask(What.ASKED)])
        finally:
            self._wanted.drop(wish)
        if client.shown is not None or fault is not None or not self._leaving:
            self._wanted.give(wish, Answer.of(client.shown, fault))
        await self._end(fault)

    async def _end(self, fault: MeterFault | LineDown | None) -> None:
        """A line that is down is left alone for a while."""
        if isinstance(fault, LineDown):
            await self._line_down(fault)

    async def _visit(self, client: _Client, asks: list[Ask]) -> MeterFault | LineDown | None:
        """All that is due from one meter in one conversation, then one commit; what went wrong."""
        began = self._clock.monotonic()
        commit = Commit()
        fault: MeterFault | None = None
        try:
            async with asyncio.timeout(VISIT_SECONDS), self._opener(client.meter, self._line) as driver:
                fault = await self._ask_all(client, driver, asks, commit)
        except MeterFault as error:
            fault = error
        except TimeoutError:
            fault = NoAnswer(f"{client.meter.id}: the conversation took more than {VISIT_SECONDS:.0f} s")
        except LineDown as error:
            self.state.visited("line down", self._clock.monotonic() - began)
            await self._save(client, commit)
            return error
        self._line_up()
        self.state.visited("well" if fault is None else type(fault).__name__, self._clock.monotonic() - began)
        if await self._save(client, commit):
            self._judge(client, fault, self._clock.monotonic() - began)
        else:  # no fault of the meter, but no use in asking it again at once
            client.breaker.failed(self._clock.monotonic(), 0.0, 1)
        return fault

    async def _ask_all(self, client: _Client, driver: Driver, asks: list[Ask], commit: Commit) -> MeterFault | None:
        """A read that this meter refuses or garbles does not take the others with it; silence does.

        What is not read, because we leave or somebody waits, is still due.
        """
        fault: MeterFault | None = None
        for ask in asks:
            if self._leaving or (ask.what > What.ASKED and self._wanted.first(self._ids)):
                break
            try:
                await self._READS[ask.what](self, client, driver, ask, commit)
            except (NoAnswer, OtherMeter):
                raise
            except MeterFault as error:
                fault = error
            client.memory.done[ask.what] = int(self._clock.wall())
            self.beat = self._clock.monotonic()
        return fault

    async def _sample(self, client: _Client, driver: Driver, _ask: Ask, commit: Commit) -> None:
        readings = await driver.now()
        moment = int(self._clock.wall() * 1000)
        for row in readings.rows:
            registers = dict(zip(readings.columns, row.values, strict=True))
            commit.samples.append(Kept(client.meter.id, moment, msgspec.json.encode(registers)))

    async def _now(self, client: _Client, driver: Driver, _ask: Ask, commit: Commit) -> None:
        self._take(client, self._flagged(await driver.now()), commit)

    async def _archive(self, client: _Client, driver: Driver, ask: Ask, commit: Commit) -> None:
        readings = await driver.archive(Kind(ask.kind), ask.since, ask.until)
        self._take(client, readings, commit)
        self._move(client, ask, [row.end for row in readings.rows], commit)

    async def _events(self, client: _Client, driver: Driver, ask: Ask, commit: Commit) -> None:
        """Each journal by itself: one that the meter does not give is left out, one that is garbled keeps the mark."""
        now = int(self._clock.wall())
        events, fault = await self._journals(driver, ask)
        if events:
            commit.batches.append(Batch(client.meter.id, client.meter.offset, events))
        if fault is not None:
            raise fault
        if ask.what is What.EVENTS:
            news = [event for event in events if event not in client.lines]
            if EVENT in client.memory.marks:
                commit.missing += plan.after_events(client.meter, news, now)
            client.lines = frozenset(events)
        self._move(client, ask, [now], commit)

    async def _journals(self, driver: Driver, ask: Ask) -> tuple[tuple[Event, ...], MeterFault | None]:
        """The lines of all journals, oldest first; what hindered the reading of one, or of every one."""
        events: list[Event] = []
        refused: list[NotGiven] = []
        garbled: Garbled | None = None
        for journal in plan.JOURNALS:
            try:
                events += await driver.events([journal], ask.since, ask.until)
            except NotGiven as error:
                refused.append(error)
            except Garbled as error:
                garbled = error
        fault = refused[0] if len(refused) == len(plan.JOURNALS) else garbled
        return tuple(sorted(events, key=lambda event: event.time)), fault

    async def _past_chunk(self, client: _Client, driver: Driver, ask: Ask, commit: Commit) -> None:
        began = self._clock.monotonic()
        await (self._events if ask.kind == EVENT else self._archive)(client, driver, ask, commit)
        commit.covered.append(Span(client.meter.id, ask.kind, ask.since, ask.until))
        client.chunk = self._clock.monotonic() - began

    async def _check_clock(self, client: _Client, driver: Driver, _ask: Ask, _commit: Commit) -> None:
        """A clock that did not advance since the last look is no reading of it."""
        reading, before = await driver.clock(), client.clock
        if reading is None:
            return
        client.state.clock_stands = (
            before is not None and reading.edge - before.edge > STANDS and abs(reading.meter - before.meter) < 1
        )
        believed = self._clock.trusted() and not client.state.clock_stands
        client.state.ahead = reading.ahead if believed else None
        client.memory.behind = max(0.0, -reading.ahead) if believed else client.memory.behind
        client.clock = reading if not client.state.clock_stands else before

    async def _live_values(self, client: _Client, driver: Driver, _ask: Ask, _commit: Commit) -> None:
        values = await driver.live()
        if values:
            self._live(client.meter.id, Live(time=datetime.fromtimestamp(int(self._clock.wall()), UTC), values=values))

    async def _show(self, client: _Client, driver: Driver, _ask: Ask, commit: Commit) -> None:
        """What comes before a fault stands: the moment's values first."""
        values = {name: value for name, value in (await driver.live()).items() if isfinite(value)}
        shown = Shown(time=datetime.fromtimestamp(int(self._clock.wall()), UTC), values=values)
        client.shown = shown if values else None
        readings = self._flagged(await driver.now())
        for row in readings.rows:
            shown = msgspec.structs.replace(shown, registers=dict(zip(readings.columns, row.values, strict=True)))
        client.shown = shown if values or shown.registers else None
        self._take(client, readings, commit)
        relay = await driver.relay()
        client.shown = client.shown and msgspec.structs.replace(client.shown, relay=relay)

    _READS: Mapping[What, Callable[["LineReader", _Client, Driver, Ask, Commit], Awaitable[None]]] = {
        What.SAMPLE: _sample,
        What.ASKED: _show,
        What.NOW: _now,
        What.LOAD: _archive,
        What.DAILY: _archive,
        What.MONTHLY: _archive,
        What.EVENTS: _events,
        What.CLOCK: _check_clock,
        What.LIVE: _live_values,
        What.PAST: _past_chunk,
    }

    # ---- keeping

    def _take(self, client: _Client, readings: Readings, commit: Commit) -> None:
        if readings.rows:
            commit.batches.append(Batch(client.meter.id, client.meter.offset, readings))

    def _move(self, client: _Client, ask: Ask, stamps: list[int], commit: Commit) -> None:
        """The watermark, if the time is known; and what the read left out stays to be read."""
        now = int(self._clock.wall())
        stamp = plan.mark(stamps, now, client.meter.period)
        if ask.what is not What.PAST and stamp is not None and self._clock.trusted():
            commit.marks[client.meter.id, ask.kind] = stamp
        if ask.gap is not None:
            commit.missing.append(Span(client.meter.id, ask.kind, *ask.gap))

    def _flagged(self, readings: Readings) -> Readings:
        """Rows that bear our time say so when that is not to be believed."""
        if self._clock.trusted():
            return readings
        rows = tuple(replace(row, quality=row.quality | Quality.EDGE_CLOCK) for row in readings.rows)
        return replace(readings, rows=rows)

    async def _save(self, client: _Client, commit: Commit) -> bool:
        """One transaction; what the disk refuses (False) is read again later, since the marks have not moved."""
        if commit == Commit():
            return True
        now = int(self._clock.wall())
        try:
            if commit.samples:
                await self._journal.do(lambda j: j.append(Commit(samples=commit.samples), now))
                await self._compute_rows(client, commit)
            added = await self._journal.do(lambda j: j.append(replace(commit, samples=[]), now))
        except sqlite3.Error as error:
            log.error("journal refused meter=%s error=%r", client.meter.id, str(error))
            self._board.journal_fault = str(error)
            client.memory.done.clear()
            return False
        self._board.journal_fault = None
        if added:
            self._journal.appended.set()
        await self.remember()
        return True

    async def _compute_rows(self, client: _Client, commit: Commit) -> None:
        """The rows that the samples of a meter without a memory give, since the last of them."""
        meter, now = client.meter, int(self._clock.wall())
        since = max(client.memory.marks.get(Kind.LOAD.value, 0), now - COMPUTED_DAYS)
        kept = await self._journal.do(lambda j: j.samples(meter.id, (since - meter.period) * 1000))
        samples = [Sample(one.at / 1000, _registers.decode(one.body)) for one in kept]
        for readings in self._compute(samples, meter.period, meter.offset, since, now):
            self._take(client, self._flagged(readings), commit)
            stamp = plan.mark([row.end for row in readings.rows], now, meter.period)
            if stamp is not None and self._clock.trusted():
                commit.marks[meter.id, readings.kind.value] = stamp

    async def remember(self) -> None:
        """What the journal knows of these meters: before the first step, and after each commit."""
        marks, gaps = await self._journal.do(lambda j: (j.marks(), j.gaps()))
        for client in self._clients:
            client.memory.marks = {kind: last for (meter, kind), last in marks.items() if meter == client.meter.id}
            client.memory.gaps = tuple(span for span in gaps if span.meter == client.meter.id)
        self._board.learn(marks, gaps)

    async def _nightly(self) -> None:
        now = int(self._clock.wall())
        missing = []
        for client in self._clients:
            spans = plan.nightly(client.meter, self._schedule, client.memory, now)
            if spans:
                client.memory.night = now
                missing += spans
        if missing:
            await self._journal.do(lambda j: j.append(Commit(missing=missing), now))
            await self.remember()

    # ---- judging

    def _judge(self, client: _Client, fault: MeterFault | None, cost: float) -> None:
        now = int(self._clock.wall())
        state = client.state
        if fault is None:
            state.last_success, state.fault, state.fault_since = now, None, None
            if client.breaker.worked():
                log.info("meter is well again meter=%s", client.meter.id)
            return
        state.fault = str(fault)
        state.fault_since = state.fault_since or now
        dead = sum(1 for other in self._clients if other.breaker.failures or other is client)
        if client.breaker.failed(self._clock.monotonic(), cost, dead):
            log.warning("meter failed meter=%s fault=%s: %s", client.meter.id, type(fault).__name__, fault)

    def _line_up(self) -> None:
        if self.state.fault is not None:
            log.info("line is well again line=%s", self._line.name)
        self.state.fault, self.state.since, self._line_wait = None, None, LINE_WAIT

    async def _line_down(self, error: LineDown) -> None:
        if self.state.fault is None:
            log.warning("line is down line=%s error=%r", self._line.name, str(error))
            self.state.since = int(self._clock.wall())
        self.state.fault = str(error)
        await asyncio.sleep(self._line_wait)
        self._line_wait = min(self._line_wait * 2, LINE_WAIT_MAX)

    _line_wait = LINE_WAIT
