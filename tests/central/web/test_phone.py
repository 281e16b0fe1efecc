"""A phone joins by the code that a computer shows: once, within two minutes, and only if the computer agrees."""

import logging
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from central.accounts import attempts
from central.accounts.pairing import Gone, offer
from central.accounts.tables import audit, pairing, session
from central.db import metadata, writing
from central.faces import qr
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import Clock, make_app, person, send, token

DAYS = 11
PHONE = "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile"
STRANGER = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/605.1"


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def show(computer: FlaskClient) -> tuple[str, str]:
    """Token of the picture, and the eight digits beside it."""
    page = computer.post("/phone", data={"csrf_token": token(computer, "/phone")}, follow_redirects=True)
    assert page.status_code == 200
    with computer.session_transaction() as kept:
        found = kept["code"]["token"]
    digits = re.search(r'class="digits"><b>(\d{4} \d{4})<', page.text)
    assert digits is not None
    assert "<svg" in page.text
    assert found not in page.text  # only in the picture
    return found, digits[1]


def phone(app: Flask, agent: str = PHONE) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = agent
    return client


def bring(client: FlaskClient, code: str) -> TestResponse:
    return send(client, "/phone/open", code=code)


def number(page: str) -> str:
    found = re.search(r'class="number">(\d\d)<', page)
    assert found is not None
    return found[1]


def agree(computer: FlaskClient, yes: str = "yes") -> TestResponse:
    page = computer.get("/phone").text
    path = re.search(r'action="(/phone/\d+)"', page)
    assert path is not None
    return computer.post(path[1], data={"csrf_token": token(computer, "/phone"), "answer": yes})


@pytest.mark.parametrize("by", ["token", "digits"])
def test_scanned_and_agreed_to_the_phone_has_a_session_of_its_own(app: Flask, town: Scene, by: str) -> None:
    computer, mobile = person(app, s.CONSUMER), phone(app)
    found, digits = show(computer)
    assert bring(mobile, found if by == "token" else digits).status_code == 303
    waits = mobile.get("/phone/open").text
    asked = computer.get("/phone").text
    assert "Chrome, Android" in asked
    assert "127.0.0.1" in asked
    assert number(waits) == number(asked)
    assert mobile.get("/").status_code == 302  # not yet
    assert agree(computer).status_code == 303
    assert send(mobile, "/phone/enter", "/phone/open").status_code == 302
    page = mobile.get("/").text
    assert "Квартира" in page
    assert " data-keeps" in page, "it is one's own phone: figures stay in it"
    assert "Телефон подключён" in computer.get("/phone").text
    page = computer.get("/me").text
    assert "Chrome, Android" in page
    with town.engine.connect() as connection:
        (key,) = connection.scalars(select(session.c.id).where(session.c.device == PHONE)).all()
    assert send(computer, f"/me/sessions/{key}/end", "/me").status_code == 303
    assert mobile.get("/").status_code == 302  # its owner ended it, and the computer's stands
    assert computer.get("/").status_code == 200


def test_a_code_is_good_once(app: Flask) -> None:
    computer, mobile, other = person(app, s.CONSUMER), phone(app), phone(app, STRANGER)
    found, digits = show(computer)
    bring(mobile, found)
    for code in (found, digits):
        assert bring(other, code).status_code == 422
    agree(computer)
    send(mobile, "/phone/enter", "/phone/open")
    assert bring(other, found).status_code == 422
    with mobile.session_transaction() as kept:
        claim = kept.get("claim")
    assert claim is None  # nothing is left to come in by again


def test_a_stranger_with_a_picture_of_the_screen_is_told_of_by_device_and_number_and_refused(app: Flask) -> None:
    computer, stranger, mobile = person(app, s.CONSUMER), phone(app, STRANGER), phone(app)
    found, _digits = show(computer)
    bring(stranger, found)  # was quicker
    assert bring(mobile, found).status_code == 422
    asked = computer.get("/phone").text
    assert "iPhone" in asked
    assert agree(computer, "no").status_code == 303
    for _look in range(2):  # by the script that asks each two seconds, and by the page that it then opens
        assert "отказали" in stranger.get("/phone/open").text
    assert send(stranger, "/phone/enter", "/phone/open").status_code == 422
    assert stranger.get("/").status_code == 302


