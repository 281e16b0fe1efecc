"""The second factor: set by a code of the app, asked for at login, each code good once; where the company requires it
staff see nothing before it is set."""

import re
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from central.accounts.people import set_password
from central.accounts.second import CODES, TRIES
from central.accounts.tables import second_factor
from central.db import writing
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import Clock, log_in, make_app, person, token


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def secret_of(client: FlaskClient) -> str:
    page = client.get("/me/second").text
    assert "<svg" in page
    found = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert found is not None
    return found[1]


def turn_on(client: FlaskClient, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    totp = pyotp.TOTP(secret_of(client))
    answer = client.post("/me/second", data={"code": totp.at(int(clock.now)), "csrf_token": token(client, "/me")})
    assert answer.status_code == 200
    return totp, re.findall(r"<code>([0-9a-f]{6}-[0-9a-f]{6})</code>", answer.text)


def step(client: FlaskClient, code: str) -> int:
    return client.post("/login/second", data={"code": code, "csrf_token": token(client, "/login/second")}).status_code


def test_it_is_set_by_a_code_and_asked_for_at_the_next_login(app: Flask, town: Scene, clock: Clock) -> None:
    client = person(app, s.CONSUMER)
    wrong = client.post("/me/second", data={"code": "000000", "csrf_token": token(client, "/me")})
    assert wrong.status_code == 422
    assert log_in(app.test_client(), s.CONSUMER).headers["Location"] == "/", "begun is not in force"
    totp, codes = turn_on(client, clock)
    assert len(set(codes)) == CODES
    with town.engine.connect() as connection:
        row = connection.execute(select(second_factor)).one()
    assert totp.secret not in str(row), "a copy of the database opens nothing"
    assert not [code for code in codes if code in str(row)]
    clock.now += 60
    stranger = app.test_client()
    assert log_in(stranger, s.CONSUMER).headers["Location"] == "/login/second"
    assert stranger.get("/").headers["Location"].startswith("/login"), "half a login opens nothing"
    assert step(stranger, "123456") == 401
    code = totp.at(int(clock.now))
    assert step(stranger, code) == 302
    assert stranger.get("/me").status_code == 200
    other = app.test_client()
    log_in(other, s.CONSUMER)
    assert step(other, code) == 401, "a code that was seen over the shoulder is good no more"


def test_a_code_of_the_list_lets_in_once(app: Flask, town: Scene, clock: Clock) -> None:
    _, codes = turn_on(person(app, s.CONSUMER), clock)
    for expected in (302, 401):
        client = app.test_client()
        log_in(client, s.CONSUMER)
        assert step(client, codes[0].upper()) == expected


def test_codes_are_not_guessed(app: Flask, town: Scene, clock: Clock) -> None:
    totp, _ = turn_on(person(app, s.CONSUMER), clock)
    clock.now += 60
    client = app.test_client()
    log_in(client, s.CONSUMER)
    for _ in range(TRIES):
        assert step(client, "000001") == 401
    assert step(client, totp.at(int(clock.now))) == 401


def test_half_a_login_does_not_wait_for_ever(app: Flask, town: Scene, clock: Clock) -> None:
    totp, _ = turn_on(person(app, s.CONSUMER), clock)
    client = app.test_client()
    log_in(client, s.CONSUMER)
    clock.now += 601
    assert (
        client.post("/login/second", data={"code": totp.at(int(clock.now)), "csrf_token": token(client)})
        .headers["Location"]
        .startswith("/login")
    )
    assert client.get("/me").status_code == 302


def test_half_a_login_ends_with_the_password_it_was_begun_with(app: Flask, town: Scene, clock: Clock) -> None:
    totp, _ = turn_on(person(app, s.CONSUMER), clock)
    clock.now += 60
    thief = app.test_client()
    log_in(thief, s.CONSUMER)
    with writing(town.engine).begin() as connection:
        set_password(connection, s.CHEAP, s.CONSUMER, "новая лодка у моста", int(clock.now))
    assert step(thief, totp.at(int(clock.now))) == 302
    assert thief.get("/me").headers["Location"].startswith("/login")


def test_it_is_switched_off_by_the_password(app: Flask, town: Scene, clock: Clock) -> None:
    client = person(app, s.CONSUMER)
    turn_on(client, clock)
    sent = {"csrf_token": token(client, "/me")}
    assert client.post("/me/second/drop", data=sent | {"now": "не тот"}).status_code == 422
    assert log_in(app.test_client(), s.CONSUMER).headers["Location"] == "/login/second"
    assert client.post("/me/second/drop", data=sent | {"now": s.PASSWORD}).status_code == 303
    assert log_in(app.test_client(), s.CONSUMER).headers["Location"] == "/"


def test_where_it_is_required_staff_see_nothing_before_and_consumers_all(
    town: Scene, tmp_path: Path, clock: Clock
) -> None:
    app = make_app(tmp_path / "scene", second=True, clock=clock)
    operator = person(app, s.OPERATOR)
    for path in ("/", "/console/points", "/me", "/console/exceptions", f"/data?point={town.points[s.FLAT]}"):
        answer = operator.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/me/second"), path
    assert "Без него дальше нельзя" in operator.get("/me/second").text
    turn_on(operator, clock)
    assert operator.get("/console/points").status_code == 200
    assert person(app, s.CONSUMER).get("/me").status_code == 200


def test_where_it_is_optional_staff_are_told_so(app: Flask, town: Scene) -> None:
    assert "staff_second_factor = optional" in person(app, s.OPERATOR).get("/me").text
    assert "staff_second_factor" not in person(app, s.CONSUMER).get("/me").text


def test_a_device_that_logged_in_before_is_known_by_a_signed_cookie(app: Flask, town: Scene) -> None:
    mine, stranger = person(app, s.CONSUMER), app.test_client()
    mine.post("/logout", data={"csrf_token": token(mine, "/me")})
    for _ in range(12):
        log_in(stranger, s.CONSUMER, "не тот пароль")
    assert log_in(stranger, s.CONSUMER).status_code == 401
    assert log_in(mine, s.CONSUMER).status_code == 302
    forged = app.test_client()
    forged.set_cookie("known", "1")
    assert log_in(forged, s.CONSUMER).status_code == 401
