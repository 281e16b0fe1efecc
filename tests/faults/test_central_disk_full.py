"""Fault 4, central's half: the disk is full. Mark: central stops acknowledging, 0 lost, it recovers alone.

SQLite is really out of room (`PRAGMA max_page_count`). A full disk of PostgreSQL cannot be had without root: a trigger
stands for it, which refuses each new message with the server's own code for «disk full» (53100).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from central.ingest.live import LiveWriter
from central.ingest.mqtt import Ingest
from central.ingest.receive import Receiver
from central.ingest.tables import State, inbox
from central.timeseries.sqlite import SqliteSeries
from central.worker import Worker
from tests.central.parts import CENTRAL, T0, NoFigures, config, database, load_body
from tests.central.programs import until
from tests.central.publisher import Disk, Publisher
from tests.central.sql import Sql
from tests.parts import Mosquitto

ROWS = 150
LARGEST = 2**31 - 1  # pages

REFUSE = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER no_room BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION no_room();
"""
ALLOW = "DROP TRIGGER no_room ON inbox; DROP FUNCTION no_room();"


@contextmanager
def no_room(engine: Engine) -> Iterator[None]:
    """SQL has no room for another message, until the end of this."""
    if engine.dialect.name == "postgresql":
        _run(engine, REFUSE)
        yield
        _run(engine, ALLOW)
        return
    pages = [1]  # fewer than there are: the file may not grow

    def limit(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")

    event.listen(engine, "checkout", limit)
    yield
    pages[0] = LARGEST  # and so it stays: the connections live on


def _run(engine: Engine, script: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(script)


class Running:
    """Ingest and the projection, each in a thread."""

    def __init__(self, folder: Path, port: int) -> None:
        access = f'[mqtt]\nport = {port}\nusername = "central"\npassword = "central"\n'
        settings = config(folder, access)
        self.engine = database(folder, "A-1")
        self.series = SqliteSeries(folder / "series.sqlite")
        self._live = LiveWriter(self.engine, self.series)
        self._live.start()
        self._stop = threading.Event()
        ingest = Ingest(settings, Receiver(self.engine, CENTRAL), self._live)
        worker = Worker(self.engine, self.series, NoFigures())
        self._threads = [threading.Thread(target=run, args=(self._stop,)) for run in (ingest.run, worker.run)]
        for thread in self._threads:
            thread.start()
        until(lambda: ingest.connected)

    def count(self, *states: State) -> int:
        where = [inbox.c.state.in_(states)] if states else []
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(inbox).where(*where)).scalar_one())

    def stored(self) -> dict[int, int]:
        return {row.end: row.values["ap"] for row in self.series.load("A-1", 0, T0 + 10**9)}

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()
        self._live.stop()
        self.series.close()
        self.engine.dispose()


@pytest.fixture
def running(sql: Sql, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Running]:
    running = Running(tmp_path, mosquitto.port)
    yield running
    running.close()


@pytest.fixture
def publisher(mosquitto: Mosquitto) -> Iterator[Publisher]:
    publisher = Publisher(mosquitto.port, Disk(), CENTRAL)
    yield publisher
    publisher.close()


def grow(disk: Disk, rows: int) -> None:
    for number in range(len(disk.rows), len(disk.rows) + rows):
        disk.append(load_body((T0 + 1800 * number, number)).replace(b'"v":1', b'"v":1,"note":"%s"' % (b"x" * 4000)))


def test_with_a_full_disk_nothing_is_acknowledged_and_with_room_again_all_of_it_is(
    running: Running, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    grow(publisher.disk, 20)
    publisher.run_until_acknowledged()
    grow(publisher.disk, ROWS)
    with no_room(running.engine):
        until(lambda: publisher.turn(patience=1.0) or "SQL takes nothing" in caplog.text)  # type: ignore[func-returns-value]
        held, upto = running.count(), publisher.disk.upto
        tries = len(publisher.acks)
        for _ in range(300):
            publisher.turn(patience=0.2)
            threading.Event().wait(0.005)
        assert (running.count(), publisher.disk.upto, len(publisher.acks)) == (held, upto, tries), "not a word"
        assert held < 20 + ROWS
    said = [record for record in caplog.records if "SQL takes nothing" in record.getMessage()]
    assert all("full" in record.getMessage() or "No space" in record.getMessage() for record in said)
    assert {record.about["alarm"] for record in said if record.levelname == "ERROR"} == {"sql_refuses"}
    publisher.run_until_acknowledged(patience=1.0)
    until(lambda: running.count(State.DONE) == 20 + ROWS)
    assert running.stored() == {T0 + 1800 * number: number for number in range(20 + ROWS)}


def test_with_a_full_disk_of_the_series_messages_wait_and_are_acknowledged(
    running: Running, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    grow(publisher.disk, 20)
    publisher.run_until_acknowledged()
    until(lambda: running.count(State.DONE) == 20)
    for connection in running.series._all:
        connection.execute("PRAGMA max_page_count = 1")
    grow(publisher.disk, 2000)
    publisher.run_until_acknowledged()
    assert running.count() == 2020, "ingest needs no series"
    until(lambda: "the worker waits: SeriesUnavailable: SQLite: database or disk is full" in caplog.text)
    assert running.count(State.NEW) > 0, "not one is done that the series has not confirmed"
    assert len(running.stored()) >= running.count(State.DONE)
    for connection in running.series._all:
        connection.execute(f"PRAGMA max_page_count = {LARGEST}")
    until(lambda: running.count(State.DONE) == 2020)
    assert running.stored() == {T0 + 1800 * number: number for number in range(2020)}
