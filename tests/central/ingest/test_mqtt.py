"""Ingest on a real broker: acknowledged after the commit, at once after an `about`, bounded while SQL is away."""

import itertools
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from central.config import CentralConfig
from central.ingest.acks import HALF, Acks
from central.ingest.intake import Arrival, Intake
from central.ingest.live import LiveWriter
from central.ingest.mqtt import Connection, Ingest, Takeovers
from central.ingest.parcel import Message
from central.ingest.receive import Receiver, Taken
from central.ingest.tables import inbox
from central.timeseries.base import LiveRow
from central.timeseries.sqlite import SqliteSeries
from protocol.messages.control import Ack
from tests.central.parts import CENTRAL, NOW, T0, config, database, load_body
from tests.central.programs import until
from tests.central.publisher import Disk, Publisher
from tests.central.sql import Sql
from tests.parts import Mosquitto

ROWS = 150  # three windows


class Watched(Receiver):
    """A receiver whose SQL can be taken away."""

    away = False
    taken = 0

    def take(self, messages: Sequence[Message], now: int) -> Taken:
        if self.away:
            raise OperationalError("INSERT", {}, Exception("disk full"))
        taken = super().take(messages, now)
        self.taken += len(messages)
        return taken


class Running:
    """Ingest in a thread."""

    def __init__(self, folder: Path, settings: CentralConfig) -> None:
        self.engine = database(folder, "A-1")
        self.receiver = Watched(self.engine, CENTRAL)
        self.series = SqliteSeries(folder / "series.sqlite")
        self.live = LiveWriter(self.engine, self.series)
        self.live.start()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=Ingest(settings, self.receiver, self.live).run, args=(self._stop,))
        self._thread.start()

    def rows(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(inbox)).scalar_one())

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)
        self.live.stop()
        assert not self._thread.is_alive()


def settings_for(folder: Path, port: int, protocol: str = "3.1.1", password: str = "central") -> CentralConfig:
    access = f'username = "central"\npassword = "{password}"\n'
    return config(folder, f'[mqtt]\nport = {port}\n{access}protocol = "{protocol}"\n')


@pytest.fixture
def settings(sql: Sql, request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Mosquitto) -> CentralConfig:
    return settings_for(tmp_path, mosquitto.port, getattr(request, "param", "3.1.1"))


@pytest.fixture
def running(tmp_path: Path, settings: CentralConfig) -> Iterator[Running]:
    running = Running(tmp_path, settings)
    yield running
    running.stop()


@pytest.fixture
def publisher(mosquitto: Mosquitto) -> Iterator[Publisher]:
    publisher = Publisher(mosquitto.port, disk_of(ROWS), CENTRAL)
    yield publisher
    publisher.close()


def disk_of(rows: int) -> Disk:
    disk = Disk()
    for n in range(rows):
        disk.append(load_body((T0 + 1800 * n, n)))
    return disk


@pytest.mark.parametrize("settings", ["3.1.1", "5"], indirect=True)
def test_a_journal_is_taken_in_and_acknowledged(running: Running, publisher: Publisher) -> None:
    publisher.run_until_acknowledged()
    assert running.rows() == ROWS
    acks = [ack for _, ack in publisher.acks]
    assert (acks[-1].upto, acks[-1].sha, acks[-1].central) == (ROWS, publisher.disk.last, CENTRAL)


def test_an_edge_is_told_at_half_a_window_or_after_a_second_but_at_once_after_its_about(
    running: Running, publisher: Publisher
) -> None:
    publisher.run_until_acknowledged(patience=60)
    words = publisher.acks[1:]  # the first answers `about`
    assert len(words) >= 3, "150 rows are three windows"
    for (at, word), (later, following) in itertools.pairwise(words):
        assert later - at > 0.9 or following.upto - word.upto >= HALF
    began, told = time.monotonic(), len(publisher.acks)
    publisher.turn(patience=0)
    until(lambda: len(publisher.acks) > told)
    assert publisher.acks[-1][0] - began < 0.5


def test_the_retained_about_is_answered_when_ingest_starts(
    tmp_path: Path, settings: CentralConfig, publisher: Publisher
) -> None:
    publisher.turn()
    running = Running(tmp_path, settings)
    try:
        until(lambda: publisher.acks)
    finally:
        running.stop()


