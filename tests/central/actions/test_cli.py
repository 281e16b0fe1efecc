"""`uchet-central actions verify` says in words and by its exit code whether the chain is whole; the doctor sees it."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, update

from central.accounts.tables import audit, audit_seal
from central.cli import main
from central.db import writing
from central.migrations.command import prepare
from central.operation.doctor.actions import journal as asked
from central.operation.doctor.findings import Finding, Patient
from central.registry.tables import organisation
from tests.central.actions.parts import Journal
from tests.central.parts import config
from tests.central.sql import Sql

Verify = Callable[..., tuple[int, str]]


@pytest.fixture
def journal(sql: Sql, tmp_path: Path) -> Journal:
    made = Journal(tmp_path)
    prepare(config(tmp_path))
    return made


@pytest.fixture
def verify(journal: Journal, tmp_path: Path) -> Verify:
    def call(*arguments: str) -> tuple[int, str]:
        command = ["--config", str(tmp_path / "central.toml"), "actions", "verify", *arguments]
        done = CliRunner().invoke(main, command)
        return done.exit_code, done.output

    return call


def found(journal: Journal, tmp_path: Path, now: int | None = None) -> list[Finding]:
    return list(asked(Patient(config(tmp_path), journal.engine, journal.now if now is None else now)))


def test_whole_it_says_so_with_its_head(journal: Journal, verify: Verify, tmp_path: Path) -> None:
    code, said = verify()
    assert (code, said.splitlines()[-1]) == (0, "the chain is whole")
    assert "3 seals over 12 rows; 0 rows wait for the next one" in said
    assert journal.head() in said
    (finding,) = found(journal, tmp_path)
    assert (finding.well, finding.what) == (True, "последние печати целы, новейшая № 3")


def test_broken_it_names_each_seal_and_ends_with_1(journal: Journal, verify: Verify, tmp_path: Path) -> None:
    first, last = journal.ids()[0], journal.ids()[-1]
    journal.force(update(audit).where(audit.c.id == first).values(detail="x"), delete(audit).where(audit.c.id == last))
    code, said = verify()
    assert code == 1
    assert "BROKEN at seal 1: a row under it was changed" in said
    assert "BROKEN at seal 3: a row under it is missing" in said
    assert said.endswith("the chain is NOT whole\n")
    (finding,) = found(journal, tmp_path)
    assert (finding.well, finding.what) == (False, "цепь печатей нарушена: № 1, 3")


def test_the_head_of_an_old_letter_is_looked_for(journal: Journal, verify: Verify) -> None:
    head = journal.head()
    journal.write(2)
    journal.seal()
    assert "the letter tells of seal 3: it is in the chain" in verify("--head", head.upper() + " ")[1]
    journal.force(update(audit).where(audit.c.id == journal.ids()[0]).values(detail="x"))
    journal.make_anew()
    assert verify()[0] == 0, "a chain made anew is whole by itself"
    code, said = verify("--head", head)
    assert code == 1
    assert "no seal of the chain has the sha of that letter" in said


def test_rows_that_nobody_seals_are_told(journal: Journal, verify: Verify, tmp_path: Path) -> None:
    journal.now = int(time.time()) - 3600
    journal.write()
    assert verify()[0] == 0
    assert len(found(journal, tmp_path)) == 1
    findings = found(journal, tmp_path, journal.now + 5 * 3600)
    assert [(one.well, one.what) for one in findings][1:] == [(False, "записи ждут печати 5 ч")]
    journal.force(delete(audit_seal))
    code, said = verify()
    assert code == 1
    assert "NOT SEALED: rows since" in said


def test_what_the_command_line_does_is_noted(journal: Journal, tmp_path: Path) -> None:
    before = journal.ids()[-1]
    with writing(journal.engine).begin() as connection:
        connection.execute(organisation.insert().values(id=1, name="Первая"))
    word = "сложный пароль"
    for command, text in (
        ("user add olga@example.org --name Ольга --role operator --right all --stdin", word),
        ("user password olga@example.org --stdin", f"{word} ещё"),
        ("jobs run backup", None),
        ("jobs drop 1", None),
        ("replay", None),
        ("replay --dry-run", None),
    ):
        done = CliRunner().invoke(main, ["--config", str(tmp_path / "central.toml"), *command.split()], input=text)
        assert done.exit_code == 0, done.output
    with journal.engine.connect() as connection:
        query = select(audit.c.action, audit.c.subject, audit.c.account).where(audit.c.id > before)
        found = [tuple(row) for row in connection.execute(query.order_by(audit.c.id))]
    assert found == [
        ("account made", "account 1", None),
        ("rights given", "account 1", None),
        ("password set", "account 1", None),
        ("job run", "job 1", None),
        ("job drop", "job 1", None),
        ("replay", "quarantined", None),
    ]
