"""A hole at central is filled by a command: from the edge's journal, and from the meter for what that no longer holds.

The concentrator is killed in the middle; every row stands in the series once, with the value the meter had.
"""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from central.commands.tables import command
from central.config import load
from central.db import writing
from central.figures.tables import conflict
from central.ingest.tables import State, inbox
from central.timeseries.stores import open_series
from protocol.messages import bodies, topics
from protocol.messages.command import Status
from protocol.reading import Kind
from tests.central.programs import Program, until
from tests.edge.programs import Edge, House
from tests.parts import Mosquitto


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    yield house
    house.close()


@pytest.fixture
def worker(house: House) -> Iterator[Program]:
    worker = Program(house.folder / "central", "worker")
    yield worker
    worker.stop()


def settled(edge: Edge) -> None:
    """All that the meter keeps is read and acknowledged."""
    until(edge.settled, 90)


def lose(house: House, edge: Edge, upto: int) -> None:
    """Rows up to this one are nowhere any more; of the later rows central has lost every third."""
    with closing(sqlite3.connect(edge.file, isolation_level=None)) as journal:
        journal.execute("DELETE FROM journal WHERE seq <= ?", (upto,))
    with writing(house.engine).begin() as connection:
        connection.execute(inbox.delete().where((inbox.c.seq <= upto) | (inbox.c.seq % 3 == 0)))


def central(house: House, *words: str) -> str:
    run = [sys.executable, "-m", "central", "--config", str(house.folder / "central/central.toml"), *words]
    return subprocess.run(run, check=True, capture_output=True, text=True, timeout=60).stdout


def in_the_middle(edge: Edge) -> bool:
    """The command was begun, and the meter is not read to its end."""
    with closing(sqlite3.connect(f"file:{edge.file}?mode=ro", uri=True)) as journal:
        begun = journal.execute("SELECT count(*) FROM command WHERE state = 'waiting'").fetchone()[0]
        return bool(begun and journal.execute("SELECT count(*) FROM gap WHERE kind = 'load'").fetchone()[0])


def last_word(house: House) -> tuple[str, int | None]:
    with house.engine.connect() as connection:
        row = connection.execute(select(command)).one()
        return row.state, row.status


def projected(house: House) -> bool:
    with house.engine.connect() as connection:
        return not connection.execute(select(inbox.c.id).where(inbox.c.state == State.NEW)).first()


def test_a_hole_is_filled_once_though_the_edge_dies_in_the_middle(house: House, worker: Program) -> None:
    edge = house.edge()
    edge.start()
    settled(edge)
    assert edge.stop() == 0
    rows = edge.rows()
    loads = [body.readings for body in (bodies.decode(raw) for _, _, raw, _ in rows) if body.kind == Kind.LOAD]
    said = {row.end: dict(zip(part.columns, row.values, strict=True)) for part in loads for row in part.rows}
    lose(house, edge, len(rows) // 2)
    worker.start()
    edge.start()
    until(lambda: edge.waiting() == 0 and projected(house))
    series = open_series(load(house.folder / "central/central.toml"))
    first, last = min(said), max(said)
    assert len(series.load("A-1", first - 1, last)) < len(said) - 500, "there is a hole"

    since, to = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (first - 1, last))
    asked = ("--edge", "edge-1", "--meter", "A-1", "--kind", "load", "--from", since, "--to", to)
    id = central(house, "command", "backfill", *asked).strip()
    until(lambda: in_the_middle(edge))
    edge.kill()
    assert in_the_middle(edge), "it died before all was read"
    edge.start()
    until(lambda: last_word(house)[0] == "done", 90)
    assert last_word(house)[1] in (Status.DONE, Status.PARTIAL)  # PARTIAL: a first row just beyond the meter's depth
    until(lambda: edge.waiting() == 0 and projected(house))

    found = series.load("A-1", first - 1, last)
    assert {row.end for row in found} == set(said)
    assert len(found) == len(said), "each once"
    assert {row.end: row.values["ap"] for row in found} == {end: row["active_import"] for end, row in said.items()}
    with house.engine.connect() as connection:
        # the registers of the moment are asked each second here, twice in one where an edge ends and another begins
        assert connection.execute(select(conflict).where(conflict.c.kind != Kind.NOW)).all() == []
        assert connection.execute(select(inbox.c.reason).where(inbox.c.reason.is_not(None))).all() == []
        result = connection.execute(select(command.c.result)).scalar_one()
    assert min(result["again"], result["read"]) > 0, "some rows from the journal, some from the meter"
    line = central(house, "command", "list")
    assert re.search(rf"^{id}\tedge-1\tbackfill\t.*\tcli\t.*\tdone\t(done|partial) again=\d+ read=\d+", line)
    series.close()


def test_a_command_that_central_did_not_sign_does_nothing_and_is_told(house: House) -> None:
    edge = house.edge()
    edge.start()
    until(lambda: edge.waiting() == 0)
    taken = paho.Client(CallbackAPIVersion.VERSION2)  # a broker that somebody took over
    taken.username_pw_set("central", "central")
    taken.connect("127.0.0.1", house.broker)
    taken.loop_start()
    for _ in range(50):
        forged = b'{"v":1,"body":"{\\"command\\":\\"backfill\\"}","signature":"AAAA"}'
        taken.publish(topics.command("edge-1", "c1"), forged, qos=1).wait_for_publish(5)
    taken.disconnect()
    taken.loop_stop()
    until(lambda: any("did not sign" in notice for notice in edge.state["notices"]))  # type: ignore[index]
    assert edge.log.count("dropped: a command that our central did not sign") == 1
    assert edge.stop() == 0
    with closing(sqlite3.connect(edge.file)) as journal:
        assert journal.execute("SELECT count(*) FROM journal WHERE kind = 'reply'").fetchone() == (0,)
        assert journal.execute("SELECT count(*) FROM command").fetchone() == (0,)