def test_nobody_but_the_session_that_shows_it_agrees(app: Flask) -> None:
    computer, mobile, neighbour = person(app, s.CONSUMER), phone(app), person(app, s.NEIGHBOUR)
    second = person(app, s.CONSUMER)  # of the same account
    found, _digits = show(computer)
    bring(mobile, found)
    for other in (neighbour, second):
        answer = other.post("/phone/1", data={"csrf_token": token(other, "/phone"), "answer": "yes"})
        assert answer.headers["Location"].endswith("done=late")
    assert send(mobile, "/phone/enter", "/phone/open").status_code == 422


@pytest.mark.parametrize("when", ["before it is brought", "before it is agreed to", "before the phone comes in"])
def test_after_two_minutes_it_is_good_no_more(app: Flask, clock: Clock, when: str) -> None:
    computer, mobile = person(app, s.CONSUMER), phone(app)
    found, _digits = show(computer)
    clock.now += 119
    if when == "before it is brought":
        clock.now += 1
        assert bring(mobile, found).status_code == 422
        assert "Показать код" in computer.get("/phone").text
        return
    assert bring(mobile, found).status_code == 303
    clock.now += 119
    if when == "before it is agreed to":
        path = re.search(r'action="(/phone/\d+)"', computer.get("/phone").text)
        assert path is not None
        clock.now += 1
        assert "Это ваш телефон?" not in computer.get("/phone").text
        late = computer.post(path[1], data={"csrf_token": token(computer, "/phone"), "answer": "yes"})
        assert late.headers["Location"].endswith("done=late")
    else:
        agree(computer)
        clock.now += 1
    assert send(mobile, "/phone/enter", "/phone/open").status_code == 422
    assert mobile.get("/").status_code == 302


def test_a_new_code_ends_the_one_before_and_logging_out_ends_all(app: Flask) -> None:
    computer, mobile = person(app, s.CONSUMER), phone(app)
    first, _ = show(computer)
    second, _ = show(computer)
    assert bring(mobile, first).status_code == 422
    computer.post("/logout", data={"csrf_token": token(computer, "/phone")})
    assert bring(mobile, second).status_code == 422


def test_two_phones_join_one_after_the_other(app: Flask) -> None:
    computer = person(app, s.CONSUMER)
    for agent in (PHONE, STRANGER):
        mobile = phone(app, agent)
        bring(mobile, show(computer)[0])
        agree(computer)
        send(mobile, "/phone/enter", "/phone/open")
        assert mobile.get("/").status_code == 200


def test_whoever_was_logged_in_on_the_phone_is_so_no_longer(app: Flask, town: Scene) -> None:
    computer, mobile = person(app, s.CONSUMER), person(app, s.NEIGHBOUR)
    assert "С новым кодом этот вход закончится" in mobile.get("/phone/open").text
    bring(mobile, show(computer)[0])
    agree(computer)
    send(mobile, "/phone/enter", "/phone/open")
    assert "Квартира" in mobile.get("/").text
    with town.engine.connect() as connection:
        theirs = connection.scalars(select(session.c.account)).all()
    assert town.viewer(s.NEIGHBOUR).account not in theirs


def test_digits_are_not_guessed(app: Flask) -> None:
    computer, thief = person(app, s.CONSUMER), phone(app, STRANGER)
    _, digits = show(computer)
    wrong = f"{(int(digits.replace(' ', '')) + 1) % 10**8:08}"
    for _ in range(attempts.KEYS):
        assert bring(thief, wrong).status_code == 422
    answer = bring(thief, digits)
    assert answer.status_code == 422
    assert "Слишком много попыток" in answer.text


