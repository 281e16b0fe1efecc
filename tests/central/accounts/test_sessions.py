"""Login, sessions, passwords, the command line."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from central.accounts.attempts import FROM_ONE, network
from central.accounts.attempts import LOGINS as ATTEMPTS
from central.accounts.passwords import LONGEST, Passwords, WeakPassword
from central.accounts.people import NoAccount, add_account, set_password
from central.accounts.policy import Right, Viewer
from central.accounts.sessions import IDLE, LIFETIME, logout, opened, proven, revoke, sessions_of, viewer_of
from central.accounts.tables import account, attempt, audit, session
from central.cli import main
from central.db import metadata, writing
from central.registry import enter as registry
from central.registry.changes import entering
from tests.central.parts import config, database
from tests.central.scene import CHEAP
from tests.central.sql import Sql

NOW = 1_795_500_000
MAIL, PASSWORD = "anna@example.org", "сложный пароль"


@pytest.fixture
def engine(sql: Sql, tmp_path: Path) -> Iterator[Engine]:
    engine = database(tmp_path)
    with writing(engine).begin() as connection:
        with entering(connection, at=0, kind="test") as change:
            company = registry.add_organisation(change, "Энергосеть")
        for mail in (MAIL, "boris@example.org"):
            values = {"mail": mail, "name": "Анна", "role": "consumer", "password": PASSWORD}
            add_account(connection, CHEAP, organisation=company, now=NOW, **values)
    yield engine
    engine.dispose()


def enter(engine: Engine, mail: str = MAIL, password: str = PASSWORD, now: int = NOW, **more: Any) -> str | None:
    found = proven(engine, CHEAP, mail, password, now, **more)
    return opened(engine, found, "Firefox", now) if found is not None else None


def count(engine: Engine, table: object) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def test_a_login_gives_a_token_that_tells_whose_it_is(engine: Engine) -> None:
    token = enter(engine, " Anna@Example.org ")
    assert token is not None
    viewer = viewer_of(engine, token, NOW)
    assert viewer is not None
    assert (viewer.mail, viewer.role, viewer.staff) == (MAIL, "consumer", False)


def test_sql_holds_neither_password_nor_token(engine: Engine, tmp_path: Path) -> None:
    token = enter(engine)
    assert token is not None
    with engine.connect() as connection:
        dump = "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))
    assert token not in dump
    assert PASSWORD not in dump
    assert "$argon2id$" in dump


def test_each_login_is_a_new_session(engine: Engine) -> None:
    assert enter(engine) != enter(engine)
    assert count(engine, session) == 2


@pytest.mark.parametrize(("mail", "password"), [(MAIL, "не тот пароль"), ("nobody@example.org", PASSWORD)])
def test_an_unknown_mail_and_a_wrong_password_get_the_same_answer(engine: Engine, mail: str, password: str) -> None:
    assert enter(engine, mail, password) is None


def test_an_unknown_mail_costs_the_same_work(engine: Engine) -> None:
    seen = []

    class Counting(Passwords):
        def verify(self, hashed: str | None, password: str) -> bool:
            seen.append(hashed is None)
            return CHEAP.verify(hashed, password)

    counting = Counting()
    for mail in (MAIL, "nobody@example.org"):
        assert proven(engine, counting, mail, "wrong password", NOW) is None
    assert seen == [False, True]


def test_a_blocked_account_neither_logs_in_nor_goes_on(engine: Engine) -> None:
    token = enter(engine)
    assert token is not None
    with writing(engine).begin() as connection:
        connection.execute(account.update().values(state="blocked"))
    assert viewer_of(engine, token, NOW) is None
    assert enter(engine) is None


class TestAttempts:
    """Fault 21, short form: at most 10 tries an hour are answered for one mail, known or not."""

    @pytest.mark.parametrize("mail", [MAIL, "nobody@example.org"])
    def test_after_ten_wrong_ones_even_the_right_password_is_refused(self, engine: Engine, mail: str) -> None:
        for _ in range(ATTEMPTS):
            assert enter(engine, mail, "не тот пароль") is None
        assert enter(engine, mail) is None
        assert count(engine, attempt) == ATTEMPTS

    def test_an_hour_later_it_is_answered_again(self, engine: Engine) -> None:
        for _ in range(ATTEMPTS):
            enter(engine, MAIL, "не тот пароль")
        assert enter(engine, now=NOW + 3599) is None
        assert enter(engine, now=NOW + 3600) is not None

    def test_another_account_is_not_concerned(self, engine: Engine) -> None:
        for _ in range(ATTEMPTS):
            enter(engine, MAIL, "не тот пароль")
        assert enter(engine, "boris@example.org") is not None

    def test_a_success_forgets_the_failures(self, engine: Engine) -> None:
        for _ in range(3 * ATTEMPTS):
            enter(engine, MAIL, "не тот пароль")
            assert enter(engine) is not None

    def test_strangers_who_guess_do_not_lock_the_owner_out(self, engine: Engine) -> None:
        """1,000 tries from anywhere: ten are answered; the owner's own device has a count of its own."""
        with engine.connect() as connection:
            own = connection.scalar(select(account.c.id).where(account.c.mail == MAIL))
        for number in range(1_000):
            enter(engine, MAIL, "не тот пароль", address=f"10.0.{number // 250}.{number % 250}")
        assert enter(engine, MAIL) is None
        assert enter(engine, MAIL, known=own) is not None
        for _ in range(ATTEMPTS):
            assert enter(engine, MAIL, "не тот пароль", known=own) is None
        assert enter(engine, MAIL, known=own) is None, "nor may a stolen device guess on"

    def test_one_address_does_not_try_one_mail_after_another_for_ever(self, engine: Engine) -> None:
        for number in range(FROM_ONE):
            enter(engine, f"n{number}@example.org", "любимый пароль", address="10.0.0.1")
        assert enter(engine, address="10.0.0.1") is None
        assert enter(engine, address="10.0.0.2") is not None

    def test_who_logs_in_rightly_is_not_counted_however_many_share_an_address(self, engine: Engine) -> None:
        for _ in range(FROM_ONE + 5):
            assert enter(engine, address="10.0.0.1") is not None

    def test_beyond_so_many_a_refusal_is_no_row_of_the_journal(self, engine: Engine) -> None:
        for _ in range(3 * ATTEMPTS):
            enter(engine, MAIL, "не тот пароль")
        with engine.connect() as connection:
            refused = select(func.count()).where(audit.c.action == "login refused")
            assert connection.scalar(refused) == ATTEMPTS

    def test_a_device_of_another_person_has_no_count_of_its_own(self, engine: Engine) -> None:
        with engine.connect() as connection:
            boris = connection.scalar(select(account.c.id).where(account.c.mail == "boris@example.org"))
        for _ in range(ATTEMPTS):
            enter(engine, MAIL, "не тот пароль")
        assert enter(engine, MAIL, known=boris) is None

    def test_many_at_once_are_no_more_than_one_after_another(self, engine: Engine) -> None:
        answered = []

        class Slow(Passwords):
            def verify(self, hashed: str | None, password: str) -> bool:
                answered.append(hashed is not None)
                return False

        slow = Slow()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: proven(engine, slow, MAIL, "x" * 9, NOW), range(40)))
        assert sum(answered) == ATTEMPTS


