"""Every table of SQL as lines of JSON, of one moment; and back, in one transaction.

    sql/<table>.jsonl.gz    [["id",""],["body","bytes"],…]      columns and their forms
                            [1,"eyJ2Ijox…",…]                   a row a line
The same for SQLite and PostgreSQL. What is restored gets the schema it was saved with, then that of this program.
"""

import base64
import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    bindparam,
    cast,
    column,
    inspect,
    select,
    table,
    text,
    update,
)
from sqlalchemy.types import Date, LargeBinary, NullType, Numeric, Text, TypeEngine

from central import migrations
from central.backup.manifest import BadBackup, File, sha256, sync
from central.db import writing
from central.migrations.tables import metadata
from central.partitions import make_for

FOLDER = "sql"
_SUFFIX = ".jsonl.gz"
_BATCH = 1000  # rows a statement


class _Form(NamedTuple):
    """How values of a type stand in a line of JSON."""

    name: str
    type: type[TypeEngine[Any]]
    to_line: Callable[[Any], Any]
    from_line: Callable[[Any], Any]


_FORMS = (
    _Form("bytes", LargeBinary, lambda value: base64.b64encode(value).decode(), base64.b64decode),
    _Form("decimal", Numeric, str, Decimal),
    _Form("date", Date, date.isoformat, date.fromisoformat),
    _Form("json", JSON, str, str),  # the text itself: a null of JSON is not a null of SQL
    _Form("", NullType, lambda value: value, lambda value: value),
)
_BY_NAME = {form.name: form for form in _FORMS}


def save(connection: Connection, folder: Path) -> dict[str, File]:
    """All tables into this folder; returns the files by name. `connection` is that of `snapshot`."""
    (folder / FOLDER).mkdir()
    files = {}
    for found in metadata.sorted_tables:
        name = f"{FOLDER}/{found.name}{_SUFFIX}"
        rows = _save(connection, found, folder / name)
        files[name] = File(sha256(folder / name), (folder / name).stat().st_size, rows)
    return files


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one moment, whatever is written meanwhile."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def _save(connection: Connection, found: Table, path: Path) -> int:
    forms = [_form(here) for here in found.columns]
    asked = [cast(here, Text) if isinstance(here.type, JSON) else here for here in found.columns]
    rows = 0
    with gzip.open(path, "wb", compresslevel=6) as out:
        out.write(_line([(str(here.name), form.name) for here, form in zip(found.columns, forms, strict=True)]))
        for row in connection.execute(select(*asked).execution_options(yield_per=_BATCH)):
            cells = zip(row, forms, strict=True)
            out.write(_line([None if value is None else form.to_line(value) for value, form in cells]))
            rows += 1
    sync(path)
    return rows


def _form(here: Column[Any]) -> _Form:
    return next((form for form in _FORMS if isinstance(here.type, form.type)), _FORMS[-1])


def _line(cells: Sequence[Any]) -> bytes:
    return msgspec.json.encode(cells) + b"\n"


def restore(engine: Engine, folder: Path, schema: str, names: Sequence[str]) -> None:
    """What was there is gone; the tables of the backup stand instead. All or nothing. Raises BadBackup, DBAPIError."""
    with writing(engine).begin() as connection:
        _drop_all(connection)
        command.upgrade(_alembic(connection), schema)
        there = MetaData()
        there.reflect(connection)
        wanted = [found for found in there.sorted_tables if f"{found.name}{_SUFFIX}" in names]
        if len(wanted) != len(names):
            raise BadBackup(f"{folder}: its tables are not those of schema {schema}")
        for found in reversed(wanted):
            connection.execute(found.delete())
        for found in wanted:
            _restore(connection, found, folder / f"{found.name}{_SUFFIX}")
        command.upgrade(_alembic(connection), "head")


def _drop_all(connection: Connection) -> None:
    old = MetaData()
    old.reflect(connection)
    also = " CASCADE" if connection.dialect.name == "postgresql" else ""
    for found in reversed(old.sorted_tables):  # of a partitioned table the parts are gone with it
        quoted = connection.dialect.identifier_preparer.quote(found.name)
        connection.execute(text(f"DROP TABLE IF EXISTS {quoted}{also}"))


def _restore(connection: Connection, found: Table, path: Path) -> None:
    with gzip.open(path, "rb") as lines:
        header = [(str(name), _BY_NAME[form]) for name, form in msgspec.json.decode(next(lines))]
        names = [name for name, _ in header]
        later = [name for name in names if _of_itself(found, name)]
        insert = _insert(connection, found.name, [(name, form) for name, form in header if name not in later])
        rows = (
            {
                name: None if cell is None else form.from_line(cell)
                for (name, form), cell in zip(header, msgspec.json.decode(line), strict=True)
            }
            for line in lines
        )
        postponed: list[dict[str, Any]] = []
        while batch := list(islice(rows, _BATCH)):
            postponed += [row for row in batch if any(row[name] is not None for name in later)]
            make_for(connection, found.name, batch)
            connection.execute(insert, [{name: row[name] for name in names if name not in later} for row in batch])
    for row in postponed:  # a row that names another of its own table, which may come after it
        key = [here == row[here.name] for here in found.primary_key]
        connection.execute(update(found).where(*key).values({name: row[name] for name in later}))
    _count_on(connection, found)


def _insert(connection: Connection, name: str, header: Sequence[tuple[str, _Form]]) -> Any:
    bare = table(name, *(column(here) for here, _ in header))
    values: dict[str, Any] = {}
    for here, form in header:
        values[here] = bindparam(here, type_=Text() if form.type is JSON else form.type())
        if form.type is JSON and connection.dialect.name == "postgresql":
            values[here] = cast(values[here], JSON)
    return bare.insert().values(values)


def _of_itself(found: Table, name: str) -> bool:
    return any(key.column.table is found for key in found.columns[name].foreign_keys)


def _count_on(connection: Connection, found: Table) -> None:
    """PostgreSQL numbers rows by a sequence of its own, which has not seen these; SQLite looks at the rows."""
    if connection.dialect.name != "postgresql":
        return
    for here in found.columns:
        query = text("SELECT pg_get_serial_sequence(:name, :here)")
        quoted = connection.dialect.identifier_preparer.quote(found.name)
        sequence = connection.execute(query, {"name": quoted, "here": here.name}).scalar()
        if sequence is not None:
            last = connection.execute(select(here).order_by(here.desc()).limit(1)).scalar()
            if last is not None:
                connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def schema_of(connection: Connection) -> str:
    """The revision of this database; "" = there is none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def known_schemas() -> list[str]:
    """The revisions that this program can make, newest first."""
    return [found.revision for found in ScriptDirectory(_scripts()).walk_revisions()]


def is_empty(engine: Engine) -> bool:
    """No table at all."""
    with engine.connect() as connection:
        return not inspect(connection).get_table_names()


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", _scripts())
    config.attributes["connection"] = connection
    return config


def _scripts() -> str:
    return str(Path(migrations.__file__).parent)
