"""Small parts for the tests of central: a configuration in a folder, a database, bodies, rows of a journal."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine

from central.config import CentralConfig, load
from central.db import writing
from central.ingest.bindings import bind
from central.jobs.leases import Hold
from protocol.messages import bodies
from protocol.messages.chain import GENESIS, link
from protocol.messages.topics import RowTopic
from protocol.reading import Kind, Readings, Row
from tests.central import sql

NOW = 1_764_000_000  # the tests' own «now»: 2025-11-24T16:00:00Z
T0 = 1_763_942_400  # the midnight before
CENTRAL = "00c0ffee00c0ffee"


def config(folder: Path, text: str = "") -> CentralConfig:
    """`text` = further sections. The database is empty."""
    file = folder / "central.toml"
    file.write_text(f'[central]\ndata = "data"\n{sql.section(folder)}{text}')
    (folder / "data").mkdir(exist_ok=True)
    return load(file)


def database(folder: Path, *meters: str, edge: str = "edge-1") -> Engine:
    """The schema of this program, and these meters bound to the edge for ever."""
    engine = sql.migrated(folder)
    with writing(engine).begin() as connection:
        for meter in meters:
            bind(connection, edge, meter, 0, None, NOW)
    return engine


def load_body(*rows: tuple[int, int | None], kind: Kind = Kind.LOAD, quality: int = 0) -> bytes:
    """Stamp and mWh of active import (of the total register, when the kind is not `load`)."""
    column = "active_import" if kind is Kind.LOAD else "active_import_total"
    cells = tuple(Row(stamp, 1800 if kind is Kind.LOAD else 0, quality, (value,)) for stamp, value in rows)
    (body,) = bodies.encode_readings(Readings(kind, (column,), cells), made=NOW, offset=180)
    return body


@dataclass
class Journal:
    """An edge's journal as the tests write it: topics and payloads in order."""

    edge: str = "edge-1"
    store: str = "s1"
    rows: list[tuple[RowTopic, bytes]] = field(default_factory=list)
    sha: str = GENESIS

    def append(self, body: bytes, name: str = "A-1", channel: str = "archive") -> tuple[RowTopic, bytes]:
        topic = RowTopic(self.edge, channel, name, self.store, len(self.rows) + 1, self.sha)
        self.sha = link(self.sha, body)
        self.rows.append((topic, body))
        return self.rows[-1]


class NoFigures:
    """The room of figures, which only notes what it was told."""

    def __init__(self) -> None:
        self.marked: list[tuple[str, list[int]]] = []

    def mark(self, _connection: Connection, stamps: Mapping[str, Collection[int]]) -> None:
        self.marked += [(meter, sorted(moments)) for meter, moments in stamps.items()]

    def recompute(self, now: int, _hold: Hold) -> int:
        return 0