def test_logout_ends_this_session_alone(engine: Engine) -> None:
    first, second = enter(engine), enter(engine)
    assert first is not None
    assert second is not None
    logout(engine, first, NOW)
    assert viewer_of(engine, first, NOW) is None
    assert viewer_of(engine, second, NOW) is not None
    logout(engine, "no such token", NOW)


def test_one_revokes_one_s_own_sessions_and_no_other_s(engine: Engine) -> None:
    mine, other = enter(engine), enter(engine, "boris@example.org")
    assert mine is not None
    assert other is not None
    anna, boris = viewer_of(engine, mine, NOW), viewer_of(engine, other, NOW)
    assert anna is not None
    assert boris is not None
    with engine.connect() as connection:
        (listed,) = sessions_of(connection, anna, NOW)
    assert listed.device == "Firefox"
    assert not revoke(engine, boris, listed.id, NOW)
    assert viewer_of(engine, mine, NOW) is not None
    assert revoke(engine, anna, listed.id, NOW)
    assert viewer_of(engine, mine, NOW) is None


def test_a_session_ends_by_age_and_by_idleness(engine: Engine) -> None:
    token = enter(engine)
    assert token is not None
    assert viewer_of(engine, token, NOW + IDLE) is None
    for day in range(1, 30):
        assert viewer_of(engine, token, NOW + day * 86_400) is not None
    assert viewer_of(engine, token, NOW + LIFETIME) is None


