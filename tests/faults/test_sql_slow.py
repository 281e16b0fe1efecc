"""Fault 8 at SQL: each commit takes half a second. Mark: the intake is bounded, the broker holds the rest, 0 lost."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from central.ingest import mqtt
from central.ingest.intake import Arrival, Intake
from central.ingest.live import LiveWriter
from central.ingest.mqtt import BATCH, Ingest
from central.ingest.receive import Receiver
from central.ingest.tables import edge_store, inbox
from central.timeseries.sqlite import SqliteSeries
from tests.central.parts import CENTRAL, T0, Journal, config, database, load_body
from tests.central.programs import until
from tests.central.sql import Sql
from tests.faults.clients import client_of, leave
from tests.parts import Mosquitto

COMMIT = 0.5  # seconds
COUNT, SIZE = 200, 2 * 2**20  # of the intake: less than comes
EDGES = ("edge-1", "edge-2")


class Measured(Intake):
    """The most that ever stood in it."""

    most = (0, 0)

    def __init__(self) -> None:
        super().__init__(COUNT, SIZE)

    def put(self, arrival: Arrival) -> None:
        super().put(arrival)
        Measured.most = max(self.most[0], self.count), max(self.most[1], self.bytes)


class Slow:
    """Ingest in a thread over a SQL whose commits take their time."""

    def __init__(self, folder: Path, port: int) -> None:
        access = f'[mqtt]\nport = {port}\nusername = "central"\npassword = "central"\n'
        settings = config(folder, access)
        self.engine = database(folder, "A-1")
        self.commits: deque[float] = deque()
        event.listen(self.engine, "commit", self._wait)
        self._live = LiveWriter(self.engine, SqliteSeries(folder / "series.sqlite"))
        self._live.start()
        self._stop = threading.Event()
        ingest = Ingest(settings, Receiver(self.engine, CENTRAL), self._live)
        self._thread = threading.Thread(target=ingest.run, args=(self._stop,))
        self._thread.start()
        until(lambda: ingest.connected)

    def count(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(inbox)).scalar_one())

    def upto(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            return {row.edge: row.upto for row in connection.execute(select(edge_store))}

    def close(self) -> None:
        self._stop.set()
        self._thread.join(20)
        self._live.stop()
        assert not self._thread.is_alive()
        self.engine.dispose()

    def _wait(self, _connection: object) -> None:
        if threading.current_thread() is self._thread:
            self.commits.append(time.monotonic())
            time.sleep(COMMIT)


@pytest.fixture
def slow(sql: Sql, tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    monkeypatch.setattr(mqtt, "Intake", Measured)
    monkeypatch.setattr(Measured, "most", (0, 0))
    slow = Slow(tmp_path, mosquitto.port)
    yield slow
    slow.close()


@pytest.mark.parametrize("rows", [1000, pytest.param(10_000, marks=pytest.mark.long)])
def test_what_a_slow_sql_cannot_take_waits_at_the_broker(slow: Slow, mosquitto: Mosquitto, rows: int) -> None:
    """Two edges that know no window pour out all they have."""
    journals = [Journal(edge, "s1") for edge in EDGES]
    size = min(30_000, 50_000_000 // rows)  # the broker's own bound is 64 MiB
    for journal in journals:
        for number in range(rows // 2):
            body = load_body((T0 + 1800 * number, number))
            journal.append(body.replace(b'"v":1', b'"v":1,"note":"%s"' % (b"x" * size)))
    clients = [client_of(mosquitto, edge) for edge in EDGES]
    for client, journal in zip(clients, journals, strict=True):
        for topic, payload in journal.rows:
            client.publish(str(topic), payload, qos=1)
    try:
        until(lambda: slow.count() == rows)
    finally:
        for client in clients:
            leave(client)
    assert slow.upto() == dict.fromkeys(EDGES, rows // 2)
    count, held = Measured.most
    assert count <= COUNT
    assert held <= SIZE
    assert count == COUNT or held > SIZE / 2, "it was full"
    assert rows / BATCH <= len(slow.commits) < rows / 10, "what waited while SQL was busy is the next batch"
