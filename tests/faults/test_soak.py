"""Fault 31: ten thousand edges for twenty minutes while ingest, broker, worker and series are killed at random.

Each row bears an integer that no other row bears. Mark: what central holds in the end is exactly what the edges made,
and at no moment was a row acknowledged that central does not hold. The short form has fewer edges and half a minute.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from central.config import CentralConfig
from central.db import connect, writing
from central.ingest.tables import State, edge, edge_meter, inbox
from central.migrations.command import prepare
from central.timeseries.stores import open_series
from tests.central.parts import T0, config, load_body
from tests.central.programs import Program, until
from tests.central.timeseries.influx_admin import ADMIN, make_admin
from tests.faults.fleet import ACCOUNT, ACL, Carrier, Edge
from tests.parts import InfluxDB, Mosquitto, Part

RATE = 300  # messages a second of all edges together


@dataclass(frozen=True)
class Soak:
    edges: int
    connections: int
    seconds: float
    every: tuple[float, float]  # seconds between two kills
    patience: float  # of an edge before it says `about` again; without progress it doubles twenty-fold
    rows: int  # a second, of all edges: what is left of RATE is for `about`, at each connection and again while idle


SHORT = Soak(edges=300, connections=6, seconds=20, every=(2.0, 5.0), patience=3.0, rows=150)
LONG = Soak(edges=10_000, connections=100, seconds=20 * 60, every=(15.0, 45.0), patience=30.0, rows=50)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "mosquitto", ("central", ACCOUNT))
    acl = tmp_path / "mosquitto/acl"
    conf = tmp_path / "mosquitto/mosquitto.conf"
    rules = next(line.split()[1] for line in conf.read_text().splitlines() if line.startswith("acl_file"))
    acl.write_text(Path(rules).read_text() + "\n" + ACL)
    conf.write_text(conf.read_text().replace(rules, str(acl)))
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.usefixtures("sql")
@pytest.mark.parametrize("soak", [SHORT, pytest.param(LONG, marks=pytest.mark.long)], ids=["short", "long"])
def test_what_is_stored_is_what_was_acknowledged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broker: Mosquitto, influxdb: InfluxDB, soak: Soak
) -> None:
    monkeypatch.setattr("edge.uplink.session.PATIENCE", soak.patience)
    monkeypatch.setattr("edge.uplink.session.PATIENCE_MAX", 20 * soak.patience)
    make_admin(influxdb.port)
    settings = config(
        tmp_path,
        f'[mqtt]\nport = {broker.port}\nusername = "central"\npassword = "central"\n'
        f'[series]\nkind = "influxdb"\nurl = "http://127.0.0.1:{influxdb.port}"\n'
        f'username = "{ADMIN}"\npassword = "{ADMIN}"\ntimeout = 5.0\n',
    )
    central = prepare(settings)
    engine = connect(settings.sql_url)
    _bind(engine, soak.edges)
    programs = {name: Program(tmp_path, name) for name in ("ingest", "worker")}
    for program in programs.values():
        program.start()
    chance = random.Random(31)
    edges = [Edge(number, central, chance) for number in range(soak.edges)]
    each = soak.edges // soak.connections
    carriers = [
        Carrier(number, broker.port, edges[number * each : (number + 1) * each]) for number in range(soak.connections)
    ]
    try:
        kills = _run(soak, edges, carriers, {"broker": broker, "series": influxdb, **programs}, engine, chance)
        _compare(engine, settings, edges)
        rows = sum(len(one.memory.rows) for one in edges)
        print(f"\n{soak.edges} edges, {rows} rows, killed: {kills}")
    finally:
        for carrier in carriers:
            carrier.close()
        for program in programs.values():
            program.kill()
        engine.dispose()


def _bind(engine: Engine, edges: int) -> None:
    with writing(engine).begin() as connection:
        connection.execute(edge.insert(), [{"name": f"edge-{n}", "first_at": 0, "last_at": 0} for n in range(edges)])
        bound = [{"edge": f"edge-{n}", "meter": f"M-{n}", "valid_from": 0} for n in range(edges)]
        connection.execute(edge_meter.insert(), bound)


def _run(
    soak: Soak,
    edges: list[Edge],
    carriers: list[Carrier],
    victims: dict[str, Part | Program],
    engine: Engine,
    chance: random.Random,
) -> dict[str, int]:
    """Rows are made for so long, then everything must arrive; returns who was killed how often."""
    began = time.monotonic()
    ends, next_kill, spent = began + soak.seconds, began + 3, began
    kills = dict.fromkeys(victims, 0)
    unique, owed = 0, 0.0
    while True:
        now = time.monotonic()
        budget = int((now - spent) * RATE)
        if budget:
            spent = now
        if now < ends:
            owed += budget * soak.rows / RATE
            for _ in range(int(owed)):
                owed -= 1
                unique += 1
                chance.choice(edges).memory.append(load_body((T0 + 1800 * unique, unique)))
            if now > next_kill:
                name = list(victims)[sum(kills.values()) % len(victims)]
                victims[name].kill()
                _check(engine, chance.sample(edges, 20))
                victims[name].start()
                kills[name] += 1
                next_kill = time.monotonic() + chance.uniform(*soak.every)
        pending = sum(1 for one in edges if one.memory.upto < len(one.memory.rows))
        if now >= ends and not pending:
            return kills
        assert now < ends + 40 * soak.patience, f"{pending} edges still wait for their acknowledgement"
        share = max(1, budget // len(carriers))
        for carrier in chance.sample(carriers, len(carriers)):
            budget -= carrier.turn(time.monotonic(), min(share, max(budget, 0)))
        time.sleep(0.05)


def _check(engine: Engine, edges: list[Edge]) -> None:
    """What was acknowledged is there, whatever was killed a moment ago."""
    known = {one.name: one.memory.upto for one in edges}
    with engine.connect() as connection:
        query = select(inbox.c.edge, func.count(inbox.c.seq.distinct())).where(inbox.c.edge.in_(known))
        held = {row.edge: row[1] for row in connection.execute(query.group_by(inbox.c.edge))}
    assert all(held.get(name, 0) >= upto for name, upto in known.items())


def _undone(engine: Engine) -> int:
    """Messages not projected yet; asked anew each time, since a transaction of SQLite never sees what came after it."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(inbox).where(inbox.c.state != State.DONE)) or 0


def _compare(engine: Engine, settings: CentralConfig, edges: list[Edge]) -> None:
    made = {(one.name, row.seq, row.sha) for one in edges for row in one.memory.rows}
    with engine.connect() as connection:
        stored = [tuple(row) for row in connection.execute(select(inbox.c.edge, inbox.c.seq, inbox.c.sha))]
    until(lambda: not _undone(engine), seconds=240)
    assert len(stored) == len(made)
    assert set(stored) == made
    series = open_series(settings)
    try:
        integers = [row.values["ap"] for one in edges for row in series.load(one.memory.meter, 0, 2**32)]
    finally:
        series.close()
    assert sorted(integers) == list(range(1, len(made) + 1))
