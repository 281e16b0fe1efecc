"""The real app over a scene, and a person in front of it: a client that logs in as a browser does."""

import re
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from central.config import Central, CentralConfig, Sql, Web
from central.jobs.tables import job
from central.web import create_app
from tests.central import scene as s
from tests.central import sql
from tests.central.scene import Scene

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Clock:
    """Of an app: it stands, till a test moves it."""

    now = float(s.NOW)

    def __call__(self) -> float:
        return self.now


class _Compiled(BytecodeCache):
    """A page's template is compiled once a process, not once for the app of each test."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def app_of(config: CentralConfig, clock: Callable[[], float] = lambda: s.NOW) -> Flask:
    """The app of the tests: passwords are cheap to hash."""
    app = create_app(config, clock=clock, passwords=s.CHEAP)
    app.jinja_env.bytecode_cache = _COMPILED
    return app


def make_app(
    folder: Path,
    *,
    url: str = "http://127.0.0.1:8080",
    second: bool = False,
    clock: Callable[[], float] = lambda: s.NOW,
) -> Flask:
    """Over the scene that was built in this folder, at the scene's own time."""
    return app_of(settings(folder, url=url, second=second), clock)


def settings(folder: Path, *, url: str = "http://127.0.0.1:8080", second: bool = False) -> CentralConfig:
    """Of the central whose data lie in this folder. `second`: staff must log in with a second factor."""
    (folder / "secret").write_text("a secret of the tests, long enough to be one")
    central = Central(data=str(folder), public_url=url)
    web = Web(staff_second_factor="required" if second else "optional", components=True)
    return CentralConfig(central=central, sql=Sql(url=sql.url(folder)), web=web, folder=str(folder))


def token(client: FlaskClient, path: str = "/login") -> str:
    """The token of the forms of this page."""
    found = _TOKEN.search(client.get(path, follow_redirects=True).text)
    assert found is not None
    return found[1]


def log_in(client: FlaskClient, mail: str, password: str = s.PASSWORD, **more: str) -> TestResponse:
    return client.post("/login", data={"csrf_token": token(client), "mail": mail, "password": password, **more})


def address(rule: Rule) -> str:
    """Of something that the scene has, where the route names one."""
    there = {
        "name": "edge-1",
        "key": f"MIL-{s.FLAT}" if "/meters/" in rule.rule else "1",
        "made": "1",
        "number": "2411-0001",
        "section": "start",
        "word": "profile",
        "code": "7KQ2-9XWM-D41T-0ZPA",
    }
    return re.sub(r"<(?:int:)?(\w+)>", lambda found: there[found[1]], rule.rule)


def person(app: Flask, mail: str | None) -> FlaskClient:
    """None = a guest."""
    client = app.test_client()
    if mail is not None:
        assert log_in(client, mail).status_code == 302
    return client


def letters(scene: Scene, to: str) -> list[dict[str, Any]]:
    """That wait to be sent, the oldest first."""
    with scene.engine.connect() as connection:
        rows = connection.scalars(select(job.c.arguments).where(job.c.kind == "mail").order_by(job.c.id))
        return [one for one in rows if one.get("to") == to]


def key_of(letter: dict[str, Any]) -> str:
    """That its link holds."""
    (link,) = re.findall(r"\S+Key=\S+", letter["text"])
    assert link in letter["html"].replace("&amp;", "&")
    return parse_qs(urlsplit(link).query)["Key"][0]


def send(client: FlaskClient, path: str, at: str | None = None, **typed: str) -> TestResponse:
    """A form of a page, with its token. `at`: the page, where it is another."""
    return client.post(path, data={"csrf_token": token(client, at or path), **typed})
