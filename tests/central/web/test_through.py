"""Staff open a consumer's cabinet: as he sees it, read only, for a time; it is written down, and he is told."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from central.accounts import staff
from central.accounts.audit import note
from central.accounts.policy import Right
from central.accounts.tables import account, audit
from central.db import writing
from central.faces.through import SECONDS
from central.registry.tables import organisation
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import Clock, address, make_app, person, token

DAYS = 25


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def enter(client: FlaskClient, account: int) -> int:
    path = f"/console/people/{account}/cabinet"
    return client.post(path, data={"csrf_token": token(client, "/me")}).status_code


def test_the_cabinet_is_seen_as_its_owner_sees_it_and_he_is_told(app: Flask, town: Scene) -> None:
    client, owner = person(app, s.OPERATOR), town.viewer(s.CONSUMER).account
    assert enter(client, owner) == 303
    page = client.get("/").text
    assert "Вы смотрите кабинет потребителя: Анна Петрова" in page
    assert "Квартира" in page
    assert "/console/points" not in page, "the menus are his"
    for path in ("/data", "/readings", "/explain", "/whatif", "/reading"):
        assert client.get(path).status_code == 200
        assert client.get(f"{path}?point={town.points[s.NEXT_DOOR]}").status_code == 404, "and what is not his is not"
    assert "Ольга Диспетчер" in client.get("/me").text, "one's own page stays one's own"
    told = person(app, s.CONSUMER).get("/me").text
    assert "<b>Ольга Диспетчер</b> — весь кабинет" in told
    with town.engine.connect() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.subject).where(audit.c.action.like("%opened"))).all()
    assert ("cabinet opened", f"account {owner}") in rows
    assert ("point opened", "Т-45") in rows
    left = client.post("/console/people/leave", data={"csrf_token": token(client, "/me")})
    assert left.headers["Location"] == f"/console/people/{owner}"
    assert client.get("/").headers["Location"] == "/console/points"


def test_nothing_can_be_sent_from_there(app: Flask, town: Scene) -> None:
    client = person(app, s.OPERATOR)
    enter(client, town.viewer(s.CONSUMER).account)
    sent = {"csrf_token": token(client, "/me")}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("cabinet.") and "POST" in (rule.methods or ()) and "/me" not in rule.rule:
            assert client.post(address(rule), data=sent).status_code == 403, rule
    assert client.post("/me/contract", data=sent | {"number": "1"}).status_code == 403


def test_it_ends_by_itself_and_with_the_right(app: Flask, town: Scene, clock: Clock) -> None:
    client, owner = person(app, s.OPERATOR), town.viewer(s.CONSUMER).account
    enter(client, owner)
    clock.now += SECONDS
    assert client.get("/").headers["Location"] == "/console/points"
    enter(client, owner)
    with writing(town.engine).begin() as connection:
        staff.give(connection, town.viewer(s.OPERATOR).account, (), (), s.NOW, None)
    assert client.get("/").headers["Location"] == "/console/points"
    assert enter(client, owner) == 403


def test_only_consumers_of_the_company_are_opened_and_not_by_everybody(app: Flask, town: Scene) -> None:
    client = person(app, s.OPERATOR)
    assert enter(client, town.viewer(s.ADMINISTRATOR).account) == 404
    assert enter(client, 999) == 404
    for mail in (s.AUDITOR, s.CONSUMER):
        assert enter(person(app, mail), town.viewer(s.NEIGHBOUR).account) == 403


@pytest.mark.parametrize("how", ["a branch", "another company", "blocked"])
def test_it_ends_when_it_is_not_his_to_see_any_more(app: Flask, town: Scene, how: str) -> None:
    client, owner = person(app, s.OPERATOR), town.viewer(s.CONSUMER).account
    enter(client, owner)
    assert client.get("/").status_code == 200
    with writing(town.engine).begin() as connection:
        theirs = update(account).where(account.c.id == owner)
        if how == "a branch":
            staff.give(connection, town.viewer(s.OPERATOR).account, Right, (1,), s.NOW, None)
        elif how == "blocked":
            connection.execute(theirs.values(state="blocked"))
        else:
            connection.execute(organisation.insert().values(id=2, name="Дальняя сеть"))
            connection.execute(theirs.values(organisation=2))
    assert client.get("/").headers["Location"] == "/console/points"


def test_who_opened_a_point_is_told_to_whose_it_was_then(app: Flask, town: Scene) -> None:
    operator = town.viewer(s.OPERATOR).account
    change = s.midnight(s.HAND_OVER, s.TZ)
    with writing(town.engine).begin() as connection:
        for at in (change - 3600, change + 3600):
            note(connection, at, operator, "point opened", "Т-47", "/data")
    for mail, hour in ((s.FORMER, "23:00"), (s.NEIGHBOUR, "01:00")):
        seen = person(app, mail).get("/me").text.split("Кто смотрел мои данные")[1].split("</section>")[0]
        assert re.findall(r"\d\d:\d\d", seen) == [hour], mail
