"""An administrator lets people of the company in, says what each may change and where, and shuts the door."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from central.accounts import registering, staff
from central.accounts.people import add_account
from central.accounts.policy import Right
from central.accounts.registering import FIRST_LIFETIME
from central.accounts.tables import audit, second_factor
from central.db import writing
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.forms import said, send
from tests.central.web.parts import letters, log_in, make_app, person, token
from tests.central.web.parts import send as page_send

MAIL, PASSWORD = "oleg@example.org", "зелёная лодка у моста"
NEW = {"name": "Олег Инспектор", "mail": MAIL, "role": "operator", "may-registry": "1"}


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


@pytest.fixture
def administrator(app: Flask) -> FlaskClient:
    return person(app, s.ADMINISTRATOR)


def key_of(scene: Scene) -> str:
    letter = letters(scene, MAIL)[-1]
    (link,) = re.findall(r"\S+/reset\?Key=\S+", letter["text"])
    return parse_qs(urlsplit(link).query)["Key"][0]


def let_in(administrator: FlaskClient, **changes: str) -> str:
    answer = send(administrator, "/console/staff/new", NEW | changes)
    assert answer.status_code == 303
    return urlsplit(answer.headers["Location"]).path


def set_password(app: Flask, key: str) -> int:
    client = app.test_client()
    sent = {"Key": key, "password": PASSWORD, "repeat": PASSWORD, "csrf_token": token(client)}
    return client.post("/reset", data=sent).status_code


def deed(client: FlaskClient, path: str, name: str, **values: str) -> int:
    sent = {"deed": name, "csrf_token": token(client, "/me"), **values}
    return client.post(path, data=sent).status_code


def test_a_new_operator_sets_a_password_by_the_letter_and_does_what_he_may(
    app: Flask, town: Scene, administrator: FlaskClient
) -> None:
    path = let_in(administrator, branches="ТП-118")
    assert "пароль ещё не задан" in administrator.get("/console/staff").text
    for word in ("", "любой пароль"):
        assert log_in(app.test_client(), MAIL, word).status_code == 401, "there is no password yet"
    assert set_password(app, key_of(town)) == 303
    client = app.test_client()
    assert log_in(client, MAIL, PASSWORD).status_code == 302
    found = town.viewer(MAIL)
    assert (found.rights, len(found.branches)) == ({Right.REGISTRY}, 1)
    assert client.get("/console/points/new").status_code == 200
    assert client.get("/console/applications").status_code == 403
    page = administrator.get(path).text
    assert "ТП-118" in page
    assert deed(administrator, path, "rights", role="operator", **{"may-people": "1"}) == 303
    assert client.get("/console/applications").status_code == 200, "from the next page on"
    assert deed(administrator, path, "rights", role="auditor") == 303
    assert client.get("/console/points/new").status_code == 403
    assert not town.viewer(MAIL).branches


def test_the_letter_again_ends_the_one_before(app: Flask, town: Scene, administrator: FlaskClient) -> None:
    path = let_in(administrator)
    first = key_of(town)
    assert deed(administrator, path, "letter") == 303
    assert set_password(app, first) == 422
    assert set_password(app, key_of(town)) == 303


def test_the_door_is_shut_and_opened_with_a_reason(app: Flask, town: Scene, administrator: FlaskClient) -> None:
    client, path = person(app, s.OPERATOR), f"/console/staff/{town.viewer(s.OPERATOR).account}"
    assert deed(administrator, path, "lock") == 422
    assert deed(administrator, path, "lock", reason="уволена") == 303
    assert client.get("/console/points").headers["Location"].startswith("/login"), "the session has ended"
    assert log_in(app.test_client(), s.OPERATOR).status_code == 401
    assert deed(administrator, path, "unlock", reason="вернулась") == 303
    assert log_in(app.test_client(), s.OPERATOR).status_code == 302
    with town.engine.connect() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.detail)).all()
    assert {("blocked", "уволена"), ("approved", "вернулась")} <= set(map(tuple, rows))


def test_nobody_changes_himself_so_an_administrator_is_left(town: Scene, administrator: FlaskClient) -> None:
    path = f"/console/staff/{town.viewer(s.ADMINISTRATOR).account}"
    assert deed(administrator, path, "lock", reason="устал") == 422
    assert deed(administrator, path, "rights", role="auditor") == 422
    assert town.viewer(s.ADMINISTRATOR).role == "administrator"


def test_what_is_wrong_is_told_at_its_field(app: Flask, town: Scene, administrator: FlaskClient) -> None:
    for changes, field in (
        ({"mail": s.CONSUMER}, "mail"),
        ({"mail": "не почта"}, "mail"),
        ({"role": ""}, "role"),
        ({"name": ""}, "name"),
        ({"branches": "ТП-118\nТП-нет"}, "branches"),
    ):
        assert set(said(send(administrator, "/console/staff/new", NEW | changes))) == {field}, changes
    assert not letters(town, MAIL)


def test_staff_are_an_administrator_s_affair_and_of_his_company(
    app: Flask, town: Scene, administrator: FlaskClient
) -> None:
    for mail in (s.OPERATOR, s.AUDITOR, s.CONSUMER):
        assert person(app, mail).get("/console/staff").status_code == 403
    for key in (999, town.viewer(s.CONSUMER).account):
        assert administrator.get(f"/console/staff/{key}").status_code == 404
        assert deed(administrator, f"/console/staff/{key}", "lock", reason="x") == 404


def test_two_administrators_do_not_shut_each_other_out(town: Scene) -> None:
    """Both have pressed the button: the second finds that he may no more."""
    with writing(town.engine).begin() as connection:
        about = {"mail": "second@example.org", "name": "Второй", "password": s.PASSWORD, "role": "administrator"}
        add_account(connection, s.CHEAP, organisation=1, now=s.NOW, **about)
    one, two = town.viewer(s.ADMINISTRATOR), town.viewer("second@example.org")
    with writing(town.engine).begin() as connection:
        staff.set_role(connection, one, two.account, "auditor", s.NOW)
        with pytest.raises(staff.Unfit, match="late"):
            staff.set_role(connection, two, one.account, "auditor", s.NOW)
    assert town.viewer(s.ADMINISTRATOR).role == "administrator"


def test_one_s_own_second_step_goes_by_the_password_alone(town: Scene, administrator: FlaskClient) -> None:
    key = town.viewer(s.ADMINISTRATOR).account
    with writing(town.engine).begin() as connection:
        values = {"closed": "x", "made_at": s.NOW, "confirmed_at": s.NOW, "last_step": 0, "recovery": []}
        connection.execute(second_factor.insert().values(account=key, **values))
    assert deed(administrator, f"/console/staff/{key}", "second", reason="потерял") == 422
    assert town.viewer(s.ADMINISTRATOR).second


def test_a_forgotten_password_that_never_was_leaves_as_long_as_the_first_letter(
    app: Flask, town: Scene, administrator: FlaskClient
) -> None:
    let_in(administrator)
    page_send(app.test_client(), "/forgotten", mail=MAIL)
    with town.engine.connect() as connection:
        assert registering.whose(connection, key_of(town), s.NOW + FIRST_LIFETIME - 1) == (MAIL, NEW["name"])
