"""The pulse: a loop that hangs is told from one that waits for SQL, however long either lasts."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from central.db import connect
from central.operation.pulse import ASKING, SLOW, TURN, Pulse, attend

pytestmark = pytest.mark.quick


class Hand:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def pulse(clock: Hand) -> Pulse:
    return Pulse(clock)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return connect(f"sqlite:///{tmp_path / 'x.sqlite'}")


def test_a_loop_that_turns_is_alive_and_one_that_does_not_hangs(pulse: Pulse, clock: Hand) -> None:
    pulse.beat("ingest")
    clock.now += TURN
    assert pulse.hung() == []
    clock.now += 1
    assert pulse.hung() == ["ingest: no turn for 61 s"]
    pulse.beat("ingest")
    assert pulse.hung() == []


def test_a_loop_may_ask_for_more_time(pulse: Pulse, clock: Hand) -> None:
    pulse.beat("jobs", within=3600)
    clock.now += 3599
    assert pulse.hung() == []


def test_one_loop_hangs_while_the_other_turns(pulse: Pulse, clock: Hand) -> None:
    pulse.beat("one")
    other = threading.Thread(target=pulse.beat, args=("other",))
    clock.now += TURN + 1
    other.start()
    other.join()
    assert pulse.hung() == ["one: no turn for 61 s"]


def test_waiting_for_sql_is_not_hanging(pulse: Pulse, clock: Hand) -> None:
    pulse.beat("ingest")
    clock.now += 10
    pulse.asks()
    clock.now += ASKING - 1
    assert pulse.hung() == []
    assert pulse.waiting() == ["ingest: waits for SQL for 599 s"]
    pulse.answered()
    assert (pulse.hung(), pulse.waiting()) == ([], [])
    clock.now += TURN - 10 + 1
    assert pulse.hung() == ["ingest: no turn for 61 s"], "its own time goes on counting"


def test_sql_that_says_nothing_for_very_long_is_our_own_trouble(pulse: Pulse, clock: Hand) -> None:
    pulse.beat("ingest")
    pulse.asks()
    clock.now += ASKING + 1
    assert pulse.hung() == ["ingest: waits for SQL for 601 s"]


def test_threads_that_are_no_loops_do_not_count(pulse: Pulse, clock: Hand) -> None:
    pulse.asks()
    clock.now += ASKING * 2
    assert (pulse.hung(), pulse.waiting()) == ([], [])


def test_a_statement_is_waited_for_from_its_beginning_to_its_end(pulse: Pulse, clock: Hand, engine: Engine) -> None:
    attend(engine, pulse)
    seen: list[list[str]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def slow(*_: object) -> None:
        clock.now += SLOW + 5
        seen.append(pulse.waiting())

    pulse.beat("worker")
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
    assert seen[-1] == ["worker: waits for SQL for 15 s"]
    pulse.beat("worker")
    assert pulse.waiting() == []


def test_after_an_error_nobody_waits(pulse: Pulse, clock: Hand, engine: Engine, tmp_path: Path) -> None:
    away = connect(f"sqlite:///{tmp_path / 'no/such/folder/x.sqlite'}")
    attend(engine, pulse)
    attend(away, pulse)
    pulse.beat("worker")
    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    clock.now += SLOW + 1
    assert pulse.waiting() == []
    with pytest.raises(OperationalError):
        away.connect()
    clock.now += SLOW + 1
    assert pulse.waiting() == []
