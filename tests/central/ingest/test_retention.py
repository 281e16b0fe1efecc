"""What went through is forgotten after two weeks, what waits is not; a message of another week is the same message."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from central.db import writing
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.retention import KEEP_DONE, KEEP_STRAY, forget
from central.ingest.tables import State, inbox, stray
from central.partitions import WEEK, inbox_weeks, is_partitioned, week_of
from protocol.messages.topics import RowTopic
from tests.central.parts import CENTRAL, NOW, T0, Journal, database, load_body
from tests.central.sql import Sql

Sent = tuple[RowTopic, bytes]


class Bench:
    """An inbox that messages reach at any time; the worker's part is one statement."""

    def __init__(self, folder: Path) -> None:
        self.engine: Engine = database(folder, "A-1")
        self.receiver = Receiver(self.engine, CENTRAL)
        self.journal = Journal()

    def receive(self, now: int, *sent: Sent) -> int:
        """Returns how many were new."""
        messages = [Message(str(topic), body) for topic, body in sent]
        counts = self.receiver.take(messages, now).counts
        return counts["rows"] - counts["repeated"]

    def write(self, value: int) -> Sent:
        return self.journal.append(load_body((T0 + 1800 * value, value)))

    def done(self) -> None:
        with writing(self.engine).begin() as connection:
            connection.execute(update(inbox).where(inbox.c.state == State.NEW).values(state=State.DONE))

    def states(self) -> list[str]:
        with self.engine.connect() as connection:
            return list(connection.scalars(select(inbox.c.state).order_by(inbox.c.id)))


@pytest.fixture
def bench(sql: Sql, tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_what_went_through_is_forgotten_after_two_weeks_and_nothing_else(bench: Bench) -> None:
    bench.receive(NOW, bench.write(1), bench.journal.append(b"poison"))
    bench.done()
    bench.receive(NOW, bench.write(2))
    later = WEEK if is_partitioned(bench.engine) else 1  # PostgreSQL forgets by whole weeks
    assert forget(bench.engine, NOW + KEEP_DONE) == 0
    assert forget(bench.engine, NOW + KEEP_DONE + later) == 1
    assert bench.states() == ["quarantined", "new"]


def test_what_waits_is_kept_until_someone_resolves_it(bench: Bench) -> None:
    bench.receive(NOW, *(bench.write(value) for value in range(3)))
    for weeks in range(1, 9):
        assert forget(bench.engine, NOW + weeks * WEEK) == 0
    bench.done()
    assert forget(bench.engine, NOW + 12 * WEEK) == 3
    assert bench.states() == []


def test_only_the_old_ones_of_many_are_forgotten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.ingest.retention.CHUNK", 3)
    for weeks in range(4):
        bench.receive(NOW + weeks * WEEK, *(bench.write(10 * weeks + value) for value in range(5)))
    bench.done()
    bench.receive(NOW, *(bench.write(100 + value) for value in range(7)))
    assert forget(bench.engine, NOW + 4 * WEEK) == 10
    assert bench.states() == ["done"] * 10 + ["new"] * 7


def test_a_message_that_stands_in_another_week_is_not_new(bench: Bench) -> None:
    first, second = bench.write(1), bench.write(2)
    assert bench.receive(NOW, first) == 1
    assert bench.receive(NOW + WEEK, first, second, second) == 1
    assert bench.receive(NOW + 3 * WEEK, first, second) == 0
    assert bench.states() == ["new", "new"]


def test_what_moved_on_is_still_the_same_message(bench: Bench) -> None:
    first = bench.write(1)
    bench.receive(NOW, first)
    forget(bench.engine, NOW + 5 * WEEK)
    assert bench.receive(NOW + 6 * WEEK, first) == 0
    assert bench.states() == ["new"]


def test_a_week_is_there_before_its_first_row_and_goes_whole(bench: Bench) -> None:
    if not is_partitioned(bench.engine):
        pytest.skip("SQLite has no partitions")
    this = week_of(NOW)
    bench.receive(NOW, bench.write(1))
    assert inbox_weeks(bench.engine) == [this, this + 1]
    bench.done()
    forget(bench.engine, NOW + 3 * WEEK)
    assert inbox_weeks(bench.engine) == [this + 1, this + 3, this + 4]
    forget(bench.engine, NOW + 9 * WEEK)
    assert inbox_weeks(bench.engine) == [this + 9, this + 10]


def test_what_nobody_can_read_is_kept_for_three_months(bench: Bench) -> None:
    bench.receiver.take([Message("uchet/1/edge-1/up/nonsense", b"?")], NOW)
    assert forget(bench.engine, NOW + KEEP_STRAY) == 0
    assert forget(bench.engine, NOW + KEEP_STRAY + 1) == 1
    with bench.engine.connect() as connection:
        assert connection.execute(select(stray)).all() == []