def test_a_new_password_ends_all_sessions(engine: Engine) -> None:
    token = enter(engine)
    assert token is not None
    with writing(engine).begin() as connection:
        set_password(connection, CHEAP, MAIL, "другой пароль", NOW)
        with pytest.raises(NoAccount):
            set_password(connection, CHEAP, "nobody@example.org", "другой пароль", NOW)
    assert viewer_of(engine, token, NOW) is None
    assert enter(engine) is None
    assert enter(engine, password="другой пароль") is not None


@pytest.mark.parametrize("password", ["", "1234567", "x" * (LONGEST + 1)])
def test_a_password_is_neither_short_nor_endless(password: str) -> None:
    with pytest.raises(WeakPassword):
        CHEAP.hash(password)


def test_a_hash_that_is_none_is_no_password() -> None:
    assert not CHEAP.verify("damaged", "сложный пароль")


def test_logins_are_audited_without_secrets(engine: Engine) -> None:
    enter(engine)
    enter(engine, MAIL, "не тот пароль")
    with engine.connect() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.account, audit.c.detail).order_by(audit.c.id)).all()
    assert [tuple(row) for row in rows[-2:]] == [("login", 1, "Firefox"), ("login refused", 1, "")]


class TestCommands:
    @pytest.fixture
    def run(self, engine: Engine, tmp_path: Path) -> Callable[..., tuple[int, str]]:
        config(tmp_path)

        def call(*arguments: str, text: str | None = None) -> tuple[int, str]:
            command = ["--config", str(tmp_path / "central.toml"), "user", *arguments]
            result = CliRunner().invoke(main, command, input=text)
            return result.exit_code, result.output

        return call

    def test_an_operator_is_made_listed_and_logs_in(self, run: Callable[..., tuple[int, str]], engine: Engine) -> None:
        arguments = ("add", "olga@example.org", "--name", "Ольга", "--role", "operator", "--stdin")
        assert "--right is of an operator" in run(*arguments, text=PASSWORD + "\n")[1]
        code, output = run(*arguments, "--right", "edges", "--right", "figures", text=PASSWORD + "\n")
        assert (code, output) == (0, "olga@example.org may log in as operator\n")
        code, output = run("list")
        assert "olga@example.org\toperator\tapproved\tОльга" in output
        key = proven(engine, Passwords(), "olga@example.org", PASSWORD, NOW)
        assert key is not None
        with engine.connect() as connection:
            found = Viewer.load(connection, key, NOW)
        assert found is not None
        assert found.rights == {Right.EDGES, Right.FIGURES}

    def test_a_mistake_is_one_line(self, run: Callable[..., tuple[int, str]]) -> None:
        arguments = ("add", MAIL, "--name", "x", "--role", "operator", "--right", "all", "--stdin")
        assert run(*arguments, text=PASSWORD) == (1, f"Error: {MAIL} has an account already\n")
        wrong = run("password", MAIL, "--stdin", text="short")
        assert wrong == (1, "Error: a password has at least 8 characters\n")
        nobody = run("password", "nobody@example.org", "--stdin", text=PASSWORD)
        assert nobody == (1, "Error: no account has the mail nobody@example.org\n")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "", True),
        ("unix:", "", False),
    ],
)
def test_tries_are_counted_by_household(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same
