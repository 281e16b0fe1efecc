"""A command is signed and stored here; ingest publishes it within a second, and again until the edge has answered."""

import secrets
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, func, select

from central.accounts.audit import note
from central.commands.tables import State
from central.commands.tables import command as table
from central.ingest.tables import edge as edges
from protocol.messages import command
from protocol.messages.command import Arguments


class NoEdge(Exception):
    """There is no edge of this name."""


def send(
    connection: Connection, key: bytes, edge: str, arguments: Arguments, author: str, now: int, lifetime: int
) -> str:
    """Its id. `key` = the private one (keys.private_key); `now` and `lifetime` in seconds; in a writing transaction.

    Counters follow the clock, so that they grow also after central was restored from an older backup.
    Raises NoEdge.
    """
    if connection.execute(select(edges.c.name).where(edges.c.name == edge).with_for_update()).first() is None:
        raise NoEdge(f"no edge {edge!r} is known")
    last = connection.execute(select(func.max(table.c.counter)).where(table.c.edge == edge)).scalar_one() or 0
    order = command.order(
        arguments,
        id=secrets.token_hex(8),
        edge=edge,
        counter=max(last + 1, now),
        not_before=datetime.fromtimestamp(now, UTC),
        expires=datetime.fromtimestamp(now + lifetime, UTC),
    )
    values = {
        "counter": order.counter,
        "command": order.command,
        "arguments": msgspec.to_builtins(arguments),
        "payload": command.sign(order, key),
        "author": author,
        "made_at": now,
        "expires_at": now + lifetime,
        "state": State.OPEN,
    }
    connection.execute(table.insert().values(id=order.id, edge=edge, **values))
    said = msgspec.json.encode(arguments).decode()
    note(connection, now, None, "command", edge, f"{author}: {order.command} {order.id} {said}")
    return order.id
