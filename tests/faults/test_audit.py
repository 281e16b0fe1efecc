"""The audits over real parts: the counts add up whoever dies; what a restored central lacks is asked for and comes."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from central.audits.asking import ONLINE
from central.audits.tables import GapState, gap
from central.commands.tables import command
from central.config import load
from central.db import connect, writing
from central.figures.tables import conflict
from central.ingest.tables import State, inbox
from central.ingest.tables import edge as known
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import ONE_ZONE
from central.timeseries.stores import open_series
from protocol.messages import bodies
from protocol.reading import Kind
from tests.central.programs import Program, until
from tests.edge.programs import Edge, House
from tests.parts import Mosquitto

DAY = 86_400
MOUNTED = 30  # days ago


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    now = int(time.time())
    with writing(house.engine).begin() as connection, entering(connection, at=now, kind="test") as change:
        company = enter.add_organisation(change, "Энергосеть")
        scheme = enter.add_scheme(change, "одна зона", ONE_ZONE, date(2013, 11, 26))
        meter = enter.add_meter(change, "A-1", serial="1", type="Милур", maker="Милур")
        point = enter.add_point(
            change, company, "Т-1", name="Дом", address="ул. Садовая, 1", tz="Europe/Moscow", scheme=scheme
        )
        enter.mount(change, point, meter, now - MOUNTED * DAY, act="акт 1")
    yield house
    house.close()


@pytest.fixture
def worker(house: House) -> Iterator[Program]:
    worker = Program(house.folder / "central", "worker")
    worker.start()
    yield worker
    worker.stop()


def central(house: House, *words: object) -> "subprocess.CompletedProcess[str]":
    run = [sys.executable, "-m", "central", "--config", str(house.folder / "central/central.toml"), *map(str, words)]
    return subprocess.run(run, capture_output=True, text=True, timeout=120)


def settled(house: House, edge: Edge) -> None:
    """All that the meter keeps is read, acknowledged and projected."""
    until(edge.settled, 120)
    projected(house)


def projected(house: House) -> None:
    """All that is in the inbox now; the meter is asked each second, so something always waits."""
    ((last,),) = rows(house, select(func.max(inbox.c.id)))
    waiting = select(inbox.c.id).where(inbox.c.state == State.NEW, inbox.c.id <= last).limit(1)
    until(lambda: not rows(house, waiting), 90)


def rows(house: House, query: Any) -> Any:
    with house.engine.connect() as connection:
        return connection.execute(query).all()


def told(house: House, edge: Edge) -> list[dict[str, Any]]:
    """The lines of the audit after the edge's newest word; it speaks when it begins, and nothing new comes."""
    house.meter.stop()
    edge.stop()
    edge.start()
    settled_without_meter(house, edge)
    found: list[dict[str, Any]] = []

    def spoken() -> bool:
        found[:] = map(json.loads, central(house, "audit", "--format", "json").stdout.splitlines())
        return all(line["read"] is not None and line["verdict"] != "under_way" for line in found)

    until(spoken, 90)
    return found


def settled_without_meter(house: House, edge: Edge) -> None:
    until(lambda: edge.waiting() == 0)
    projected(house)


def test_the_counts_add_up_over_kills_of_edge_ingest_and_worker(house: House, worker: Program) -> None:
    edge = house.edge()
    victims: list[Any] = [edge, house.ingest, worker]
    chance = random.Random(7)
    edge.start()
    until(lambda: edge.state is not None)
    for number in range(9):
        time.sleep(chance.uniform(0.5, 1.5))
        victims[number % 3].kill()
        victims[number % 3].start()
    settled(house, edge)
    lines = told(house, edge)
    assert sum(line["read"] for line in lines) > 4000, "90 days came"
    steps = ("read", "journal", "sent", "received", "projected")
    assert [line for line in lines if len({line[step] for step in steps}) > 1] == []
    assert central(house, "audit").returncode == 0

    edge.stop()
    (seq, lost) = one_row(edge)
    with closing(sqlite3.connect(edge.file, isolation_level=None)) as journal:
        journal.execute("DELETE FROM journal WHERE seq = ?", (seq,))
    edge.start()  # it finds its file damaged, saves what it can, and sends all of it under a new store id
    settled_without_meter(house, edge)
    until(lambda: f"DIFFERS: {lost} lost at the concentrator" in central(house, "audit").stdout, 90)
    assert central(house, "audit").returncode == 1


