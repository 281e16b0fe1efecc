"""read = journal = sent = received = projected, per meter and day: the lines, and where they do not agree.

    read -> journal          the concentrator lost or gave up what it had read
    sent -> received         central acknowledged what it does not have; or has what the concentrator never held
    received -> projected    received = projected + quarantined + waiting, or something is lost in central
What waits at the edge or in the inbox is under way, not lost. An edge that does not count is unknown: no difference.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, select, update

from central.audits.tables import traffic, traffic_day
from central.backup.sql import snapshot
from central.db import insert, writing
from central.ingest.tables import State, inbox

DAY = 86_400
KEEP = 400  # days
HELD = (State.NEW, State.PARTIAL, State.QUARANTINED)


class Verdict(IntEnum):
    EQUAL = 0
    UNDER_WAY = 1
    DIFFERS = 2


class Step(StrEnum):
    """Where readings went missing, or came from nowhere."""

    EDGE = "edge"
    DELIVERY = "delivery"
    SURPLUS = "surplus"
    CENTRAL = "central"


@dataclass(frozen=True, slots=True)
class Line:
    """One meter at one edge on one UTC day (since 1970), readings. None: the edge does not say."""

    day: int
    edge: str
    meter: str
    read: int | None
    journal: int | None
    sent: int | None
    received: int
    projected: int
    quarantined: int = 0  # also what someone has given up
    waiting: int = 0  # for the worker
    void: int = 0  # messages
    newer: bool = False  # something came after the edge's last word
    before: int = 0  # lost in central under an earlier store id of the same edge

    @property
    def losses(self) -> tuple[tuple[Step, int], ...]:
        """By step, what does not agree; readings that are missing after it (SURPLUS: that are too many)."""
        found = {Step.CENTRAL: self.received - self.projected - self.quarantined - self.waiting + self.before}
        if self.read is not None and self.journal is not None and self.sent is not None:
            found[Step.EDGE] = self.read - self.journal
            found[Step.DELIVERY] = max(0, self.sent - self.received)
            found[Step.SURPLUS] = 0 if self.newer else max(0, self.received - self.journal)
        return tuple((step, found[step]) for step in Step if found.get(step))

    @property
    def at_edge(self) -> int:
        """Readings that the edge holds and has not sent."""
        return 0 if self.journal is None or self.sent is None else max(0, self.journal - self.sent)

    @property
    def verdict(self) -> Verdict:
        if self.losses:
            return Verdict.DIFFERS
        late = self.newer and self.journal is not None and self.received > self.journal
        return Verdict.UNDER_WAY if self.waiting or self.at_edge or late else Verdict.EQUAL


@dataclass(slots=True)
class Sums:
    """Of the lines of a day."""

    day: int
    read: int = 0
    journal: int = 0
    sent: int = 0
    received: int = 0
    projected: int = 0
    quarantined: int = 0
    waiting: int = 0
    void: int = 0
    lines: int = 0
    unknown: int = 0  # lines of edges that do not count
    differing: int = 0

    def add(self, line: Line) -> None:
        for name in ("received", "projected", "quarantined", "waiting", "void"):
            setattr(self, name, getattr(self, name) + getattr(line, name))
        self.read += line.read or 0
        self.journal += line.journal or 0
        self.sent += line.sent or 0
        self.lines += 1
        self.unknown += line.read is None
        self.differing += line.verdict is Verdict.DIFFERS


def lines(
    engine: Engine, first: int, last: int, *, meter: str | None = None, edge: str | None = None
) -> Iterator[Line]:
    """Days first … last, the newest first; by edge and meter. All of one moment, a day in memory at a time."""
    with snapshot(engine) as connection:
        held = held_of(connection, first, last, meter=meter, edge=edge)
        for day in _days(connection, first, last):
            yield from lines_of(connection, held, day, meter=meter, edge=edge)


def _days(connection: Connection, first: int, last: int) -> Iterator[int]:
    """Those of which something was counted, the newest first: each found by the index, however far apart they are."""
    newest = select(func.max(traffic.c.day)).where(traffic.c.day >= first)
    while (day := connection.scalar(newest.where(traffic.c.day <= last))) is not None:
        yield day
        last = day - 1


def lines_of(
    connection: Connection,
    held: "Held",
    day: int,
    *,
    meter: str | None = None,
    edge: str | None = None,
    meters: Sequence[tuple[str, str]] | None = None,
) -> list[Line]:
    """Of one day, by edge and meter; `meters`: only these (edge, meter)."""
    query = select(traffic).where(traffic.c.day == day)
    for column, value in ((traffic.c.meter, meter), (traffic.c.edge, edge)):
        query = query if value is None else query.where(column == value)
    if meters is not None:
        query = query.where(traffic.c.meter.in_([name for _, name in meters]))
        query = query.where(traffic.c.edge.in_(sorted({name for name, _ in meters})))
    stores: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        stores[row.edge, row.meter].append(row)
    wanted = sorted(stores if meters is None else stores.keys() & set(meters))
    return [line(stores[key], held) for key in wanted]


def line(rows: Sequence[Row[Any]], held: "Held") -> Line:
    """One meter's day at one edge, by store: that of which the edge spoke last tells what it has."""
    rows = sorted(rows, key=lambda row: (row.told_at or 0, row.received_at or 0))
    row = rows[-1]
    newer = row.told_at is not None and row.received_at is not None and row.received_at >= row.told_at
    sent = row.sent
    if sent is not None and row.journal is not None:  # what has come was sent, though the edge has not said so yet
        sent = max(sent, min(row.received, row.journal))
    before = sum(one.received - one.projected - one.given_up - sum(held.of(one)) for one in rows[:-1])
    quarantined, waiting = held.of(row)
    quarantined += row.given_up
    void = sum(one.void for one in rows)
    return Line(
        row.day,
        row.edge,
        row.meter,
        row.read,
        row.journal,
        sent,
        row.received,
        row.projected,
        quarantined,
        waiting,
        void,
        newer,
        before,
    )


