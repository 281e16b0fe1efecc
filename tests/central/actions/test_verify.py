"""Whatever is done to the journal behind the program's back is found, and said where; the database refuses it."""

from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from central.accounts.tables import audit, audit_seal
from central.actions import seals
from central.actions.verify import verify
from central.db import writing
from tests.central.actions.parts import Journal, sha_of
from tests.central.parts import NOW
from tests.central.sql import Sql

ROW = {"at": NOW, "account": None, "action": "logout", "subject": "", "detail": ""}


@pytest.fixture
def journal(sql: Sql, tmp_path: Path) -> Journal:
    return Journal(tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET detail = 'x' WHERE id = 1",
        "UPDATE audit SET account = account",
        "DELETE FROM audit WHERE id = 12",
        "DELETE FROM audit",
        "UPDATE audit_seal SET sha = 'x'",
        "DELETE FROM audit_seal WHERE number = 3",
    ],
)
def test_the_database_refuses_to_change_or_take_away(journal: Journal, statement: str) -> None:
    with pytest.raises(DBAPIError, match="only added"), writing(journal.engine).begin() as connection:
        connection.execute(text(statement))
    assert (journal.count(), journal.wrong()) == (12, [])


def test_the_ways_around_it_are_refused_too(journal: Journal) -> None:
    """PostgreSQL empties a table at once; SQLite puts a row in the place of another."""
    row = "(id, at, account, action, subject, detail) VALUES (3, 1, NULL, 'x', '', '')"
    away = "TRUNCATE audit" if journal.engine.dialect.name == "postgresql" else f"REPLACE INTO audit {row}"
    with pytest.raises(DBAPIError, match="only added"), writing(journal.engine).begin() as connection:
        connection.execute(text(away))
    assert journal.wrong() == []


def test_a_chain_that_nobody_touched_is_whole(journal: Journal) -> None:
    journal.write(2)
    found = journal.checked()
    assert (found.seals, found.rows, found.faults) == (3, 12, [])
    with journal.engine.connect() as connection:
        state = seals.state(connection)
    assert (state.newest and state.newest.number, state.unsealed, state.since) == (3, 2, NOW + 12)


@pytest.mark.parametrize("row", [1, 6, 12])
@pytest.mark.parametrize(
    "values", [{"detail": "10.0.0.2"}, {"at": NOW - 1}, {"action": "login"}, {"subject": "x"}, {"detail": "10.0.0.1 "}]
)
def test_a_row_that_was_changed(journal: Journal, row: int, values: dict[str, object]) -> None:
    journal.force(update(audit).where(audit.c.id == journal.ids()[row - 1]).values(**values))
    assert journal.wrong() == [({1: 1, 6: 2, 12: 3}[row], "ROW_CHANGED")]


@pytest.mark.parametrize(("row", "seal"), [(1, 1), (4, 1), (5, 2), (6, 2), (12, 3)])
def test_a_row_that_was_taken_away(journal: Journal, row: int, seal: int) -> None:
    journal.force(delete(audit).where(audit.c.id == journal.ids()[row - 1]))
    assert journal.wrong() == [(seal, "ROW_MISSING")]


def test_a_row_that_slipped_in_under_a_seal(journal: Journal) -> None:
    journal.force(insert(audit).values(id=0, **ROW))
    assert journal.wrong() == [(1, "ROW_ADDED")]


def test_a_row_that_slipped_into_a_gap(journal: Journal) -> None:
    """Numbers of transactions that were rolled back stay free."""
    gap = journal.ids()[-1] + 5
    journal.force(insert(audit).values(id=gap + 1, **ROW))
    journal.seal()
    assert journal.wrong() == []
    journal.force(insert(audit).values(id=gap, **ROW))
    assert journal.wrong() == [(4, "ROW_ADDED")]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("values", [{"sha": "0" * 64}, {"count": 9}, {"prev": "1" * 64}, {"first": 0}])
def test_a_seal_that_was_rewritten_alone(journal: Journal, number: int, values: dict[str, object]) -> None:
    journal.force(update(audit_seal).where(audit_seal.c.number == number).values(**values))
    assert journal.wrong() == [(number, "SEAL_CHANGED")]


def test_the_time_of_a_seal_is_sealed(journal: Journal) -> None:
    journal.force(update(audit_seal).where(audit_seal.c.number == 2).values(made_at=NOW - 86_400))
    assert [seal for seal, _ in journal.wrong()] == [2]


def test_a_row_that_was_changed_together_with_its_seal(journal: Journal) -> None:
    journal.force(update(audit).where(audit.c.id == journal.ids()[0]).values(detail="10.0.0.2"))
    with journal.engine.connect() as connection:
        sha = sha_of(connection, 1)
    journal.force(update(audit_seal).where(audit_seal.c.number == 1).values(sha=sha))
    assert journal.wrong() == [(1, "SEAL_REMADE")]


@pytest.mark.parametrize("number", [1, 2])
def test_a_seal_that_is_missing(journal: Journal, number: int) -> None:
    journal.force(delete(audit_seal).where(audit_seal.c.number == number))
    assert journal.wrong() == [(number, "SEAL_MISSING")]


def test_each_of_several_is_named(journal: Journal) -> None:
    ids = journal.ids()
    journal.force(
        update(audit).where(audit.c.id == ids[0]).values(subject="x"), delete(audit).where(audit.c.id == ids[-1])
    )
    assert journal.wrong() == [(1, "ROW_CHANGED"), (3, "ROW_MISSING")]


def test_a_chain_made_anew_is_whole_and_is_found_by_the_head_of_a_letter(journal: Journal) -> None:
    head = journal.head()
    journal.force(update(audit).where(audit.c.id == journal.ids()[2]).values(detail="не было"))
    journal.make_anew()
    assert journal.wrong() == []
    with journal.engine.connect() as connection:
        assert seals.by_sha(connection, head) is None
        assert seals.by_sha(connection, journal.head()) is not None


def test_the_end_of_the_chain_cut_off_is_found_by_the_head_of_a_letter(journal: Journal) -> None:
    head, ids = journal.head(), journal.ids()
    journal.force(delete(audit_seal).where(audit_seal.c.number == 3), delete(audit).where(audit.c.id > ids[6]))
    assert journal.wrong() == []
    with journal.engine.connect() as connection:
        assert seals.by_sha(connection, head) is None


def test_only_the_newest_seals_may_be_looked_at(journal: Journal) -> None:
    journal.force(update(audit).where(audit.c.id == journal.ids()[0]).values(subject="x"))
    with journal.engine.connect() as connection:
        assert (verify(connection, newest=2).faults, verify(connection, newest=2).rows) == ([], 8)
        assert len(verify(connection, newest=3).faults) == 1
        assert len(verify(connection, newest=9).faults) == 1


def test_a_large_time_without_seals_becomes_several(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "MOST", 4)
    journal.write(10)
    for _ in range(4):
        journal.seal()
    with journal.engine.connect() as connection:
        counts = list(connection.scalars(select(audit_seal.c.count).order_by(audit_seal.c.number)))
    assert counts == [4, 3, 5, 4, 4, 2]
    assert journal.wrong() == []
