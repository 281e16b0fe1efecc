"""Fault 1: kill -9 of the edge at any moment of read, store, publish. Mark: 0 lost, 0 corrupt, back within 10 s."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.messages import bodies
from protocol.reading import Kind
from tests.central.programs import until
from tests.edge.programs import Edge, House
from tests.parts import Mosquitto


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    yield house
    house.close()


def killed_often(house: House, edge: Edge, kills: int, rnd: random.Random) -> float:
    """Starts and kills; each time the file must hold all that it held before. Returns the longest way back, seconds."""
    slowest, held = 0.0, []
    for number in range(kills):
        began = time.monotonic()
        edge.start()
        if number % 2:  # every other time let it come up whole; else it dies while it begins
            until(lambda: edge.state is not None)
            slowest = max(slowest, time.monotonic() - began)
        time.sleep(rnd.random() * 2)
        edge.kill()
        rows = edge.rows()
        assert rows[: len(held)] == held, "what was journalled is there, as it was"
        held = rows
    return slowest


def check(house: House, kills: int) -> None:
    edge = house.edge()
    slowest = killed_often(house, edge, kills, random.Random(1))
    edge.start()
    until(edge.settled, 90)
    assert edge.stop() == 0
    rows = edge.rows()
    assert house.lost(edge) == 0
    assert len(house.stores()) == 1, "no store was renewed: nothing was taken for a rollback"
    loads = [bodies.decode(body) for _, _, body, _ in rows]
    stamps = [row.end for body in loads if body.kind == Kind.LOAD for row in body.readings.rows]
    assert len(stamps) == len(set(stamps)), "nothing journalled twice"
    assert len(stamps) > 4000, "90 days came"
    assert slowest < 10
    assert "replaced" not in edge.log
    assert "void" not in edge.log
    print(f"{kills} kills, {len(rows)} rows, 0 lost, back within {slowest:.1f} s")


def test_ten_kills_lose_nothing(house: House) -> None:
    check(house, 10)


@pytest.mark.long
def test_a_hundred_kills_lose_nothing(house: House) -> None:
    check(house, 100)
