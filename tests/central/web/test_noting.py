"""What staff open and send is noted, a row each; what consumers do is not, nor what could be a secret or a name."""

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Row, select, text

from central.accounts.tables import account, audit
from central.db import writing
from central.faces.access import ACCESS
from central.faces.noting import UNNOTED
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import address, log_in, make_app, person, token

LOGINS = {"login", "login refused", "logout"}


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def noted(scene: Scene, since: int = 0) -> list[Row[tuple[int, str, str, str]]]:
    """Pages and forms that were noted after this row."""
    with scene.engine.connect() as connection:
        query = select(audit.c.id, audit.c.action, audit.c.subject, audit.c.detail, audit.c.account)
        rows = connection.execute(query.where(audit.c.id > since).order_by(audit.c.id)).all()
    return [row for row in rows if row.action.startswith(("page ", "sent "))]


def last(scene: Scene) -> int:
    with scene.engine.connect() as connection:
        return max(connection.scalars(select(audit.c.id)))


@pytest.mark.parametrize("mail", [s.OPERATOR, s.AUDITOR, s.ADMINISTRATOR])
def test_every_page_of_staff_is_one_row(app: Flask, town: Scene, mail: str) -> None:
    client, role = person(app, mail), town.viewer(mail).role
    pages = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in UNNOTED or rule.endpoint == "static":
            continue
        before = last(town)
        answer = client.get(address(rule))
        (row,) = noted(town, before)
        assert row.action == f"page {rule.endpoint}"
        assert row.detail.split()[0] == str(answer.status_code)
        assert row.account == town.viewer(mail).account
        assert (answer.status_code == 403) == (role not in ACCESS[rule.endpoint].roles)
        pages += 1
    assert pages > 60


def test_what_is_no_page_is_not_noted(app: Flask, town: Scene) -> None:
    client = person(app, s.OPERATOR)
    before = last(town)
    for path in ("/static/app.css", "/health", "/nothing-here"):
        client.get(path)
    given = token(client, "/me")
    for path in ("/theme", "/language"):
        client.post(path, data={"csrf_token": given, "theme": "dark", "language": "en", "back": "/"})
    assert [row.action for row in noted(town, before)] == ["page cabinet.me"]


def test_a_form_is_noted_with_what_it_is_about_and_nothing_that_stands_in_it(app: Flask, town: Scene) -> None:
    client = person(app, s.OPERATOR)
    sent = {"csrf_token": token(client, "/console/people/1"), "deed": "lock", "reason": "тайна-семь"}
    before = last(town)
    assert client.post("/console/people/1?state=x", data=sent).status_code == 303
    (row,) = noted(town, before)
    assert (row.action, row.subject, row.detail) == ("sent console.one_person", "key=1", "303")
    refused = client.post("/me/password", data={"csrf_token": "x", "old": "тайна-восемь"})
    assert refused.status_code == 400
    row = noted(town, before)[-1]
    assert (row.action, row.detail) == ("sent cabinet.change_password", "400")
    with town.engine.connect() as connection:
        whole = " ".join(str(one) for one in connection.execute(select(audit).where(audit.c.action.like("sent %"))))
    assert "тайна" not in whole


@pytest.mark.parametrize("mail", [None, s.CONSUMER])
def test_pages_of_guests_and_consumers_are_not_noted(app: Flask, town: Scene, mail: str | None) -> None:
    client = person(app, mail)
    for path in ("/", "/data", "/readings", "/me", "/console/points", "/login", "/forgotten", "/console/actions"):
        client.get(path)
    client.post("/me/contract", data={"csrf_token": token(client, "/me"), "number": "1"})
    assert noted(town) == []


def test_logins_of_all_are_noted(app: Flask, town: Scene) -> None:
    before = last(town)
    for mail in (s.CONSUMER, s.OPERATOR):
        client = person(app, mail)
        client.post("/logout", data={"csrf_token": token(client, "/me")})
        log_in(client, mail, "не тот пароль")
    with town.engine.connect() as connection:
        query = select(audit.c.action, account.c.mail).outerjoin(account).where(audit.c.id > before)
        rows = [tuple(row) for row in connection.execute(query.order_by(audit.c.id)) if row.action in LOGINS]
    words = ("login", "logout", "login refused")
    assert rows == [(word, mail) for mail in (s.CONSUMER, s.OPERATOR) for word in words]


def test_the_object_and_the_query_are_told_and_what_is_typed_to_find_somebody_is_not(app: Flask, town: Scene) -> None:
    client = person(app, s.OPERATOR)
    for path, row in (
        ("/console/points/1", ("page console.point", "key=1", "200")),
        ("/console/edges/edge-1", ("page console.edge", "name=edge-1", "200")),
        ("/data?point=1&day=2026-11-23", ("page cabinet.data", "point=1", "200 point=1&day=2026-11-23")),
        ("/console/points/999", ("page console.point", "key=999", "404")),
        ("/console/points?q=Петрова&state=silent", ("page console.points", "", "200 q=…&state=silent")),
        ("/console/search?q=%2B79123456789", ("page console.search", "", "200 q=…")),
        ("/console/changes?kind=anna@example.org", ("page console.changes", "", "200 kind=…")),
        ("/reset?Key=abcdef", ("page door.reset", "", "404 Key=…")),
        ("/console/changes?kind=%00", ("page console.changes", "", "400 kind=")),
    ):
        before = last(town)
        client.get(path)
        (found,) = noted(town, before)
        assert (found.action, found.subject, re.sub(r"^(200|400) Key", "404 Key", found.detail)) == row, path


def test_a_row_is_no_longer_than_it_may_be(app: Flask, town: Scene) -> None:
    client = person(app, s.OPERATOR)
    before = last(town)
    client.get("/console/audit", query_string={"meter": "м" * 900})
    client.get("/console/points", query_string={"state": "x" * 900})
    first, second = noted(town, before)
    assert (len(first.subject), len(first.detail), len(second.detail)) == (200, 300, 300)


def test_no_row_holds_a_mail_or_a_name(app: Flask, town: Scene) -> None:
    """After all pages, logins, refusals, and what makes accounts."""
    client = person(app, s.ADMINISTRATOR)
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            client.get(address(rule), query_string={"q": "Петрова", "who": s.CONSUMER, "find": "Сидоров"})
    log_in(app.test_client(), "nobody@example.org", "x")
    with town.engine.connect() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.subject, audit.c.detail)).all()
    assert len(rows) > 60
    for row in rows:
        assert not [word for word in ("@", "Петрова", "Сидоров") if word in f"{row.subject} {row.detail}"], row


def test_a_journal_that_takes_no_row_fails_no_page(app: Flask, town: Scene, caplog: pytest.LogCaptureFixture) -> None:
    client = person(app, s.OPERATOR)
    with writing(town.engine).begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    assert client.get("/console/points").status_code == 200
    assert "an action is not noted" in caplog.text
