"""The worker: what stands in the inbox into the time series, the events and the figures.

A message is `done` only after the series confirmed its rows; a crash anywhere drives it again, and driving it again
changes nothing. A store that is away stops the worker, not ingest: the inbox waits. One worker runs at a time.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine, Row, Table, bindparam, case, select, tuple_, update
from sqlalchemy.exc import DBAPIError

from central.db import insert, writing
from central.figures.tables import conflict
from central.ingest.bindings import Periods, periods_of
from central.ingest.judge import Reason, judge, takes
from central.ingest.projection import Conflict, Projection, SeriesRow, kind, project, settle, stamp
from central.ingest.retention import forget
from central.ingest.tables import State, event, inbox, meter_seen, tip
from central.sparingly import Sparingly
from central.timeseries.base import Series, SeriesRefused, SeriesUnavailable
from protocol.messages.topics import SELF, RowTopic
from protocol.reading import Kind

log = logging.getLogger(__name__)

BATCH = 200  # messages a step
IDLE = 0.25  # seconds between two looks into an empty inbox
LONGEST_PAUSE = 30.0  # between two attempts while a store is away
DAY = 86_400
FORGET_EVERY = 3600


class Figures(Protocol):
    """What the worker needs of the room of figures."""

    def mark(self, connection: Connection, meter: str, stamps: Sequence[int]) -> None:
        """The days of these stamps are to be computed anew."""

    def recompute(self, now: int) -> int:
        """Computes some of what is marked; returns how many days. Raises SeriesUnavailable."""


Place = tuple[str, Kind]  # meter, kind


@dataclass(slots=True)
class _Work:
    """One message and what becomes of it."""

    id: int
    topic: RowTopic
    received_at: int
    state: State = State.DONE
    reason: Reason | None = None
    detail: str | None = None
    projection: Projection = field(default_factory=Projection)
    writes: list[SeriesRow] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    def refuse(self, reason: Reason, detail: str) -> None:
        self.state, self.reason, self.detail = State.QUARANTINED, reason, detail
        self.projection, self.writes, self.conflicts = Projection(), [], []


class Worker:
    """`wall` gives seconds UTC."""

    def __init__(self, engine: Engine, series: Series, figures: Figures, wall: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._series = series
        self._figures = figures
        self._wall = wall
        self._sparingly = Sparingly()
        self._sure = False  # the tips tell all that stands in the series: not after a step that broke off

    def run(self, stop: threading.Event) -> None:
        """Until `stop`."""
        pause, forget_at = IDLE, 0
        while not stop.is_set():
            now = int(self._wall())
            try:
                busy = self.step(now) + self._figures.recompute(now)
                if now >= forget_at:
                    forget(self._engine, now)
                    forget_at = now + FORGET_EVERY
            except (SeriesUnavailable, DBAPIError) as error:
                log.log(logging.WARNING if pause == IDLE else logging.DEBUG, "ALARM the worker waits: %s", error)
                pause = min(pause * 2, LONGEST_PAUSE)
                stop.wait(pause)
                continue
            if pause > IDLE:
                log.info("the worker goes on")
                pause = IDLE
            if not busy:
                stop.wait(IDLE)

    def step(self, now: int) -> int:
        """Takes the oldest messages that wait; returns how many. Raises SeriesUnavailable, DBAPIError."""
        with self._engine.connect() as connection:
            waiting = select(inbox).where(inbox.c.state == State.NEW).order_by(inbox.c.id).limit(BATCH)
            messages = connection.execute(waiting).all()
            if not messages:
                return 0
            periods = periods_of(connection, ((message.edge, message.name) for message in messages))
            tips = _tips(connection, {message.name for message in messages}) if self._sure else {}
        works = [_judged(message, periods.get((message.edge, message.name), ())) for message in messages]
        sure, self._sure = self._sure, False
        self._settle(works, tips, sure, now)
        self._write(works)
        with writing(self._engine).begin() as connection:
            self._finish(connection, works, now)
        self._sure = True
        return len(works)

    def _settle(self, works: Sequence[_Work], tips: dict[Place, int], sure: bool, now: int) -> None:
        """Which rows are written: those above the tip unread, the others after a look at what stands there."""
        planned: dict[Place, dict[int, dict[int, SeriesRow]]] = defaultdict(lambda: defaultdict(dict))
        for work in works:
            by_place: dict[Place, list[SeriesRow]] = defaultdict(list)
            for row in work.projection.rows:
                by_place[row.meter, kind(row)].append(row)
            for place, rows in by_place.items():
                last = tips.get(place, -1)
                unread = range(last + 1, now + DAY + 1) if sure else range(0)
                standing = self._standing(place, [stamp(row) for row in rows if stamp(row) not in unread])
                for row in rows:
                    here = planned[place][stamp(row)]
                    settled = settle(row, standing.get(stamp(row), {}) | here)
                    if isinstance(settled, Conflict):
                        work.conflicts.append(settled)
                    elif settled is not None:
                        work.writes.append(settled)
                        before = here.get(settled.repeat) or standing.get(stamp(row), {}).get(settled.repeat)
                        values = {**(before.values if before else {}), **settled.values}
                        here[settled.repeat] = replace(settled, values=values)

    def _standing(self, place: Place, stamps: Sequence[int]) -> dict[int, dict[int, SeriesRow]]:
        if not stamps:
            return {}
        meter, kind_ = place
        since, until = min(stamps) - 1, max(stamps)
        found: Sequence[SeriesRow] = (
            self._series.load(meter, since, until)
            if kind_ is Kind.LOAD
            else self._series.registers(meter, [kind_], since, until)
        )
        standing: dict[int, dict[int, SeriesRow]] = defaultdict(dict)
        for row in found:
            standing[stamp(row)][row.repeat] = row
        return dict(standing)

    def _write(self, works: Sequence[_Work]) -> None:
        """All at once; when the series refuses, message by message, so that only the guilty one is set aside."""
        rows = [row for work in works for row in work.writes]
        try:
            if rows:
                self._series.write(rows)
        except SeriesRefused:
            for work in works:
                try:
                    self._series.write(work.writes)
                except SeriesRefused as error:
                    work.refuse(Reason.SERIES_REFUSED, str(error))

    def _finish(self, connection: Connection, works: Sequence[_Work], now: int) -> None:
        """The series holds the rows: everything else in one transaction."""
        by_id = update(inbox).where(inbox.c.id == bindparam("key"))
        results = [
            {"key": work.id, "state": work.state, "reason": work.reason, "detail": work.detail} for work in works
        ]
        connection.execute(by_id, results)
        for work in works:
            said = (work.reason, work.topic.edge, work.topic.name)
            if work.state is State.QUARANTINED and self._sparingly.may_say(said, now):
                log.warning("ALARM %s: %s is quarantined: %s", work.reason, work.topic, work.detail)
        self._save_events(connection, works)
        self._save_conflicts(connection, works, now)
        self._save_progress(connection, works, now)

    @staticmethod
    def _save_events(connection: Connection, works: Sequence[_Work]) -> None:
        found = [
            {
                "meter": work.topic.name,
                "edge": work.topic.edge if work.topic.name == SELF else "",
                "time": line.time,
                "journal": line.journal,
                "code": line.code,
                "uptime": -1 if line.uptime is None else line.uptime,
                "received_at": work.received_at,
            }
            for work in works
            for line in work.projection.events
        ]
        if found:
            connection.execute(insert(connection, event).on_conflict_do_nothing(), found)

    def _save_conflicts(self, connection: Connection, works: Sequence[_Work], now: int) -> None:
        """Each once: the same row may come again."""
        for work in works:
            for found in work.conflicts:
                key = (found.row.meter, kind(found.row).value, stamp(found.row))
                same = select(conflict.c.came).where(tuple_(conflict.c.meter, conflict.c.kind, conflict.c.stamp) == key)
                if found.came in connection.scalars(same).all():
                    continue
                names = dict(zip(("meter", "kind", "stamp"), key, strict=True))
                values = {"kept": found.kept, "came": found.came, "at": now, "state": "open"}
                connection.execute(conflict.insert().values(**names, **values))
                if self._sparingly.may_say(("conflict", found.row.meter), now):
                    log.warning("ALARM meter %s, %s of %d: %s stands, %s came", *key, found.kept, found.came)

    def _save_progress(self, connection: Connection, works: Sequence[_Work], now: int) -> None:
        stamps: dict[str, set[int]] = defaultdict(set)
        tips: dict[Place, int] = {}
        heard: dict[str, _Heard] = {}
        for work in works:
            for row in work.writes:
                stamps[row.meter].add(stamp(row))
            for line in work.projection.events:  # an outage told later than its gap changes what the gap is
                stamps[work.topic.name].add(line.time)
            for row in work.projection.rows:
                at, place = stamp(row), (row.meter, kind(row))
                if at <= now + DAY:
                    tips[place] = max(at, tips.get(place, 0))
                    before = heard.get(row.meter, _Heard(0, 0))
                    heard[row.meter] = _Heard(max(at, before.stamp), max(work.received_at, before.received_at))
        for (meter, kind_), last in tips.items():
            _raise_to(connection, tip, {"meter": meter, "kind": kind_.value}, {"last": last})
        for meter, newest in heard.items():
            values = {"last_stamp": newest.stamp, "last_received_at": newest.received_at}
            _raise_to(connection, meter_seen, {"meter": meter}, values)
        for meter, touched in stamps.items():
            self._figures.mark(connection, meter, sorted(touched))


class _Heard(NamedTuple):
    stamp: int
    received_at: int


def _judged(message: Row[Any], periods: Periods) -> _Work:
    topic = RowTopic(message.edge, message.channel, message.name, message.store, message.seq, message.prev)
    work = _Work(message.id, topic, message.received_at)
    verdict = judge(topic, message.body, periods)
    if verdict.reason:
        work.refuse(verdict.reason, verdict.detail or "")
    elif verdict.body:
        work.projection = project(topic.name, verdict.body, lambda at: takes(topic, at, periods))
        if work.projection.foreign:
            work.state, work.reason = State.PARTIAL, Reason.FOREIGN_METER
            work.detail = f"{work.projection.foreign} of {len(verdict.body.rows)} rows of a time when it was not its"
        if work.projection.unknown:
            work.state, work.reason = State.PARTIAL, Reason.UNKNOWN_COLUMNS
            work.detail = ", ".join(work.projection.unknown)[:300]
    return work


def _tips(connection: Connection, meters: Iterable[str]) -> dict[Place, int]:
    rows = connection.execute(select(tip).where(tip.c.meter.in_(sorted(meters))))
    return {(row.meter, Kind(row.kind)): row.last for row in rows}


def _raise_to(connection: Connection, table: Table, key: dict[str, str], values: dict[str, int]) -> None:
    """Sets the columns, unless they stand higher already."""
    upsert = insert(connection, table).values(**key, **values)
    higher = {
        name: case((table.c[name] > upsert.excluded[name], table.c[name]), else_=upsert.excluded[name])
        for name in values
    }
    connection.execute(upsert.on_conflict_do_update(index_elements=list(key), set_=higher))