def one_row(edge: Edge) -> tuple[int, int]:
    """A row in the middle of the journal, and how many readings it holds."""
    found = edge.rows()
    for seq, _, body, _ in found[len(found) // 2 :]:
        decoded = bodies.decode(body)
        if decoded.kind == Kind.LOAD:
            return seq, len(decoded.rows)
    raise AssertionError("no load")


def weeks_of_load(edge: Edge) -> int:
    """Up to which row the journal holds three weeks of half-hours: the newest, which were read first."""
    found = 0
    for seq, _, body, _ in edge.rows():
        decoded = bodies.decode(body)
        found += len(decoded.rows) if decoded.kind == Kind.LOAD else 0
        if found >= 21 * 48:
            return seq
    raise AssertionError("the meter keeps less")


def test_what_a_restored_central_lacks_is_asked_for_by_deadline_and_comes(house: House, worker: Program) -> None:
    """Fault 32, the half that no journal can give again: it is read from the meter once more, by the nightly audit."""
    with open(house.folder / "central/central.toml", "a") as settings:
        settings.write("\n[audits]\nbackfills = 1\n")
    backups = house.folder / "backups"
    assert central(house, "backup", backups).returncode == 0
    edge = house.edge()
    edge.start()
    settled(house, edge)
    said = central(house, "audit", "completeness", "--dry-run")
    assert said.returncode == 0, said.stdout
    assert edge.stop() == 0
    expected = held(house)

    for program in (house.ingest, worker):
        program.stop()
    with closing(sqlite3.connect(edge.file, isolation_level=None)) as journal:  # as if they were older than it keeps
        journal.execute("DELETE FROM journal WHERE seq <= ?", (weeks_of_load(edge),))
    house.engine.dispose()
    restored = central(house, "restore", backups, "--force")
    assert restored.returncode == 0, restored.stderr
    house.engine = connect(load(house.folder / "central/central.toml").sql_url)
    series = open_series(load(house.folder / "central/central.toml"))
    series.erase()
    series.close()
    for program in (house.ingest, worker):
        program.start()
    edge.start()
    settled(house, edge)
    until(lambda: bool(rows(house, select(inbox.c.id).limit(1))))
    assert len(held(house)) < len(expected) - 14 * 48, "weeks are missing"
    until(lambda: bool(rows(house, select(known.c.name).where(known.c.state == ONLINE))))  # else it is not asked

    night = central(house, "jobs", "run", "audit_completeness", "--wait")
    assert night.returncode == 0, night.stdout + night.stderr
    assert rows(house, select(gap.c.id).where(gap.c.asked > 0))

    def filled() -> bool:
        if rows(house, select(command.c.id).where(command.c.state.in_(("open", "waiting")))):
            return False
        answer = central(house, "jobs", "run", "audit_answers", "--wait")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        states = {row.state for row in rows(house, select(gap.c.state))}
        assert GapState.LOST not in states
        return states == {GapState.FILLED}

    until(filled, 180)
    assert held(house) == expected
    # the registers of the moment are asked each second here, twice in one where an edge ends and another begins
    assert rows(house, select(conflict).where(conflict.c.kind != Kind.NOW)) == []
    asked = rows(house, select(command).order_by(command.c.counter))
    assert all(one.replied_at <= after.made_at for one, after in pairwise(asked)), "the budget is one at a time"
    loads = [row.arguments["from"] for row in asked if row.arguments["kind"] == Kind.LOAD]
    assert len(loads) >= 2
    assert loads == sorted(loads), "what the meter overwrites first is asked for first"
    assert {row.author for row in asked} == {"audit"}


def held(house: House) -> dict[int, int]:
    """Half-hours of the time that the meter stood at its point, up to what is surely due."""
    now = int(datetime.now(UTC).timestamp())
    series = open_series(load(house.folder / "central/central.toml"))
    try:
        return {row.end: row.values["ap"] for row in series.load("A-1", now - (MOUNTED - 1) * DAY, now - DAY)}
    finally:
        series.close()
