"""Logs: one line an event, with ids; no person and no secret in any of them, whatever happened."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from central import logs
from central.accounts.tables import account
from central.config import CentralConfig, Log, load
from central.db import writing
from central.ingest.receive import Message, Receiver
from central.ingest.tables import meta
from central.jobs.asking import enqueue
from central.jobs.context import Context
from central.jobs.kinds import KINDS, Kind
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.logs import Line, about, cut, told
from central.mail import queue
from central.operation.alarms import Alarm
from central.worker import Worker
from central.worker.figures import PointDays
from protocol.messages.topics import RowTopic
from tests.central import scene as s
from tests.central import sql as kit
from tests.central.parts import CENTRAL, Journal, load_body
from tests.central.web.parts import app_of, log_in, person, token
from tests.parts import free_port


def line(form: str, message: str, *arguments: object, **more: object) -> str:
    record = logging.LogRecord("central.room", logging.WARNING, "f", 1, message, arguments, more.get("exc"))  # type: ignore[arg-type]
    record.created = 1_764_000_000.5
    record.__dict__.update(more.get("extra", {}))  # type: ignore[call-overload]
    return Line(form).format(record)


@pytest.mark.quick
def test_a_line_has_its_fields_and_its_ids() -> None:
    extra = about(Alarm.JOB_DEAD, job=17, kind="mail", why='a "b"')
    assert line("logfmt", "job %d is dead", 17, extra=extra) == (
        'ts=2025-11-24T16:00:00Z level=warning room=central.room msg="job 17 is dead" '
        'alarm=job_dead job=17 kind=mail why="a \\"b\\""'
    )
    assert json.loads(line("json", "job %d is dead", 17, extra=extra)) == {
        "ts": "2025-11-24T16:00:00Z",
        "level": "warning",
        "room": "central.room",
        "msg": "job 17 is dead",
        "alarm": "job_dead",
        "job": 17,
        "kind": "mail",
        "why": 'a "b"',
    }


@pytest.mark.quick
@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_an_event_is_one_line_whatever_came(form: str) -> None:
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        exc = sys.exc_info()
    text = line(form, "bad\r\n%s", "level=error\x85", exc=exc)
    assert "\n" not in text
    assert "\r" not in text
    assert "ValueError: one" in text
    assert "test_logs.py" in text


@pytest.mark.quick
def test_mails_and_credentials_are_cut() -> None:
    assert cut("to anna.p@example.org, now") == "to <mail>, now"
    assert cut("postgresql://uchet:hush@db/uchet") == "postgresql://<credentials>@db/uchet"
    assert cut("edge-1 at 10:00") == "edge-1 at 10:00"


@pytest.mark.quick
def test_of_a_databases_error_only_the_first_line_is_told() -> None:
    class Orig(Exception):
        pass

    error = DBAPIError.instance("INSERT", {"mail": "x"}, Orig("duplicate key\nDETAIL:  Key (name)=(Анна)"), Exception)
    assert told(error) == "DBAPIError: duplicate key"


@pytest.fixture
def written() -> Iterator[logging.Handler]:
    """All that is logged meanwhile, as both forms, however deep."""
    root = logging.getLogger()
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.extend(Line(form).format(record) for form in ("logfmt", "json"))

    before, handler = root.level, Keep(logging.DEBUG)
    handler.lines = lines  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


PRIVATE = "+7 913 555-44-33"


def boom(_context: Context, arguments: dict[str, object]) -> dict[str, object]:
    """A job that fails with what it was given."""
    raise ValueError(f"cannot serve {arguments}")


@pytest.mark.usefixtures("sql")
def test_no_person_and_no_secret_stands_in_any_line(tmp_path: Path, written: logging.Handler) -> None:
    scene = s.build(tmp_path, days=2)
    secret = "a secret of the tests, long enough to be one"
    (tmp_path / "secret").write_text(secret)
    settings = _settings(tmp_path)
    app = app_of(settings)
    seen = _through_the_door(app)
    _with_an_error(app)
    with writing(scene.engine).begin() as connection:
        connection.execute(insert(meta).values(key="central", value=CENTRAL))
    _through_ingest_and_worker(scene)
    _through_jobs(scene, settings)
    with pytest.raises(DBAPIError) as raised, writing(scene.engine).begin() as connection:
        connection.execute(insert(account).values(mail=s.CONSUMER, name="Анна Петрова"))
    logging.getLogger("central.test").error("it broke", exc_info=raised.value)
    scene.close()
    text = "\n".join(written.lines)  # type: ignore[attr-defined]
    people = [s.CONSUMER, s.NEIGHBOUR, s.FORMER, s.OPERATOR, s.ADMINISTRATOR, "nobody@example.org"]
    names = ["Петрова", "Сидоров", "Прежний владелец", "Диспетчер", "Садовая", "Рассвет"]
    secrets = [s.PASSWORD, "wrong password", secret, "mail password", PRIVATE, "Ваш счёт", *seen]
    assert [word for word in (*people, *names, *secrets) if word in text] == []
    alarms = set(re.findall(r"alarm=(\w+)", text))
    assert {"job_dead"} <= alarms <= set(map(str, Alarm))
    assert "endpoint=door.login method=POST code=401" in text, "the log does tell of it"
    assert "ZeroDivisionError" in text


def _settings(folder: Path) -> CentralConfig:
    file = folder / "central.toml"
    file.write_text(
        f'[central]\ndata = "."\n[sql]\nurl = "{kit.url(folder)}"\n[mail]\nhost = "127.0.0.1"\nport = {free_port()}\n'
        'security = "none"\nusername = "uchet"\npassword = "mail password"\nsender = "u@example.org"\n'
    )
    return load(file)


def _through_the_door(app) -> list[str]:  # type: ignore[no-untyped-def]
    """Right and wrong logins, pages, logout; returns the secrets of the session."""
    client = app.test_client()
    assert log_in(client, s.CONSUMER, "wrong password").status_code == 401
    assert log_in(client, "nobody@example.org").status_code == 401
    client = person(app, s.CONSUMER)
    answer = client.get(f"/?q={s.CONSUMER}")
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert client.get(f"/nowhere/{s.CONSUMER}").status_code == 404
    form = token(client, "/")
    cookie = client.get_cookie("uchet")
    client.post("/logout", data={"csrf_token": form})
    return [form, cookie.value]


def _with_an_error(app) -> None:  # type: ignore[no-untyped-def]
    def broken() -> str:
        return str(1 // 0)

    app.view_functions["health"] = broken
    assert app.test_client().get("/health").status_code == 500


def _through_ingest_and_worker(scene: s.Scene) -> None:
    journal = Journal()
    journal.append(load_body((s.NOW, 5)), name=f"MIL-{s.FLAT}")
    journal.append(load_body((s.NOW, 5)), name="FOREIGN-1")
    journal.append(s.CONSUMER.encode(), name=f"MIL-{s.FLAT}")
    topic = RowTopic("edge-1", "archive", f"MIL-{s.FLAT}", "s1", 9, "0" * 16)
    rows = [*journal.rows, (topic, b'{"v": 1, "name": "Anna"}')]
    messages = [Message(str(to), body) for to, body in rows]
    messages.append(Message(f"uchet/1/edge-1/up/nothing/{s.CONSUMER}", s.CONSUMER.encode()))
    Receiver(scene.engine, CENTRAL).take(messages, s.NOW)
    Worker(scene.engine, scene.series, PointDays(scene.engine, scene.series)).step(s.NOW)


def _through_jobs(scene: s.Scene, settings: CentralConfig) -> None:
    kinds = {"mail": KINDS["mail"], "boom": Kind(f"{__name__}:boom", tries=1, private=True)}
    with writing(scene.engine).begin() as connection:
        queue(connection, s.CONSUMER, "Ваш счёт", f"Анна Петрова, {PRIVATE}", s.NOW)
        enqueue(connection, "boom", {"phone": PRIVATE}, s.NOW)
    runner = Runner(settings, Keeper(scene.engine, "o"), scene.series, kinds, wall=lambda: s.NOW)
    stop = logging.threading.Event()  # type: ignore[attr-defined]
    while runner.turn(stop):
        pass


@pytest.mark.quick
def test_what_it_says_is_set_by_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    root, ours = logging.getLogger(), logging.getLogger("central")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    try:
        logs.setup(Log(format="json", level="warning"))
        logging.getLogger("central.x").info("quiet")
        logging.getLogger("central.x").warning("loud")
        logs.setup(Log(), verbose=True)
        logging.getLogger("central.x").debug("details")
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
    first, second = capsys.readouterr().err.splitlines()
    assert json.loads(first)["msg"] == "loud"
    assert second.endswith('level=debug room=central.x msg="details"')
