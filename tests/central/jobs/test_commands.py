"""`uchet-central jobs`, as an administrator uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from central import mail
from central.cli import main
from central.db import connect, writing
from central.jobs import queue
from central.jobs.asking import enqueue
from central.migrations.command import prepare
from tests.central.parts import NOW, config
from tests.central.sql import Sql

Call = Callable[..., Result]


class Office:
    """A database with one job of each fate, and the command over it."""

    def __init__(self, folder: Path) -> None:
        settings = config(folder)
        prepare(settings)
        self.engine = connect(settings.sql_url)
        self._file = folder / "central.toml"
        with writing(self.engine).begin() as connection:
            self.mail = mail.queue(connection, "anna@example.org", "Показания", "Приняты", NOW)
            self.dead = enqueue(connection, "forget", {}, NOW, key="night")
        taken = queue.take(self.engine, {"forget": 1}, "worker-1", NOW, 20)
        assert taken is not None
        with writing(self.engine).begin() as connection:
            queue.fail(connection, taken, "it broke", NOW, None)

    def call(self, *words: object, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["--config", str(self._file), "jobs", *map(str, words)])
        assert done.exit_code == code, done.output
        return done.output


@pytest.fixture
def office(sql: Sql, tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_the_list_names_the_dead_with_their_error(office: Office) -> None:
    assert len(office.call("list").splitlines()) == 2
    (line,) = office.call("list", "--state", "dead").splitlines()
    number, kind, state, tries, _due, finished, key, error = line.split("\t")
    assert (number, kind, state, tries) == (str(office.dead), "forget", "dead", "1")
    assert (finished, key, error) == ("2025-11-24 19:00:00+03:00", "night", "it broke")
    assert office.call("list", "--kind", "backup") == ""


def test_show_tells_all_but_what_is_personal(office: Office) -> None:
    assert "it broke" in office.call("show", office.dead)
    shown = office.call("show", office.mail)
    assert "anna" not in shown
    assert "not shown" in shown
    assert "there is no job 99" in office.call("show", 99, code=1)


def test_the_dead_are_tried_again_or_dropped(office: Office) -> None:
    assert "waits for a worker" in office.call("retry", office.dead)
    assert f"job {office.dead} is waiting" in office.call("retry", office.dead, code=1)
    assert "is dropped" in office.call("drop", office.dead)
    assert f"job {office.dead} is dropped" in office.call("drop", office.dead, code=1)


def test_run_waits_for_the_end_and_says_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    number = office.dead + 1

    def worker(_seconds: float) -> None:
        """The worker comes while the command sleeps."""
        taken = queue.take(office.engine, {"forget": 1}, "worker-1", 2**40, 20)
        assert taken is not None
        assert taken.arguments == {"days": 3}
        with writing(office.engine).begin() as connection:
            queue.finish(connection, taken, {"messages": 5}, NOW)

    monkeypatch.setattr("central.jobs.commands.time.sleep", worker)
    said, result = office.call("run", "forget", "--wait", "--arguments", '{"days": 3}').splitlines()
    assert said == f"job {number} waits for a worker"
    assert json.loads(result) == {"messages": 5}
    for wrong in ("[]", "{"):
        office.call("run", "forget", "--arguments", wrong, code=2)
    office.call("run", "no-such-kind", code=2)


def test_the_schedule(office: Office) -> None:
    line = next(line for line in office.call("schedule").splitlines() if line.startswith("forget"))
    assert line.startswith("forget\tevery 3600 s\t20")
