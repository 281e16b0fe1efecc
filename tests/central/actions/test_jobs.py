"""The journal is sealed every hour, its newest seal goes to people every day, and nothing slips in meanwhile."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from central.accounts.audit import note
from central.accounts.people import add_account
from central.accounts.tables import account
from central.actions import seals
from central.db import writing
from central.jobs.kinds import KINDS
from central.jobs.runner import make_due
from central.jobs.tables import State, job
from central.registry import enter
from central.registry.changes import entering
from tests.central.actions.parts import Journal
from tests.central.jobs.parts import Desk
from tests.central.parts import NOW
from tests.central.scene import CHEAP
from tests.central.sql import Sql

PASSWORD = "сложный пароль"


@pytest.fixture
def journal(sql: Sql, tmp_path: Path) -> Journal:
    return Journal(tmp_path)


@pytest.fixture
def desk(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path, monkeypatch)
    made.kinds = {name: KINDS[name] for name in ("seal_actions", "actions_letter")}
    yield made
    made.series.close()
    made.engine.dispose()


def person(desk: Desk, mail: str, role: str, state: str = "approved", company: int = 1) -> None:
    with writing(desk.engine).begin() as connection:
        key = add_account(
            connection, CHEAP, organisation=company, mail=mail, name="Имя", password=PASSWORD, role="consumer", now=NOW
        )
        connection.execute(account.update().where(account.c.id == key).values(role=role, state=state))


def company(desk: Desk, name: str) -> int:
    with writing(desk.engine).begin() as connection, entering(connection, at=NOW, kind="test") as change:
        return enter.add_organisation(change, name)


def done(desk: Desk, kind: str) -> dict[str, object]:
    number = desk.enqueue(kind)
    assert desk.turn()
    row = desk.row(number)
    assert (row.state, row.error) == (State.DONE, None)
    assert isinstance(row.result, dict)
    return row.result


def letters(desk: Desk) -> dict[str, str]:
    """To whom -> the text."""
    with desk.engine.connect() as connection:
        rows = connection.scalars(select(job.c.arguments).where(job.c.kind == "mail").order_by(job.c.id))
        return {one["to"]: one["text"] for one in rows}


def test_the_job_seals_what_is_there_and_then_nothing(journal: Journal, desk: Desk) -> None:
    journal.write(3)
    assert done(desk, "seal_actions") == {"seals": 1}
    assert done(desk, "seal_actions") == {"seals": 0}
    with journal.engine.connect() as connection:
        state = seals.state(connection)
    assert (state.newest and state.newest.count, state.unsealed) == (3, 0)
    assert journal.wrong() == []


def test_it_is_due_every_hour_and_the_letter_once_a_day(desk: Desk) -> None:
    zone = ZoneInfo(desk.config.worker.time_zone)
    for hours in range(30):
        with writing(desk.engine).begin() as connection:
            make_due(connection, desk.kinds, zone, NOW + 3600 * hours)
    made = [row.kind for row in desk.rows()]
    assert (made.count("seal_actions"), made.count("actions_letter")) == (30, 2)
    assert KINDS["actions_letter"].needs == "mail"


def test_a_row_that_commits_late_is_waited_for_and_not_overtaken(journal: Journal, desk: Desk, sql: Sql) -> None:
    """PostgreSQL: a lower number may come after a higher one was seen. Without the lock the seal would miss it."""
    if sql.kind != "postgresql":
        pytest.skip("SQLite has one writer: a lower number cannot come later")
    slow = writing(journal.engine).connect()
    transaction = slow.begin()
    note(slow, NOW, None, "logout", "slow")
    journal.write()  # a higher number, which is committed
    waits = threading.Event()

    def seal() -> int:
        with writing(journal.engine).begin() as connection:
            waits.set()
            return seals.settled(connection)

    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(seal)
        assert waits.wait(60)
        with journal.engine.connect() as connection:
            blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit'::regclass"
            while not connection.exec_driver_sql(blocked).scalar():
                assert not end.done(), "it did not wait for who was writing"
        transaction.commit()
        assert end.result(10) == max(journal.ids())
    slow.close()
    journal.seal()
    assert journal.wrong() == []


def test_who_writes_long_is_not_waited_for_long(journal: Journal, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    """All who write would wait behind: the job fails, and comes again."""
    if sql.kind != "postgresql":
        pytest.skip("SQLite has one writer")
    monkeypatch.setattr(seals, "PATIENCE", "50ms")
    with writing(journal.engine).begin() as slow:
        note(slow, NOW, None, "logout", "slow")
        with pytest.raises(DBAPIError, match="lock timeout"), writing(journal.engine).begin() as connection:
            seals.settled(connection)


def test_the_newest_seal_goes_to_the_auditors_or_else_to_the_administrators(journal: Journal, desk: Desk) -> None:
    first, second = company(desk, "Первая"), company(desk, "Вторая")
    person(desk, "auditor@example.org", "auditor", company=first)
    person(desk, "left@example.org", "auditor", "blocked", company=first)
    person(desk, "admin@example.org", "administrator", company=first)
    person(desk, "chief@example.org", "administrator", company=second)
    person(desk, "operator@example.org", "operator", company=second)
    journal.seal()
    assert done(desk, "actions_letter") == {"seal": 4, "letters": 2}
    told = letters(desk)
    assert set(told) == {"auditor@example.org", "chief@example.org"}
    for text in told.values():
        assert f"uchet-central actions verify --head {journal.head()}" in text
        assert "Печать № 4" in text
        assert "Записей под ней: 5" in text


def test_where_nothing_is_sealed_no_letter_goes(sql: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    desk.kinds = {"actions_letter": KINDS["actions_letter"]}
    person(desk, "admin@example.org", "administrator", company=company(desk, "Первая"))
    assert done(desk, "actions_letter") == {"seal": None, "letters": 0}
    assert letters(desk) == {}


def test_a_letter_that_no_header_can_hold_keeps_nobody_else_s(journal: Journal, desk: Desk) -> None:
    first = company(desk, "Первая")
    person(desk, "old@example.org", "administrator", company=first)
    with writing(desk.engine).begin() as connection:  # as one may stand there from before it was looked at
        connection.execute(account.update().values(mail="a<b>@example.org"))
    person(desk, "admin@example.org", "administrator", company=first)
    assert done(desk, "actions_letter")["letters"] == 2
    assert set(letters(desk)) == {"admin@example.org"}
