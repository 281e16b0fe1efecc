"""Mail through the queue to a real server: taken, put off, refused, away, encrypted, with a login."""

import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from central import mail
from central.db import writing
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import State
from central.migrations.command import prepare
from tests.central.jobs.parts import Desk
from tests.central.mail.parts import Post
from tests.central.parts import NOW, config
from tests.central.sql import Sql

ANNA = "anna@example.org"


class Box:
    """A database, a mail server of which a test says what it does, and a worker's runner."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.desk, self.post = folder, Desk(folder, monkeypatch), Post()
        prepare(self.desk.config)
        self.configure()

    def configure(self, more: str = 'security = "none"\n') -> None:
        sender = 'sender = "Учёт <uchet@example.org>"'
        section = f'[mail]\nhost = "127.0.0.1"\nport = {self.post.port}\n{sender}\ntimeout = 5.0\n{more}'
        self.desk.config = config(self.folder, section)

    def queue(self, to: str = ANNA, key: str | None = None) -> int:
        with writing(self.desk.engine).begin() as connection:
            return mail.queue(connection, to, "Показания", "Приняты", self.desk.now, html="<p>Приняты</p>", key=key)

    def turn(self) -> bool:
        desk = self.desk
        keeper = Keeper(desk.engine, "worker-1", wall=lambda: desk.now)
        runner = Runner(desk.config, keeper, desk.series, {"mail": KINDS["mail"]}, lambda: desk.now)
        return runner.turn(threading.Event())

    def outcome(self, number: int) -> tuple[str, str | None]:
        row = self.desk.row(number)
        return row.state, row.error


@pytest.fixture
def box(sql: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    found = Box(tmp_path, monkeypatch)
    yield found
    found.post.close()


def test_a_mail_arrives_once_and_its_text_leaves_sql(box: Box) -> None:
    box.post.open()
    number = box.queue(key="welcome-1")
    assert box.queue(key="welcome-1") == number
    assert [box.turn(), box.turn()] == [True, False]
    (message,) = box.post.taken
    assert (message["To"], message["From"].endswith("<uchet@example.org>")) == (ANNA, True)
    assert message["Message-ID"].startswith(f"<job-{number}.")
    row = box.desk.row(number)
    assert (row.state, row.result, row.arguments) == (State.DONE, {"message_id": message["Message-ID"]}, {})
    assert box.queue(key="welcome-1") == number
    assert not box.turn()


def test_put_off_it_is_sent_later(box: Box) -> None:
    box.post.open()
    box.post.says = {"RCPT": ["450 4.2.1 greylisted anna@example.org"], "DATA": ["451 4.3.0 later"]}
    number = box.queue()
    for error in ("the address is refused: 450 4.2.1", "the message is refused: 451 4.3.0"):
        assert box.turn()
        assert box.outcome(number) == (State.WAITING, error)
        assert not box.turn()
        box.desk.now = box.desk.row(number).due_at
    assert box.turn()
    assert (box.outcome(number), len(box.post.taken)) == ((State.DONE, None), 1)


@pytest.mark.parametrize(
    ("command", "error"),
    [("RCPT", "the address is refused: 550 5.1.1"), ("DATA", "the message is refused: 550 5.1.1")],
)
def test_refused_it_is_dead_at_once(box: Box, command: str, error: str) -> None:
    box.post.open()
    box.post.says[command] = ["550 5.1.1 <anna@example.org>: no such user"]
    number = box.queue()
    assert box.turn()
    assert box.outcome(number) == (State.DEAD, error)
    box.desk.now += 10**6
    assert not box.turn()


def test_a_server_that_is_away_costs_time_only(box: Box) -> None:
    number = box.queue()
    assert box.turn()
    assert box.outcome(number) == (State.WAITING, "the server cannot be reached: ConnectionRefusedError")
    box.post.open()
    box.desk.now = box.desk.row(number).due_at
    assert box.turn()
    assert box.outcome(number) == (State.DONE, None)


def test_a_server_that_breaks_off_after_taking_it_gets_it_again_under_the_same_name(box: Box) -> None:
    box.post.open()
    box.post.breaks_off = True
    number = box.queue()
    assert box.turn()
    assert box.outcome(number)[0] == State.WAITING
    box.desk.now = box.desk.row(number).due_at
    assert box.turn()
    first, second = box.post.taken
    assert first.as_bytes() == second.as_bytes()
    assert first["Message-ID"] is not None


def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "crt", folder / "key")
    return context


SECURITY: list[tuple[str, Callable[[ssl.SSLContext], dict[str, Any]]]] = [
    ("starttls", lambda context: {"tls_context": context, "require_starttls": True}),
    ("tls", lambda context: {"ssl_context": context}),
]


@pytest.mark.parametrize(("security", "options"), SECURITY, ids=["starttls", "tls"])
def test_encrypted_and_only_to_whom_it_trusts(
    box: Box, certificate: Path, security: str, options: Callable[[ssl.SSLContext], dict[str, Any]]
) -> None:
    box.post.open(**options(_context(certificate)))
    number = box.queue()
    box.configure(f'security = "{security}"\n')
    assert box.turn()
    assert box.outcome(number) == (State.WAITING, "the server cannot be reached: SSLCertVerificationError")
    box.configure(f'security = "{security}"\nca = "{certificate / "crt"}"\n')
    box.desk.now = box.desk.row(number).due_at
    assert box.turn()
    assert box.outcome(number) == (State.DONE, None)
    assert security == "tls" or box.post.encrypted == [True]


def test_a_server_without_encryption_gets_nothing_when_it_is_asked_for(box: Box) -> None:
    box.post.open()
    number = box.queue()
    box.configure("")
    assert box.turn()
    assert (box.outcome(number)[0], box.post.taken) == (State.WAITING, [])


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_password_is_our_trouble_and_loses_no_mail(box: Box) -> None:
    (box.folder / "wrong").write_text("wrong\n")
    (box.folder / "right").write_text("right\n")
    box.post.open(authenticator=box.post.login, auth_required=True, auth_require_tls=False)
    number = box.queue()
    for file, outcome in (
        ("wrong", (State.WAITING, "the server said 535 5.7.8")),
        ("right", (State.DONE, None)),
    ):
        box.configure(f'security = "none"\nusername = "uchet"\npassword_file = "{file}"\n')
        assert box.turn()
        assert box.outcome(number) == outcome
        box.desk.now = box.desk.row(number).due_at
    assert set(box.post.logins) == {b"uchet"}


def test_no_log_and_no_list_names_a_person(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.post.open()
    box.post.says = {"RCPT": ["450 4.2.1 anna@example.org", "550 5.1.1 anna@example.org"], "DATA": []}
    numbers = [box.queue() for _ in range(3)]
    with caplog.at_level(logging.DEBUG):
        assert [box.turn() for _ in numbers] == [True] * 3
    assert [box.outcome(number)[0] for number in numbers] == [State.WAITING, State.DEAD, State.DONE]
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("central"))
    assert "anna" not in told + "".join(str(box.outcome(number)) for number in numbers)
    assert f"job {numbers[1]} (mail) is dead" in told


def test_mail_of_a_transaction_that_fails_is_never_sent(box: Box) -> None:
    with box.desk.engine.connect() as connection:
        mail.queue(connection, ANNA, "s", "t", NOW)
        connection.rollback()
    assert box.desk.rows() == []
    with pytest.raises(ValueError, match="not an address"):
        box.queue("anna")
