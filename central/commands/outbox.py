"""Which commands ingest is to publish now: new ones at once, open ones each minute, all without a last word at `about`.

Nothing is kept here but the time of the last look: several ingests, or one that starts anew, repeat the same commands.
Times: seconds UTC, `moment` monotonic.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine, or_, select, update

from central.commands.tables import State, command
from central.db import writing
from protocol.messages import topics

EVERY = 60  # seconds between two sendings of an open command
LOOK = 1.0  # seconds between two looks
AT_ONCE = 500  # at most in one look
GRACE = 600  # seconds after its expiry in which an edge's last word may still be on its way
_UNFINISHED = (State.OPEN, State.WAITING)


@dataclass(frozen=True, slots=True)
class Outgoing:
    topic: str
    payload: bytes


class Outbox:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._look_at = 0.0
        self._close_at = 0.0

    def due(self, now: int, moment: float) -> list[Outgoing]:
        """Open commands whose turn it is; most calls cost nothing. Raises DBAPIError."""
        if moment < self._look_at:
            return []
        self._look_at = moment + LOOK
        if moment >= self._close_at:
            self._close_at = moment + EVERY
            self._close_expired(now)
        turn = or_(command.c.sent_at.is_(None), command.c.sent_at <= now - EVERY)
        query = select(command.c.id, command.c.edge, command.c.payload).where(
            command.c.state == State.OPEN, command.c.expires_at > now, turn
        )
        with self._engine.connect() as connection:
            rows = connection.execute(
                query.order_by(command.c.sent_at.nulls_first(), command.c.counter).limit(AT_ONCE)
            ).all()
        if rows:
            with writing(self._engine).begin() as connection:
                sent = update(command).where(command.c.id.in_([row.id for row in rows])).values(sent_at=now)
                connection.execute(sent)
        return [Outgoing(topics.command(row.edge, row.id), row.payload) for row in rows]

    def open_for(self, edges: Collection[str], now: int) -> list[Outgoing]:
        """All without a last word of these edges, which have just said `about`. Raises DBAPIError."""
        if not edges:
            return []
        query = (
            select(command.c.id, command.c.edge, command.c.payload)
            .where(command.c.state.in_(_UNFINISHED), command.c.edge.in_(sorted(edges)), command.c.expires_at > now)
            .order_by(command.c.counter)
        )
        with self._engine.connect() as connection:
            return [Outgoing(topics.command(row.edge, row.id), row.payload) for row in connection.execute(query)]

    def _close_expired(self, now: int) -> None:
        late = command.c.state.in_(_UNFINISHED) & (command.c.expires_at <= now - GRACE)
        with self._engine.connect() as connection:
            if connection.execute(select(command.c.id).where(late).limit(1)).first() is None:
                return
        with writing(self._engine).begin() as connection:
            connection.execute(update(command).where(late).values(state=State.EXPIRED))
