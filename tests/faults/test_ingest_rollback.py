"""Fault 33, central's half: an edge's file a day back, a card cloned into a second device. Mark: 0 lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.tables import edge_store, inbox
from central.migrations.command import prepare
from tests.central.parts import NOW, T0, config, load_body
from tests.central.programs import Program, until
from tests.central.publisher import Disk, Publisher
from tests.central.sql import Sql
from tests.parts import Mosquitto


class Place:
    """Ingest as a process and disks that talk to it."""

    def __init__(self, folder: Path, mosquitto: Mosquitto) -> None:
        access = 'username = "central"\npassword = "central"\n'
        settings = config(folder, f"[mqtt]\nport = {mosquitto.port}\n{access}")
        self.port, self.central = mosquitto.port, prepare(settings)
        self.engine = connect(settings.sql_url)
        with writing(self.engine).begin() as connection:
            bind(connection, "edge-1", "A-1", 0, None, NOW)
        self.ingest = Program(folder, "ingest")
        self.ingest.start()
        self.values: set[int] = set()

    def deliver(self, disk: Disk) -> int:
        """Until all of it is acknowledged; returns how often the store was renewed."""
        publisher = Publisher(self.port, disk, self.central)
        try:
            publisher.run_until_acknowledged(patience=1.0)
        finally:
            publisher.close()
        return publisher.renewed

    def grow(self, disk: Disk, count: int) -> None:
        for _ in range(count):
            value = len(self.values)
            self.values.add(value)
            disk.append(load_body((T0 + 1800 * value, value)))

    def lost(self) -> int:
        with self.engine.connect() as connection:
            bodies = set(connection.scalars(select(inbox.c.body)))
        return len({load_body((T0 + 1800 * value, value)) for value in self.values} - bodies)

    def stores(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            return {row.store: row.upto for row in connection.execute(select(edge_store))}


@pytest.fixture
def place(sql: Sql, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Place]:
    place = Place(tmp_path, mosquitto)
    yield place
    assert place.ingest.stop() == 0
    place.engine.dispose()


def test_a_file_rolled_back_goes_on_under_a_new_store(place: Place) -> None:
    disk = Disk()
    place.grow(disk, 40)
    assert place.deliver(disk) == 0
    yesterday = disk.image()
    place.grow(disk, 30)
    assert place.deliver(disk) == 0
    assert place.deliver(yesterday) == 1, "central holds more than this file ever wrote"
    assert yesterday.store != disk.store
    place.grow(yesterday, 50)
    assert place.deliver(yesterday) == 0
    assert place.lost() == 0
    assert place.stores() == {disk.store: 70, yesterday.store: 90}


def test_a_file_rolled_back_that_outgrew_what_central_holds(place: Place) -> None:
    """`upto` exists in both journals: only the hash tells them apart."""
    disk = Disk()
    place.grow(disk, 40)
    place.deliver(disk)
    yesterday = disk.image()
    place.grow(disk, 10)
    place.deliver(disk)
    place.grow(yesterday, 30)
    assert place.deliver(yesterday) == 1
    assert place.lost() == 0


def test_a_cloned_card_in_a_second_device(place: Place) -> None:
    """Both write under one name and one store until the first acknowledgement tells them apart."""
    first = Disk()
    place.grow(first, 20)
    place.deliver(first)
    second = first.image()
    renewed = 0
    for _ in range(4):
        for disk in (first, second):
            place.grow(disk, 15)
            renewed += place.deliver(disk)
    assert first.store != second.store
    assert renewed == 1, "no storm: one of the two is renewed, once"
    assert place.lost() == 0


def test_ingest_restarts_in_the_middle_and_counts_on(place: Place) -> None:
    disk = Disk()
    place.grow(disk, 10)
    place.deliver(disk)
    place.ingest.kill()
    place.grow(disk, 10)
    place.ingest.start()
    assert place.deliver(disk) == 0
    until(lambda: place.stores() == {disk.store: 20})
    assert place.lost() == 0
