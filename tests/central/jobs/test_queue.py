"""Jobs as rows: made with their cause, each taken by one, done once, tried later and later, dead in the end."""

import threading

import pytest

from central.db import connect, writing
from central.jobs import queue
from central.jobs.asking import enqueue
from central.jobs.leases import LeaseLost
from central.jobs.queue import Taken
from central.jobs.tables import State
from tests.central.jobs.parts import Desk
from tests.central.parts import NOW

DAY = 86_400


def taken(desk: Desk, owner: str = "worker-1") -> Taken:
    found = desk.take(owner)
    assert found is not None
    return found


def finish(desk: Desk, attempt: Taken) -> None:
    with writing(desk.engine).begin() as connection:
        queue.fence(connection, attempt)
        queue.finish(connection, attempt, {"ok": 1}, desk.now)


def refuse(desk: Desk, attempt: Taken) -> None:
    with writing(desk.engine).begin() as connection:
        queue.fail(connection, attempt, "no", desk.now, None)


def test_a_job_is_made_with_its_cause_or_not_at_all(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        enqueue(connection, "k", {}, NOW)
        connection.rollback()
    assert desk.rows() == []


def test_with_a_key_there_is_one_whatever_became_of_it(desk: Desk) -> None:
    first = desk.enqueue("k", key="2026-11-24", n=1)
    assert desk.enqueue("k", key="2026-11-24", n=2) == first
    finish(desk, taken(desk))
    assert desk.enqueue("k", key="2026-11-24") == first
    assert desk.enqueue("other", key="2026-11-24") != first
    assert len({desk.enqueue("k"), desk.enqueue("k"), first}) == 3, "without a key each is its own"
    assert desk.row(first).arguments == {"n": 1}


def test_the_oldest_that_is_due_comes_first(desk: Desk) -> None:
    later, first, second = desk.enqueue("k", due_at=NOW + 10), desk.enqueue("k", due_at=NOW - 5), desk.enqueue("k")
    desk.enqueue("other")
    assert [taken(desk).id, taken(desk).id, desk.take()] == [first, second, None]
    desk.now += 10
    assert taken(desk).id == later


def test_what_a_dead_worker_had_is_taken_after_its_lease_and_the_dead_one_writes_nothing(desk: Desk) -> None:
    number = desk.enqueue("k")
    late = taken(desk)
    desk.now += 19
    assert desk.take("worker-2") is None
    desk.now += 1
    second = taken(desk, "worker-2")
    assert (second.id, second.tries) == (number, 2)
    with pytest.raises(LeaseLost):
        finish(desk, late)
    with writing(desk.engine).begin() as connection:
        queue.fail(connection, late, "late", desk.now, None)
        queue.give_back(connection, late)
        assert not queue.renew(connection, late, desk.now + 20)
    assert (desk.row(number).state, desk.row(number).owner) == (State.RUNNING, "worker-2")
    finish(desk, second)
    assert (desk.row(number).state, desk.row(number).result) == (State.DONE, {"ok": 1})


def test_a_renewed_lease_holds(desk: Desk) -> None:
    desk.enqueue("k")
    attempt = taken(desk)
    with writing(desk.engine).begin() as connection:
        assert queue.renew(connection, attempt, desk.now + 100)
    desk.now += 99
    assert desk.take("worker-2") is None


def test_a_job_that_kills_its_worker_each_time_is_dead_at_last(desk: Desk) -> None:
    number = desk.enqueue("k")
    for _ in range(3):
        taken(desk)
        desk.now += 20
    assert desk.take() is None
    assert (desk.row(number).state, desk.row(number).error) == (State.DEAD, "its worker died or stood still, 3 times")


@pytest.mark.quick
def test_attempts_are_further_and_further_apart() -> None:
    assert [queue.pause(tries, 1.0) for tries in (1, 2, 3, 4, 8, 9, 100, 10**9)] == [30, 60, 120, 240] + [3600] * 4
    assert [queue.pause(tries, 0.0) for tries in (1, 2, 8)] == [15, 30, 1800]


def test_a_dead_job_is_tried_again_or_dropped_as_somebody_says(desk: Desk) -> None:
    first, second, waiting = (desk.enqueue("k", key=str(n), secret=1) for n in range(3))
    for _ in range(2):
        refuse(desk, taken(desk))
    attempt = taken(desk)
    with writing(desk.engine).begin() as connection:
        assert not queue.retry(connection, waiting, desk.now)
        assert not queue.drop(connection, waiting, desk.now), "somebody does it right now"
        assert queue.retry(connection, first, desk.now)
        assert queue.drop(connection, second, desk.now)
    finish(desk, attempt)
    again = taken(desk)
    assert (again.id, again.tries) == (first, 1)
    assert (desk.row(second).state, desk.row(second).arguments) == (State.DROPPED, {})
    assert desk.enqueue("k", key="1") == second, "its key stays used"


def test_what_was_over_is_forgotten_after_90_days_and_the_dead_are_not(desk: Desk) -> None:
    done, dead, _waiting = (desk.enqueue("k", key=str(n)) for n in range(3))
    finish(desk, taken(desk))
    refuse(desk, taken(desk))
    assert queue.forget(desk.engine, NOW + 90 * DAY) == 0
    assert queue.forget(desk.engine, NOW + 90 * DAY + 1) == 1
    assert [row.state for row in desk.rows()] == [State.DEAD, State.WAITING]
    assert done < dead


def test_many_takers_and_each_job_is_taken_once(desk: Desk) -> None:
    numbers = {desk.enqueue("k") for _ in range(60)}
    url = desk.engine.url.render_as_string(hide_password=False)
    found: list[int] = []

    def takes(owner: str) -> None:
        engine = connect(url)
        while (attempt := queue.take(engine, {"k": 3}, owner, desk.now, 20)) is not None:
            found.append(attempt.id)
        engine.dispose()

    threads = [threading.Thread(target=takes, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(numbers)
