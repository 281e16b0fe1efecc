"""The audits as the worker's jobs."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from central.audits import jobs
from central.audits.tables import gap, traffic_day
from central.db import writing
from central.ingest.tables import inbox
from central.jobs.context import Context, JobFailed
from central.jobs.kinds import KINDS
from central.jobs.queue import Taken
from tests.central.audits.parts import DAY, METER, PERIOD, Bench
from tests.central.parts import NOW, T0
from tests.central.sql import Sql


@pytest.fixture
def bench(sql: Sql, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, NOW)
    yield made
    made.close()


def context(bench: Bench) -> Context:
    taken = Taken(1, "audit", {}, "owner", 1, bench.now)
    return Context(bench.config, bench.engine, bench.series, taken, lambda: bench.now, threading.Event())


def test_the_table_of_jobs_names_them() -> None:
    found = {name: kind.function() for name, kind in KINDS.items() if name.startswith("audit_")}
    assert found == {
        "audit_counts": jobs.count,
        "audit_projection": jobs.project,
        "audit_completeness": jobs.complete,
        "audit_answers": jobs.answer,
    }


def test_a_loss_is_an_alarm_of_the_night(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.receive(bench.row(bench.load((T0, 1))), bench.row(bench.load((T0 + PERIOD, 1))))
    bench.work()
    bench.tell()
    assert jobs.count(context(bench), {}) == {"differing": 0}
    assert [row.received for row in bench.all(traffic_day)] == [2]
    bench.receive(bench.row(bench.load((T0 + 2 * PERIOD, 1))))
    with writing(bench.engine).begin() as connection:
        connection.execute(delete(inbox).where(inbox.c.seq == 3))
    with caplog.at_level(logging.WARNING):
        assert jobs.project(context(bench), {}) == {
            "meters": 1,
            "days": 1,
            "findings": 0,
            "repaired": 0,
            "differing": 1,
        }
    assert [record.about["alarm"] for record in caplog.records] == ["counts_differ"]  # type: ignore[attr-defined]


def test_the_night_asks_for_what_is_missing(bench: Bench) -> None:
    bench.mount(NOW - 2 * DAY)
    bench.online()
    found = jobs.complete(context(bench), {})
    assert (found["meters"], found["found"], found["asked"]) == (1, 1, 1)
    assert [(row.meter, row.state) for row in bench.all(gap)] == [(METER, "asked")]
    assert jobs.answer(context(bench), {}) == {"meters": 0, "filled": 0, "lost": 0, "asked": 0}


def test_without_the_key_of_commands_it_says_why(bench: Bench) -> None:
    (bench.config.data / "command.key").unlink()
    with pytest.raises(JobFailed, match="key of commands"):
        jobs.complete(context(bench), {})
