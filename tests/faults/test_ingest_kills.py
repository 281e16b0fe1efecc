"""Fault 2: kill -9 of ingest, worker, broker, SQL and time series while readings come in. Mark: 0 lost, end to end."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from central.config import CentralConfig
from central.db import connect, writing
from central.ingest.bindings import bind
from central.migrations.command import prepare
from central.timeseries.stores import open_series
from tests.central import sql as kit
from tests.central.parts import NOW, T0, config, load_body
from tests.central.programs import Program, until
from tests.central.publisher import Disk, Publisher
from tests.central.timeseries.influx_admin import ADMIN, make_admin
from tests.parts import Mosquitto, PostgreSQL


class Victim(Protocol):
    def kill(self) -> None: ...
    def start(self) -> None: ...


def run(folder: Path, settings: CentralConfig, port: int, victims: dict[str, Victim], rows: int, kills: int) -> None:
    """Sends rows while victims die; then everything must be in the series, unchanged."""
    chance = random.Random(rows)
    central = prepare(settings)
    engine = connect(settings.sql_url)
    with writing(engine).begin() as connection:
        bind(connection, "edge-1", "A-1", 0, None, NOW)
    programs: dict[str, Victim] = {name: Program(folder, name) for name in ("ingest", "worker")}
    parts = programs | victims
    for program in programs.values():
        program.start()
    disk = Disk()
    publisher = Publisher(port, disk, central)
    expected: dict[int, int] = {}
    killed: list[str] = []
    next_kill = time.monotonic() + 1.0
    try:
        while len(expected) < rows or publisher.pending or len(killed) < kills:
            assert time.monotonic() - next_kill < 60, f"no progress: {publisher.pending} rows wait, killed {killed}"
            if len(expected) < rows and publisher.pending < 100:
                stamp = T0 + 1800 * len(expected)
                expected[stamp] = chance.randrange(10**9)
                disk.append(load_body((stamp, expected[stamp])))
            publisher.turn(patience=1.0)
            if len(killed) < kills and time.monotonic() > next_kill:
                name = list(parts)[len(killed) % len(parts)]
                parts[name].kill()
                parts[name].start()
                killed.append(name)
                next_kill = time.monotonic() + chance.uniform(0.2, 1.2)
            time.sleep(0.002)
        _compare(settings, expected)
    finally:
        publisher.close()
        for program in programs.values():
            program.kill()
        engine.dispose()


def _compare(settings: CentralConfig, expected: dict[int, int]) -> None:
    series = open_series(settings)
    stored: Callable[[], dict[int, int]] = lambda: {  # noqa: E731
        row.end: row.values["ap"] for row in series.load("A-1", 0, T0 + 10**9)
    }
    try:
        until(lambda: len(stored()) >= len(expected), seconds=40)
        assert stored() == expected
    finally:
        series.close()


def _settings(folder: Path, mosquitto: Mosquitto, series: str = "") -> CentralConfig:
    return config(folder, f'[mqtt]\nport = {mosquitto.port}\nusername = "central"\npassword = "central"\n{series}')


@pytest.mark.usefixtures("sql")
@pytest.mark.parametrize(("rows", "kills"), [(200, 6), pytest.param(3000, 90, marks=pytest.mark.long)])
def test_nothing_is_lost_with_the_series_in_a_file(tmp_path: Path, mosquitto: Mosquitto, rows: int, kills: int) -> None:
    run(tmp_path, _settings(tmp_path, mosquitto), mosquitto.port, {"broker": mosquitto}, rows, kills)


@pytest.mark.usefixtures("sql")
@pytest.mark.parametrize(("rows", "kills"), [(200, 8), pytest.param(3000, 90, marks=pytest.mark.long)])
def test_nothing_is_lost_with_the_series_in_influxdb(
    request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Mosquitto, rows: int, kills: int
) -> None:
    server = request.getfixturevalue("influxdb")
    make_admin(server.port)
    series = f'[series]\nkind = "influxdb"\nurl = "http://127.0.0.1:{server.port}"\n'
    series += f'username = "{ADMIN}"\npassword = "{ADMIN}"\ntimeout = 2.0\n'
    victims: dict[str, Victim] = {"broker": mosquitto, "series": server}
    run(tmp_path, _settings(tmp_path, mosquitto, series), mosquitto.port, victims, rows, kills)


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQL]:
    """To be killed: it syncs, and is this test's SQL."""
    server = PostgreSQL(durable=True)
    server.start()
    kit.use(kit.Databases(server))
    yield server
    server.close()


@pytest.mark.parametrize(("rows", "kills"), [(200, 8), pytest.param(3000, 90, marks=pytest.mark.long)])
def test_nothing_is_lost_with_a_postgresql_that_dies(
    own_postgresql: PostgreSQL, tmp_path: Path, mosquitto: Mosquitto, rows: int, kills: int
) -> None:
    victims: dict[str, Victim] = {"broker": mosquitto, "sql": own_postgresql}
    run(tmp_path, _settings(tmp_path, mosquitto), mosquitto.port, victims, rows, kills)
