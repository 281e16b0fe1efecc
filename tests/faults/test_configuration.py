"""A concentrator is told by central what to read: real broker, ingest, worker, edge and meter.

It takes a configuration whole, refuses a wrong one with the reason and goes on with what it had, and a password is in
no file and no line of any log but inside its seals.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from central.concentrators.look import Standing, standing
from central.db import writing
from central.ingest.tables import edge_line, inbox
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import ONE_ZONE
from tests.central.programs import Program, until
from tests.edge.programs import Edge, House, Meter
from tests.parts import Mosquitto

DAY = 86_400
PASSWORD = "12345678"  # of the simulated meter
OWN_FILE = "[[line]]"


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    made = House(tmp_path, mosquitto)
    worker = Program(tmp_path / "central", "worker")
    worker.start()
    yield made
    made.close()
    worker.stop()


@pytest.fixture
def told(house: House) -> Edge:
    """An edge whose own file knows no meter, and a registry that does: B-2 behind the second meter's port."""
    edge = house.edge()
    file = edge.folder / "edge.toml"
    file.write_text(file.read_text().split(OWN_FILE)[0])
    now = int(time.time())
    with writing(house.engine).begin() as connection, entering(connection, at=now, kind="test") as change:
        company = enter.add_organisation(change, "Энергосеть")
        scheme = enter.add_scheme(change, "одна зона", ONE_ZONE, date(2013, 11, 26))
        enter.add_meter(change, "B-2", serial=SERIAL, type="т", maker="м")
        point = enter.add_point(change, company, "Т-1", name="Дом", address="ул.", tz="Europe/Moscow", scheme=scheme)
        enter.mount(change, point, "B-2", now - 100 * DAY, ki=Decimal(1))
    return edge


SERIAL = "10200301"  # as `./run meter` has it by default


def central(house: House, *words: object, given: str | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "central", "--config", str(house.folder / "central/central.toml")]
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True, timeout=60, input=given)


def hang(house: House, url: str, password: str = PASSWORD) -> None:
    """The meter hangs on a line of this address, its password is in the safe."""
    now = int(time.time())
    with writing(house.engine).begin() as connection, entering(connection, at=now, kind="test") as change:
        row = connection.execute(select(edge_line)).first()
        if row is None:
            line = enter.add_line(change, "edge-1", "Шина", url)
            settings = {"link": "wrapper"}
            enter.entitle(change, "edge-1", "B-2", 0, line=line, driver="spodes", settings=settings)
        else:
            enter.correct(change, edge_line, row.id, url=url)
    if row is None:
        done = central(house, "config", "secret", "B-2", "--file", "-", given=password)
        assert done.returncode == 0, done.stderr


def stands(house: House) -> Standing:
    with house.engine.connect() as connection:
        return standing(connection, "edge-1", int(time.time()))


def reads(edge: Edge) -> list[str] | None:
    """Which meters, as it says itself; None while it does not answer."""
    state = edge.state
    return None if state is None else [one["id"] for one in state["meters"]]


def read(house: House) -> bool:
    with house.engine.connect() as connection:
        return connection.execute(select(inbox.c.id).where(inbox.c.name == "B-2").limit(1)).first() is not None


def test_a_meter_that_central_tells_of_is_read_with_its_password(house: House, told: Edge) -> None:
    release_a(house)
    hang(house, f"tcp://127.0.0.1:{house.meter.port}")
    told.start()
    until(lambda: read(house))
    until(lambda: stands(house).state == "runs")
    shown = central(house, "config", "show", "edge-1").stdout
    assert shown.startswith("edge-1\truns\t")
    told.stop()
    told.start()
    until(lambda: reads(told) == ["B-2"])
    assert stands(house).versions[0].version == stands(house).row.running  # type: ignore[union-attr]
    told.stop()
    house.ingest.stop()
    for place in sorted(house.folder.rglob("*")):
        if place.is_file() and not place.name.startswith("meter-"):  # the simulated meter says its own
            assert PASSWORD.encode() not in place.read_bytes(), place


def release_a(house: House) -> None:
    """House binds A-1 by itself; this edge is not to read it."""
    with writing(house.engine).begin() as connection:
        connection.exec_driver_sql("DELETE FROM edge_meter WHERE meter = 'A-1'")


def test_what_it_refuses_is_told_and_what_ran_goes_on(house: House, told: Edge) -> None:
    release_a(house)
    hang(house, f"tcp://127.0.0.1:{house.meter.port}")
    told.start()
    until(lambda: stands(house).state == "runs")
    before = stands(house).row
    hang(house, "tcp://nowhere")  # the registry takes it, the edge knows better: there is no port
    until(lambda: stands(house).state == "refused")
    found = stands(house).row
    assert found is not None
    assert before is not None
    assert "tcp://nowhere" in found.why
    assert found.running == before.running
    assert reads(told) == ["B-2"]
    assert "refused" in central(house, "config", "show", "edge-1").stdout
    hang(house, f"tcp://127.0.0.1:{house.meter.port}")  # mended: what runs says the same
    until(lambda: stands(house).state == "runs")
    assert stands(house).row.running == before.running  # type: ignore[union-attr]


def test_an_edge_that_dies_again_and_again_ends_with_the_newest(house: House, told: Edge) -> None:
    """kill -9 while configurations come: the old one or the new one, never half of one."""
    release_a(house)
    other = Meter(house.folder, "three")
    try:
        hang(house, f"tcp://127.0.0.1:{house.meter.port}")
        told.start()
        until(lambda: stands(house).state == "runs")
        for number in range(6):
            port = (other.port, house.meter.port)[number % 2]
            hang(house, f"tcp://127.0.0.1:{port}")
            time.sleep(0.15 * number)  # each time at another moment of its taking
            told.kill()
            told.start()
        until(lambda: reads(told) == ["B-2"] and stands(house).state == "runs", 90)
        assert "Traceback" not in told.log
    finally:
        other.stop()


def test_another_key_gets_no_password_until_somebody_believes_it(house: House, told: Edge) -> None:
    """The concentrator was exchanged: its folder is empty."""
    release_a(house)
    hang(house, f"tcp://127.0.0.1:{house.meter.port}")
    told.start()
    until(lambda: stands(house).state == "runs")
    told.stop()
    for place in sorted((told.folder / "data").iterdir()):
        if place.is_file():
            place.unlink()
    told.start()
    until(lambda: stands(house).state == "held")
    assert stands(house).held == "other_key"
    accepted = central(house, "config", "accept-key", "edge-1")
    assert accepted.returncode == 0, accepted.stderr
    until(lambda: stands(house).state == "runs", 90)
    again = central(house, "config", "accept-key", "edge-1")
    assert (again.returncode, "says no other key" in again.stderr) == (1, True)
