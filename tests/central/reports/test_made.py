"""A real worker makes files of reports: killed in the middle, told to stop, and what codes and limits are made of."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from central.config import load
from central.db import writing
from central.jobs.tables import job
from central.migrations.command import prepare
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.made import codes, desk
from central.reports.tables import report_file
from tests.central import scene as s
from tests.central import sql
from tests.central.conftest import Copy
from tests.central.programs import Program, until
from tests.central.scene import Scene

PROFILE = reports()["profile"]
LONG = 90.0  # seconds that a busy machine may take


@dataclass
class Office:
    scene: Scene
    folder: Path
    worker: Program

    def ask(self) -> int:
        """Three years of all intervals of two points: some seconds of work."""
        now = int(time.time())
        words = {"length": "own", "day": "2023-12-01", "last": "2026-11-20"}
        wanted = asked(PROFILE, MultiDict(words), datetime.fromtimestamp(now, UTC).date())
        key, at_once = desk.ask(self.scene.source, self.scene.viewer(s.CONSUMER), PROFILE, wanted, "csv", now)
        assert not at_once
        return key

    def row(self, key: int) -> Any:
        with self.scene.engine.connect() as connection:
            return connection.execute(select(report_file).where(report_file.c.id == key)).one()

    def job_of(self, key: int) -> Any:
        with self.scene.engine.connect() as connection:
            return connection.execute(select(job).where(job.c.id == self.row(key).job)).one()

    def half(self, key: int) -> Path:
        return self.folder / "reports" / f".{key}"

    def under_way(self, key: int) -> bool:
        return self.row(key).state == "making" and self.half(key).exists() and self.half(key).stat().st_size > 0

    @property
    def kept(self) -> list[Path]:
        return [one for one in (self.folder / "reports").rglob("*") if one.is_file() and len(one.name) == 64]


@pytest.fixture
def office(copy_of: Copy, tmp_path: Path) -> Iterator[Office]:
    folder = tmp_path / "scene"
    scene = copy_of(11, folder)
    (folder / "central.toml").write_text(f'[central]\ndata = "."\n{sql.section(folder)}')
    prepare(load(folder / "central.toml"))
    worker = Program(folder, "worker")
    yield Office(scene, folder, worker)
    worker.kill()
    scene.close()


def test_a_worker_killed_in_the_middle_leaves_no_half_file_and_the_next_makes_it_whole(office: Office) -> None:
    key = office.ask()
    office.worker.start()
    until(lambda: office.under_way(key), LONG)
    office.worker.kill()
    assert (office.row(key).state, office.kept) == ("making", [])
    office.worker.start()
    until(lambda: office.row(key).state != "making", 2 * LONG)
    row = office.row(key)
    assert (row.state, row.done, row.of) == ("ready", 2, 2)
    (there,) = office.kept
    assert hashlib.sha256(there.read_bytes()).hexdigest() == there.name == row.sha256
    assert not office.half(key).exists()
    assert office.job_of(key).tries == 2


def test_a_cancel_is_heard_while_it_is_made(office: Office) -> None:
    key = office.ask()
    office.worker.start()
    until(lambda: office.under_way(key), LONG)
    with writing(office.scene.engine).begin() as connection:
        desk.cancel(connection, office.scene.viewer(s.CONSUMER), key, int(time.time()))
    begun = time.monotonic()
    until(lambda: office.job_of(key).state == "done", LONG)
    took = time.monotonic() - begun
    assert (office.row(key).state, office.kept, office.half(key).exists()) == ("cancelled", [], False)
    assert office.job_of(key).result == {"file": key, "state": "unwanted"}
    print(f"heard after {took:.1f} s: it is looked for each half second")


def test_a_code_is_read_as_people_write_it() -> None:
    assert codes.typed("7kq2 9xwm—d41t_0zpa") == "7KQ29XWMD41T0ZPA"
    assert codes.typed("7КQ29ХWМD4lTОZРА") == "7KQ29XWMD41T0ZPA", "with Russian letters that look alike"
    for wrong in ("", "7KQ2", "7KQ29XWMD41T0ZPAA", "7KQ29XWMD41T0ZPU", "7KQ29XWMD41T0ZP*", "٧KQ29XWMD41T0ZPA"):
        assert codes.typed(wrong) is None
