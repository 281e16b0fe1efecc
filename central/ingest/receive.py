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

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError

from central.audits import counting
from central.commands import replies
from central.concentrators.said import said
from central.db import insert, writing
from central.ingest.bindings import periods_of
from central.ingest.judge import judge, printable
from central.ingest.parcel import Message, Parcel, unpack
from central.ingest.remembered import Remembered, add_new, save_edges, save_health, save_holes
from central.ingest.session import Position, Session
from central.ingest.tables import State, inbox, stray
from central.ingest.weeks import Weeks, unknown
from central.logs import about as alarm_of
from central.logs import told
from central.operation.alarms import Alarm
from central.partitions import week_of
from central.sparingly import Sparingly
from protocol.messages import control
from protocol.messages.chain import link
from protocol.messages.command import Reply
from protocol.messages.control import About, Ack, Health, Live
from protocol.messages.topics import RowTopic

log = logging.getLogger(__name__)

HEARD_EVERY = 15  # seconds: that an edge is heard is not written with each of its rows


@dataclass(slots=True)
class Taken:
    """What came of a batch. `counts`: rows, repeated, quarantined, strays, about."""

    acks: dict[tuple[str, str], Ack] = field(default_factory=dict)  # by edge and store
    asked: set[str] = field(default_factory=set)  # edges that said `about`: they wait for the answer
    connects: list[str] = field(default_factory=list)  # edges that said «online» just now
    live: list[tuple[str, str, Live]] = field(default_factory=list)  # edge, meter
    counts: Counter[str] = field(default_factory=Counter)

    def and_then(self, later: "Taken") -> "Taken":
        """Of two parts of one batch."""
        return Taken(
            acks=self.acks | later.acks,
            asked=self.asked | later.asked,
            connects=self.connects + later.connects,
            live=self.live + later.live,
            counts=self.counts + later.counts,
        )


class Receiver:
    """`central` = the id of this installation, made by `migrate`."""

    def __init__(self, engine: Engine, central: str) -> None:
        self._engine = writing(engine)
        self._weeks = Weeks(engine)
        self._central = central
        self._sparingly = Sparingly()
        self._written: dict[str, int] = {}  # edge -> when it was last written that it was heard

    def take(self, messages: Sequence[Message], now: int) -> Taken:
        """`now` in seconds UTC. Raises sqlalchemy.exc.DBAPIError: then nothing of the batch was taken."""
        self._weeks.open(now)
        return self._take([unpack(message) for message in messages], now)

    def _take(self, parcels: Sequence[Parcel], now: int) -> Taken:
        """SQL that will never take one of them (it said so of the data) takes the others; that one is set aside."""
        try:
            return self._commit(parcels, now)
        except DataError as error:
            if len(parcels) > 1:
                half = len(parcels) // 2
                return self._take(parcels[:half], now).and_then(self._take(parcels[half:], now))
            return self._commit([Parcel(parcels[0].message, None, trouble=f"SQL refuses it: {told(error)}")], now)

    def _commit(self, parcels: Sequence[Parcel], now: int) -> Taken:
        with self._engine.begin() as connection:
            batch = _Batch(connection, parcels, now, self._sparingly)
            for parcel in parcels:
                batch.add(parcel)
            written = batch.save(self._written)
        self._written |= dict.fromkeys(written, now)
        taken = batch.taken
        for (name, store), position in batch.positions.items():
            taken.acks[name, store] = Ack(central=self._central, store=store, upto=position.upto, sha=position.sha)
        self._check_central(batch.abouts, now)
        return taken

    def _check_central(self, abouts: dict[str, About], now: int) -> None:
        for name, about in abouts.items():
            if about.central != self._central and self._sparingly.may_say((name, about.central), now):
                log.warning(
                    "an edge belongs to central %s, this one is %s: it will free nothing on our word",
                    printable(about.central),
                    self._central,
                    extra=alarm_of(Alarm.FOREIGN_CENTRAL, edge=name),
                )


