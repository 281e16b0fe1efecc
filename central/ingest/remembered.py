"""What SQL remembers of the edges of a batch: read before it in a fixed number of queries, written after it likewise.

The cost of a message is the same whether a batch comes from one edge or from five hundred.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from central.db import execute_many, given, insert_of, keys_of
from central.ingest.judge import printable
from central.ingest.session import Account, Hole, Link
from central.ingest.tables import ahead, edge, edge_meter, edge_store, hole, meter_seen
from protocol.messages.control import Health

Store = tuple[str, str]  # edge, store
_SAID = ("state", "state_at", "about", "about_at", "health", "health_at")  # columns of `edge`, from its messages


class Remembered:
    """The accounts of these stores; locked until the transaction ends (SQLite: the transaction has the only lock)."""

    def __init__(self, connection: Connection, stores: Iterable[Store]) -> None:
        self._connection = connection
        self._accounts: dict[Store, Account] = {}
        wanted = sorted(set(stores))
        if wanted:
            self._read(wanted)
        self._before = {store: _links(account) for store, account in self._accounts.items()}

    def account(self, name: str, store: str) -> Account | None:
        return self._accounts.get((name, store))

    def save(self, accounts: Mapping[Store, Account], now: int) -> None:
        """Positions, and what waits for its turn."""
        positions = [
            {
                "edge": name,
                "store": store,
                "upto": account.upto,
                "sha": account.sha or "",
                "low": account.low,
                "heard_at": now,
            }
            for (name, store), account in sorted(accounts.items())
        ]
        upsert(self._connection, edge_store, positions)
        gone: list[dict[str, Any]] = []
        new: list[dict[str, Any]] = []
        for (name, store), account in sorted(accounts.items()):
            before, after = self._before.get((name, store), set()), _links(account)
            gone += [_row(name, store, seq, came) for seq, came in before - after]
            new += [_row(name, store, seq, came) for seq, came in after - before]
        if gone:
            its = [column == bindparam(f"its_{column.name}") for column in ahead.primary_key.columns]
            keys = [{f"its_{name}": value for name, value in row.items()} for row in gone]
            self._connection.execute(delete(ahead).where(*its), keys)
        add_new(self._connection, ahead, new)

    def _read(self, wanted: Sequence[Store]) -> None:
        positions, waiting_rows = _queries(self._connection.dialect.name)
        keys = keys_of(wanted)
        for row in self._connection.execute(positions, keys):
            self._accounts[row.edge, row.store] = Account(row.upto, row.sha or None, row.low)
        for row in self._connection.execute(waiting_rows, keys):
            waiting = self._accounts[row.edge, row.store].ahead.setdefault(row.seq, set())
            waiting.add(Link(row.prev, row.sha or None))


def _row(name: str, store: str, seq: int, came: Link) -> dict[str, Any]:
    return {"edge": name, "store": store, "seq": seq, "prev": came.prev, "sha": came.sha or ""}


@cache
def _queries(dialect: str) -> tuple[Select[Any], Select[Any]]:
    """Of the stores that are given: their positions, locked in the order of their keys; what waits for its turn."""
    mine = given(dialect, edge_store.c.edge, edge_store.c.store)
    here = (edge_store.c.edge == mine.c.edge) & (edge_store.c.store == mine.c.store)
    positions = select(edge_store).join_from(mine, edge_store, here).order_by(edge_store.c.edge, edge_store.c.store)
    there = (ahead.c.edge == mine.c.edge) & (ahead.c.store == mine.c.store)
    return positions.with_for_update(of=edge_store), select(ahead).join_from(mine, ahead, there)


def save_edges(connection: Connection, heard: Mapping[str, Mapping[str, Any]], now: int) -> None:
    """Edge -> columns of its last messages; each is heard now. An edge not heard of yet is made."""
    rows = [
        {"name": name, "first_at": now, "last_at": now, **dict.fromkeys(_SAID), **columns}
        for name, columns in heard.items()
    ]
    upsert(connection, edge, rows, first=frozenset({"first_at"}), kept=frozenset(_SAID))


def save_holes(connection: Connection, holes: Iterable[Hole], now: int) -> None:
    add_new(
        connection,
        hole,
        [
            {
                "edge": found.edge,
                "store": found.store,
                "first": found.first,
                "last": found.last,
                "meter": found.name,
                "found_at": now,
            }
            for found in sorted(holes, key=lambda one: (one.edge, one.store, one.first, one.last))
        ],
    )


def save_health(connection: Connection, healths: Mapping[str, Health]) -> None:
    """What the edges say of their own meters; what one says of another's is not believed."""
    if not healths:
        return
    query = select(edge_meter.c.edge, edge_meter.c.meter).where(edge_meter.c.edge.in_(list(healths)))
    own = {(row.edge, row.meter) for row in connection.execute(query)}
    said = {
        meter: {
            "meter": meter,
            "fault": None if one.fault is None else printable(one.fault),
            "overwritten_from_at": one.overwritten_from and int(one.overwritten_from.timestamp()),
            "ahead": one.ahead,
            "clock_stands": one.clock_stands,
            "last_success_at": one.last_success and int(one.last_success.timestamp()),
        }
        for name, health in healths.items()
        for meter, one in health.meters.items()
        if (name, meter) in own
    }
    upsert(connection, meter_seen, said.values(), kept=frozenset({"last_success_at"}))


def upsert(
    connection: Connection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    first: frozenset[str] = frozenset(),
    kept: frozenset[str] = frozenset(),
) -> None:
    """Rows of one shape, with their primary key. Columns of `first` are set only when the row is made; one of `kept`
    that is null leaves what stands. In the order of the keys, as each transaction writes them, so that two of
    PostgreSQL never wait for each other."""
    key = [column.name for column in table.primary_key]
    ordered = sorted(rows, key=lambda row: [row[name] for name in key])
    if ordered:
        execute_many(connection, _upsert(connection.dialect.name, table, tuple(ordered[0]), first, kept), ordered)


@cache
def _upsert(
    dialect: str, table: Table, names: tuple[str, ...], first: frozenset[str], kept: frozenset[str]
) -> sqlite.Insert | postgresql.Insert:
    statement = insert_of(dialect, table)
    changed = {
        name: func.coalesce(statement.excluded[name], table.c[name]) if name in kept else statement.excluded[name]
        for name in names
        if name not in first and not table.c[name].primary_key
    }
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)


def add_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Those that are not there yet."""
    if rows:
        execute_many(connection, _add_new(connection.dialect.name, table), rows)


@cache
def _add_new(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return insert_of(dialect, table).on_conflict_do_nothing()


def _links(account: Account) -> set[tuple[int, Link]]:
    return {(seq, came) for seq, waiting in account.ahead.items() for came in waiting}
