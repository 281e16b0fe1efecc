"""The journal: durable and in order, nothing twice, nothing deleted before its time."""

import sqlite3
from pathlib import Path

import pytest

from edge.journal.journal import KEEP, Journal
from edge.journal.rows import Batch, Commit, Sample, Span
from edge.journal.schema import connect
from protocol.messages import bodies
from protocol.messages.chain import GENESIS, link
from protocol.reading import Event, Kind, Quality, Readings, Row
from tests.edge.parts import NOW, PERIOD, commit, grown, journal, load, raw

pytestmark = pytest.mark.quick


def stored(made: Journal) -> list[Row]:
    return [row for e in made.entries(0, 10**6) if e.body for row in bodies.decode(e.body).readings.rows]


def test_rows_are_numbered_from_one_and_chained(tmp_path: Path) -> None:
    made = grown(tmp_path, 3)
    prev = GENESIS
    for number, entry in enumerate(made.entries(0, 10), 1):
        assert entry.body is not None
        assert (entry.seq, entry.prev, entry.sha) == (number, prev, link(prev, entry.body))
        prev = entry.sha
    assert (made.low, made.next, made.last) == (1, 4, prev)


def test_what_was_appended_is_there_after_the_process_died(tmp_path: Path) -> None:
    made = grown(tmp_path, 5)
    again = journal(tmp_path)
    assert (again.store, again.next, again.last) == (made.store, 6, made.last)
    assert again.entries(0, 10) == made.entries(0, 10)


def test_a_row_read_again_is_kept_only_if_it_is_new_or_different(tmp_path: Path) -> None:
    made = journal(tmp_path)
    first = commit(*[(NOW + PERIOD * number, number) for number in range(4)])
    assert made.append(first, NOW) == 4
    assert made.append(first, NOW) == 0
    assert made.append(commit((NOW + PERIOD, 1), (NOW + PERIOD * 4, 4)), NOW) == 1
    assert made.append(commit((NOW + PERIOD, 999)), NOW) == 1
    assert len(made.entries(0, 10)) == 3


def test_the_same_row_of_another_meter_is_another_row(tmp_path: Path) -> None:
    made = grown(tmp_path, 1)
    assert made.append(commit((NOW, 0), meter="m-2"), NOW) == 1


def test_equal_rows_with_a_repeated_stamp_count_as_often_as_the_meter_has_them(tmp_path: Path) -> None:
    made = journal(tmp_path)
    twice = Commit(batches=[Batch("m-1", 180, load((NOW, 5), (NOW, 5), quality=Quality.REPEATED))])
    assert made.append(twice, NOW) == 2
    assert made.append(twice, NOW) == 0


def test_events_are_known_by_journal_time_code_and_uptime(tmp_path: Path) -> None:
    made = journal(tmp_path)
    events = (Event(NOW, 2, 1, 10), Event(NOW, 2, 1, 11), Event(NOW, 2, 1, 10), Event(NOW, 0, 1, 10))
    assert made.append(Commit(batches=[Batch("m-1", 180, events)]), NOW) == 3
    assert made.append(Commit(batches=[Batch("m-1", 180, (*events, Event(NOW + 1, 2, 1)))]), NOW) == 1
    assert [entry.channel for entry in made.entries(0, 10)] == ["event", "event"]