@dataclass(slots=True)
class Held:
    """Readings that stand in the inbox and are not projected: quarantined, waiting."""

    by_key: Mapping[tuple[int, str, str, str], list[int]] = field(default_factory=dict)

    def of(self, row: Row[Any]) -> tuple[int, int]:
        quarantined, waiting = self.by_key.get((row.day, row.edge, row.store, row.meter), (0, 0))
        return quarantined, waiting


def held_of(
    connection: Connection,
    first: int,
    last: int,
    *,
    meter: str | None = None,
    edge: str | None = None,
    meters: Sequence[str] | None = None,
) -> Held:
    """Walks what waits, nothing else; with `meters` only theirs."""
    key = (inbox.c.day, inbox.c.edge, inbox.c.store, inbox.c.name)
    query = (
        select(*key, inbox.c.state, func.sum(inbox.c.entries - inbox.c.projected))
        .where(inbox.c.state.in_(HELD), inbox.c.day.between(first, last))
        .group_by(*key, inbox.c.state)
    )
    for column, value in ((inbox.c.name, meter), (inbox.c.edge, edge)):
        query = query if value is None else query.where(column == value)
    if meters is not None:
        query = query.where(inbox.c.name.in_(meters))
    found: dict[tuple[int, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for *where, state, count in connection.execute(query):
        found[where[0], where[1], where[2], where[3]][state == State.NEW] += int(count)
    return Held(found)


def sums(found: Iterable[Line]) -> list[Sums]:
    """By day, in the order they come."""
    by_day: dict[int, Sums] = {}
    for one in found:
        by_day.setdefault(one.day, Sums(one.day)).add(one)
    return list(by_day.values())


# ---- kept for the pages, which walk no meters


def recount(engine: Engine, first: int, last: int, now: int) -> int:
    """Sums of these days, and the verdict of each line; returns how many lines differ."""
    differing = 0
    for day in range(first, last + 1):
        with snapshot(engine) as connection:
            found = lines_of(connection, held_of(connection, day, day), day)
            stood = select(traffic.c.edge, traffic.c.meter, traffic.c.verdict).where(traffic.c.day == day)
            verdicts = {(row.edge, row.meter): row.verdict for row in connection.execute(stood)}
        (total,) = sums(found) or [Sums(day)]
        changed = [one for one in found if verdicts[one.edge, one.meter] != one.verdict]
        with writing(engine).begin() as connection:
            if total.lines:
                _keep(connection, total, now)
            if changed:
                connection.execute(
                    update(traffic)
                    .where(traffic.c.day == day, traffic.c.edge == bindparam("at"), traffic.c.meter == bindparam("of"))
                    .values(verdict=bindparam("found")),
                    [{"at": one.edge, "of": one.meter, "found": int(one.verdict)} for one in changed],
                )
        differing += total.differing
    return differing


def _keep(connection: Connection, total: Sums, now: int) -> None:
    values = {name: getattr(total, name) for name in Sums.__dataclass_fields__}
    new = insert(connection, traffic_day).values(**values, counted_at=now)
    changed = {name: new.excluded[name] for name in (*values, "counted_at") if name != "day"}
    connection.execute(new.on_conflict_do_update(index_elements=["day"], set_=changed))


def forget(engine: Engine, now: int) -> int:
    """Days of long ago; returns how many lines."""
    gone = 0
    with engine.connect() as connection:
        old = connection.scalars(select(traffic.c.day).where(traffic.c.day < now // DAY - KEEP).distinct()).all()
    for day in old:
        with writing(engine).begin() as connection:
            gone += connection.execute(delete(traffic).where(traffic.c.day == day)).rowcount
            connection.execute(delete(traffic_day).where(traffic_day.c.day == day))
    return gone


def lost(found: Iterable[Line]) -> Counter[Step]:
    """Over all lines, by step."""
    totals: Counter[Step] = Counter()
    for one in found:
        totals.update(dict(one.losses))
    return totals
