"""Jobs are done: what they write happens once, what they raise is their own failure, logs say nothing personal."""

import logging
import threading
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from central.db import writing
from central.ingest.tables import meta
from central.jobs import queue
from central.jobs.context import Context, JobFailed, JobRefused
from central.jobs.kinds import KINDS, Kind
from central.jobs.leases import Keeper, LeaseLost
from central.jobs.runner import Runner, job_loops, make_due
from central.jobs.schedule import Daily, Every
from central.jobs.tables import State
from tests.central.jobs.parts import Desk
from tests.central.parts import NOW, config

Arguments = dict[str, Any]


def note(context: Context, arguments: Arguments) -> Arguments:
    """An effect that is seen when it happens twice."""
    result = {"noted": arguments["n"]}
    with context.final(result) as connection:
        connection.execute(meta.insert().values(key=f"note-{arguments['n']}-{context.job.owner}", value=""))
    return result


def notes(desk: Desk) -> list[str]:
    with desk.engine.connect() as connection:
        return list(connection.scalars(select(meta.c.key).where(meta.c.key.startswith("note-")).order_by(meta.c.key)))


def test_a_job_is_done_and_says_what_came_of_it(desk: Desk) -> None:
    desk.function("note", note)
    desk.function("plain", lambda _context, arguments: {"sum": arguments["a"] + 1})
    first, second = desk.enqueue("note", n=7), desk.enqueue("plain", a=1)
    assert [desk.turn(), desk.turn(), desk.turn()] == [True, True, False]
    assert (desk.row(first).state, desk.row(first).result, notes(desk)) == (
        State.DONE,
        {"noted": 7},
        ["note-7-worker-1"],
    )
    assert (desk.row(second).state, desk.row(second).result) == (State.DONE, {"sum": 2})
    assert (desk.row(second).started_at, desk.row(second).finished_at, desk.row(second).error) == (NOW, NOW, None)


def test_one_that_comes_late_leaves_no_effect(desk: Desk) -> None:
    """Its worker stood still; another did the job meanwhile."""

    def slow(context: Context, arguments: Arguments) -> Arguments:
        if context.job.owner == "worker-1":
            desk.now += 60
            assert desk.turn("worker-2")
        return note(context, arguments)

    desk.function("note", slow)
    number = desk.enqueue("note", n=1)
    assert desk.turn("worker-1")
    assert (notes(desk), desk.row(number).owner, desk.row(number).tries) == (["note-1-worker-2"], "worker-2", 2)


def test_what_it_wrote_before_it_failed_is_undone_with_it(desk: Desk) -> None:
    def breaks(context: Context, _arguments: Arguments) -> Arguments:
        with context.final({}) as connection:
            connection.execute(meta.insert().values(key="note-1", value=""))
            raise JobFailed("at the last moment")

    desk.function("note", breaks)
    number = desk.enqueue("note", n=1)
    desk.turn()
    assert (notes(desk), desk.row(number).state, desk.row(number).error) == ([], "waiting", "at the last moment")


def test_a_failing_job_is_tried_later_and_later_and_is_dead_at_last(desk: Desk) -> None:
    def fails(_context: Context, _arguments: Arguments) -> Arguments:
        raise ZeroDivisionError("a defect")

    desk.function("bad", fails)
    number = desk.enqueue("bad")
    waits = []
    for _ in range(2):
        assert desk.turn()
        assert not desk.turn(), "not at once"
        waits.append(desk.row(number).due_at - desk.now)
        desk.now = desk.row(number).due_at
    assert 15 <= waits[0] <= 30 <= waits[1] <= 60
    assert desk.turn()
    row = desk.row(number)
    assert (row.state, row.tries, row.error) == (State.DEAD, 3, "ZeroDivisionError: a defect")
    desk.now += 10**7
    assert not desk.turn()
    with writing(desk.engine).begin() as connection:
        queue.retry(connection, number, desk.now)
    assert desk.turn()
    assert desk.row(number).state == State.WAITING


def test_what_will_never_work_is_dead_at_once(desk: Desk) -> None:
    def refuses(_context: Context, _arguments: Arguments) -> Arguments:
        raise JobRefused("never")

    desk.function("bad", refuses)
    number = desk.enqueue("bad")
    desk.turn()
    assert (desk.row(number).state, desk.row(number).tries) == (State.DEAD, 1)


def test_a_room_that_cannot_be_imported_stops_no_other(desk: Desk) -> None:
    desk.kinds["broken"] = Kind("central.no_such_room:run")
    desk.function("good", lambda *_: {})
    broken, good = desk.enqueue("broken"), desk.enqueue("good")
    assert [desk.turn(), desk.turn()] == [True, True]
    assert (desk.row(broken).state, desk.row(good).state) == (State.WAITING, State.DONE)


def test_kinds_that_this_program_does_not_know_wait_for_one_that_does(desk: Desk) -> None:
    desk.function("good", lambda *_: {})
    desk.enqueue("of-a-newer-program")
    assert not desk.turn()


