"""A meter is asked what it shows now: at most once in `EVERY` seconds, whoever wishes it; each step can be followed.

    made      the wish stands in SQL                  (at once)
    sent      ingest has signed and published it      (within a second)
    taken     the concentrator has it in hand         (reply 1)
    told      the last word came: what was shown, or why nothing
    expired   its time passed without a last word     (by the clock of whoever looks)
Who may ask is asked before, by the policy (`may_act`). No key is needed here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from central.commands.sending import lock, request
from central.commands.tables import command
from central.ingest.tables import edge, edge_meter
from protocol.messages.command import NAMES, Read, Shown, Status

EVERY = 300  # seconds between two askings of one meter
LIFETIME = 120  # seconds in which the concentrator may do it: nobody waits longer
LATE = 5  # seconds after which a last word is not waited for any more
SILENT = 180  # seconds: an edge speaks each minute
ONLINE = "online"


class NoReader(Exception):
    """No concentrator reads this meter now."""


class Away(Exception):
    """The concentrator that reads this meter is not on line: nothing was asked."""

    def __init__(self, reader: "Reader") -> None:
        super().__init__(f"{reader.edge} is not on line")
        self.reader = reader


class Step(StrEnum):
    MADE = "made"
    SENT = "sent"
    TAKEN = "taken"
    TOLD = "told"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Reader:
    """The concentrator that reads a meter, and whether it is on line; `heard_at` = when it last said anything."""

    edge: str
    online: bool
    heard_at: int


@dataclass(frozen=True, slots=True)
class Asking:
    """One asking, as far as it has come. Times: seconds UTC; `status` = the last word, None while there is none."""

    id: str
    meter: str
    edge: str
    made_at: int
    sent_at: int | None
    taken_at: int | None
    told_at: int | None
    expires_at: int
    status: Status | None
    detail: str | None
    shown: Shown | None

    @property
    def again_at(self) -> int:
        """From when on this meter may be asked again."""
        return self.made_at + EVERY

    def steps(self, now: int) -> tuple[tuple[Step, int], ...]:
        """What has been reached, and when, in that order; the last is where it stands at `now`."""
        return tuple(self._steps(now))

    def over(self, now: int) -> bool:
        """Nothing more will come of it."""
        return self.steps(now)[-1][0] in (Step.TOLD, Step.EXPIRED)

    def _steps(self, now: int) -> Iterator[tuple[Step, int]]:
        reached = (Step.MADE, self.made_at), (Step.SENT, self.sent_at), (Step.TAKEN, self.taken_at)
        yield from ((step, at) for step, at in reached if at is not None)
        if self.told_at is not None:
            yield Step.TOLD, self.told_at
        elif now >= self.expires_at + LATE:
            yield Step.EXPIRED, self.expires_at


@dataclass(frozen=True, slots=True)
class Asked:
    """`new`: the meter is asked now; else it was asked less than `EVERY` seconds ago, and that is what came of it."""

    asking: Asking
    new: bool


def ask(connection: Connection, author: str, meter: str, now: int, account: int | None = None) -> Asked:
    """In a writing transaction: of two at once one asks, and the other is told of it. `account` = who wishes it.

    Raises NoReader, Away.
    """
    reader = reader_of(connection, meter, now)
    if reader is None:
        raise NoReader(f"no concentrator reads {meter} now")
    lock(connection, reader.edge)
    before = last(connection, meter)
    if before is not None and before.made_at <= now < before.again_at:
        return Asked(before, new=False)
    if not reader.online:
        raise Away(reader)
    id = request(connection, reader.edge, Read(meter=meter), author, now, LIFETIME, account)
    made = find(connection, id)
    assert made is not None
    return Asked(made, new=True)


def last(connection: Connection, meter: str) -> Asking | None:
    """The newest asking of this meter."""
    query = _asking.where(command.c.meter == meter).order_by(command.c.counter.desc())
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _found(row)


def find(connection: Connection, id: str) -> Asking | None:
    row = connection.execute(_asking.where(command.c.id == id)).first()
    return None if row is None else _found(row)


def reader_of(connection: Connection, meter: str, now: int) -> Reader | None:
    """None when no concentrator reads this meter now."""
    query = (
        select(edge.c.name, edge.c.state, edge.c.last_at)
        .join(edge_meter, edge_meter.c.edge == edge.c.name)
        .where(edge_meter.c.meter == meter, edge_meter.c.valid_from <= now)
        .where(edge_meter.c.valid_to.is_(None) | (edge_meter.c.valid_to > now))
        .order_by(edge_meter.c.valid_from.desc())
    )
    row = connection.execute(query.limit(1)).first()
    if row is None:
        return None
    return Reader(row.name, row.state == ONLINE and row.last_at >= now - SILENT, row.last_at)


# ---- inside

_asking = select(command).where(command.c.command == NAMES[Read])


def _found(row: Row[Any]) -> Asking:
    waiting = row.status is None or row.status == Status.WAITING
    return Asking(
        id=row.id,
        meter=row.meter,
        edge=row.edge,
        made_at=row.made_at,
        sent_at=row.first_sent_at,
        taken_at=row.taken_at,
        told_at=None if waiting else row.replied_at,
        expires_at=row.expires_at,
        status=None if waiting else Status(row.status),
        detail=row.detail,
        shown=None if row.shown is None else msgspec.convert(row.shown, Shown),
    )
