"""read = journal = sent = received = projected: each step counts, a loss at any of them is found and named."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from central.audits import ledger
from central.audits.ledger import Step, Verdict
from central.audits.tables import traffic, traffic_day
from central.db import writing
from central.ingest.bindings import bind
from central.ingest.replay import Which, replay_messages
from central.ingest.tables import State, edge_meter, inbox
from protocol.messages.chain import GENESIS, link
from protocol.messages.topics import RowTopic
from protocol.reading import Kind
from tests.central.audits.parts import DAY, METER, Bench
from tests.central.parts import NOW, T0
from tests.central.sql import Sql


@pytest.fixture
def bench(sql: Sql, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, NOW)
    yield made
    made.close()


def day_of(bench: Bench) -> str:
    return datetime.fromtimestamp(bench.now // DAY * DAY, UTC).strftime("%Y-%m-%d")


def test_all_steps_agree_when_nothing_was_lost(bench: Bench) -> None:
    bench.receive(bench.row(bench.load((T0, 1), (T0 + 1800, 2))), bench.row(bench.events((T0, 1)), channel="event"))
    bench.tell()
    assert bench.steps() == (3, 3, 3, 3, 0)
    assert (bench.line().waiting, bench.line().verdict) == (3, Verdict.UNDER_WAY)
    bench.work()
    assert bench.steps() == (3, 3, 3, 3, 3)
    assert (bench.line().losses, bench.line().verdict) == ((), Verdict.EQUAL)
    said = bench.command("audit", "--day", day_of(bench))
    assert said.exit_code == 0, said.output
    assert "1 lines, 0 differ" in said.output


def test_each_day_has_its_lines_though_one_follows_the_other(bench: Bench) -> None:
    days = []
    for later in (0, 1, 2, 5):
        bench.now = NOW + later * DAY
        bench.receive(bench.row(bench.load((T0 + later * DAY, 1))))
        days.append(bench.now // DAY)
    found = [line.day for line in ledger.lines(bench.engine, days[0] - 9, days[-1] + 9)]
    assert found == days[::-1]


def test_a_message_that_comes_or_is_driven_again_counts_once(bench: Bench) -> None:
    row = bench.row(bench.load((T0, 1), (T0 + 1800, 2)))
    for _ in range(3):
        bench.receive(row)
        bench.work()
        with writing(bench.engine).begin() as connection:
            connection.execute(update(inbox).values(state=State.NEW))
    bench.work()
    bench.tell()
    assert bench.steps() == (2, 2, 2, 2, 2)


def test_what_a_part_of_was_taken_counts_in_part_and_the_rest_when_it_may(bench: Bench) -> None:
    with writing(bench.engine).begin() as connection:
        connection.execute(update(edge_meter).values(valid_from=T0 + 1000))
    bench.receive(bench.row(bench.load((T0, 1), (T0 + 1800, 2), (T0 + 3600, 3))))
    bench.work()
    bench.tell()
    line = bench.line()
    assert (line.received, line.projected, line.quarantined, line.losses) == (3, 2, 1, ())
    assert bench.command("audit", "--day", day_of(bench)).exit_code == 0, "held back is counted apart, not lost"
    with writing(bench.engine).begin() as connection:
        bind(connection, "edge-1", METER, 0, None, NOW)
    assert replay_messages(bench.engine, Which(State.PARTIAL)).given == 1
    bench.work()
    assert (bench.line().projected, bench.line().quarantined) == (3, 0)


def test_a_foreign_message_is_in_quarantine_with_all_its_readings(bench: Bench) -> None:
    with writing(bench.engine).begin() as connection:
        connection.execute(delete(edge_meter))
    bench.receive(bench.row(bench.load((T0, 1), (T0 + 1800, 2))))
    bench.work()
    line = bench.line()
    assert (line.read, line.received, line.projected, line.quarantined, line.losses) == (None, 2, 0, 2, ())


def test_what_nobody_can_read_counts_one_until_a_newer_program_reads_it(bench: Bench) -> None:
    body = bench.load((T0, 1), (T0 + 1800, 2), made=NOW - 5 * DAY)
    row = bench.row(body)
    bench.receive((row[0], body.replace(b'"v":1', b'"v":7')))
    line = bench.line(NOW // DAY)
    assert (line.received, line.projected, line.quarantined) == (1, 0, 1)
    with writing(bench.engine).begin() as connection:  # the newer program, for which it is a message as any other
        connection.execute(update(inbox).values(body=body, state=State.NEW))
    bench.work()
    assert (bench.line(NOW // DAY).received, bench.line(NOW // DAY).losses) == (0, ())
    before = bench.line(NOW // DAY - 5)
    assert (before.received, before.projected, before.losses) == (2, 2, ())


def test_an_edge_that_does_not_count_is_unknown_and_no_difference(bench: Bench) -> None:
    bench.receive(bench.row(bench.load((T0, 1))))
    bench.work()
    assert bench.steps() == (None, None, None, 1, 1)
    said = bench.command("audit", "--day", day_of(bench), "--format", "json")
    assert said.exit_code == 0
    told = json.loads(said.output)
    assert (told["read"], told["received"], told["verdict"], told["losses"]) == (None, 1, "equal", {})


def lost_at_the_edge(bench: Bench) -> None:
    bench.receive(bench.row(bench.load((T0, 1))), bench.row(bench.load((T0 + 1800, 2), (T0 + 3600, 2))))
    bench.work()
    bench.counts[METER, NOW // DAY] = [5, 3, 3]
    bench.tell()


def lost_on_the_way(bench: Bench) -> None:
    rows = [bench.row(bench.load((T0 + 1800 * n, n))) for n in range(5)]
    bench.receive(*rows[:3])
    bench.work()
    bench.tell()


def lost_in_the_inbox(bench: Bench) -> None:
    bench.receive(*(bench.row(bench.load((T0 + 1800 * n, n))) for n in range(5)))
    with writing(bench.engine).begin() as connection:
        connection.execute(delete(inbox).where(inbox.c.seq.in_([2, 3])))
    bench.work()
    bench.tell()


def from_nowhere(bench: Bench) -> None:
    bench.receive(*(bench.row(bench.load((T0 + 1800 * n, n))) for n in range(5)))
    bench.work()
    bench.counts[METER, NOW // DAY] = [3, 3, 3]
    bench.tell()


@pytest.mark.parametrize(
    ("lose", "step", "words"),
    [
        (lost_at_the_edge, Step.EDGE, "lost at the concentrator"),
        (lost_on_the_way, Step.DELIVERY, "acknowledged and not received"),
        (lost_in_the_inbox, Step.CENTRAL, "lost between the inbox and the series"),
        (from_nowhere, Step.SURPLUS, "received, and never held by the concentrator"),
    ],
)
def test_a_loss_is_found_and_named(bench: Bench, lose: object, step: Step, words: str) -> None:
    lose(bench)  # type: ignore[operator]
    assert bench.line().losses == ((step, 2),)
    said = bench.command("audit", "--day", day_of(bench), "--meter", METER)
    assert said.exit_code == 1
    assert f"DIFFERS: 2 {words}" in said.output
    assert f"1 lines, 1 differ: 2 {words}" in said.output
    assert bench.command("audit", "--day", "2020-01-01").exit_code == 0, "another day is as it was"
    assert bench.command("audit", "--day", day_of(bench), "--edge", "edge-9").exit_code == 0


def test_what_waits_at_the_edge_or_is_newer_than_its_word_is_under_way(bench: Bench) -> None:
    bench.receive(bench.row(bench.load((T0, 1))))
    bench.work()
    bench.counts[METER, NOW // DAY] = [4, 4, 1]
    bench.tell()
    line = bench.line()
    assert (line.at_edge, line.losses, line.verdict) == (3, (), Verdict.UNDER_WAY)
    bench.now += 60
    bench.receive(*(bench.row(bench.load((T0 + 1800 * n, n))) for n in (1, 2, 3, 4)))
    bench.work()
    line = bench.line()
    assert (line.sent, line.received, line.losses, line.verdict) == (4, 5, (), Verdict.UNDER_WAY)
    said = bench.command("audit", "--day", day_of(bench))
    assert (said.exit_code, "newer than the concentrator's last word" in said.output) == (0, True)


def test_a_journal_sent_again_under_a_new_store_is_no_surplus(bench: Bench) -> None:
    body = bench.load((T0, 1), (T0 + 1800, 2))
    bench.receive(bench.row(body))
    bench.tell()
    bench.store, bench.seq, bench.sha = "s2", 0, GENESIS
    bench.receive((RowTopic("edge-1", "archive", METER, "s2", 1, GENESIS), body))
    bench.tell()
    bench.work()
    assert (bench.steps(), bench.line().losses) == ((2, 2, 2, 2, 2), ())


def test_what_the_inbox_has_forgotten_is_not_counted_again(bench: Bench) -> None:
    rows = [bench.row(bench.load((T0, 1))), bench.row(bench.load((T0 + 1800, 2)))]
    bench.receive(*rows)
    bench.work()
    with writing(bench.engine).begin() as connection:
        connection.execute(delete(inbox))
    bench.now += 20 * DAY
    bench.receive(*rows)  # central asked for the journal from its beginning
    bench.work()
    assert (bench.line().received, bench.line().projected, bench.line().losses) == (2, 2, ())
    assert [row.state for row in bench.all(inbox)] == ["done", "done"]


def test_a_void_is_counted_apart(bench: Bench) -> None:
    bench.receive(bench.row(bench.load((T0, 1))))
    topic, _ = bench.row(link(GENESIS, b"gone").encode(), channel="void")
    bench.receive((topic, b"0123456789abcdef"))
    bench.work()
    line = bench.line()
    assert (line.received, line.projected, line.void) == (1, 1, 1)


def test_an_edge_speaks_of_its_own_meters_and_of_days_that_can_be(bench: Bench) -> None:
    bench.counts = {("B-2", NOW // DAY): [9, 9, 9], (METER, 10**9): [9, 9, 9], (METER, NOW // DAY): [2**40, 1, 1]}
    bench.tell()
    assert bench.all(traffic) == []


def test_the_same_word_again_writes_nothing(bench: Bench) -> None:
    bench.receive(bench.row(bench.load((T0, 1))))
    bench.tell()
    (before,) = bench.all(traffic)
    bench.tell()
    assert bench.all(traffic) == [before]
    bench.receive(bench.row(bench.load((T0 + 1800, 1))))
    bench.tell()
    (after,) = bench.all(traffic)
    assert (after.read, after.told_at > before.told_at) == (2, True)


def test_the_sums_of_a_day_are_kept_for_the_pages(bench: Bench) -> None:
    lost_in_the_inbox(bench)
    assert ledger.recount(bench.engine, NOW // DAY - 1, NOW // DAY, bench.now) == 1
    (row,) = bench.all(traffic_day)
    assert (row.day, row.received, row.projected, row.lines, row.differing) == (NOW // DAY, 5, 3, 1, 1)
    assert [one.verdict for one in bench.all(traffic)] == [Verdict.DIFFERS]
    assert ledger.forget(bench.engine, bench.now + 500 * DAY) == 1
    assert bench.all(traffic_day) == []


def test_registers_count_as_all_readings_do(bench: Bench) -> None:
    bench.receive(bench.row(bench.load((T0, 5), kind=Kind.DAILY)))
    bench.work()
    bench.tell()
    assert bench.steps() == (1, 1, 1, 1, 1)
