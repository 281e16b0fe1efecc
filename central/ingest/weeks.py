"""The inbox of PostgreSQL is one table a week: a week is there before its first row, and no row stands in two of them.

SQLite's inbox is one table with one unique key; what is new is found the same way.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, select

from central.db import given, keys_of
from central.ingest.tables import inbox
from central.partitions import inbox_week, make, week_of

_KEY = ("edge", "store", "seq", "prev", "sha")
_OURS = [inbox.c[name] for name in _KEY]


class Weeks:
    """`open` before a transaction that writes rows of this moment, `unknown` inside it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open = -1

    def open(self, now: int) -> None:
        """The partition of this week and of the next one. Raises DBAPIError."""
        week = week_of(now)
        if week != self._open:
            make(self._engine, [inbox_week(week), inbox_week(week + 1)])
            self._open = week


def unknown(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows (columns of the inbox) that stand nowhere in it yet, in whichever week; each once."""
    by_key = {_key(row): row for row in rows}
    if by_key:
        for row in connection.execute(_standing(connection.dialect.name), keys_of(key[:3] for key in by_key)):
            by_key.pop(tuple(row), None)
    return list(by_key.values())


@cache
def _standing(dialect: str) -> Select[Any]:
    came = given(dialect, inbox.c.edge, inbox.c.store, inbox.c.seq)
    same = and_(*(inbox.c[name] == came.c[name] for name in _KEY[:3]))
    return select(*_OURS).join_from(came, inbox, same)


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)
