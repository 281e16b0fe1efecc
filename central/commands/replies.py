"""What the edges answered. A reply is taken in the transaction of its row: who answers for it is ingest."""

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, and_, or_, select, update

from central.commands.tables import State, command
from central.ingest.judge import printable
from protocol.messages.command import Reply, Status
from protocol.messages.control import Live


def asked(connection: Connection, pairs: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Of these (edge, command): which commands were sent to which edge."""
    if not pairs:
        return frozenset()
    query = select(command.c.edge, command.c.id).where(command.c.id.in_({id for _, id in pairs}))
    return frozenset((row.edge, row.id) for row in connection.execute(query)) & frozenset(pairs)


def replied(connection: Connection, edge: str, reply: Reply, now: int) -> tuple[str, Live] | None:
    """The first last word stays; one that comes after the expiry counts. The same again changes nothing.

    Returns the meter and what it showed, the first time.
    """
    last = reply.status is not Status.WAITING
    without_last_word = or_(command.c.status.is_(None), command.c.status == Status.WAITING)
    fits = without_last_word if last else and_(command.c.status.is_(None), command.c.state == State.OPEN)
    values = {
        "state": State.DONE if last else State.WAITING,
        "status": int(reply.status),
        "replied_at": now,
        "detail": reply.detail and printable(reply.detail),
        "result": reply.result,
        "shown": msgspec.to_builtins(reply.shown),
    }
    if not last:
        values["taken_at"] = now
    change = update(command).where(command.c.id == reply.id, command.c.edge == edge, fits).values(**values)
    row = connection.execute(change.returning(command.c.meter)).first()
    if row is None or row.meter is None or reply.shown is None:
        return None
    return row.meter, Live(time=reply.shown.time, values=reply.shown.values)
