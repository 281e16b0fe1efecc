"""Fault 36: the time series is wiped under a running central. Mark: the same rows, figures equal to the last mWh."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select, update

from central.backup.make import make
from central.cli import main
from central.db import writing
from central.ingest.tables import State, inbox
from central.timeseries.base import DAY
from central.timeseries.stores import open_series
from tests.central.publisher import Disk, Publisher
from tests.central.timeseries.influx_admin import ADMIN, make_admin, statement
from tests.faults.central_house import CentralHouse, series_section, write_days
from tests.parts import InfluxDB, Mosquitto

Wipe = Callable[[], None]


@pytest.fixture(params=["sqlite", "influxdb"])
def wiped(request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[tuple[CentralHouse, Wipe]]:
    """A running central, and what wipes its series from outside."""
    server: InfluxDB | None = None
    if request.param == "influxdb":
        server = request.getfixturevalue("influxdb")
        make_admin(server.port)
    house = CentralHouse(tmp_path / "central", mosquitto, series_section(server))

    def wipe() -> None:
        if server is not None:
            statement(server.port, "DROP DATABASE uchet", ADMIN)
        else:
            series = open_series(house.config)
            series.erase()
            series.close()

    yield house, wipe
    house.close()


def forget_inbox(house: CentralHouse) -> None:
    """As after 14 days."""
    with writing(house.engine).begin() as connection:
        connection.execute(delete(inbox).where(inbox.c.state == State.DONE))


def test_a_backup_and_the_inbox_make_it_anew(wiped: tuple[CentralHouse, Wipe], tmp_path: Path) -> None:
    house, wipe = wiped
    disk = Disk()
    write_days(disk, 0, 3)
    house.deliver(disk)
    house.settle()
    house.command("backup", tmp_path / "backups")
    forget_inbox(house)
    write_days(disk, 3, 2)
    house.deliver(disk)
    house.settle()
    before = house.held()
    assert len(before.rows) == 5 * 51
    assert len(before.conflicts) == 5
    assert len(before.days) == 6, "the last midnight in Moscow begins a day"

    wipe()
    write_days(disk, 5, 1)  # what comes meanwhile goes into the empty store
    house.deliver(disk)
    house.settle()
    assert len(house.held().rows) == 51

    dry = house.command("series", "rebuild", "--from-backup", tmp_path / "backups", "--dry-run")
    assert "load: 150 rows in 4 days of meters would be written, 0 stood already" in dry
    assert len(house.held().rows) == 51
    said = house.command("series", "rebuild", "--from-backup", tmp_path / "backups")
    assert "the worker has taken all of it" in said
    house.settle()
    after = house.held()
    assert [row for row in after.rows if row in before.rows] == list(before.rows)
    assert len(after.rows) == 6 * 51
    assert after.conflicts[:5] == before.conflicts
    assert len(after.conflicts) == 6
    last = max(day for _, day in before.days)
    assert {key: day for key, day in after.days.items() if key[1] < last} == {
        key: day for key, day in before.days.items() if key[1] < last
    }

    said = house.command("series", "rebuild", "--from-backup", tmp_path / "backups")
    assert "backup: 0 rows in 0 days of meters written, 153 stood already" in said
    house.settle()
    assert house.held() == after


def test_with_nothing_else_left_the_edges_are_asked(wiped: tuple[CentralHouse, Wipe]) -> None:
    """The edge stays connected: at its next row it says where it is, and is told to begin again."""
    house, wipe = wiped
    disk = Disk()
    write_days(disk, 0, 3)
    publisher = Publisher(house.broker, disk, house.central)
    try:
        publisher.run_until_acknowledged(patience=1.0)
        house.settle()
        before = house.held()
        forget_inbox(house)
        wipe()
        assert house.held().rows == ()
        assert "1 journals are asked for" in house.command("series", "rebuild", "--ask-edges")
        sent = len(disk.rows)
        write_days(disk, 3, 1)
        publisher.run_until_acknowledged(patience=1.0)
        house.settle()
        after = house.held()
        assert [row for row in after.rows if row in before.rows] == list(before.rows)
        assert after.conflicts[: len(before.conflicts)] == before.conflicts
        with house.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(inbox)).scalar_one() == sent + 4
    finally:
        publisher.close()


def test_what_was_written_wrong_goes_with_wipe(wiped: tuple[CentralHouse, Wipe], tmp_path: Path) -> None:
    """The other value came first into the empty store: with --wipe all is decided again in the order it came."""
    house, wipe = wiped
    house.command("backup", tmp_path / "backups")
    disk = Disk()
    write_days(disk, 0, 2)
    house.deliver(disk)
    house.settle()
    before = house.held()
    wipe()
    with writing(house.engine).begin() as connection:  # the conflicts' messages alone are projected now
        second = select(inbox.c.id).where(inbox.c.seq % 4 == 2)
        connection.execute(update(inbox).where(inbox.c.id.in_(second)).values(state=State.NEW))
    house.settle()
    assert {row.values["ap"] // 1000 for row in house.held().rows} == {999}  # type: ignore[index]
    house.command("series", "rebuild", "--wipe", "--from-backup", tmp_path / "backups")
    house.settle()
    assert house.held() == before


def test_killed_at_any_moment_and_started_again(wiped: tuple[CentralHouse, Wipe], tmp_path: Path) -> None:
    house, wipe = wiped
    disk = Disk()
    write_days(disk, 0, 30)
    house.deliver(disk)
    house.settle()
    house.command("backup", tmp_path / "backups")
    before = house.held()
    wipe()
    command = [sys.executable, "-m", "central", "--config", house.folder / "central.toml", "series", "rebuild"]
    chance, killed = random.Random(36), 0
    while killed < 4:
        process = subprocess.Popen([*command, "--from-backup", tmp_path / "backups"], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(chance.randrange(3)):  # lines of progress
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))
        killed += process.poll() is None
        process.kill()
        process.communicate()
    assert "the worker has taken all of it" in house.command("series", "rebuild", "--from-backup", tmp_path / "backups")
    house.settle()
    assert house.held() == before


def test_wipe_without_a_fresh_backup_is_refused(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """What is older than the inbox stands nowhere else."""
    house = CentralHouse(tmp_path / "central", mosquitto, series_section(None))
    try:
        disk = Disk()
        write_days(disk, 0, 1)
        house.deliver(disk)
        house.settle()
        before = house.held()
        old = make(house.config, tmp_path / "backups", int(time.time()) - 15 * DAY, lambda _: None)
        for arguments in ([], ["--from-backup", str(old)]):
            done = CliRunner().invoke(
                main, ["--config", str(house.folder / "central.toml"), "series", "rebuild", "--wipe", *arguments]
            )
            assert done.exit_code == 1
            assert "would be lost" in done.output
        assert house.held() == before
    finally:
        house.close()
