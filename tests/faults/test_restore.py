"""Fault 32: central is put back to yesterday while its edges stay connected and go on. Mark: 0 lost, no edge stalls."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from central.db import writing
from central.ingest.bindings import bind
from central.ingest.tables import State, edge_store, inbox
from central.timeseries.stores import open_series
from protocol.reading import Kind
from tests.central import sql as kit
from tests.central.parts import NOW, T0
from tests.central.programs import until
from tests.central.publisher import Disk, Publisher
from tests.central.sql import Sql
from tests.edge.programs import Edge, Meter
from tests.faults.central_house import CentralHouse, body, series_section
from tests.parts import Mosquitto


class Sender:
    """A hand-made edge that stays connected in a thread of its own, and writes a half-hour as often as it is told."""

    def __init__(self, house: CentralHouse, name: str, meter: str) -> None:
        self.disk, self.meter = Disk(store=f"store-of-{name}"), meter
        self.publisher = Publisher(house.broker, self.disk, house.central, name)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def grow(self, count: int) -> None:
        for _ in range(count):
            number = len(self.disk.rows)
            self.disk.append(body(Kind.LOAD, [(T0 + 1800 * number, 1000 + number)]), self.meter)

    def delivered(self) -> bool:
        return self.publisher.pending == 0

    def expected(self) -> dict[int, int]:
        return {T0 + 1800 * number: 1000 + number for number in range(len(self.disk.rows))}

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.publisher.close()

    def _run(self) -> None:
        while not self._stop.wait(0.005):
            self.publisher.turn(patience=1.0)


def put_back(house: CentralHouse, backups: Path, meanwhile: list[Sender]) -> None:
    """Central stops, is restored, starts; the edges write on while it is away."""
    for program in house.programs:
        program.stop()
    for sender in meanwhile:
        sender.grow(3)
    said = house.command("restore", backups, "--force")
    assert f"this is central {house.central}" in said
    for program in house.programs:
        program.start()


def position(house: CentralHouse, store: str) -> int | None:
    """All rows of this journal up to here are central's."""
    return positions(house).get(store)


def positions(house: CentralHouse) -> dict[str, int]:
    with house.engine.connect() as connection:
        return {row.store: row.upto for row in connection.execute(select(edge_store))}


def stored(house: CentralHouse, meter: str) -> dict[int, int]:
    series = open_series(house.config)
    try:
        return {row.end: row.values["ap"] for row in series.load(meter, 0, 2**32)}
    finally:
        series.close()


@pytest.mark.parametrize("series", ["kept", "wiped"])
def test_what_came_after_the_backup_is_sent_again(sql: Sql, tmp_path: Path, mosquitto: Mosquitto, series: str) -> None:
    folder = tmp_path / "central"
    house = CentralHouse(folder, mosquitto, series_section(None), kit.section(folder))
    with writing(house.engine).begin() as connection:
        bind(connection, "edge-2", "A-2", 0, None, NOW)
    talker, silent = Sender(house, "edge-1", "A-1"), Sender(house, "edge-2", "A-2")
    senders = [talker, silent]
    try:
        for sender in senders:
            sender.grow(100)
        until(lambda: all(sender.delivered() for sender in senders))
        house.settle()
        with writing(house.engine).begin() as connection:  # half of it is older than the inbox remembers
            connection.execute(delete(inbox).where(inbox.c.state == State.DONE, inbox.c.seq <= 50))
        house.command("backup", tmp_path / "backups")
        for sender in senders:
            sender.grow(150)
        until(lambda: all(sender.delivered() for sender in senders))
        house.settle()
        if series == "wiped":
            found = open_series(house.config)
            found.erase()
            found.close()
        put_back(house, tmp_path / "backups", [talker])
        assert position(house, silent.disk.store) == 100, "central knows nothing of what came later"

        talker.grow(20)
        silent.grow(1)  # its next half-hour
        until(lambda: position(house, talker.disk.store) == 273 and position(house, silent.disk.store) == 251)
        until(lambda: all(sender.delivered() for sender in senders))
        house.settle()
        for sender in senders:
            assert stored(house, sender.meter) == sender.expected()
            assert sender.publisher.renewed == 0, "the edge goes on with the journal it has"
        assert house.held().conflicts == ()
        for sender in senders:  # and it goes on
            sender.grow(10)
        until(lambda: all(sender.delivered() for sender in senders))
    finally:
        for sender in senders:
            sender.close()
        house.close()


@pytest.mark.long
def test_a_real_edge_goes_on(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """`uchet-edge run` with a simulated meter: it waits half a minute for progress before it asks."""
    house = CentralHouse(tmp_path / "central", mosquitto, series_section(None))
    meter = Meter(tmp_path)
    edge = Edge(tmp_path / "edge", mosquitto.port, house.central, meter.port)
    try:
        edge.start()
        until(lambda: edge.delivered(10))
        house.command("backup", tmp_path / "backups")
        held = positions(house)
        until(lambda: edge.delivered(95), 120)
        put_back(house, tmp_path / "backups", [])
        assert positions(house) == held
        until(lambda: min(positions(house).values()) >= 95 and edge.waiting() == 0, 180)
        assert edge.stop() == 0
        assert "rolled back" not in edge.log
        with house.engine.connect() as connection:
            bodies = set(connection.scalars(select(inbox.c.body)))
        rows = edge.rows()
        waiting = len(rows) - min(positions(house).values())
        assert waiting < 5
        assert [seq for seq, _, found, _ in rows if found not in bodies][waiting:] == []
    finally:
        edge.stop()
        meter.stop()
        house.close()
