"""Where an import is tried out, so that nobody waits for it, and the way from there into the registry.

SQLite has one write lock for all, and a large spreadsheet would hold it for minutes. So it is entered into a copy of
the registry's tables in a file of its own; all else is read from the database, which that connection cannot write.
What the copy's change did, row by row, is then entered into the registry at once (`replay`).
PostgreSQL has many writers: there the trial is the transaction itself.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, MetaData, Row, create_engine, func, select

from central.db import make_ours, metadata
from central.registry.changes import SUBJECTS, Change, table_of, unpacked
from central.registry.enter.concentrators import make_known
from central.registry.tables import change, change_line, change_subject

CHUNK = 2000  # rows
COPIED = [metadata.tables[name] for name in SUBJECTS] + [change]
WRITTEN = [*COPIED, change_line, change_subject]
LIVE = "live"  # what the database itself is called beside its copy


@contextmanager
def copied(engine: Engine) -> Iterator[Engine]:
    """The registry of a SQLite database, to be written at will: nobody waits for it, nothing comes of it."""
    live = Path(engine.url.database or "")
    with tempfile.TemporaryDirectory(prefix="uchet-", dir=live.parent) as folder:  # /tmp may be small, or memory
        made = _beside(live, f"{folder}/trial.sqlite")
        try:
            with made.begin() as connection:
                metadata.create_all(connection, WRITTEN)
                for table in COPIED:
                    whole = table.to_metadata(MetaData(), schema=LIVE)
                    connection.execute(table.insert().from_select(table.columns.keys(), select(whole)))
            yield made
        finally:
            made.dispose()


def _beside(live: Path, file: str) -> Engine:
    """An engine for `file`; tables that it has not are those of the database at `live`, to be read alone."""

    def open_both() -> sqlite3.Connection:
        connection = sqlite3.connect(f"file:{quote(file)}", uri=True, check_same_thread=False, timeout=30)
        connection.execute(f"ATTACH DATABASE ? AS {LIVE}", (f"file:{quote(str(live))}?mode=ro",))
        return connection

    made = create_engine(f"sqlite:///{file}", creator=open_both, hide_parameters=True)
    make_ours(made, ("main.journal_mode=MEMORY", "main.synchronous=OFF", "foreign_keys=OFF"))
    return made


def newest(connection: Connection) -> int:
    """The last change of the registry: while it is the same, what was tried on a copy holds."""
    return connection.execute(select(func.max(change.c.id))).scalar() or 0


def replay(made: Change, trial: Connection, key: int) -> None:
    """Enters what the change `key` did in the copy; no change of the registry came between."""
    query = select(change_line).where(change_line.c.change == key).order_by(change_line.c.id)
    lines = trial.execution_options(yield_per=CHUNK).execute(query)
    for (name, new), group in groupby(lines, lambda line: (line.object, line.before is None)):
        if new:
            _add(made, name, group)
        else:
            for line in group:
                _change(made, line)


def _add(made: Change, name: str, lines: Iterator[Row[Any]]) -> None:
    table, rows = table_of(name), []
    for line in lines:
        rows.append(unpacked(table, line.after))
        if name == "concentrator":
            make_known(made.connection, line.after["edge"], made.at)
        if len(rows) == CHUNK:
            made.add_many(table, rows)
            rows = []
    made.add_many(table, rows)


def _change(made: Change, line: Row[Any]) -> None:
    table = table_of(line.object)
    (key,) = table.primary_key.columns
    typed = key.type.python_type(line.key)
    after: Mapping[str, Any] | None = line.after
    if after is None:
        made.remove(table, typed)
    else:
        made.replace(table, typed, **unpacked(table, after))