def test_a_long_read_is_split_to_the_limits_of_a_body(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append(commit(*[(NOW + PERIOD * number, number) for number in range(2500)]), NOW)
    entries = made.entries(0, 10)
    assert len(entries) > 1
    assert all(entry.body is not None and len(entry.body) <= bodies.MAX_BYTES for entry in entries)
    assert len(stored(made)) == 2500


def test_a_commit_is_whole_or_nothing(tmp_path: Path) -> None:
    made = grown(tmp_path, 2)
    pages = raw(tmp_path).execute("PRAGMA page_count").fetchone()[0]
    made._db.execute(f"PRAGMA max_page_count = {pages}")
    big = commit(*[(NOW + PERIOD * (10 + number), number) for number in range(2000)])
    big.marks["m-1", "load"] = NOW
    with pytest.raises(sqlite3.OperationalError, match="full"):
        made.append(big, NOW)
    assert (made.next, len(made.entries(0, 10)), made.marks()) == (3, 2, {})
    made._db.execute("PRAGMA max_page_count = 100000")
    assert made.append(big, NOW) == 2000
    assert made.marks() == {("m-1", "load"): NOW}


@pytest.mark.parametrize("statement", range(1, 9))
def test_a_failure_at_any_statement_leaves_no_trace(tmp_path: Path, statement: int) -> None:
    made = grown(tmp_path, 2)
    real, calls = made._db, []

    class Failing:
        in_transaction = property(lambda self: real.in_transaction)

        def _count(self, sql: str) -> None:
            calls.append(sql)
            if len(calls) == statement and sql != "ROLLBACK":
                raise sqlite3.OperationalError("disk I/O error")

        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
            self._count(sql)
            return real.execute(sql, *arguments)  # type: ignore[arg-type]

        def executemany(self, sql: str, *arguments: object) -> sqlite3.Cursor:
            self._count(sql)
            return real.executemany(sql, *arguments)  # type: ignore[arg-type]

    made._db = Failing()  # type: ignore[assignment]
    with pytest.raises(sqlite3.OperationalError):
        made.append(commit((NOW + 90 * PERIOD, 9)), NOW)
    made._db = real
    assert made.next == 3
    assert made.append(commit((NOW + 90 * PERIOD, 9)), NOW) == 1
    assert journal(tmp_path).entries(0, 10) == made.entries(0, 10)


def test_marks_never_go_back_and_readings_are_counted(tmp_path: Path) -> None:
    made = journal(tmp_path)
    for mark in (NOW, NOW - 5):
        step = commit((mark, 1), (mark + 1, 2))
        step.marks["m-1", "load"] = mark
        made.append(step, NOW)
    assert made.marks() == {("m-1", "load"): NOW}
    assert made.entries_read() == {("m-1", "load"): 4}


def test_gaps_join_and_shrink(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append(Commit(missing=[Span("m-1", "load", 0, 100), Span("m-1", "load", 50, 200)]), NOW)
    assert made.gaps() == [Span("m-1", "load", 0, 200)]
    made.append(Commit(covered=[Span("m-1", "load", 150, 180)]), NOW)
    assert made.gaps() == [Span("m-1", "load", 0, 150), Span("m-1", "load", 180, 200)]
    made.append(Commit(covered=[Span("m-1", "load", 0, 500)]), NOW)
    assert made.gaps() == []


def test_old_rows_leave_only_when_acknowledged_and_only_at_the_front(tmp_path: Path) -> None:
    made = grown(tmp_path, 10)
    late = NOW + KEEP + 100
    assert made.trim(late, "c").acknowledged == 0
    made.set_cursor("c", 6)
    assert made.trim(NOW + 100, "c").acknowledged == 0
    assert made.trim(None, "c").acknowledged == 0
    assert made.trim(late, "c").acknowledged == 6
    assert (made.low, made.next) == (7, 11)
    made.set_cursor("c", 10)
    made.trim(late, "c")
    assert (made.low, made.next) == (11, 11)
    again = journal(tmp_path)
    assert (again.low, again.next, again.last) == (11, 11, made.last)
    again.append(commit((NOW - PERIOD, 1)), NOW)
    assert again.entries(0, 10)[0].prev == made.last


def test_another_centrals_word_frees_nothing(tmp_path: Path) -> None:
    made = grown(tmp_path, 3)
    made.set_cursor("other", 3)
    assert made.trim(NOW + KEEP + 100, "c").acknowledged == 0


def test_when_space_is_short_now_rows_and_events_go_first_as_voids(tmp_path: Path) -> None:
    made = Journal(connect(tmp_path / "journal.db"), limit=700_000)
    for number in range(600):
        stamp = NOW + PERIOD * number
        now = Readings(Kind.NOW, ("active_import_total",), tuple(Row(stamp + n, 0, 0, (n,)) for n in range(40)))
        bill = load(*[(stamp + n, n) for n in range(10)])
        made.append(Commit(batches=[Batch("m-1", 180, now), Batch("m-1", 180, bill)]), NOW)
    trimmed = made.trim(NOW, "c")
    assert trimmed.acknowledged == 0
    assert trimmed.given_up > 0
    entries = made.entries(0, 10**6)
    assert {entry.kind for entry in entries if entry.body is None} == {"now"}
    assert len([entry for entry in entries if entry.kind == "load" and entry.body]) == 600
    void = next(entry for entry in entries if entry.body is None)
    assert (void.channel, void.payload) == ("void", void.sha.encode())


def test_when_nothing_else_helps_the_front_is_given_up_acknowledged_rows_first(tmp_path: Path) -> None:
    made = Journal(connect(tmp_path / "journal.db"), limit=300_000)
    for number in range(1500):
        made.append(commit(*[(NOW + PERIOD * number + n, n) for n in range(10)]), NOW)
    made.set_cursor("c", 100)
    trimmed = made.trim(NOW, "c")
    assert trimmed.acknowledged == 100
    assert trimmed.given_up > 0
    assert (made.entries(0, 1)[0].seq, made.next) == (101 + trimmed.given_up, 1501)


@pytest.mark.parametrize("column", ["body", "prev", "sha"])
@pytest.mark.parametrize("seq", [2, 5])
def test_a_spoilt_row_becomes_a_void_and_the_chain_holds(tmp_path: Path, column: str, seq: int) -> None:
    made = grown(tmp_path, 5)
    was = {entry.seq: entry for entry in made.entries(0, 10)}
    raw(tmp_path).execute(
        f"UPDATE journal SET {column} = ? WHERE seq = ?", ("f" * 16 if column != "body" else b"x", seq)
    )
    for reading in (made, journal(tmp_path)):  # while it runs, and at the next start
        now = {entry.seq: entry for entry in reading.entries(0, 10)}
        assert now[seq].body is None
        assert (now[seq].prev, now[seq].sha) == (was[seq].prev, was[seq].sha)
        assert {n: entry for n, entry in now.items() if n != seq} == {n: e for n, e in was.items() if n != seq}


def test_a_spoilt_row_at_the_very_front_leaves(tmp_path: Path) -> None:
    made = grown(tmp_path, 5)
    raw(tmp_path).execute("UPDATE journal SET body = x'00' WHERE seq = 1")
    assert [entry.seq for entry in made.entries(0, 10)] == [2, 3, 4, 5]
    assert made.low == 2


def test_what_was_spoilt_is_journalled_again_when_it_is_read_again(tmp_path: Path) -> None:
    made = grown(tmp_path, 3)
    raw(tmp_path).execute("UPDATE journal SET body = x'00' WHERE seq = 2")
    assert made.append(commit((NOW + PERIOD, 1)), NOW) == 1


def test_a_new_store_id_keeps_the_rows_and_forgets_the_cursor(tmp_path: Path) -> None:
    made = grown(tmp_path, 3)
    made.set_cursor("c", 2)
    old = made.store
    assert made.renew() != old
    assert (made.cursor("c"), made.waiting("c").rows, journal(tmp_path).store) == (0, 3, made.store)


def test_samples_are_kept_two_days(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append(Commit(samples=[Sample("m-1", NOW * 1000, b"{}")]), NOW)
    made.trim(NOW + 86400, "c")
    assert made.samples("m-1", 0) == [Sample("m-1", NOW * 1000, b"{}")]
    made.trim(NOW + 3 * 86400, "c")
    assert made.samples("m-1", 0) == []


def test_the_past_of_a_new_meter_tells_no_days_left(tmp_path: Path) -> None:
    made = Journal(connect(tmp_path / "journal.db"), limit=10_000_000)
    for number in range(50):
        made.append(commit((NOW + PERIOD * number, number)), NOW + number)
    assert made.waiting("c").days_left is None


def test_days_left_follow_the_pace(tmp_path: Path) -> None:
    made = Journal(connect(tmp_path / "journal.db"), limit=10_000_000)
    for number in range(50):
        made.append(commit((NOW + PERIOD * number, number)), NOW + PERIOD * number)
    left = made.waiting("c").days_left
    assert left is not None
    assert 100 < left < 2000
