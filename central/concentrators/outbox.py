"""Which configurations ingest is to publish now: new ones at once, then each minute and at each `about` until the edge
says that it runs this one, or why not.

`next_at` in SQL says all of it: several ingests, or one that starts anew, repeat the same.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, select, update

from central.concentrators.tables import edge_config, edge_config_version
from central.db import writing
from protocol.messages import topics

EVERY = 60  # seconds between two sendings
LOOK = 1.0  # seconds between two looks
AT_ONCE = 100  # at most in one look


@dataclass(frozen=True, slots=True)
class Outgoing:
    topic: str
    payload: bytes


class Configurations:
    """As `central.ingest.mqtt.Outbox`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._look_at = 0.0

    def due(self, now: int, moment: float) -> list[Outgoing]:
        if moment < self._look_at:
            return []
        self._look_at = moment + LOOK
        return self._send(edge_config.c.next_at <= now, now)

    def open_for(self, edges: Collection[str], now: int) -> list[Outgoing]:
        return self._send(edge_config.c.edge.in_(sorted(edges)) & edge_config.c.next_at.is_not(None), now)

    def _send(self, which: ColumnElement[bool], now: int) -> list[Outgoing]:
        versions = edge_config_version
        query = (
            select(edge_config.c.edge, versions.c.payload)
            .join(versions, (versions.c.edge == edge_config.c.edge) & (versions.c.version == edge_config.c.wanted))
            .where(which, versions.c.payload.is_not(None))
            .order_by(edge_config.c.next_at)
            .limit(AT_ONCE)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        if rows:
            names = sorted(row.edge for row in rows)
            again = edge_config.c.edge.in_(names) & edge_config.c.next_at.is_not(None)
            with writing(self._engine).begin() as connection:
                connection.execute(update(edge_config).where(again).values(next_at=now + EVERY))
        return [Outgoing(topics.config(row.edge), row.payload) for row in rows]
