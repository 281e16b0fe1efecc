"""What should have come against what came: gaps, their deadlines, commands within a budget, filled and lost."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from central.audits import completeness, gaps
from central.audits.tables import GapState, gap
from central.commands import keys, replies
from central.commands.tables import State, command
from central.config import Audits
from central.db import writing
from central.ingest.bindings import bind
from central.ingest.tables import edge_meter, event, meter_seen
from central.timeseries.base import LoadRow, RegisterRow
from protocol.messages.command import Reply, Status
from protocol.reading import Kind
from tests.central.audits.parts import DAY, METER, PERIOD, Bench
from tests.central.sql import Sql

NOW = int(datetime(2026, 11, 24, 8, 0, tzinfo=UTC).timestamp())
MIDNIGHT = int(datetime(2026, 11, 23, 21, 0, tzinfo=UTC).timestamp())  # in Moscow
BEGUN = MIDNIGHT - 10 * DAY
SETTINGS = Audits()


@pytest.fixture
def bench(sql: Sql, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, NOW)
    yield made
    made.close()


def fill(bench: Bench, since: int = BEGUN, until: int = NOW, without: Any = (), meter: str = METER) -> None:
    """Half-hours since < stamp <= until that are not in `without` (pairs since, until), as the worker writes them."""
    rows: list[LoadRow | RegisterRow] = []
    for at in range(since - since % PERIOD + PERIOD, until + 1, PERIOD):
        if not any(start < at <= end for start, end in without):
            rows.append(LoadRow(meter, at, PERIOD, 0, {"ap": 1000}))
    bench.series.write(rows)


def registers(bench: Bench, *moments: int, kind: Kind = Kind.DAILY) -> None:
    """By way of the worker: it must be known that the meter gives such."""
    bench.receive(bench.row(bench.load(*((at, 10**9) for at in moments), kind=kind)))
    bench.work()


def audit(bench: Bench, **more: Any) -> completeness.Audited:
    return completeness.audit(bench.engine, bench.series, SETTINGS, bench.now, **more)


def ask(bench: Bench, **budget: int) -> list[str]:
    """Edges asked."""
    key = keys.private_key(bench.config)
    return [one.edge for one in completeness.ask(bench.engine, key, Audits(**budget), bench.now)]


def standing(bench: Bench) -> list[tuple[str, int, int, int, str]]:
    return [
        (row.kind, row.since, row.until, row.missing, row.state)
        for row in bench.rows(select(gap).order_by(gap.c.since, gap.c.kind))
    ]


def reply(bench: Bench, status: Status) -> None:
    """To the last command."""
    with writing(bench.engine).begin() as connection:
        id = connection.scalars(select(command.c.id).order_by(command.c.counter.desc())).first()
        said = Reply(v=1, id=id or "", status=status, at=datetime.fromtimestamp(bench.now, UTC))
        replies.replied(connection, "edge-1", said, bench.now)


def test_nothing_is_missing_where_all_came(bench: Bench) -> None:
    bench.mount(BEGUN)
    fill(bench)
    found = audit(bench)
    assert (found.meters, found.missing, standing(bench)) == (1, 0, [])


def test_a_hole_is_a_gap_and_what_is_not_due_is_none(bench: Bench) -> None:
    bench.mount(BEGUN)
    hole = (MIDNIGHT - 3 * DAY, MIDNIGHT - 2 * DAY)
    fill(bench, until=NOW - 3 * 3600, without=[hole])
    assert audit(bench).missing == 48
    assert standing(bench) == [("load", *hole, 48, "open")]
    assert audit(bench).found == 0, "the same gap, however often it is looked for"
    assert standing(bench) == [("load", *hole, 48, "open")]


def test_expected_is_the_time_that_a_meter_stands_at_a_point(bench: Bench) -> None:
    bench.mount(BEGUN + 5 * DAY + 700, until=MIDNIGHT - 2 * DAY - 700)
    fill(bench, since=BEGUN + 5 * DAY + PERIOD, until=MIDNIGHT - 2 * DAY - PERIOD)
    assert audit(bench).missing == 0


def test_a_meter_of_which_nothing_ever_came_lacks_all_of_its_profile(bench: Bench) -> None:
    bench.mount(NOW - 2 * DAY)
    found = audit(bench, meter=METER)
    assert found.missing == 2 * 48 - 12
    assert [(one.kind, len(one.stamps)) for one in found.lacking] == [(Kind.LOAD, 84)]


def test_time_without_power_is_no_hole(bench: Bench) -> None:
    bench.mount(BEGUN)
    off = (MIDNIGHT - 3 * DAY - 7200, MIDNIGHT - 3 * DAY + 3600)  # over a midnight, whose register is not frozen
    fill(bench, without=[off])
    days = [BEGUN + n * DAY for n in range(1, 11)]
    used = 0
    rows = []
    for number, at in enumerate(days):
        used = 1000 * 48 * number - (6000 if at > MIDNIGHT - 3 * DAY else 0)
        if at != MIDNIGHT - 3 * DAY:
            rows.append(RegisterRow(METER, at, Kind.DAILY, 0, {"ap0": 10**9 + used}))
    registers(bench, BEGUN - DAY)
    bench.series.write(rows)
    assert audit(bench, dry_run=True).missing == 7, "six places and the register, as long as no journal explains them"
    with writing(bench.engine).begin() as connection:
        for time, code in ((off[0], 1), (off[1], 2)):
            values = {"meter": METER, "edge": "", "time": time, "journal": 2, "code": code, "uptime": -1}
            connection.execute(event.insert().values(**values, received_at=bench.now))
    assert audit(bench).missing == 0
    assert standing(bench) == []


def test_registers_are_expected_of_a_meter_that_gives_them(bench: Bench) -> None:
    bench.mount(BEGUN)
    fill(bench)
    assert audit(bench).missing == 0, "it never gave any"
    first = int(datetime(2026, 10, 31, 21, tzinfo=UTC).timestamp())
    registers(bench, *(BEGUN + n * DAY for n in range(1, 9)))
    registers(bench, first, kind=Kind.MONTHLY)
    assert audit(bench).missing == 1
    assert standing(bench) == [("daily", MIDNIGHT - DAY - 1, MIDNIGHT - DAY, 1, "open")], "today's is not due yet"


def test_data_closes_a_gap_whatever_brought_it_and_a_part_of_it_narrows_it(bench: Bench) -> None:
    bench.mount(BEGUN)
    hole = (MIDNIGHT - 3 * DAY, MIDNIGHT - 2 * DAY)
    fill(bench, without=[hole])
    audit(bench)
    fill(bench, hole[0], hole[1] - 7200)
    audit(bench)
    assert standing(bench) == [("load", hole[1] - 7200, hole[1], 4, "open")]
    fill(bench)
    assert audit(bench).filled == 1
    assert standing(bench) == [("load", hole[1] - 7200, hole[1], 0, "filled")]


def test_the_deadline_is_when_the_meter_overwrites_it(bench: Bench) -> None:
    bench.mount(BEGUN)
    hole = (MIDNIGHT - 3 * DAY, MIDNIGHT - 2 * DAY)
    fill(bench, without=[hole])
    audit(bench)
    assert bench.all(gap)[0].deadline_at == hole[0] + PERIOD + 90 * DAY
    with writing(bench.engine).begin() as connection:
        connection.execute(gap.delete())
    bench.receive(bench.row(bench.load((MIDNIGHT, 1000))))  # the newest that was read
    bench.work()
    with writing(bench.engine).begin() as connection:
        connection.execute(update(meter_seen).values(overwritten_from_at=MIDNIGHT + 40 * DAY))
    audit(bench)
    assert bench.all(gap)[0].deadline_at == hole[0] + PERIOD + 40 * DAY, "it keeps forty days"


def lacking(bench: Bench, *days: int) -> None:
    """A gap of each of these days before today."""
    bench.mount(BEGUN)
    fill(bench, without=[(MIDNIGHT - day * DAY, MIDNIGHT - day * DAY + 7200) for day in days])
    audit(bench)


def test_the_oldest_deadline_is_asked_for_first_within_the_budget(bench: Bench) -> None:
    lacking(bench, 2, 8, 5)
    bench.online()
    assert ask(bench, backfills=2, days=10) == ["edge-1", "edge-1"]
    asked = bench.rows(select(gap).where(gap.c.state == GapState.ASKED).order_by(gap.c.since))
    assert [row.since for row in asked] == [MIDNIGHT - 8 * DAY, MIDNIGHT - 5 * DAY]
    sent = bench.rows(select(command).order_by(command.c.counter))
    assert [(row.command, row.author) for row in sent] == [("backfill", "audit")] * 2
    assert sent[0].arguments["from"] == datetime.fromtimestamp(MIDNIGHT - 8 * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ask(bench, backfills=2, days=10) == [], "two are open"
    reply(bench, Status.DONE)
    assert ask(bench, backfills=2, days=2) == [], "two days were asked for this night"
    assert ask(bench, backfills=2, days=3) == ["edge-1"]
    assert ask(bench, backfills=0) == []


@pytest.mark.parametrize(
    "how",
    [
        lambda bench: bench.online("lost"),
        lambda bench: setattr(bench, "now", bench.now + 3600),
        lambda bench: unbind(bench, edge_meter.c.valid_to, NOW - DAY),
        lambda bench: unbind(bench, edge_meter.c.valid_from, NOW + DAY),
    ],
    ids=["lost", "silent", "no longer", "not yet"],
)
def test_an_edge_that_is_away_or_not_entitled_is_not_asked(bench: Bench, how: Any) -> None:
    lacking(bench, 2)
    bench.online()
    how(bench)
    assert ask(bench) == []


def unbind(bench: Bench, column: Any, moment: int) -> None:
    with writing(bench.engine).begin() as connection:
        connection.execute(update(edge_meter).values({column.name: moment}))


def test_a_reply_without_data_opens_the_gap_again_and_three_in_vain_lose_it(bench: Bench) -> None:
    lacking(bench, 2)
    for number in range(1, 4):
        bench.now += DAY - 3600
        fill(bench, NOW, bench.now)
        bench.online()
        assert ask(bench) == ["edge-1"]
        assert completeness.look_again(bench.engine, bench.series, SETTINGS, bench.now).meters == 0, "no answer yet"
        reply(bench, Status.DONE if number < 3 else Status.PARTIAL)
        completeness.look_again(bench.engine, bench.series, SETTINGS, bench.now)
        assert [row.state for row in bench.all(gap)] == [GapState.OPEN if number < 3 else GapState.LOST]
    assert ask(bench) == []
    fill(bench)
    audit(bench)
    assert [row.state for row in bench.all(gap)] == [GapState.FILLED], "it came all the same"


def test_an_answer_is_not_judged_while_its_rows_wait_for_the_worker(bench: Bench) -> None:
    lacking(bench, 2)
    bench.online()
    ask(bench)
    reply(bench, Status.DONE)
    rows = [(MIDNIGHT - 2 * DAY + PERIOD * n, 1000) for n in range(1, 5)]
    bench.receive(bench.row(bench.load(*rows)))
    assert completeness.look_again(bench.engine, bench.series, SETTINGS, bench.now).meters == 0
    bench.work()
    assert completeness.look_again(bench.engine, bench.series, SETTINGS, bench.now).filled == 1
    assert [row.state for row in bench.all(gap)] == [GapState.FILLED]


def test_an_expired_command_opens_it_again_and_a_passed_deadline_loses_it(bench: Bench) -> None:
    lacking(bench, 2)
    bench.online()
    ask(bench)
    with writing(bench.engine).begin() as connection:
        connection.execute(update(command).values(state=State.EXPIRED))
    audit(bench)
    assert [row.state for row in bench.all(gap)] == [GapState.OPEN]
    with writing(bench.engine).begin() as connection:
        connection.execute(update(gap).values(deadline_at=bench.now))
    assert ask(bench) == []
    assert audit(bench).lost == 1
    assert [row.state for row in bench.all(gap)] == [GapState.LOST]


def test_another_meters_gaps_stay_as_they_are(bench: Bench) -> None:
    lacking(bench, 2)
    bench.mount(BEGUN, meter="B-2")
    fill(bench, meter="B-2", without=[(MIDNIGHT - DAY, MIDNIGHT)])
    with writing(bench.engine).begin() as connection:
        bind(connection, "edge-1", "B-2", 0, None, NOW)
    audit(bench, meter="B-2")
    assert sorted(row.meter for row in bench.all(gap)) == ["A-1", "B-2"]
    assert audit(bench).missing == 4 + 48


def test_runs_of_missing_stamps_become_gaps_that_are_not_too_long() -> None:
    def told(stamps: list[int]) -> list[tuple[int, int]]:
        return [(run[0], run[-1]) for run in gaps.spans(stamps, Kind.LOAD)]

    assert told([]) == []
    assert told([1, 2, DAY, 3 * DAY]) == [(1, DAY), (3 * DAY, 3 * DAY)]
    long = list(range(PERIOD, 25 * DAY, PERIOD))
    assert [end - start <= 10 * DAY for start, end in told(long)] == [True] * 3
    assert sum(len(run) for run in gaps.spans(long, Kind.LOAD)) == len(long)


def test_the_command_says_what_is_missing(bench: Bench) -> None:
    now = int(datetime.now(UTC).timestamp()) // PERIOD * PERIOD
    bench.now = now
    bench.mount(now - 3 * DAY)
    fill(bench, now - 3 * DAY, now, without=[(now - 2 * DAY, now - DAY)])
    said = bench.command("audit", "completeness", "--dry-run")
    assert said.exit_code == 1
    assert "A-1 load: 48 missing" in said.output
    assert bench.all(gap) == []
    said = bench.command("audit", "completeness")
    assert "gaps: 1 new, 0 filled, 0 lost; 0 asked for" in said.output
    fill(bench, now - 3 * DAY, now)
    assert bench.command("audit", "completeness").exit_code == 0
