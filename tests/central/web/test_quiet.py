"""Logs carry ids only: whatever people do at the door and with their own data, no line names them or opens anything."""

import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import select

from central import logs
from central.accounts import texts
from central.accounts.texts import Kind
from central.config import Log
from central.db import writing
from central.jobs.asking import enqueue
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import job
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import key_of, letters, log_in, make_app, person, send, settings
from tests.central.web.test_registration import MAIL, PASSWORD, TYPED, activate, apply

NEW, WRONG = "vera.new@example.org", "совсем не тот пароль"


class Kept(logging.Handler):
    """Lines as they are written, and as they were before anything was cut from them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logs.Line("logfmt"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [self.format(record), record.getMessage(), str(getattr(record, "about", ""))]


@pytest.fixture
def kept() -> Iterator[Kept]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    handler = Kept()
    logs.setup(Log(level="debug"), verbose=True)
    root.addHandler(handler)
    yield handler
    root.handlers[:], root.level = before, level
    logging.getLogger("central").setLevel(logging.NOTSET)


@pytest.fixture
def town(town: Scene) -> Scene:
    with writing(town.engine).begin() as connection:
        for kind in Kind:
            texts.write(connection, town.viewer(s.ADMINISTRATOR), kind, f"Текст {kind} " * 40, s.NOW - 86_400)
    return town


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def test_no_line_names_a_person_or_opens_anything(app: Flask, town: Scene, tmp_path: Path, kept: Kept) -> None:
    client, guest, secrets = app.test_client(), app.test_client(), []

    def key(mail: str) -> str:
        secrets.append(key_of(letters(town, mail)[-1]))
        return secrets[-1]

    apply(client)
    client.get(f"/activate?Key={key(MAIL)}")
    activate(client, secrets[-1][:-1])
    activate(client, secrets[-1])
    log_in(guest, MAIL, WRONG)
    log_in(client, MAIL, PASSWORD)
    send(guest, "/forgotten", mail=MAIL)
    guest.get(f"/reset?Key={key(MAIL)}")
    send(guest, "/reset", Key=secrets[-1], password=PASSWORD, repeat=WRONG)
    send(client, "/me/phone", "/me", phone=TYPED["phone"])
    send(client, "/me/mail", "/me", mail=NEW, proof=WRONG)
    send(client, "/me/mail", "/me", mail=NEW, proof=PASSWORD)
    for mail in (MAIL, NEW):
        client.get(f"/mail?Key={key(mail)}")
        send(client, "/mail", Key=secrets[-1])
    send(client, "/me/download", "/me")
    send(client, "/me/close", password=WRONG)
    assert send(client, "/me/close", password=PASSWORD).status_code == 303
    operator = person(app, s.OPERATOR)
    operator.get("/console/people", query_string={"q": "Новикова"})
    now = s.NOW + 31 * 86_400
    with writing(town.engine).begin() as connection:
        number = enqueue(connection, "forget", {}, now)
    keeper, kinds = Keeper(town.engine, "worker-1", wall=lambda: now), {"forget": KINDS["forget"]}
    Runner(settings(tmp_path / "scene"), keeper, town.series, kinds, lambda: now).turn(Event())
    with town.engine.connect() as connection:
        done = connection.execute(select(job).where(job.c.id == number)).one()
    assert done.result["erased"] == 1

    text = "\n".join(kept.lines)
    for endpoint in ("door.activate", "door.mail", "cabinet.change_mail", "cabinet.close", "cabinet.download"):
        assert f"endpoint={endpoint}" in text, "it is logged that something was done"
    said = ("Новикова", "Вера", "79123456789", "345-67-89", MAIL, NEW, MAIL.partition("@")[0], PASSWORD, WRONG)
    assert [word for word in (*said, *secrets) if word in text] == []
    assert len(secrets) == 4
