"""Leases: fair shares, a successor for who dies or stands still, and no write of one who comes late."""

import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from central.db import connect, writing
from central.figures.dirty import SLICES
from central.jobs.leases import PROJECTION, SLICE, Hold, Keeper, LeaseLost, Row, share
from central.jobs.owner import gone, new_owner
from central.jobs.tables import lease
from tests.central.parts import NOW, database
from tests.central.programs import until
from tests.central.sql import Sql

SECONDS = 20


class Clock:
    """Of all keepers of a test: wall and monotonic at once."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


class Workers:
    """Keepers on one database, by name."""

    def __init__(self, engine: Engine, names: str) -> None:
        self.clock, self.engine = Clock(), engine
        self.of = {name: Keeper(engine, name, SECONDS, self.clock, self.clock) for name in names}

    def beat(self, names: str, times: int = 1, after: float = 0) -> None:
        for _ in range(times):
            self.clock.now += after
            for name in names:
                self.of[name].beat()

    def slices(self, name: str) -> set[str]:
        hold = self.of[name].hold(SLICE)
        return set(hold.terms) if hold else set()

    def projecting(self) -> str:
        return "".join(name for name, keeper in self.of.items() if keeper.hold([PROJECTION]))

    def write(self, hold: Hold | None) -> None:
        assert hold is not None
        with writing(self.engine).begin() as connection:
            hold.fence(connection)


@pytest.fixture
def workers(sql: Sql, tmp_path: Path) -> Workers:
    return Workers(database(tmp_path), "abc")


def living(*held: tuple[str, str], until: int = NOW + SECONDS) -> list[Row]:
    """owner, name"""
    return [Row(name, owner, 1, until) for owner, name in held]


@pytest.mark.quick
def test_alone_it_has_all() -> None:
    assert share([], "a", NOW, SECONDS) == {PROJECTION, *SLICE}


@pytest.mark.quick
@pytest.mark.parametrize(("others", "fair"), [(1, 8), (2, 6), (3, 4), (15, 1), (40, 1)])
def test_a_share_is_fair_and_gives_back_what_is_more(others: int, fair: int) -> None:
    rows = [Row(f"worker/{n}", str(n), 0, NOW + SECONDS) for n in range(others)]
    assert len(share([*rows, *living(*(("a", name) for name in SLICE))], "a", NOW, SECONDS) & set(SLICE)) == fair
    assert len(share(rows, "a", NOW, SECONDS) & set(SLICE)) == fair


@pytest.mark.quick
@pytest.mark.parametrize(("until", "free"), [(NOW + 1, False), (NOW, True), (NOW + SECONDS, False), (NOW + 3600, True)])
def test_a_lease_is_over_at_its_end_and_when_no_right_clock_can_have_written_it(until: int, free: bool) -> None:
    rows = [Row("worker/b", "b", 0, until), *living(("b", PROJECTION), until=until)]
    assert (PROJECTION in share(rows, "a", NOW, SECONDS)) is free


def test_workers_that_appear_get_their_share_and_one_projects(workers: Workers) -> None:
    workers.beat("a")
    assert (workers.projecting(), len(workers.slices("a"))) == ("a", SLICES)
    workers.beat("abcabcabc", after=1)
    parts = [workers.slices(name) for name in "abc"]
    assert sorted(map(len, parts)) == [4, 6, 6]
    assert set.union(*parts) == set(SLICE)
    assert workers.projecting() == "a"


def test_who_dies_loses_all_at_the_end_of_its_leases_and_not_before(workers: Workers) -> None:
    workers.beat("abab", after=1)
    workers.beat("b", times=3, after=5)
    assert len(workers.slices("b")) == SLICES / 2
    workers.beat("b", times=2, after=5)
    assert (workers.projecting(), len(workers.slices("b"))) == ("b", SLICES)


def test_who_leaves_is_succeeded_at_once(workers: Workers) -> None:
    workers.beat("abab", after=1)
    workers.of["a"].leave()
    workers.beat("b")
    assert (workers.projecting(), len(workers.slices("b"))) == ("b", SLICES)


def test_a_process_of_this_machine_that_is_gone_is_succeeded_at_once(workers: Workers) -> None:
    child = subprocess.Popen(["sleep", "60"])
    dead = new_owner().replace(f"/{os.getpid()}/", f"/{child.pid}/")
    workers.of["dead"] = Keeper(workers.engine, dead, SECONDS, workers.clock, workers.clock)
    try:
        for name in ("dead", "a", "dead", "a"):
            workers.of[name].beat()
        assert (len(workers.slices("a")), gone(dead)) == (SLICES / 2, False), "it lives"
    finally:
        child.kill()
        child.wait()
    assert gone(dead)
    workers.beat("a")
    assert (workers.of["a"].hold([PROJECTION]) is not None, len(workers.slices("a"))) == (True, SLICES)


@pytest.mark.quick
@pytest.mark.parametrize(
    "owner", ["", "elsewhere/1/x", "nonsense", new_owner()], ids=["empty", "elsewhere", "nonsense", "ours"]
)
def test_of_nobody_else_is_it_said_that_he_is_gone(owner: str) -> None:
    assert not gone(owner)


def test_who_comes_late_does_not_write(workers: Workers) -> None:
    workers.beat("a")
    projection, slices = workers.of["a"].hold([PROJECTION]), workers.of["a"].hold(SLICE)
    workers.write(projection)
    workers.clock.now += SECONDS
    workers.beat("b")
    for hold in (projection, slices):
        assert hold is not None
        with pytest.raises(LeaseLost):
            workers.write(hold)
        with pytest.raises(LeaseLost):
            hold.check()


def test_what_was_taken_back_meanwhile_is_not_what_was_held(workers: Workers) -> None:
    workers.beat("a")
    old = workers.of["a"].hold([PROJECTION])
    workers.clock.now += SECONDS
    workers.beat("b")
    workers.of["b"].leave()
    workers.beat("a")
    assert workers.projecting() == "a"
    with pytest.raises(LeaseLost):
        workers.write(old)
    workers.write(workers.of["a"].hold([PROJECTION]))


def test_late_but_without_a_successor_it_may_write(workers: Workers) -> None:
    workers.beat("a")
    hold = workers.of["a"].hold([PROJECTION])
    workers.clock.now += 10 * SECONDS
    workers.write(hold)
    assert workers.of["a"].hold([PROJECTION]) is None, "but begins nothing new"


def test_a_lease_is_not_taken_while_its_owner_writes(workers: Workers) -> None:
    """The successor's beat goes on, and takes it once the transaction is over."""
    workers.beat("a")
    hold = workers.of["a"].hold([PROJECTION])
    assert hold is not None
    began, end = threading.Event(), threading.Event()

    def write() -> None:
        with writing(workers.engine).begin() as connection:
            hold.fence(connection)
            began.set()
            end.wait(60)

    thread = threading.Thread(target=write)
    thread.start()
    assert began.wait(60)
    workers.clock.now += SECONDS
    if workers.engine.dialect.name == "postgresql":  # SQLite has one lock for all: the beat would wait
        workers.beat("b")
        assert workers.projecting() == ""
    end.set()
    thread.join()
    workers.beat("b")
    assert workers.projecting() == "b"


