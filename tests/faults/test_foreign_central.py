"""Fault 34: an edge is moved to another central. Mark: nothing is freed on a foreign ack; both ends say so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.tables import inbox
from central.migrations.command import prepare
from tests.central.parts import NOW, config
from tests.central.programs import Program, until
from tests.central.sql import Sql
from tests.edge.programs import Edge, House
from tests.parts import Mosquitto


@pytest.fixture
def house(sql: Sql, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    yield house
    house.close()


class Second:
    """Another central at the same broker."""

    def __init__(self, folder: Path, broker: int) -> None:
        folder.mkdir()
        settings = config(folder, f'[mqtt]\nport = {broker}\nusername = "central"\npassword = "central"\n')
        self.central = prepare(settings)
        self.engine: Engine = connect(settings.sql_url)
        with writing(self.engine).begin() as connection:
            bind(connection, "edge-1", "A-1", 0, None, NOW)
        self.ingest = Program(folder, "ingest")


@pytest.fixture
def second(house: House, tmp_path: Path) -> Iterator[Second]:
    second = Second(tmp_path / "second", house.broker)
    yield second
    second.ingest.stop()
    second.engine.dispose()


def bodies(engine: Engine) -> set[bytes]:
    with engine.connect() as connection:
        return set(connection.scalars(select(inbox.c.body)))


def belongs_to(edge: Edge, central: str, before: str) -> None:
    """Its configuration says so from now on."""
    file = edge.folder / "edge.toml"
    file.write_text(file.read_text().replace(f'central = "{before}"', f'central = "{central}"'))


def run_until_delivered(edge: Edge) -> None:
    """Until its journal has rows, and none of them waits."""
    edge.start()
    until(lambda: edge.delivered(1))
    assert edge.stop() == 0


def test_an_edge_gives_its_rows_to_its_own_central_only(house: House, second: Second) -> None:
    edge = house.edge()
    run_until_delivered(edge)
    house.ingest.stop()
    first = len(edge.rows())
    assert first > 0

    second.ingest.start()  # before anybody has told the edge
    edge.start()
    until(lambda: edge.state is not None and edge.state["uplink"]["stranger"] == second.central)
    until(lambda: edge.state["journal"]["rows"] > first + 1, 30)  # type: ignore[index]
    until(lambda: "alarm=foreign_central edge=edge-1" in second.ingest.log)
    assert f"belongs to central {house.central}, this one is {second.central}" in second.ingest.log
    assert edge.waiting() is None, "this is not an answer"
    assert edge.stop() == 0
    assert edge.log.count(f"another central acknowledges to us; it frees nothing theirs={second.central}") == 1
    assert bodies(second.engine) == set(), "not a row went there"

    belongs_to(edge, second.central, house.central)
    run_until_delivered(edge)
    kept = edge.rows()
    given = [body in bodies(second.engine) for _, _, body, _ in kept]
    assert len(kept) > first
    assert given.count(False) <= 4, "all but what came while it stopped; also what the first central has"
    assert all(given[:first])

    second.ingest.stop()
    house.ingest.start()
    before = len(house.bodies())
    belongs_to(edge, house.central, second.central)
    run_until_delivered(edge)
    assert house.lost(edge) == 0
    with house.engine.connect() as connection:
        again = connection.execute(select(func.count()).select_from(inbox)).scalar_one()
    assert before < again <= len(edge.rows()), "it goes on where it was with this one"
    assert len(house.stores()) == 1, "no central took the file for a rolled back one"
