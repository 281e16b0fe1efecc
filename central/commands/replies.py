"""What the edges answered. A reply is taken in the transaction of its row: who answers for it is ingest."""

from sqlalchemy import Connection, and_, or_, select, update

from central.commands.tables import State, command
from central.ingest.judge import printable
from protocol.messages.command import Reply, Status


def asked(connection: Connection, edge: str, id: str) -> bool:
    """This command was sent to this edge."""
    query = select(command.c.id).where(command.c.id == id, command.c.edge == edge)
    return connection.execute(query).first() is not None


def replied(connection: Connection, edge: str, reply: Reply, now: int) -> None:
    """The first last word stays; one that comes after the expiry counts. The same again changes nothing."""
    last = reply.status is not Status.WAITING
    without_last_word = or_(command.c.status.is_(None), command.c.status == Status.WAITING)
    fits = without_last_word if last else and_(command.c.status.is_(None), command.c.state == State.OPEN)
    values = {
        "state": State.DONE if last else State.WAITING,
        "status": int(reply.status),
        "replied_at": now,
        "detail": reply.detail and printable(reply.detail),
        "result": reply.result,
    }
    connection.execute(update(command).where(command.c.id == reply.id, command.c.edge == edge, fits).values(**values))
