"""The database keeps what DESIGN says of it."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, Table, select
from sqlalchemy.exc import IntegrityError

from central.db import alone, connect, insert, writing
from central.ingest.tables import edge, edge_meter
from tests.central.parts import NOW, database

both = pytest.mark.usefixtures("sql")


def test_an_acknowledged_row_survives_a_power_cut(tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path / 'db'}").connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2}


@both
def test_foreign_keys_hold(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError), writing(database(tmp_path)).begin() as connection:
        connection.execute(edge_meter.insert().values(edge="none", meter="A-1", valid_from=0))


@both
def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    """Read-then-write in both: with SQLite's deferred BEGIN one of them would fail at once."""
    engine = database(tmp_path)
    with writing(engine).begin() as connection:
        connection.execute(edge.insert().values(name="e", first_at=0, last_at=0))

    def count_up() -> None:
        for _ in range(50):
            with writing(engine).begin() as connection:
                alone(connection, "the counter")
                seen = connection.execute(select(edge.c.last_at)).scalar_one()
                connection.execute(edge.update().values(last_at=seen + 1))

    threads = [threading.Thread(target=count_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.execute(select(edge.c.last_at)).scalar_one() == 150


@both
def test_insert_tells_which_rows_are_new(tmp_path: Path) -> None:
    with writing(database(tmp_path)).begin() as connection:
        rows = [{"name": name, "first_at": NOW, "last_at": NOW} for name in ("a", "b", "a")]
        statement = insert(connection, edge).on_conflict_do_nothing().returning(edge.c.name)
        assert sorted(connection.scalars(statement, rows)) == ["a", "b"]
        assert connection.scalars(statement, rows).all() == []


def test_times_fit_into_their_columns() -> None:
    assert not [
        f"{table.name}.{column.name}"
        for table in edge.metadata.tables.values()
        for column in _instants(table)
        if type(column.type) is Integer
    ]


def _instants(table: Table) -> list[Column[int]]:
    return [column for column in table.columns if column.name.endswith("_at")]
