"""What central knows of an edge's configuration: what is wanted, what runs, what was refused, what it waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from central.concentrators.making import Blocked, wanted
from central.concentrators.tables import Held, edge_config, edge_config_version

MOST = 20  # versions shown


@dataclass(frozen=True, slots=True)
class Standing:
    """`row` of `edge_config`; `versions` the newest first; `blocked` = why the registry of now cannot be sent.

    `state`: runs | refused | held | sent | sealing | blocked | none (central does not configure this edge).
    """

    edge: str
    row: Row[Any] | None
    versions: Sequence[Row[Any]]
    blocked: Blocked | None

    @property
    def state(self) -> str:
        row = self.row
        if self.blocked is not None:
            return "blocked"
        if row is None or row.wanted is None:
            return "none"
        newest = next((version for version in self.versions if version.version == row.wanted), None)
        if newest is not None and (newest.version, newest.sha256) == (row.running, row.running_sha):
            return "runs"
        if newest is not None and (newest.version, newest.sha256) == (row.refused, row.refused_sha):
            return "refused"
        if row.held is not None:
            return "held"
        return "sealing" if row.next_at is None else "sent"

    @property
    def held(self) -> Held | None:
        return None if self.row is None or self.row.held is None else Held(self.row.held)


def standing(connection: Connection, edge: str, now: int) -> Standing:
    row = connection.execute(select(edge_config).where(edge_config.c.edge == edge)).first()
    versions = edge_config_version
    shown = [column for column in versions.columns if column.name != "payload"]
    query = select(*shown).where(versions.c.edge == edge).order_by(versions.c.version.desc()).limit(MOST)
    try:
        wanted(connection, edge, now)
        blocked = None
    except Blocked as found:
        blocked = found
    return Standing(edge, row, connection.execute(query).all(), blocked)
