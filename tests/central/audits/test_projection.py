"""The projection audit: what the inbox holds against what the series holds; what is lacking is found, and repaired."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from central.audits import projection
from central.audits.projection import Audited
from central.audits.tables import FindingState, finding
from central.db import writing
from central.figures.tables import conflict
from central.ingest.tables import State, inbox
from central.timeseries.base import LoadRow
from protocol.reading import Kind
from tests.central.audits.parts import DAY, METER, Bench
from tests.central.parts import NOW, T0
from tests.central.sql import Sql

SLOTS = 48


@pytest.fixture
def bench(sql: Sql, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, NOW)
    yield made
    made.close()


def deliver(bench: Bench, days: int = 2) -> None:
    """Half-hours and a register of each day, some of it twice."""
    for day in range(days):
        start = T0 - day * DAY
        rows = [(start + 1800 * n, 1000 * day + n) for n in range(SLOTS)]
        made = NOW - day * DAY
        bench.receive(bench.row(bench.load(*rows, made=made)), bench.row(bench.load(*rows[:5], made=made)))
        bench.receive(bench.row(bench.load((start, 77 + day), made=made, kind=Kind.DAILY)))
    bench.work()


def take_away(bench: Bench, *stamps: int) -> None:
    """The series forgets these rows: all is written anew but them."""
    rows = [row for kind in (Kind.LOAD, Kind.DAILY) for row in bench.series.scan(kind, 0, 2**32)]
    bench.series.erase()
    bench.series.write([row for row in rows if not (isinstance(row, LoadRow) and row.end in stamps)])


def audit(bench: Bench, meter: str | None = None, repair: bool = False) -> Audited:
    today = NOW // DAY
    return projection.audit(bench.engine, bench.series, today - 13, today, bench.now, meter=meter, repair=repair)


@pytest.mark.parametrize("meter", [None, METER])
def test_what_is_equal_is_no_finding(bench: Bench, meter: str | None) -> None:
    deliver(bench)
    found = audit(bench, meter)
    assert (found.meters, found.days, found.findings) == (1, 4, [])


@pytest.mark.parametrize("meter", [None, METER])
def test_a_row_that_the_series_lost_is_found_and_driven_again(bench: Bench, meter: str | None) -> None:
    deliver(bench)
    whole = bench.series.load(METER, 0, 2**32)
    take_away(bench, T0 + 1800, T0 + 3600)
    (found,) = audit(bench, meter, repair=True).findings
    assert (found.kind, found.day, found.missing, found.differing) == (Kind.LOAD, T0 // DAY, 2, 0)
    assert (found.inbox[0], found.series[0]) == (48, 46)
    (row,) = bench.all(finding)
    assert (row.state, row.missing, row.inbox_total - row.series_total) == (FindingState.OPEN, 2, 3)
    assert bench.work() == 1, "only the message whose rows are lacking"
    assert bench.series.load(METER, 0, 2**32) == whole
    after = audit(bench, meter)
    assert (after.findings, after.repaired) == ([], 1)
    assert [row.state for row in bench.all(finding)] == [FindingState.REPAIRED]


def test_the_command_says_both_figures_and_the_ledger_remembers(bench: Bench) -> None:
    bench.now = NOW
    deliver(bench, 1)
    take_away(bench, T0 + 1800)
    span = ("--from", "2025-11-20", "--to", "2025-11-24")
    said = bench.command("audit", "projection", *span)
    assert said.exit_code == 1
    assert "A-1 load: inbox 48 rows, sum 1128; series 47 rows, sum 1127; missing 1, otherwise 0" in said.output
    ledger = bench.command("audit", *span)
    assert ledger.exit_code == 1
    assert "the series lacks 1 rows that the inbox has" in ledger.output
    mended = bench.command("audit", "projection", *span, "--repair")
    assert "1 messages go to the worker again" in mended.output
    bench.work()
    again = bench.command("audit", "projection", *span)
    assert (again.exit_code, "0 differ, 1 agree again" in again.output) == (0, True)
    assert bench.command("audit", *span).exit_code == 0


def test_a_value_that_stood_first_is_a_known_conflict(bench: Bench) -> None:
    bench.receive(bench.row(bench.load((T0, 1))))
    bench.work()
    with writing(bench.engine).begin() as connection:
        connection.execute(inbox.delete())  # the first is older than the inbox
    bench.receive(bench.row(bench.load((T0, 5), (T0 + 1800, 2))))
    bench.work()
    assert len(bench.all(conflict)) == 1
    assert audit(bench).findings == []
    with writing(bench.engine).begin() as connection:
        connection.execute(conflict.delete())
    (found,) = audit(bench).findings
    assert (found.missing, found.differing) == (0, 1), "a value that nobody knows of"


def test_what_waits_or_is_held_back_is_not_expected_in_the_series(bench: Bench) -> None:
    deliver(bench, 1)
    bench.receive(bench.row(bench.load((T0 + 40 * 1800, 5))))
    bench.receive(bench.row(bench.load((T0 + DAY - 1800, 5))))
    with writing(bench.engine).begin() as connection:
        connection.execute(update(inbox).where(inbox.c.seq == bench.seq).values(state=State.QUARANTINED))
    assert audit(bench).findings == []


def test_rows_that_the_inbox_has_forgotten_are_no_difference(bench: Bench) -> None:
    deliver(bench)
    with writing(bench.engine).begin() as connection:
        connection.execute(inbox.delete().where(inbox.c.seq == 1))
    assert audit(bench).findings == []
