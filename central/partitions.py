"""Partitions of PostgreSQL: the inbox by week, the days of points by month. On SQLite the same tables are whole.

A partition is made before the first row that belongs there, without stopping those who read and write: a table like
its parent, then attached to it. It is dropped whole, which costs the same however many rows it has.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from central.db import alone

WEEK = 7 * 86_400
_INBOX, _POINT_DAY = "inbox_w", "point_day_%Y_%m"  # names of partitions; revision 0002 uses the same
LOCK_TIMEOUT = "10s"  # dropping waits this long for those who read the table, and holds everyone else up meanwhile


class Partition(NamedTuple):
    """Rows of `parent` from `since` to before `until`, both as SQL writes them."""

    parent: str
    name: str
    since: str
    until: str


def week_of(moment: int) -> int:
    """Weeks since 1970: where a message received at this second is put."""
    return moment // WEEK


def is_partitioned(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def inbox_week(week: int) -> Partition:
    return Partition("inbox", f"{_INBOX}{week}", str(week), str(week + 1))


def point_day_month(day: date) -> Partition:
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Partition("point_day", first.strftime(_POINT_DAY), f"'{first}'", f"'{following}'")


_OF_ROW: dict[str, Callable[[Mapping[str, Any]], Partition]] = {
    "inbox": lambda row: inbox_week(row["week"]),
    "point_day": lambda row: point_day_month(row["day"]),
}


def make(engine: Engine, wanted: Iterable[Partition]) -> None:
    """Those that are missing, each in a transaction of its own. Nothing on SQLite. Raises DBAPIError."""
    if not is_partitioned(engine):
        return
    by_name = {partition.name: partition for partition in wanted}
    with engine.connect() as connection:
        missing = by_name.keys() - _standing(connection, [partition.parent for partition in by_name.values()])
    for name in sorted(missing):
        with engine.begin() as connection:
            _make(connection, by_name[name])


def make_for(connection: Connection, parent: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Those that rows from elsewhere need (a backup), in this transaction; nothing where the table is whole."""
    if parent in _OF_ROW and _is_split(connection, parent):
        for partition in sorted({_OF_ROW[parent](row) for row in rows}):
            _make(connection, partition)


def inbox_weeks(engine: Engine) -> list[int]:
    """Of which there are partitions, the oldest first."""
    with engine.connect() as connection:
        return sorted(int(name.removeprefix(_INBOX)) for name in _standing(connection, ["inbox"]))


def point_day_months(engine: Engine) -> list[date]:
    """First days of the months of which there are partitions, the oldest first."""
    with engine.connect() as connection:
        names = _standing(connection, ["point_day"])
    return sorted(datetime.strptime(name, _POINT_DAY).date() for name in names)


def stop_everyone(connection: Connection, parent: str) -> None:
    """Nobody reads or writes the table until this transaction ends. Raises OperationalError when it stays busy."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"LOCK TABLE {parent} IN ACCESS EXCLUSIVE MODE"))


def drop(connection: Connection, partition: Partition) -> None:
    """With all that is in it; after `stop_everyone`."""
    connection.execute(text(f"DROP TABLE {partition.name}"))


def _make(connection: Connection, partition: Partition) -> None:
    parent, name, since, until = partition
    alone(connection, "partitions")
    if name not in _standing(connection, [parent]):
        connection.execute(text(f"CREATE TABLE {name} (LIKE {parent} INCLUDING ALL)"))
        connection.execute(text(f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({since}) TO ({until})"))


def _is_split(connection: Connection, parent: str) -> bool:
    """Before revision 0002 no table was."""
    if not is_partitioned(connection.engine):
        return False
    return bool(connection.scalar(text("SELECT relkind = 'p' FROM pg_class WHERE relname = :name"), {"name": parent}))


def _standing(connection: Connection, parents: Iterable[str]) -> set[str]:
    query = text(
        "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
        "JOIN pg_class parent ON parent.oid = inhparent WHERE parent.relname = ANY(:parents)"
    )
    return set(connection.scalars(query, {"parents": list(parents)}))
