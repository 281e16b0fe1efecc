"""A command is stored here; ingest publishes it within a second, and again until the edge has answered.

`send` signs it at once, for programs that hold the key. `request` leaves that to ingest, for those that do not, as the
web: then only what changes nothing at the edge is signed (`HARMLESS`), whoever has written the row.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from central.accounts.audit import note
from central.commands.tables import State
from central.commands.tables import command as table
from central.ingest.tables import edge as edges
from protocol.messages import command
from protocol.messages.command import NAMES, Arguments, Order, Read

HARMLESS = (NAMES[Read],)
# the columns that the signed text is made of
TEXT = tuple(table.c[name] for name in ("id", "edge", "counter", "command", "arguments", "made_at", "expires_at"))


class NoEdge(Exception):
    """There is no edge of this name."""


def send(
    connection: Connection, key: bytes, edge: str, arguments: Arguments, author: str, now: int, lifetime: int
) -> str:
    """Its id. `key` = the private one (keys.private_key); `now` and `lifetime` in seconds; in a writing transaction.

    Raises NoEdge.
    """
    lock(connection, edge)
    return _put(connection, _order(connection, edge, arguments, now, lifetime), arguments, author, now, key=key)


def request(
    connection: Connection, edge: str, arguments: Read, author: str, now: int, lifetime: int, account: int | None
) -> str:
    """As `send`, unsigned. `account` = who wished it."""
    lock(connection, edge)
    return _put(connection, _order(connection, edge, arguments, now, lifetime), arguments, author, now, account=account)


def lock(connection: Connection, edge: str) -> None:
    """Nobody else commands this edge until the end of the transaction. Raises NoEdge."""
    if connection.execute(select(edges.c.name).where(edges.c.name == edge).with_for_update()).first() is None:
        raise NoEdge(f"no edge {edge!r} is known")


def signed(row: Row[Any], key: bytes) -> bytes:
    """The payload of a stored command, from its columns `TEXT`."""
    order = Order(
        id=row.id,
        edge=row.edge,
        counter=row.counter,
        not_before=_moment(row.made_at),
        expires=_moment(row.expires_at),
        command=row.command,
        arguments=msgspec.Raw(msgspec.json.encode(row.arguments)),
    )
    return command.sign(order, key)


# ---- inside


def _order(connection: Connection, edge: str, arguments: Arguments, now: int, lifetime: int) -> Order:
    """Counters follow the clock, so that they grow also after central was restored from an older backup."""
    last = connection.execute(select(func.max(table.c.counter)).where(table.c.edge == edge)).scalar_one() or 0
    return command.order(
        arguments,
        id=secrets.token_hex(8),
        edge=edge,
        counter=max(last + 1, now),
        not_before=_moment(now),
        expires=_moment(now + lifetime),
    )


def _put(
    connection: Connection,
    order: Order,
    arguments: Arguments,
    author: str,
    now: int,
    *,
    key: bytes | None = None,
    account: int | None = None,
) -> str:
    values = {
        "counter": order.counter,
        "command": order.command,
        "arguments": msgspec.to_builtins(arguments),
        "meter": arguments.meter,
        "payload": key and command.sign(order, key),
        "author": author,
        "made_at": now,
        "expires_at": int(order.expires.timestamp()),
        "state": State.OPEN,
    }
    connection.execute(table.insert().values(id=order.id, edge=order.edge, **values))
    said = msgspec.json.encode(arguments).decode()
    note(connection, now, account, "command", order.edge, f"{author}: {order.command} {order.id} {said}")
    return order.id


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
