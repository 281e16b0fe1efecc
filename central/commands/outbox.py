"""Which commands ingest is to publish now: new ones at once, open ones each minute, all without a last word at `about`.

Nothing is kept here but the time of the last look: several ingests, or one that starts anew, repeat the same commands.
What stands unsigned is signed here, if it is harmless.
Times: seconds UTC, `moment` monotonic.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, Select, bindparam, func, or_, select, update

from central.commands.sending import HARMLESS, TEXT, signed
from central.commands.tables import State, command
from central.config import ConfigError
from central.db import writing
from central.sparingly import Sparingly
from protocol.messages import topics

log = logging.getLogger(__name__)

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
    """`key` gives the private one that commands are signed with, and raises ConfigError."""

    def __init__(self, engine: Engine, key: Callable[[], bytes]) -> None:
        self._engine = engine
        self._key = key
        self._sparingly = Sparingly()
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
        whole = or_(command.c.payload.is_not(None), command.c.command.in_(HARMLESS))
        query: Select[Any] = select(*TEXT, command.c.payload).where(
            command.c.state == State.OPEN, command.c.expires_at > now, turn, whole
        )
        with self._engine.connect() as connection:
            rows = connection.execute(
                query.order_by(command.c.sent_at.nulls_first(), command.c.counter).limit(AT_ONCE)
            ).all()
        ready = [(row, payload) for row in rows if (payload := row.payload or self._signed(row, now)) is not None]
        if ready:
            first = func.coalesce(command.c.first_sent_at, now)
            sent = update(command).where(command.c.id == bindparam("key"))
            sent = sent.values(sent_at=now, first_sent_at=first, payload=bindparam("text"))
            with writing(self._engine).begin() as connection:
                connection.execute(sent, [{"key": row.id, "text": payload} for row, payload in ready])
        return [Outgoing(topics.command(row.edge, row.id), payload) for row, payload in ready]

    def open_for(self, edges: Collection[str], now: int) -> list[Outgoing]:
        """All without a last word of these edges, which have just said `about`. Raises DBAPIError."""
        if not edges:
            return []
        query = (
            select(command.c.id, command.c.edge, command.c.payload)
            .where(command.c.state.in_(_UNFINISHED), command.c.edge.in_(sorted(edges)), command.c.expires_at > now)
            .where(command.c.payload.is_not(None))
            .order_by(command.c.counter)
        )
        with self._engine.connect() as connection:
            return [Outgoing(topics.command(row.edge, row.id), row.payload) for row in connection.execute(query)]

    def _signed(self, row: Row[Any], now: int) -> bytes | None:
        """None while the key is not to be had: the command's time will pass."""
        try:
            return signed(row, self._key())
        except ConfigError as error:
            if self._sparingly.may_say("unsigned", now):
                log.error("a command is not sent: %s", error)
            return None

    def _close_expired(self, now: int) -> None:
        late = command.c.state.in_(_UNFINISHED) & (command.c.expires_at <= now - GRACE)
        with self._engine.connect() as connection:
            if connection.execute(select(command.c.id).where(late).limit(1)).first() is None:
                return
        with writing(self._engine).begin() as connection:
            connection.execute(update(command).where(late).values(state=State.EXPIRED))
