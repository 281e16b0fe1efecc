"""SQL of central: one metadata, one way to open a database, the same code for SQLite and PostgreSQL.

Each room keeps its tables in its own `tables.py` on this metadata. Instants are integer seconds UTC (columns `*_at`,
`valid_from`, `valid_to`; SQLite would give datetimes back without a zone), days are `Date` in the point's own zone,
energy is integer mWh, money is Numeric -> Decimal. `valid_to` is exclusive and null = open.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Insert,
    Integer,
    MetaData,
    Subquery,
    Table,
    bindparam,
    cast,
    column,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Seconds = BigInteger  # an instant, seconds UTC
Energy = BigInteger  # mWh or mvarh
Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER


_OURS: dict[str, Any] = {
    "hide_parameters": True,  # errors are logged, people are not
    "json_deserializer": msgspec.json.decode,  # a page of a year reads a thousand columns of JSON
}


def connect(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`.

    SQLite: WAL, synchronous=FULL (an acknowledged reading survives a power cut), foreign keys, 30 s of patience; what
    is deleted is overwritten (as Debian's SQLite does by itself): a person who is erased stands in no free page.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, **_OURS)
    engine = create_engine(url, connect_args={"timeout": 30}, **_OURS)
    make_ours(
        engine, ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000", "secure_delete=ON")
    )
    return engine


def make_ours(engine: Engine, pragmas: Iterable[str]) -> None:
    """Connections of this engine of SQLite: their transactions begin as `writing` says, `folded` works in them."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below, not the driver's
        connection.create_function("folded", 1, _casefold, deterministic=True)
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take SQLite's one write lock at once: no deadlock half way through.

    PostgreSQL has many writers: what is read to decide what is written needs `alone` or `with_for_update`, and rows
    that two programs write are written in the order of their keys.
    """
    return engine.execution_options(begin="IMMEDIATE")


def fold_log(engine: Engine) -> None:
    """SQLite's log, which holds pages as they were before, goes into the file as far as nobody reads it."""
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def alone(connection: Connection, what: str) -> None:
    """Until this transaction ends nobody else is alone with `what`. In one of SQLite's `writing` nobody is anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """INSERT of this connection's dialect, for ON CONFLICT.

    `rowcount` after ON CONFLICT DO NOTHING is -1 on PostgreSQL: ask with `.returning(…)` which rows are new.
    """
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The same for a statement that is made once."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def execute_many(connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """One INSERT for many rows of one shape, without SQLAlchemy's work for each of them: a third of the time."""
    compiled = _compiled(connection.dialect, statement, tuple(rows[0]))
    order = compiled.positiontup
    connection.exec_driver_sql(
        str(compiled), [tuple(row[name] for name in order) for row in rows] if order else [dict(row) for row in rows]
    )


@lru_cache(maxsize=64)
def _compiled(dialect: Dialect, statement: Insert, names: tuple[str, ...]) -> Any:
    return statement.compile(dialect=dialect, column_keys=names)


def given(dialect: str, *columns: Column[Any]) -> Subquery:
    """Keys as a table to join with; its columns are named and typed as these. The keys are the parameter `keys`, as
    `keys_of` writes them: one statement, made once, for any number."""
    keys = bindparam("keys", type_=String)
    cells: list[ColumnElement[Any]]
    if dialect == "postgresql":
        rows = func.jsonb_array_elements(cast(keys, JSONB)).table_valued(column("value", JSONB))
        cells = [cast(rows.c.value[number].astext, one.type) for number, one in enumerate(columns)]
    else:
        rows = func.json_each(keys).table_valued("value")
        cells = [func.json_extract(rows.c.value, f"$[{number}]", type_=one.type) for number, one in enumerate(columns)]
    named = [cell.label(one.name) for cell, one in zip(cells, columns, strict=True)]
    return select(*named).subquery("given")


def keys_of(keys: Iterable[Sequence[str | int]]) -> dict[str, str]:
    return {"keys": json.dumps([list(key) for key in keys])}


class folded(GenericFunction[str]):
    """Text without the difference of capital letters: SQLite's own `lower` knows only the Latin ones."""

    type = String()
    inherit_cache = True


@compiles(folded, "postgresql")
def _folded(element: folded, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


def _casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def contains(column: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """The part stands somewhere in the text, whatever its letters' case."""
    return folded(column).contains(part.casefold(), autoescape=True)