def test_who_was_quicker_keeps_it(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find it free; the one takes it while the other still thinks. (On SQLite beats come one after the other.)"""
    if workers.engine.dialect.name == "sqlite":
        return

    def think(*arguments: Any) -> frozenset[str]:
        monkeypatch.setattr("central.jobs.leases.share", share)
        workers.beat("a")
        return share(*arguments)

    workers.beat("ab")
    for keeper in workers.of.values():
        keeper.leave()
    monkeypatch.setattr("central.jobs.leases.share", think)
    workers.beat("b")
    workers.write(workers.of["a"].hold([PROJECTION, *SLICE]))
    assert workers.projecting() == "a"


def test_a_process_that_stops_inside_its_transaction_does_not_keep_its_lease(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL ends its session. (SQLite has one lock for all, and no one who could.)"""
    if workers.engine.dialect.name == "sqlite":
        return
    monkeypatch.setattr("central.jobs.leases._STUCK", 200)
    workers.beat("a")
    hold = workers.of["a"].hold([PROJECTION])
    assert hold is not None
    with workers.engine.connect() as stuck:
        hold.fence(stuck)
        workers.clock.now += SECONDS
        until(lambda: workers.beat("b") or workers.projecting() == "b", 10)
        with pytest.raises(DBAPIError):
            stuck.execute(select(lease))


def test_a_hundred_beats_of_many_at_once_leave_one_owner_each(sql: Sql, tmp_path: Path) -> None:
    workers = Workers(database(tmp_path), "abcdef")
    url = workers.engine.url.render_as_string(hide_password=False)

    def beats(keeper: Keeper) -> None:
        keeper.engine = connect(url)
        for _ in range(20):
            keeper.beat()
        keeper.engine.dispose()

    threads = [threading.Thread(target=beats, args=(keeper,)) for keeper in workers.of.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    workers.beat("abcdef", times=3)
    held: Sequence[str] = [name for worker in workers.of for name in workers.slices(worker)]
    assert sorted(held) == sorted(SLICE)
    assert len(workers.projecting()) == 1
    with workers.engine.connect() as connection:
        assert len(connection.execute(select(lease)).all()) == SLICES + 1 + 6