class _Batch:
    """One transaction: what SQL remembers is read, everything is gathered in the order of arrival, then saved."""

    def __init__(self, connection: Connection, parcels: Sequence[Parcel], now: int, sparingly: Sparingly) -> None:
        self._connection = connection
        self._now = now
        self._sparingly = sparingly
        rows = [parcel.topic for parcel in parcels if isinstance(parcel.topic, RowTopic)]
        stores = {(topic.edge, topic.store) for topic in rows}
        stores |= {(parcel.edge, parcel.said.store) for parcel in parcels if isinstance(parcel.said, About)}
        self._remembered = Remembered(connection, stores)
        self._session = Session(self._remembered.account)
        meters = {(topic.edge, topic.name) for topic in rows if topic.channel not in ("reply", "void")}
        self._periods = periods_of(connection, meters)
        self._asked = replies.asked(
            connection, {(topic.edge, topic.name) for topic in rows if topic.channel == "reply"}
        )
        self._rows: list[dict[str, Any]] = []
        self._replies: list[tuple[str, Reply]] = []
        self._strays: dict[str, dict[str, Any]] = {}
        self._edges: dict[str, dict[str, Any]] = {}
        self._healths: dict[str, Health] = {}
        self.taken = Taken()
        self.positions: dict[tuple[str, str], Position] = {}
        self.abouts: dict[str, About] = {}

    def add(self, parcel: Parcel) -> None:
        match parcel:
            case Parcel(topic=None):
                self._stray(parcel.message, parcel.trouble)
            case Parcel(topic=RowTopic() as topic):
                self._row(topic, parcel.message.payload)
            case _:
                self._about_edge(parcel)

    # rows of the journal

    def _row(self, topic: RowTopic, payload: bytes) -> None:
        key, sha = (topic.edge, topic.name), link(topic.prev, payload)
        verdict = judge(topic, payload, self._periods.get(key, ()), key in self._asked)
        if topic.channel == "void":
            position = self._session.void(topic.edge, topic.store, topic.seq, topic.prev, payload, topic.name)
        else:
            position = self._session.row(topic.edge, topic.store, topic.seq, topic.prev, sha)
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
                "sha": sha,
                "channel": topic.channel,
                "name": topic.name,
                "body": payload,
                "received_at": self._now,
                "state": state,
                "reason": verdict.reason,
                "detail": verdict.detail,
                "week": week_of(self._now),
                **counting.columns_of(topic, payload, verdict.body, self._now),
            }
        )

    # messages about the edge

    def _about_edge(self, parcel: Parcel) -> None:
        name, message = parcel.edge, parcel.message
        match parcel.said:
            case About() as about:
                self.positions[name, about.store] = self._session.about(name, about.store, about.low)
                self.abouts[name] = about
                self.taken.asked.add(name)
                self._heard(name, about=message.payload, about_at=self._now)
                self.taken.counts["about"] += 1
            case control.State() as state:
                self._heard(name, state=state.state, state_at=int(state.since.timestamp()))
                if state.state == "online" and not message.retained:
                    self.taken.connects.append(name)
            case Health() as health:
                self._healths[name] = health
                self._heard(name, health=message.payload, health_at=self._now)
            case Live() as live:
                self.taken.live.append((name, parcel.meter, live))

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

    def save(self, written: Mapping[str, int]) -> list[str]:
        """`written`: edge -> when it was last written that it was heard; returns those written now."""
        heard = {
            name: columns
            for name, columns in self._edges.items()
            if columns or not 0 <= self._now - written.get(name, 0) < HEARD_EVERY
        }
        save_edges(self._connection, heard, self._now)
        said(self._connection, self.abouts, self._now)
        self._save_rows()
        for name, reply in self._replies:
            shown = replies.replied(self._connection, name, reply, self._now)
            if shown is not None:
                self.taken.live.append((name, *shown))
        self._remembered.save(self._session.accounts, self._now)
        save_holes(self._connection, self._session.holes, self._now)
        save_health(self._connection, self._healths)
        counting.told(self._connection, self._healths, self._now)
        return list(heard)

    def _save_rows(self) -> None:
        counts = self.taken.counts
        fresh = counting.received(self._connection, unknown(self._connection, self._rows), self._now)
        add_new(self._connection, inbox, fresh)
        counts["rows"] += len(self._rows)
        counts["repeated"] += len(self._rows) - len(fresh)
        for row in fresh:
            name, meter, reason = row["edge"], row["name"], row["reason"]
            counts["quarantined"] += bool(reason)
            if reason and self._sparingly.may_say((reason, name, meter), self._now):
                ids = {"reason": reason, "edge": name, "meter": meter, "seq": row["seq"]}
                log.warning("a message is quarantined: %s", row["detail"], extra=alarm_of(Alarm.QUARANTINE, **ids))
        self._save_strays()

    def _save_strays(self) -> None:
        if not self._strays:
            return
        statement = insert(self._connection, stray).on_conflict_do_nothing().returning(stray.c.topic, stray.c.detail)
        for topic, detail in self._connection.execute(statement, list(self._strays.values())):
            self.taken.counts["strays"] += 1
            if self._sparingly.may_say(("stray", topic), self._now):
                kept = "a message nobody can read is kept aside: %s: %s"
                log.warning(kept, topic, detail, extra=alarm_of(Alarm.STRAY))