def test_another_address_of_the_same_household_is_no_new_one(app: Flask) -> None:
    """Of IPv6 each has so many that he may take another for each try."""
    computer, thief = person(app, s.CONSUMER), phone(app, STRANGER)
    _, digits = show(computer)
    wrong = f"{(int(digits.replace(' ', '')) + 1) % 10**8:08}"
    for number in range(attempts.KEYS):
        thief.environ_base["REMOTE_ADDR"] = f"2001:db8:1:2:{number:x}::{number:x}"
        assert "Слишком много попыток" not in bring(thief, wrong).text
    thief.environ_base["REMOTE_ADDR"] = "2001:db8:1:2:ffff::1"
    assert "Слишком много попыток" in bring(thief, digits).text
    neighbour = phone(app)
    neighbour.environ_base["REMOTE_ADDR"] = "2001:db8:1:3::1"
    assert bring(neighbour, digits).status_code == 303
    assert "2001:db8:1:3::1" in computer.get("/phone").text, "the page tells the address itself"


def test_so_many_codes_an_hour_are_shown(app: Flask) -> None:
    computer = person(app, s.CONSUMER)
    for _ in range(20):
        show(computer)
    answer = send(computer, "/phone")
    assert answer.status_code == 422
    assert "слишком много кодов" in answer.text


def test_staff_who_look_through_a_cabinet_cannot_send_a_phone_into_it(app: Flask, town: Scene) -> None:
    operator = person(app, s.OPERATOR)
    assert operator.get("/phone").status_code == 403
    account = town.viewer(s.CONSUMER).account
    page = operator.get(f"/console/people/{account}").text
    found = re.search(r'action="(/console/people/\d+/cabinet)"', page)
    assert found is not None
    assert send(operator, found[1], f"/console/people/{account}").status_code in (302, 303)
    assert operator.get("/phone").status_code in (403, 404)
    for path in ("/phone", "/phone/1"):
        assert operator.post(path, data={"csrf_token": token(operator, "/")}).status_code in (403, 404)
    with town.engine.connect() as connection:
        assert connection.execute(select(pairing)).all() == []


def test_a_session_shows_no_code_of_another_account(app: Flask, town: Scene) -> None:
    operator = person(app, s.OPERATOR)
    with operator.session_transaction() as kept:
        cookie = kept["_user_id"]
    with writing(town.engine).begin() as connection, pytest.raises(Gone):
        offer(connection, town.viewer(s.CONSUMER), cookie, s.NOW)
    with writing(town.engine).begin() as connection:
        assert offer(connection, town.viewer(s.OPERATOR), cookie, s.NOW).digits


def test_no_table_log_or_address_holds_what_lets_in(app: Flask, town: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    computer, mobile = person(app, s.CONSUMER), phone(app)
    found, digits = show(computer)
    asked = bring(mobile, found)
    with mobile.session_transaction() as kept:
        claim = kept["claim"]
    agree(computer)
    entered = send(mobile, "/phone/enter", "/phone/open")
    secrets = (found, digits, digits.replace(" ", ""), claim)
    with town.engine.connect() as connection:
        rows = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
        kinds = connection.scalars(select(audit.c.action)).all()
    for told in (*rows, caplog.text, asked.headers["Location"], entered.headers["Location"]):
        assert not [secret for secret in secrets if secret in told]
    assert "phone agreed" in kinds


def test_the_picture_leads_to_this_site_with_the_token_behind_the_hash(app: Flask) -> None:
    computer = person(app, s.CONSUMER)
    found, _digits = show(computer)
    assert qr.svg(f"http://127.0.0.1:8080/phone/open#{found}") in computer.get("/phone").text


def test_old_codes_are_forgotten(app: Flask, town: Scene, clock: Clock) -> None:
    show(person(app, s.CONSUMER))
    clock.now += 86_401
    show(person(app, s.NEIGHBOUR))
    with writing(town.engine).begin() as connection:
        assert len(connection.execute(select(pairing)).all()) == 1
