"""Several real worker processes on one database: shared work, one killed, one that stands still, schedules."""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import OperationalError

from central.config import load
from central.db import connect, writing
from central.figures import dirty
from central.figures.tables import dirty as marks
from central.figures.tables import point_day
from central.ingest.receive import Message, Receiver
from central.ingest.tables import inbox
from central.jobs.asking import enqueue
from central.jobs.tables import State, job, lease
from central.metering.zones import local
from central.migrations.command import prepare
from central.timeseries.base import Series
from tests.central import scene as s
from tests.central import sql
from tests.central.parts import CENTRAL, Journal, load_body
from tests.central.programs import Program, until
from tests.central.scene import Scene
from tests.central.worker.program import TABLE

LEASE = 2  # seconds
METER = f"MIL-{s.FLAT}"


class WorkerProcess(Program):
    """One of several: its name is that of its log."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        self._command = [sys.executable, "-m", "tests.central.worker.program", str(folder)]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


class Yard:
    """A scene, its settings as a file, and workers over it. Their clock is the real one, and so is the scene's."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.engine, self.folder = scene, scene.engine, folder
        self.journal = Journal()
        self.workers = [WorkerProcess(folder, f"worker-{n}") for n in (1, 2, 3)]
        (folder / "central.toml").write_text(
            f'[central]\ndata = "."\n{sql.section(folder)}[worker]\nlease = {LEASE}.0\n'
        )
        prepare(load(folder / "central.toml"))
        with writing(self.engine).begin() as connection:
            connection.execute(text(TABLE))

    def start(self, *numbers: int) -> None:
        for number in numbers:
            self.workers[number - 1].start()

    def receive(self, first: int, count: int) -> None:
        """So many messages, each with one half-hour of its own long before the scene."""
        messages = []
        for n in range(first, first + count):
            topic, body = self.journal.append(load_body((self.scene.now - 3 * 365 * 86_400 + 1800 * n, n)), METER)
            messages.append(Message(str(topic), body))
        Receiver(self.engine, CENTRAL).take(messages, self.scene.now)

    def enqueue(self, count: int, seconds: float) -> None:
        with writing(self.engine).begin() as connection:
            for _ in range(count):
                enqueue(connection, "effect", {"seconds": seconds}, 0)

    def forget_figures(self) -> Sequence[Any]:
        """All days are to be computed anew; returns what they were."""
        days = self.days()
        with writing(self.engine).begin() as connection:
            found = connection.execute(select(point_day.c.point, point_day.c.day)).all()
            connection.execute(delete(point_day))
            for point in self.scene.points.values():
                dirty.mark_days(connection, point, {row.day for row in found if row.point == point})
        return days

    def days(self) -> Sequence[Any]:
        """Figures of the days that are over: those of today grow while the test runs."""
        figures = [column for column in point_day.c if column.name not in ("made_at", "version", "cause")]
        over = point_day.c.day < local(self.scene.now, s.TZ).date() - timedelta(days=1)
        return self.rows(select(*figures).where(over).order_by(point_day.c.point, point_day.c.day))

    def rows(self, query: Any) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def count(self, query: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def effects(self, kind: str = "effect") -> list[int]:
        """Ids of the jobs whose effect is there, as often as it is."""
        found = self.rows(text("SELECT job FROM effect WHERE kind = :kind").bindparams(kind=kind))
        return [row.job for row in found]

    def new(self) -> int:
        return self.count(select(func.count()).select_from(inbox).where(inbox.c.state == "new"))

    def dirty(self) -> int:
        return self.count(select(func.count()).select_from(marks))

    def owner(self, name: str = "projection") -> int:
        """Process id of who has this lease; 0 = nobody."""
        found = self.rows(select(lease.c.owner).where(lease.c.name == name))
        return int(found[0].owner.split("/")[1]) if found and found[0].owner else 0

    def stop_between_transactions(self, worker: WorkerProcess) -> None:
        """SIGSTOP while it holds no lock: one that does is another story (SQLite has one lock for all)."""
        probe = connect(sql.url(self.folder))
        for _ in range(100):
            os.kill(worker.pid, signal.SIGSTOP)
            try:
                with writing(probe).begin() as connection:
                    if connection.dialect.name == "postgresql":
                        connection.execute(text("SET LOCAL lock_timeout = 200"))
                        connection.execute(text("LOCK TABLE lease, job, dirty, inbox IN EXCLUSIVE MODE"))
                    else:
                        connection.execute(text("PRAGMA busy_timeout = 200"))
                probe.dispose()
                return
            except OperationalError:
                os.kill(worker.pid, signal.SIGCONT)
                time.sleep(0.05)
        raise AssertionError("it was never found between two transactions")


@pytest.fixture
def yard(sql: Any, tmp_path: Path) -> Iterator[Yard]:
    scene = s.build(tmp_path, now=int(time.time()), days=20)
    found = Yard(scene, tmp_path)
    yield found
    for worker in found.workers:
        if worker._process is not None:
            os.kill(worker.pid, signal.SIGCONT)
        worker.kill()
    scene.close()


def test_one_of_two_is_killed_in_the_middle_and_all_is_done_once(yard: Yard) -> None:
    figures = yard.forget_figures()
    yard.receive(0, 600)
    yard.enqueue(30, 0.05)
    yard.start(1, 2)
    until(lambda: 5 < len(yard.effects()) < 25 and yard.owner())
    victim = next(worker for worker in yard.workers[:2] if worker.pid == yard.owner())
    victim.kill()
    yard.receive(600, 600)
    until(lambda: yard.new() < 1200)
    until(lambda: yard.new() == 0)
    until(lambda: yard.dirty() == 0)
    until(lambda: len(yard.effects()) >= 30)
    assert Counter(Counter(yard.effects()).values()) == {1: 30}
    states = yard.rows(select(job.c.state).where(job.c.kind == "effect"))
    assert {row.state for row in states} == {State.DONE}
    assert figures
    assert yard.days() == figures
    assert {row.state for row in yard.rows(select(inbox.c.state))} == {"done"}
    series: Series = yard.scene.series
    old = series.load(METER, 0, yard.scene.now - 2 * 365 * 86_400)
    assert [row.values["ap"] for row in old] == list(range(1200))
    assert "Traceback" not in "".join(worker.log for worker in yard.workers[:2])


def test_work_is_shared(yard: Yard) -> None:
    yard.start(1, 2)
    until(lambda: len({yard.owner(f"slice/{n:02}") for n in range(16)} - {0}) == 2)
    shares = Counter(yard.owner(f"slice/{n:02}") for n in range(16))
    until(lambda: set(Counter(yard.owner(f"slice/{n:02}") for n in range(16)).values()) == {8})
    assert set(shares) == {worker.pid for worker in yard.workers[:2]}
    yard.enqueue(20, 0.1)
    until(lambda: len(yard.effects()) == 20)
    found = yard.rows(text("SELECT pid, count(*) AS number FROM effect WHERE kind = 'effect' GROUP BY pid"))
    assert {int(row.pid) for row in found} == set(shares)


def test_who_stood_still_beyond_its_lease_writes_nothing_stale(yard: Yard) -> None:
    yard.start(1)
    first, second = yard.workers[:2]
    until(lambda: yard.owner() == first.pid)
    yard.enqueue(1, 1.5)
    until(lambda: yard.rows(select(job.c.id).where(job.c.kind == "effect", job.c.state == State.RUNNING)))
    yard.stop_between_transactions(first)
    yard.start(2)
    yard.receive(0, 100)
    until(lambda: yard.owner() == second.pid)
    until(lambda: yard.new() == 0)
    until(lambda: len(yard.effects()) == 1)
    os.kill(first.pid, signal.SIGCONT)
    until(lambda: "is left: " in first.log)
    until(lambda: yard.owner("slice/15") == first.pid or yard.owner("slice/00") == first.pid)
    assert len(yard.effects()) == 1
    (row,) = yard.rows(select(job).where(job.c.kind == "effect"))
    assert (row.state, row.tries, int(row.owner.split("/")[1])) == (State.DONE, 2, second.pid)
    assert yard.owner() == second.pid


def test_a_schedule_makes_each_run_once_with_three_workers(yard: Yard) -> None:
    yard.start(1, 2, 3)
    until(lambda: len(yard.effects("tick")) >= 4)
    assert [worker.stop() for worker in yard.workers] == [0, 0, 0]
    runs = yard.rows(select(job.c.id, job.c.key, job.c.due_at).where(job.c.kind == "tick").order_by(job.c.id))
    assert len({row.key for row in runs}) == len({row.due_at for row in runs}) == len(runs)
    assert set(Counter(yard.effects("tick")).values()) == {1}


def test_who_leaves_gives_back_at_once(yard: Yard) -> None:
    yard.start(1)
    until(lambda: yard.owner() == yard.workers[0].pid)
    assert yard.workers[0].stop() == 0
    assert {row.owner for row in yard.rows(select(lease.c.owner))} == {""}
