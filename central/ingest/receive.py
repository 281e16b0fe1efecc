"""A batch of messages into SQL, in one transaction: what `take` returned for is central's, for good.

Only then may ingest say so to the broker (PUBACK) and to the edges (`down/ack`). Taking a batch again changes nothing.
No message raises: what cannot be read is kept whole, with the reason.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, select, tuple_

from central.commands import replies
from central.db import insert, writing
from central.ingest import weeks
from central.ingest.bindings import Periods, periods_of
from central.ingest.judge import Verdict, judge, printable
from central.ingest.session import Account, Link, Position, Session
from central.ingest.tables import State, ahead, edge, edge_meter, edge_store, hole, inbox, meter_seen, stray
from central.ingest.weeks import Weeks
from central.partitions import week_of
from central.sparingly import Sparingly
from protocol.errors import Garbled
from protocol.messages import control
from protocol.messages.chain import link
from protocol.messages.command import Reply
from protocol.messages.control import About, Ack, Health, Live
from protocol.messages.topics import EdgeTopic, RowTopic, parse_up, valid_name

log = logging.getLogger(__name__)

_SEQ = 10**18  # a seq of a topic has at most 18 digits; so has `low`


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: bytes
    retained: bool = False


@dataclass(slots=True)
class Taken:
    """What came of a batch. `counts`: rows, repeated, quarantined, strays, about."""

    acks: dict[tuple[str, str], Ack] = field(default_factory=dict)  # by edge and store
    asked: set[str] = field(default_factory=set)  # edges that said `about`: they wait for the answer
    connects: list[str] = field(default_factory=list)  # edges that said «online» just now
    live: list[tuple[str, str, Live]] = field(default_factory=list)  # edge, meter
    counts: Counter[str] = field(default_factory=Counter)


class Receiver:
    """`central` = the id of this installation, made by `migrate`."""

    def __init__(self, engine: Engine, central: str) -> None:
        self._engine = writing(engine)
        self._weeks = Weeks(engine)
        self._central = central
        self._sparingly = Sparingly()

    def take(self, messages: Sequence[Message], now: int) -> Taken:
        """`now` in seconds UTC. Raises sqlalchemy.exc.DBAPIError: then nothing of the batch was taken."""
        self._weeks.open(now)
        with self._engine.begin() as connection:
            batch = _Batch(connection, now, self._sparingly)
            for message in messages:
                batch.add(message)
            batch.save()
        taken = batch.taken
        for (name, store), position in batch.positions.items():
            taken.acks[name, store] = Ack(central=self._central, store=store, upto=position.upto, sha=position.sha)
        self._check_central(batch.abouts, now)
        return taken

    def _check_central(self, abouts: dict[str, About], now: int) -> None:
        for name, about in abouts.items():
            if about.central != self._central and self._sparingly.may_say((name, about.central), now):
                log.warning(
                    "ALARM edge %s belongs to central %s, this one is %s: it will free nothing on our word",
                    name,
                    printable(about.central),
                    self._central,
                )


class _Batch:
    """One transaction: everything is gathered in the order of arrival, then saved."""

    def __init__(self, connection: Connection, now: int, sparingly: Sparingly) -> None:
        self._connection = connection
        self._now = now
        self._sparingly = sparingly
        self._remembered: dict[tuple[str, str], set[tuple[int, Link]]] = {}
        self._session = Session(self._load)
        self._periods: dict[tuple[str, str], Periods] = {}
        self._rows: list[dict[str, Any]] = []
        self._replies: list[tuple[str, Reply]] = []
        self._strays: dict[str, dict[str, Any]] = {}
        self._edges: dict[str, dict[str, Any]] = {}
        self._healths: dict[str, Health] = {}
        self.taken = Taken()
        self.positions: dict[tuple[str, str], Position] = {}
        self.abouts: dict[str, About] = {}

    def add(self, message: Message) -> None:
        try:
            topic = parse_up(message.topic)
            if isinstance(topic, RowTopic):
                self._row(topic, message.payload)
            else:
                self._about_edge(topic, message)
        except Garbled as error:
            self._stray(message, str(error))

    # rows of the journal

    def _row(self, topic: RowTopic, payload: bytes) -> None:
        verdict = self._judge(topic, payload)
        if topic.channel == "void":
            position = self._session.void(topic.edge, topic.store, topic.seq, topic.prev, payload, topic.name)
        else:
            position = self._session.row(topic.edge, topic.store, topic.seq, topic.prev, payload)
        self.positions[topic.edge, topic.store] = position
        self._heard(topic.edge)
        if verdict.reply is not None:
            self._replies.append((topic.edge, verdict.reply))
        nothing_to_do = topic.channel in ("void", "reply") and not verdict.reason
        state = State.QUARANTINED if verdict.reason else State.DONE if nothing_to_do else State.NEW
        self._rows.append(
            {
                "edge": topic.edge,
                "store": topic.store,
                "seq": topic.seq,
                "prev": topic.prev,
                "sha": link(topic.prev, payload),
                "channel": topic.channel,
                "name": topic.name,
                "body": payload,
                "received_at": self._now,
                "state": state,
                "reason": verdict.reason,
                "detail": verdict.detail,
                "week": week_of(self._now),
            }
        )

    def _judge(self, topic: RowTopic, payload: bytes) -> Verdict:
        if topic.channel == "reply":
            return judge(topic, payload, (), replies.asked(self._connection, topic.edge, topic.name))
        return judge(topic, payload, self._periods_of(topic.edge, topic.name))

    def _periods_of(self, name: str, meter: str) -> Periods:
        if (name, meter) not in self._periods:
            self._periods[name, meter] = periods_of(self._connection, [(name, meter)]).get((name, meter), ())
        return self._periods[name, meter]

    # messages about the edge

    def _about_edge(self, topic: EdgeTopic, message: Message) -> None:
        name = topic.edge
        match topic.what:
            case "about":
                about = _about(message.payload)
                self.positions[name, about.store] = self._session.about(name, about.store, about.low)
                self.abouts[name] = about
                self.taken.asked.add(name)
                self._heard(name, about=message.payload, about_at=self._now)
                self.taken.counts["about"] += 1
            case "state":
                state = control.decode(message.payload, control.State)
                self._heard(name, state=state.state, state_at=int(state.since.timestamp()))
                if state.state == "online" and not message.retained:
                    self.taken.connects.append(name)
            case "health":
                self._healths[name] = control.decode(message.payload, Health)
                self._heard(name, health=message.payload, health_at=self._now)
            case "live":
                self.taken.live.append((name, topic.meter or "", control.decode(message.payload, Live)))

    def _heard(self, name: str, **columns: Any) -> None:
        self._edges.setdefault(name, {}).update(columns)

    def _stray(self, message: Message, detail: str) -> None:
        digest = sha256(message.topic.encode() + b"\0" + message.payload).hexdigest()
        self._strays[digest] = {
            "hash": digest,
            "topic": printable(message.topic),
            "payload": message.payload,
            "received_at": self._now,
            "detail": printable(detail),
        }

    # SQL

    def _load(self, name: str, store: str) -> Account | None:
        query = select(edge_store).where(edge_store.c.edge == name, edge_store.c.store == store)
        row = self._connection.execute(query.with_for_update()).one_or_none()  # SQLite: the transaction has the lock
        if row is None:
            return None
        waiting = select(ahead.c.seq, ahead.c.prev, ahead.c.sha).where(ahead.c.edge == name, ahead.c.store == store)
        account = Account(row.upto, row.sha or None, row.low)
        for seq, prev, sha in self._connection.execute(waiting):
            account.ahead.setdefault(seq, set()).add(Link(prev, sha or None))
        self._remembered[name, store] = _links(account)
        return account

    def save(self) -> None:
        self._save_edges()
        self._save_rows()
        for name, reply in self._replies:
            replies.replied(self._connection, name, reply, self._now)
        self._save_accounts()
        self._save_health()

    def _save_edges(self) -> None:
        for name, columns in sorted(self._edges.items()):  # as each transaction does: PostgreSQL's never cross
            values = {"last_at": self._now, **columns}
            upsert = insert(self._connection, edge).values(name=name, first_at=self._now, **values)
            self._connection.execute(upsert.on_conflict_do_update(index_elements=["name"], set_=values))

    def _save_rows(self) -> None:
        counts = self.taken.counts
        counts["rows"] += len(self._rows)
        unknown = weeks.unknown(self._connection, self._rows, self._now)
        fresh = self._insert_new(inbox, unknown, inbox.c.edge, inbox.c.reason, inbox.c.detail, inbox.c.name)
        counts["repeated"] += len(self._rows) - len(fresh)
        for name, reason, detail, meter in fresh:
            counts["quarantined"] += bool(reason)
            if reason and self._sparingly.may_say((reason, name, meter), self._now):
                log.warning("ALARM %s: messages of edge %s, meter %s are quarantined: %s", reason, name, meter, detail)
        for topic, detail in self._insert_new(stray, list(self._strays.values()), stray.c.topic, stray.c.detail):
            counts["strays"] += 1
            if self._sparingly.may_say(("stray", topic), self._now):
                log.warning("ALARM a message nobody can read is kept aside: %s: %s", topic, detail)

    def _insert_new(self, table: Table, rows: Sequence[Mapping[str, Any]], *columns: Any) -> list[Any]:
        """Inserts those that are not there; returns these columns of the new ones."""
        if not rows:
            return []
        statement = insert(self._connection, table).on_conflict_do_nothing().returning(*columns)
        return list(self._connection.execute(statement, rows))

    def _save_accounts(self) -> None:
        for (name, store), account in self._session.accounts.items():
            values = {"upto": account.upto, "sha": account.sha or "", "low": account.low, "heard_at": self._now}
            upsert = insert(self._connection, edge_store).values(edge=name, store=store, **values)
            self._connection.execute(upsert.on_conflict_do_update(index_elements=["edge", "store"], set_=values))
            before, after = self._remembered.get((name, store), set()), _links(account)
            gone = [(name, store, seq, came.prev, came.sha or "") for seq, came in before - after]
            if gone:
                key = tuple_(*ahead.primary_key.columns)
                for start in range(0, len(gone), 100):
                    self._connection.execute(delete(ahead).where(key.in_(gone[start : start + 100])))
            new = [
                {"edge": name, "store": store, "seq": seq, "prev": came.prev, "sha": came.sha or ""}
                for seq, came in after - before
            ]
            self._insert_new(ahead, new, ahead.c.seq)
        holes = [
            {
                "edge": found.edge,
                "store": found.store,
                "first": found.first,
                "last": found.last,
                "meter": found.name,
                "found_at": self._now,
            }
            for found in self._session.holes
        ]
        self._insert_new(hole, holes, hole.c.id)

    def _save_health(self) -> None:
        for name, health in self._healths.items():
            own = set(self._connection.scalars(select(edge_meter.c.meter).where(edge_meter.c.edge == name)))
            for meter, said in sorted(health.meters.items()):
                if meter not in own:
                    continue
                values: dict[str, Any] = {
                    "fault": None if said.fault is None else printable(said.fault),
                    "overwritten_from_at": said.overwritten_from and int(said.overwritten_from.timestamp()),
                }
                if said.last_success is not None:
                    values["last_success_at"] = int(said.last_success.timestamp())
                upsert = insert(self._connection, meter_seen).values(meter=meter, **values)
                self._connection.execute(upsert.on_conflict_do_update(index_elements=["meter"], set_=values))


def _links(account: Account) -> set[tuple[int, Link]]:
    return {(seq, came) for seq, waiting in account.ahead.items() for came in waiting}


def _about(payload: bytes) -> About:
    """Raises Garbled also for numbers and names that no journal has."""
    about = control.decode(payload, About)
    if not 1 <= about.low <= about.next < _SEQ:
        raise Garbled(f"low {about.low}, next {about.next}: 1 <= low <= next is the rule")
    if not valid_name(about.store):
        raise Garbled(f"store {about.store!r} is not a name")
    return about