def test_the_broker_hears_of_a_message_after_its_commit(
    running: Running, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[int] = []
    acknowledged = 0

    def acknowledge(connection: Connection, arrival: Arrival) -> None:
        nonlocal acknowledged
        acknowledged += 1
        if acknowledged > running.receiver.taken:
            early.append(acknowledged)
        connection._client.ack(arrival.mid, arrival.qos)

    monkeypatch.setattr(Connection, "acknowledge", acknowledge)
    publisher.run_until_acknowledged()
    assert acknowledged > ROWS
    assert early == []


def test_while_sql_is_away_nothing_is_acknowledged_memory_is_bounded_and_nothing_is_lost(
    running: Running, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.turn()
    until(lambda: publisher.acks)
    running.receiver.away = True
    told = len(publisher.acks)
    with caplog.at_level(logging.ERROR):
        for seq in range(1, ROWS + 1):
            publisher.send(seq)
        until(lambda: "SQL takes nothing" in caplog.text)
        time.sleep(0.5)
    assert caplog.text.count("SQL takes nothing") == 1, "said once"
    assert (running.rows(), len(publisher.acks)) == (0, told)
    running.receiver.away = False
    until(lambda: running.rows() == ROWS)
    publisher.run_until_acknowledged()


def test_a_broker_that_is_killed_is_found_again(running: Running, publisher: Publisher, mosquitto: Mosquitto) -> None:
    publisher.turn()
    until(lambda: publisher.acks)
    for seq in range(1, 100):
        publisher.send(seq)
    mosquitto.kill()
    mosquitto.start()
    publisher.run_until_acknowledged(patience=1)
    assert running.rows() == ROWS


def test_live_values_reach_the_series_of_bound_meters_only(running: Running, mosquitto: Mosquitto) -> None:
    until(lambda: running.receiver.taken or _publish_live(mosquitto))
    until(lambda: running.series.live("A-1", 0, NOW))
    assert running.series.live("A-1", 0, NOW) == [LiveRow("A-1", NOW, {"u_a": 231.5})]
    assert running.series.live("Z-9", 0, NOW) == []


def _publish_live(mosquitto: Mosquitto) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("edge-1", "edge-1")
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    for meter in ("Z-9", "A-1"):
        values = b'{"time":"2025-11-24T16:00:00Z","values":{"voltage_a":231.5,"moonlight":1.0}}'
        client.publish(f"uchet/1/edge-1/up/live/{meter}", values).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def test_a_wrong_password_is_said_and_tried_again(
    sql: Sql, tmp_path: Path, mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        running = Running(tmp_path, settings_for(tmp_path, mosquitto.port, password="wrong"))
        try:
            until(lambda: "no broker: refused: Not authorized" in caplog.text)
        finally:
            running.stop()
    assert "wrong" not in caplog.text


def arrival(size: int = 10) -> Arrival:
    return Arrival(Message("t", b"x" * size), None, 1, 1)


@pytest.mark.quick
def test_the_intake_is_bounded_in_number_and_bytes() -> None:
    intake = Intake(count=3, size=100)
    putting = threading.Thread(target=lambda: [intake.put(arrival(40)) for _ in range(5)])
    putting.start()
    time.sleep(0.05)
    assert putting.is_alive()
    assert len(intake.take(10, 0)) == 2, "80 bytes fit, 120 do not"
    putting.join(0.05)
    assert putting.is_alive()
    assert sum(len(intake.take(10, 0.2)) for _ in range(2)) == 3
    putting.join(5)
    for _ in range(3):
        intake.put(arrival())
    waiting = threading.Thread(target=intake.put, args=(arrival(),))
    waiting.start()
    intake.close()
    waiting.join(5)
    assert not waiting.is_alive()
    assert len(intake.take(10, 0)) == 3


@pytest.mark.quick
def test_a_message_larger_than_the_intake_goes_in_alone() -> None:
    intake = Intake(count=3, size=100)
    intake.put(arrival(1000))
    assert len(intake.take(10, 0)) == 1


@pytest.mark.quick
def test_acknowledgements_wait_for_their_second() -> None:
    acks = Acks()
    first, second, other = (Ack(central="c", store=store, upto=n, sha=None) for n, store in enumerate("aab"))
    acks.note("e", first, at_once=False)
    assert acks.due(10.0) == [("e", first)]
    acks.note("e", first, at_once=False)
    acks.note("e", second, at_once=False)
    acks.note("e", other, at_once=False)
    assert acks.due(10.5) == []
    assert acks.wait(10.5, longest=9) == pytest.approx(0.5)
    assert acks.due(11.0) == [("e", second), ("e", other)]
    acks.note("e", first, at_once=True)
    assert acks.due(11.0) == [("e", first)]
    assert acks.wait(11.0, longest=9) == 9


@pytest.mark.quick
def test_an_edge_that_catches_up_is_told_at_each_half_of_its_window() -> None:
    acks = Acks()

    def told(upto: int, now: float) -> list[int]:
        acks.note("e", Ack(central="c", store="a", upto=upto, sha=None), at_once=False)
        return [ack.upto for _, ack in acks.due(now)]

    assert told(5, 10.0) == [5]
    assert [told(36, 10.1), told(37, 10.2), told(68, 10.3), told(69, 10.4)] == [[], [37], [], [69]]
    assert told(70, 11.5) == [70]


@pytest.mark.quick
def test_two_devices_with_one_name_are_noticed() -> None:
    takeovers = Takeovers()
    assert [takeovers.too_many("e", now) for now in (0, 100, 200, 300, 400, 500)] == [False] * 4 + [True, False]
    assert not any(takeovers.too_many("f", now) for now in range(0, 3000, 200))
