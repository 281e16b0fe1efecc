"""Central's side of a command, and a clerk over a real journal."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.config import Config, Edge, Line, Modbus, Schedule, Spodes, Uplink
from edge.journal.journal import Journal
from edge.orders.clerk import Clerk
from protocol.messages import command
from protocol.messages.command import Arguments, Backfill, Reply
from tests.edge.parts import NOW

KEY = bytes(range(32))
DAY = 86400
DEPTH = 30


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def config(folder: Path, key: str | None = command.public_of(KEY)) -> Config:
    return Config(
        edge=Edge(name="edge-1", data=str(folder)),
        uplink=Uplink(host="h", central="c", command_key=key),
        line=[Line(name="l-1", url="tcp://127.0.0.1:1")],
        meter=[Spodes(id="m-1", line="l-1"), Modbus(id="b-1", line="l-1", template="eastron-sdm630")],
        schedule=Schedule(depth=DEPTH),
    )


def backfill(since: int = NOW - DAY, until: int = NOW, meter: str = "m-1", kind: Any = "load") -> Backfill:
    return Backfill(meter=meter, kind=kind, since=moment(since), until=moment(until))


def order(
    id: str = "c1",
    arguments: Arguments | None = None,
    *,
    edge: str = "edge-1",
    counter: int = 1,
    begin: int = NOW - 60,
    end: int = NOW + 3600,
) -> command.Order:
    return command.order(
        arguments or backfill(), id=id, edge=edge, counter=counter, not_before=moment(begin), expires=moment(end)
    )


def signed(id: str = "c1", arguments: Arguments | None = None, key: bytes = KEY, **settings: Any) -> bytes:
    return command.sign(order(id, arguments, **settings), key)


def clerk(folder: Path, journal: Journal, key: str | None = command.public_of(KEY)) -> Clerk:
    return Clerk(config(folder, key), journal)


def replies(journal: Journal) -> list[Reply]:
    """All that stands in the journal, oldest first."""
    entries = journal.entries(0, 10**6)
    return [command.decode_reply(entry.payload) for entry in entries if entry.channel == "reply"]
