"""The inbox of PostgreSQL is one table a week: a week is there before its first row, and no row stands in two of them.

SQLite's inbox is one table with one unique key: there is nothing to do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, and_, column, select, values

from central.ingest.tables import inbox
from central.partitions import inbox_week, is_partitioned, make, week_of

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


def unknown(connection: Connection, rows: Sequence[Mapping[str, Any]], now: int) -> list[Mapping[str, Any]]:
    """The rows (columns of the inbox) without those that stand in an earlier week: this week has its unique key."""
    if not rows or not is_partitioned(connection.engine):
        return list(rows)
    came = values(*(column(name, inbox.c[name].type) for name in _KEY), name="came").data([_key(row) for row in rows])
    same = and_(*(ours == came.c[ours.name] for ours in _OURS))
    earlier = select(*_OURS).join(came, same).where(inbox.c.week < week_of(now))
    standing = {tuple(row) for row in connection.execute(earlier)}
    return [row for row in rows if _key(row) not in standing]


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)
