"""What each step counts of a reading's way, in the transaction of that step, so that a crash neither adds nor loses.

    received    a new row of the inbox (ingest)
    told        what an edge read, holds and knows to be acknowledged (its health message, ingest)
    projected   a message of the inbox whose rows the series has confirmed (worker); driven again it counts once
    given_up    what waited and someone has given up (`uchet-central discard`)
A reading is a row inside a body; an event is one. Replies are none, a void is counted as a message, apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, select

from central.audits.tables import traffic
from central.db import given, insert_of, keys_of
from central.ingest.tables import edge_meter
from protocol.errors import Garbled
from protocol.messages import bodies
from protocol.messages.bodies import Body
from protocol.messages.control import Health
from protocol.messages.topics import SELF, RowTopic

DAY = 86_400
FORGOTTEN = 13 * DAY  # the inbox may have forgotten a message that is older
PAST, FUTURE = 400, 3  # days that an edge may speak of

_KEY = ("day", "edge", "store", "meter")
_NOTHING = {"given_up": 0, "received": 0, "projected": 0, "void": 0, "last_seq": 0, "verdict": 0}


class Key(NamedTuple):
    """Of the table `traffic`."""

    day: int
    edge: str
    store: str
    meter: str


def columns_of(topic: RowTopic, payload: bytes, body: Body | None, now: int) -> dict[str, int]:
    """What a new row of the inbox counts for. `body`, where it was taken; a refused one may be readable too."""
    if topic.channel not in ("archive", "event"):
        return {"day": now // DAY, "entries": 0, "projected": 0}
    try:
        day, entries = shape_of(body or bodies.decode(payload))
    except Garbled:
        day, entries = now // DAY, 1
    return {"day": day, "entries": entries, "projected": 0}


def shape_of(body: Body) -> tuple[int, int]:
    """UTC day on which it was made, and readings in it."""
    return int(body.made.timestamp()) // DAY, len(body.rows)


def received(connection: Connection, fresh: Sequence[Mapping[str, Any]], now: int) -> Sequence[Mapping[str, Any]]:
    """Counts these new rows of the inbox; returns them as they are to be kept.

    A row that the inbox has forgotten since it went through is not counted a second time, here or by the worker.
    """
    fresh = _without_forgotten(connection, fresh, now)
    found: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in fresh:
        void = row["channel"] == "void"
        if void or row["entries"]:
            figures = found[_key(row)]
            figures[0] += row["entries"]
            figures[1] += void
            figures[2] = max(figures[2], row["seq"])
    if found:
        connection.execute(
            _receive(connection.dialect.name),
            [
                {**_NOTHING, **key._asdict(), "received": entries, "void": void, "last_seq": seq, "received_at": now}
                for key, (entries, void, seq) in sorted(found.items())
            ],
        )
    return fresh


def told(connection: Connection, healths: Mapping[str, Health], now: int) -> None:
    """What edges say of their own meters; only what changed is written."""
    counting = {name: health for name, health in healths.items() if health.store is not None and health.counts}
    if not counting:
        return
    query = select(edge_meter.c.edge, edge_meter.c.meter).where(edge_meter.c.edge.in_(list(counting)))
    own = {(row.edge, row.meter) for row in connection.execute(query)}
    today = now // DAY
    said = {
        Key(day, name, health.store or "", meter): figures
        for name, health in counting.items()
        for meter, days in (health.counts or {}).items()
        if meter == SELF or (name, meter) in own
        for day, *figures in days
        if today - PAST < day < today + FUTURE and all(0 <= figure < 2**31 for figure in figures)
    }
    same = _said_already(connection, said)
    changed = {key: figures for key, figures in said.items() if key not in same}
    if changed:
        connection.execute(
            _tell(connection.dialect.name),
            [
                {**_NOTHING, **key._asdict(), **dict(zip(_TOLD, figures, strict=True)), "told_at": now}
                for key, figures in sorted(changed.items())
            ],
        )


def given_up(connection: Connection, messages: Iterable[Row[Any]], sign: int = 1) -> None:
    """Of rows of the inbox, what was not projected is set aside for good; `sign` -1: it is taken up again."""
    found: Counter[Key] = Counter()
    for message in messages:
        found[Key(message.day, message.edge, message.store, message.name)] += message.entries - message.projected
    if found:
        rows = [{**_NOTHING, **key._asdict(), "given_up": sign * count} for key, count in sorted(found.items())]
        connection.execute(_give_up(connection.dialect.name), rows)


class Counted(Protocol):
    """A message that the worker has finished."""

    topic: RowTopic
    day: int  # these three as the inbox had them
    entries: int
    projected: int

    @property
    def counts(self) -> dict[str, int]:
        """The same three as the inbox has them from now on."""


def projected(connection: Connection, works: Iterable[Counted]) -> None:
    """Messages whose state is written in this transaction."""
    found: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for work in works:
        now = work.counts
        if now == {"day": work.day, "entries": work.entries, "projected": work.projected}:
            continue
        where = (work.topic.edge, work.topic.store, work.topic.name)
        before, after = found[Key(work.day, *where)], found[Key(now["day"], *where)]
        before[0] -= work.entries
        before[1] -= work.projected
        after[0] += now["entries"]
        after[1] += now["projected"]
    if found:
        rows = [
            {**_NOTHING, **key._asdict(), "received": entries, "projected": gone_on}
            for key, (entries, gone_on) in sorted(found.items())
        ]
        connection.execute(_project(connection.dialect.name), rows)


# ---- inside

_TOLD = ("read", "journal", "sent")


def _key(row: Mapping[str, Any]) -> Key:
    return Key(row["day"], row["edge"], row["store"], row["name"])


def _without_forgotten(
    connection: Connection, fresh: Sequence[Mapping[str, Any]], now: int
) -> Sequence[Mapping[str, Any]]:
    old = {_key(row) for row in fresh if row["entries"] and row["day"] < (now - FORGOTTEN) // DAY}
    if not old:
        return fresh
    asked = {**keys_of(sorted(old)), "before": now - FORGOTTEN}
    last = {Key(*row[:4]): row.last_seq for row in connection.execute(_forgotten(connection.dialect.name), asked)}
    return [{**row, "entries": 0} if row["seq"] <= last.get(_key(row), -1) else row for row in fresh]


@cache
def _forgotten(dialect: str) -> Select[Any]:
    ours = given(dialect, *(traffic.c[name] for name in _KEY))
    same = and_(*(traffic.c[name] == ours.c[name] for name in _KEY))
    query = select(*(traffic.c[name] for name in _KEY), traffic.c.last_seq).join_from(ours, traffic, same)
    return query.where(traffic.c.received_at < bindparam("before"))


def _said_already(connection: Connection, said: Mapping[Key, list[int]]) -> set[Key]:
    """Those that stand as they were said, and after which nothing came."""
    same = set()
    places = sorted({(key.day, key.edge, key.store) for key in said})
    for day, edge, store in places:
        query = select(traffic).where(traffic.c.day == day, traffic.c.edge == edge, traffic.c.store == store)
        for row in connection.execute(query):
            key = Key(row.day, row.edge, row.store, row.meter)
            newer = row.told_at is None or (row.received_at is not None and row.received_at >= row.told_at)
            if not newer and said.get(key) == [row.read, row.journal, row.sent]:
                same.add(key)
    return same


@cache
def _receive(dialect: str) -> Any:
    new = insert_of(dialect, traffic)
    return new.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={
            "received": traffic.c.received + new.excluded.received,
            "void": traffic.c.void + new.excluded.void,
            "last_seq": case(
                (traffic.c.last_seq > new.excluded.last_seq, traffic.c.last_seq), else_=new.excluded.last_seq
            ),
            "received_at": new.excluded.received_at,
        },
    )


@cache
def _tell(dialect: str) -> Any:
    new = insert_of(dialect, traffic)
    return new.on_conflict_do_update(
        index_elements=list(_KEY), set_={name: new.excluded[name] for name in (*_TOLD, "told_at")}
    )


@cache
def _give_up(dialect: str) -> Any:
    new = insert_of(dialect, traffic)
    return new.on_conflict_do_update(
        index_elements=list(_KEY), set_={"given_up": traffic.c.given_up + new.excluded.given_up}
    )


@cache
def _project(dialect: str) -> Any:
    new = insert_of(dialect, traffic)
    return new.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={name: traffic.c[name] + new.excluded[name] for name in ("received", "projected")},
    )
