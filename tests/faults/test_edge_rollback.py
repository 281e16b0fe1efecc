"""Fault 33, the edge's half: its file a day back, its card cloned. Mark: new store id; 0 lost."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.programs import until
from tests.edge.programs import Edge, House
from tests.parts import Mosquitto


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    yield house
    house.close()


def run_until_delivered(house: House, edge: Edge, rows: int) -> None:
    """The edge runs until its journal has so many rows, and central all of them."""
    edge.start()
    until(lambda: edge.delivered(rows))
    assert edge.stop() == 0
    assert house.lost(edge) == 0


def test_a_file_rolled_back_gets_a_new_store_and_nothing_is_lost(house: House, tmp_path: Path) -> None:
    edge = house.edge()
    run_until_delivered(house, edge, 10)
    shutil.copy(edge.file, tmp_path / "yesterday.db")
    run_until_delivered(house, edge, len(edge.rows()) + 5)
    before = set(house.stores())
    shutil.copy(tmp_path / "yesterday.db", edge.file)
    run_until_delivered(house, edge, 20)
    assert len(set(house.stores()) - before) == 1
    assert edge.log.count("rolled back or cloned") == 1
    run_until_delivered(house, edge, 25)
    assert len(house.stores()) == 2, "no storm"


def test_a_cloned_card_in_a_second_device(house: House) -> None:
    first, second = house.edge("first"), house.edge("second")
    run_until_delivered(house, first, 10)
    shutil.copytree(first.file.parent, second.file.parent)
    for edge in (first, second, first, second):
        run_until_delivered(house, edge, len(edge.rows()) + 5)
    assert len(house.stores()) == 2
    assert (first.log + second.log).count("rolled back or cloned") == 1
