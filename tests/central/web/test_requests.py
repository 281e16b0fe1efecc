"""What is told of a request: an id to whoever asked, a figure by endpoint, a line of the log; never its path."""

import logging
import re
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client import generate_latest

from central.config import Central, CentralConfig, Sql, Web
from tests.central import scene as s
from tests.central import sql
from tests.central.scene import Scene
from tests.central.web.parts import app_of, log_in, person


def figures() -> dict[str, float]:
    found = re.findall(r"^(uchet_web_\S+) (\S+)$", generate_latest().decode(), re.MULTILINE)
    return {name: float(value) for name, value in found}


def counted(endpoint: str, method: str, code: int) -> float:
    return figures().get(f'uchet_web_requests_total{{code="{code}",endpoint="{endpoint}",method="{method}"}}', 0)


def test_each_answer_is_counted_by_endpoint_method_and_code(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    before = counted("cabinet.main", "GET", 200), counted("none", "GET", 404), counted("door.login", "POST", 401)
    assert client.get("/").status_code == 200
    assert client.get("/no/such/page").status_code == 404
    assert log_in(app.test_client(), s.CONSUMER, "wrong").status_code == 401
    after = counted("cabinet.main", "GET", 200), counted("none", "GET", 404), counted("door.login", "POST", 401)
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]
    assert figures()['uchet_web_request_seconds_count{endpoint="cabinet.main"}'] >= 1


def test_labels_hold_no_path_and_no_strange_method(app: Flask) -> None:
    client = app.test_client()
    client.get(f"/strangers/{s.CONSUMER}/points/17")
    client.open("/login", method="BREW")
    shown = "\n".join(figures())
    assert "example.org" not in shown
    assert "strangers" not in shown
    assert "BREW" not in shown
    assert 'method="other"' in shown


def test_each_answer_has_an_id_that_its_line_has_too(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "central.faces.requests"):
        first, second = (app.test_client().get("/login", headers={"X-Request-ID": "chosen-by-me"}) for _ in range(2))
    ids = [answer.headers["X-Request-ID"] for answer in (first, second)]
    assert len(set(ids)) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids), "nobody from outside chooses it"
    assert [record.about["request"] for record in caplog.records] == ids  # type: ignore[attr-defined]
    assert caplog.records[0].about.keys() == {"request", "endpoint", "method", "code", "ms"}  # type: ignore[attr-defined]


def test_behind_a_proxy_its_id_is_kept_if_it_is_one(scene: Scene, scene_folder: Path) -> None:
    (scene_folder / "secret").write_text("a secret of the tests, long enough to be one")
    central = Central(data=str(scene_folder))
    behind = Web(behind_proxy=True)
    config = CentralConfig(central=central, sql=Sql(url=sql.url(scene_folder)), web=behind, folder=str(scene_folder))
    client = app_of(config).test_client()
    given = "0123456789abcdef"
    assert client.get("/login", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given
    for bad in ("short", "x" * 65, 'a" alarm=job_dead'):
        assert client.get("/login", headers={"X-Request-ID": bad}).headers["X-Request-ID"] != bad


@pytest.mark.parametrize(
    "path", ["/console/points?q=a%00b", "/console/audit?meter=%00", "/console/audit?edge=%00", "/data?point=%00"]
)
def test_a_text_that_no_database_takes_is_a_bad_request(app: Flask, path: str) -> None:
    """PostgreSQL refuses NUL in a text, and that is no error of ours."""
    assert person(app, s.OPERATOR).get(path).status_code == 400


def test_nor_does_a_form_bring_it(app: Flask) -> None:
    assert log_in(app.test_client(), "anna\0@example.org").status_code == 400