def test_nothing_personal_is_told_of_a_private_job(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def tells(_context: Context, arguments: Arguments) -> Arguments:
        raise ValueError(f"cannot write to {arguments['to']}")

    def sql(context: Context, arguments: Arguments) -> Arguments:
        with context.writing() as connection:
            connection.execute(text("SELECT * FROM nowhere WHERE a = :a"), {"a": arguments["to"]})
        return {}

    desk.function("bad", tells, private=True)
    desk.function("sql", sql)
    desk.function("good", lambda *_: {}, private=True)
    numbers = [desk.enqueue(kind, to="anna@example.org") for kind in ("bad", "sql", "good")]
    with caplog.at_level(logging.DEBUG):
        assert [desk.turn(), desk.turn(), desk.turn()] == [True] * 3
    told = caplog.text + "".join(str(desk.row(number).error) for number in numbers)
    assert "anna" not in told
    assert "job 1 (bad) failed, try 1 of 3: ValueError" in caplog.text
    assert "nowhere" in told
    assert [desk.row(number).arguments for number in numbers[::2]] == [{"to": "anna@example.org"}, {}]


def test_a_process_that_ends_gives_its_job_back(desk: Desk) -> None:
    stop = threading.Event()

    def long(context: Context, _arguments: Arguments) -> Arguments:
        stop.set()
        context.check()
        raise AssertionError("it was told to stop")

    desk.function("long", long)
    number = desk.enqueue("long")
    desk.turn(stop=stop)
    assert (desk.row(number).state, desk.row(number).tries, desk.row(number).error) == (State.WAITING, 0, None)


@pytest.mark.parametrize(("limit", "state", "owner"), [(60, State.DONE, "worker-1"), (0, State.RUNNING, "worker-1")])
def test_the_beat_keeps_a_long_job_and_gives_up_one_that_hangs(
    desk: Desk, limit: int, state: State, owner: str
) -> None:
    def long(context: Context, _arguments: Arguments) -> Arguments:
        for _ in range(5):
            desk.now += 15
            with writing(desk.engine).begin() as connection:
                runner.beat(connection, desk.now)
            assert context.lost.is_set() is (limit == 0)
            assert (desk.take("worker-2", kind="other") is None) is True
        context.check()
        return {}

    desk.function("long", long, limit=limit)
    number = desk.enqueue("long")
    runner: Runner = desk.runner()
    runner.turn(threading.Event())
    assert (desk.row(number).state, desk.row(number).owner) == (state, owner)
    assert (desk.take("worker-2", kind="long") is not None) is (limit == 0)


def test_one_whose_job_was_taken_hears_of_it_at_the_next_beat(desk: Desk) -> None:
    def long(context: Context, _arguments: Arguments) -> Arguments:
        desk.now += 20
        assert desk.take("worker-2", kind="long") is not None
        with writing(desk.engine).begin() as connection:
            runner.beat(connection, desk.now)
        with pytest.raises(LeaseLost):
            context.check()
        raise LeaseLost("as it was told")

    desk.function("long", long)
    number = desk.enqueue("long")
    runner: Runner = desk.runner()
    runner.turn(threading.Event())
    assert (desk.row(number).state, desk.row(number).owner) == (State.RUNNING, "worker-2")


def test_the_leases_of_a_process_that_is_gone_end_at_the_next_beat(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.enqueue("k")
    desk.take("worker-1")
    for gone, free in ((set(), False), ({"worker-1"}, True)):
        monkeypatch.setattr(queue, "gone", gone.__contains__)
        with writing(desk.engine).begin() as connection:
            queue.bereave(connection, desk.now)
        assert (desk.take("worker-2") is not None) is free


def test_sql_that_is_away_makes_jobs_wait_and_no_thread_die(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    answers = iter([OperationalError("", {}, Exception("away")), OperationalError("", {}, Exception("away")), None])

    def take(*_arguments: object) -> None:
        if (answer := next(answers)) is not None:
            raise answer
        stop.set()

    monkeypatch.setattr(queue, "take", take)
    monkeypatch.setattr("central.jobs.runner.PAUSE", 0.01)
    desk.runner().run(stop)
    assert next(answers, "all were asked for") == "all were asked for"


ZONE = ZoneInfo("Europe/Moscow")
SCHEDULED = {"hourly": Kind("x:y", schedule=Every(3600)), "nightly": Kind("x:y", schedule=Daily(time(3, 30)))}


def test_each_run_is_made_once_whoever_makes_it_and_missed_ones_are_not_made_up_for(desk: Desk) -> None:
    for step in (0, 1, 3600, 86_400 * 5, -3600):
        desk.now += step
        for _worker in range(3):
            with writing(desk.engine).begin() as connection:
                make_due(connection, SCHEDULED, ZONE, desk.now)
    assert [(row.kind, row.key, row.due_at - NOW) for row in desk.rows()] == [
        ("hourly", "2025-11-24T16:00Z", 0),
        ("nightly", "2025-11-24T00:30Z", -55_800),
        ("hourly", "2025-11-24T17:00Z", 3600),
        ("hourly", "2025-11-29T17:00Z", 3600 + 5 * 86_400),
        ("nightly", "2025-11-29T00:30Z", 5 * 86_400 - 55_800),
        ("hourly", "2025-11-29T16:00Z", 5 * 86_400),
    ]


def test_a_kind_without_its_settings_is_neither_made_nor_taken(desk: Desk, tmp_path: Path) -> None:
    desk.function("mail", lambda *_: {})
    kinds = {"mail": Kind(desk.kinds["mail"].where, schedule=Every(3600), needs="mail")}
    number = desk.enqueue("mail", key="1")
    for text_, state in (("", State.WAITING), ('[mail]\nhost = "h"\nsender = "a@b"\n', State.DONE)):
        keeper = Keeper(desk.engine, "worker-1", wall=lambda: desk.now)
        loops = job_loops(config(tmp_path, text_), desk.series, keeper, kinds, lambda: desk.now)
        keeper.beat()
        assert len(desk.rows()) == 1 + len(loops)
        for loop in loops:
            stop = threading.Event()
            thread = threading.Thread(target=loop, args=(stop,))
            thread.start()
            while desk.row(number).state != state:
                assert thread.is_alive()
            stop.set()
            thread.join()
        assert desk.row(number).state == state


@pytest.mark.quick
@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_of_the_table_has_its_function(name: str) -> None:
    assert callable(KINDS[name].function())
