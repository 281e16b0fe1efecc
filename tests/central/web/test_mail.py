"""«Почта»: a letter is sent at once to the administrator's own address, and what came of it is said in words."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from central.accounts.attempts import TRIALS
from central.accounts.tables import audit
from central.config import Mail
from central.console.mail import SAID
from central.db import writing
from central.faces.here import KEY
from central.jobs.tables import job
from central.mail import queue
from central.mail.trial import Came
from tests.central import scene as s
from tests.central.mail.parts import Post
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person, token

HUSH = "mail-hush"


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.close()


def configure(app: Flask, post: Post, **more: Any) -> None:
    usual = {"host": "127.0.0.1", "port": post.port, "security": "none", "sender": "Учёт <uchet@example.org>"}
    mail = msgspec.convert(usual | {"timeout": 5.0} | more, Mail)
    here = app.extensions[KEY]
    app.extensions[KEY] = replace(here, config=msgspec.structs.replace(here.config, mail=mail))


def tried(app: Flask, came: Came | str) -> str:
    """The page after the button, which says this."""
    client = person(app, s.ADMINISTRATOR)
    return press(client, came)


def press(client: FlaskClient, came: Came | str) -> str:
    answer = client.post("/console/mail", data={"csrf_token": token(client, "/console/mail")})
    assert answer.status_code == (200 if came == Came.SENT else 422)
    title, advice = SAID[came]
    assert f"<h2>{title}</h2>" in answer.text
    assert str(advice).split(":")[0] in answer.text
    assert HUSH not in answer.text
    return answer.text


def noted(town: Scene) -> list[str]:
    with town.engine.connect() as connection:
        return list(connection.scalars(select(audit.c.detail).where(audit.c.action == "mail tried")))


def test_it_goes_at_once_to_the_administrator_and_past_the_queue(app: Flask, town: Scene, post: Post) -> None:
    post.open()
    configure(app, post)
    tried(app, Came.SENT)
    (letter,) = post.taken
    assert (post.to, letter["To"]) == ([s.ADMINISTRATOR], s.ADMINISTRATOR)
    assert letter["Subject"].startswith("Пробное письмо")
    plain, html = letter.iter_parts()
    assert "Администратор" in plain.get_content()
    assert html.get_content_type() == "text/html"
    with town.engine.connect() as connection:
        assert connection.execute(select(job).where(job.c.kind == "mail")).all() == []
    assert noted(town) == ["sent"]


def test_where_there_is_no_section_it_says_what_to_write(app: Flask, town: Scene) -> None:
    tried(app, Came.UNCONFIGURED)
    assert "Секции [mail] нет" in person(app, s.ADMINISTRATOR).get("/console/mail").text
    assert noted(town) == ["unconfigured"]


def test_no_connection(app: Flask, post: Post) -> None:
    configure(app, post)
    tried(app, Came.AWAY)
    configure(app, post, host="no-such-host.invalid")
    tried(app, Came.AWAY)


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_configured(app: Flask, post: Post) -> None:
    with socket.create_server(("127.0.0.1", post.port)):
        configure(app, post, timeout=0.2)
        tried(app, Came.AWAY)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_login(app: Flask, town: Scene, post: Post) -> None:
    post.open(authenticator=post.login, auth_required=True, auth_require_tls=False)
    configure(app, post, username="uchet", password=HUSH)
    assert "Ответ сервера: 535 5.7.8." in tried(app, Came.LOGIN)
    configure(app, post, username="uchet", password="right")
    tried(app, Came.SENT)
    assert noted(town) == ["login 535 5.7.8", "sent"]


@pytest.mark.parametrize(
    ("command", "said", "came"),
    [
        ("RCPT", "550 5.1.1 <admin@example.org>: no such user", Came.ADDRESS),
        ("RCPT", "450 4.2.1 greylisted", Came.ADDRESS),
        ("MAIL", "553 5.7.1 not yours", Came.SENDER),
        ("DATA", "554 5.7.1 spam", Came.REFUSED),
    ],
)
def test_what_the_server_refuses(app: Flask, post: Post, command: str, said: str, came: Came) -> None:
    post.open()
    configure(app, post)
    post.says[command] = [said]
    page = tried(app, came)
    assert f"Ответ сервера: {said[:9]}." in page
    assert "no such user" not in page


def test_a_certificate_that_nobody_trusts(app: Flask, post: Post, certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "crt", certificate / "key")
    post.open(tls_context=context, require_starttls=True)
    configure(app, post, security="starttls")
    tried(app, Came.CERTIFICATE)
    configure(app, post, security="starttls", ca=str(certificate / "crt"))
    tried(app, Came.SENT)


def test_encryption_that_the_server_does_not_speak(app: Flask, post: Post) -> None:
    post.open()
    for security in ("starttls", "tls"):
        configure(app, post, security=security)
        tried(app, Came.UNENCRYPTED)


def test_a_secret_that_cannot_be_read(app: Flask, post: Post) -> None:
    post.open()
    configure(app, post, username="uchet", password_file="nowhere")
    tried(app, Came.SETTINGS)
    configure(app, post, security="starttls", ca="nowhere")
    tried(app, Came.SETTINGS)


def test_not_too_often(app: Flask, town: Scene, post: Post) -> None:
    post.open()
    configure(app, post)
    client = person(app, s.ADMINISTRATOR)
    for _ in range(TRIALS):
        press(client, Came.SENT)
    press(client, "too often")
    assert len(post.taken) == TRIALS


def test_the_page_tells_the_settings_and_the_queue_and_no_secret(app: Flask, town: Scene, post: Post) -> None:
    configure(app, post, username="uchet-login", password=HUSH)
    with writing(town.engine).begin() as connection:
        for to in ("a@example.org", "b@example.org", "c@example.org", "d@example.org"):
            queue(connection, to, "s", "t", s.NOW)
        for key, state in ((1, "dead"), (2, "done")):
            connection.execute(job.update().where(job.c.id == key).values(state=state, finished_at=s.NOW))
    page = person(app, s.ADMINISTRATOR).get("/console/mail").text
    lines = re.findall(r"<dt>([^<]+).*?</dt><dd>(?:<b[^>]*>)?([^<]*)", page)
    told = dict(lines)
    assert (told["Сервер"], told["Порт"], told["Шифрование"]) == ("127.0.0.1", str(post.port), "нет")
    assert told["Отправитель"] == "Учёт &lt;uchet@example.org&gt;"
    assert (told["Ждут отправки"], told["Не отправлены"]) == ("2", "1")
    assert told["Последнее ушло"] == "24.11.2026\u00a009:12"
    assert HUSH not in page
    assert "uchet-login" not in page


@pytest.mark.parametrize("mail", [None, s.CONSUMER, s.OPERATOR])
def test_nobody_else_may(app: Flask, post: Post, mail: str | None) -> None:
    post.open()
    configure(app, post)
    client = person(app, mail)
    given = token(client, "/me" if mail else "/login")
    answer = client.post("/console/mail", data={"csrf_token": given})
    assert answer.status_code == (302 if mail is None else 403)
    assert post.taken == []


def test_while_a_server_takes_its_time_others_may_write(app: Flask, town: Scene, post: Post) -> None:
    """No transaction is open meanwhile: SQLite has one writer."""
    reached, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with socket.create_server(("127.0.0.1", post.port)) as server:
            one, _ = server.accept()
            reached.set()
            go_on.wait(60)
            one.close()

    configure(app, post)
    client = person(app, s.ADMINISTRATOR)
    given = token(client, "/console/mail")
    server = threading.Thread(target=slow)
    sender = threading.Thread(target=lambda: client.post("/console/mail", data={"csrf_token": given}))
    server.start()
    sender.start()
    assert reached.wait(60)
    with writing(town.engine).begin() as connection:
        queue(connection, "a@example.org", "s", "t", s.NOW)
    go_on.set()
    sender.join()
    server.join()
    assert noted(town) == ["away"]
