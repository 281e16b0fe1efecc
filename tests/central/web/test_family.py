"""An owner of a contract lets others look: by a letter, for a time, until he ends it; they change nothing."""

import re
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from central.accounts import family, texts
from central.accounts.erasing import erase
from central.accounts.family import GOOD_FOR, MOST
from central.accounts.keys import BadKey
from central.accounts.people import add_account, add_grant
from central.accounts.policy import policy
from central.accounts.tables import account, application, consent, grant
from central.accounts.texts import Kind
from central.db import writing
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.beside import second_company
from tests.central.web.forms import said, send
from tests.central.web.parts import Clock, letters, log_in, make_app, person, token
from tests.central.web.test_registration import hidden_of

DAYS = 25
MAIL, PASSWORD = "son@example.org", "зелёная лодка у моста"
UNTIL = date(2026, 11, 28)
ENDS_AT = s.midnight(UNTIL + timedelta(days=1), s.TZ)


@pytest.fixture
def town(town: Scene) -> Scene:
    with writing(town.engine).begin() as connection:
        for kind in Kind:
            texts.write(connection, town.viewer(s.ADMINISTRATOR), kind, f"Текст {kind} " * 40, s.NOW - 86_400)
    return town


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


@pytest.fixture
def owner(app: Flask) -> FlaskClient:
    return person(app, s.CONSUMER)


def invite(owner: FlaskClient, mail: str = MAIL, **changes: str) -> Any:
    return send(owner, "/me/family", {"mail": mail, "until": UNTIL.isoformat()} | changes)


def link_of(scene: Scene, mail: str = MAIL) -> str:
    (link,) = re.findall(r"\S+/join\?Key=\S+", letters(scene, mail)[-1]["text"])
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def join(client: FlaskClient, link: str, **values: str) -> Any:
    sent = {"Key": parse_qs(urlsplit(link).query)["Key"][0], **hidden_of(client, link), **values}
    return client.post("/join", data=sent)


NEW = {"name": "Пётр Петров", "password": PASSWORD, "repeat": PASSWORD, "licence": "1", "consent": "1"}


def test_who_has_no_account_comes_in_by_the_letter_and_sees_what_the_owner_sees(
    app: Flask, town: Scene, owner: FlaskClient, clock: Clock
) -> None:
    assert invite(owner).status_code == 303
    assert "son@example.org" in owner.get("/me/family").text
    client, link = app.test_client(), link_of(town)
    page = client.get(link).text
    assert "Анна Петрова открывает вам показания" in page
    assert "28.11.2026" in page
    assert client.get(link).status_code == 200, "whoever only follows the link uses nothing up"
    assert join(client, link, **NEW | {"consent": ""}).status_code == 422
    assert join(client, link, **NEW).status_code == 303
    assert log_in(client, MAIL, PASSWORD).status_code == 302
    for serial, status in ((s.FLAT, 200), (s.DACHA, 200), (s.NEXT_DOOR, 404)):
        assert client.get(f"/data?point={town.points[serial]}").status_code == status
    early = {"point": town.points[s.FLAT], "length": "day", "day": "2026-11-03"}
    assert "data-mwh" in client.get("/data", query_string=early).text, "the owner's time"
    assert "Пётр Петров" in owner.get("/me/family").text
    assert "Приглашает тот, на кого договор" in client.get("/me/family").text, "a guest invites nobody"
    with town.engine.connect() as connection:
        rows = connection.execute(select(consent).join(account).where(account.c.mail == MAIL)).all()
    assert len(rows) == 2
    clock.now = ENDS_AT
    assert client.get(f"/data?point={town.points[s.FLAT]}").status_code == 404
    assert town.points[s.FLAT] not in re.findall(r"point=(\d+)", client.get("/").text)
    assert owner.get(f"/data?point={town.points[s.FLAT]}").status_code == 200


def test_who_has_an_account_accepts_with_it(app: Flask, town: Scene, owner: FlaskClient) -> None:
    invite(owner, s.NEIGHBOUR)
    link, guest = link_of(town, s.NEIGHBOUR), app.test_client()
    assert f"Войдите с почтой {s.NEIGHBOUR}" in guest.get(link).text
    assert join(guest, link, **NEW).status_code != 303, "nobody makes a second account of a mail"
    neighbour = person(app, s.NEIGHBOUR)
    assert join(neighbour, link).status_code == 303
    for serial in (s.FLAT, s.NEXT_DOOR):
        assert neighbour.get(f"/data?point={town.points[serial]}").status_code == 200
    assert join(neighbour, link).status_code == 422, "the key is good once"
    assert owner.get(f"/data?point={town.points[s.NEXT_DOOR]}").status_code == 404, "it is no exchange"


def test_the_owner_ends_it_and_takes_a_letter_back(app: Flask, town: Scene, owner: FlaskClient) -> None:
    invite(owner, s.NEIGHBOUR)
    neighbour = person(app, s.NEIGHBOUR)
    join(neighbour, link_of(town, s.NEIGHBOUR))
    invite(owner)
    page = owner.get("/me/family").text
    (guest,) = re.findall(r"/me/family/(\d+)/end", page)
    (letter,) = re.findall(r"/me/family/invitations/(\d+)/end", page)
    sent = {"csrf_token": token(owner, "/me")}
    for path in (f"/me/family/{guest}/end", f"/me/family/invitations/{letter}/end"):
        assert neighbour.post(path, data={"csrf_token": token(neighbour, "/me")}).status_code == 404, "not his to end"
        assert owner.post(path, data=sent).status_code == 303
        assert owner.post(path, data=sent).status_code == 404
    assert neighbour.get(f"/data?point={town.points[s.FLAT]}").status_code == 404
    assert app.test_client().get(link_of(town)).status_code == 404
    invite(owner, s.NEIGHBOUR)
    assert join(neighbour, link_of(town, s.NEIGHBOUR)).status_code == 303, "and again"
    assert neighbour.get(f"/data?point={town.points[s.FLAT]}").status_code == 200


@pytest.mark.parametrize("how", ["blocked", "handed over"])
def test_it_ends_with_the_owner_s_own(app: Flask, town: Scene, owner: FlaskClient, how: str) -> None:
    invite(owner, s.NEIGHBOUR)
    neighbour = person(app, s.NEIGHBOUR)
    link = link_of(town, s.NEIGHBOUR)
    join(neighbour, link)
    invite(owner, "later@example.org")
    with writing(town.engine).begin() as connection:
        mine = town.viewer(s.CONSUMER).account
        if how == "blocked":
            connection.execute(update(account).where(account.c.id == mine).values(state="blocked"))
        else:
            connection.execute(update(grant).where(grant.c.account == mine).values(valid_to=s.NOW))
    assert neighbour.get(f"/data?point={town.points[s.FLAT]}").status_code == 404
    assert app.test_client().get(link_of(town, "later@example.org")).status_code == 404


def test_a_letter_is_good_for_a_week(app: Flask, town: Scene, owner: FlaskClient, clock: Clock) -> None:
    invite(owner, until="2027-01-31")
    clock.now += GOOD_FOR
    assert app.test_client().get(link_of(town)).status_code == 404


def test_what_is_wrong_is_told_at_its_field(app: Flask, town: Scene, owner: FlaskClient) -> None:
    foreign = str(town.accounts["100-3"])
    for changes, field in (
        ({"mail": "не почта"}, "mail"),
        ({"mail": s.CONSUMER}, "mail"),
        ({"until": "2026-11-01"}, "until"),
        ({"until": "2028-11-01"}, "until"),
        ({"contract": foreign}, "contract"),
    ):
        assert set(said(invite(owner, **{"mail": MAIL} | changes))) == {field}, changes
    for number in range(MOST):
        assert invite(owner, f"n{number}@example.org").status_code == 303
    assert invite(owner).status_code == 422
    assert not letters(town, MAIL)


def test_a_guest_who_is_found_to_be_an_owner_becomes_one(app: Flask, town: Scene, owner: FlaskClient) -> None:
    invite(owner, s.NEIGHBOUR)
    neighbour = person(app, s.NEIGHBOUR)
    join(neighbour, link_of(town, s.NEIGHBOUR))
    neighbour.post("/me/contract", data={"number": "100-1", "csrf_token": token(neighbour, "/me")})
    operator = person(app, s.OPERATOR)
    sent = {"decision": "approve", "number": "100-1", "csrf_token": token(operator, "/console/applications/1")}
    assert operator.post("/console/applications/1", data=sent).status_code == 303
    with writing(town.engine).begin() as connection:
        mine = town.viewer(s.CONSUMER).account
        connection.execute(update(account).where(account.c.id == mine).values(state="blocked"))
    assert neighbour.get(f"/data?point={town.points[s.FLAT]}").status_code == 200


def test_a_guest_of_the_next_owner_sees_what_that_one_sees(app: Flask, town: Scene, owner: FlaskClient) -> None:
    invite(owner, s.NEIGHBOUR)
    neighbour = person(app, s.NEIGHBOUR)
    join(neighbour, link_of(town, s.NEIGHBOUR))
    cut = s.NOW - 5 * 86_400
    with writing(town.engine).begin() as connection:
        mine = town.viewer(s.CONSUMER).account
        connection.execute(update(grant).where(grant.c.account == mine).values(valid_to=cut))
        add_grant(connection, town.viewer(s.FORMER).account, town.accounts["100-1"], cut)
    following = person(app, s.FORMER)
    assert invite(following, s.NEIGHBOUR, contract=str(town.accounts["100-1"])).status_code == 303
    assert join(neighbour, link_of(town, s.NEIGHBOUR)).status_code == 303
    spans = []
    with town.engine.connect() as connection:
        for mail in (s.FORMER, s.NEIGHBOUR):
            spans.append(policy(connection, town.viewer(mail), town.points[s.FLAT], (0, s.NOW)))
    assert spans[0] == spans[1] == (cut, s.NOW)


def test_a_consumer_of_another_company_is_no_guest(app: Flask, town: Scene, owner: FlaskClient, tmp_path: Path) -> None:
    second_company(town, tmp_path / "scene")
    with writing(town.engine).begin() as connection:
        about = {"mail": "far@example.org", "name": "Дальний", "password": s.PASSWORD, "role": "consumer"}
        add_account(connection, s.CHEAP, organisation=2, now=s.NOW, **about)
    invite(owner, "far@example.org")
    guest = person(app, "far@example.org")
    assert join(guest, link_of(town, "far@example.org")).status_code == 422
    assert guest.get(f"/data?point={town.points[s.FLAT]}").status_code == 404


def test_who_was_erased_is_listed_no_more_and_a_guest_can_be_prolonged(
    app: Flask, town: Scene, owner: FlaskClient
) -> None:
    mine, contract = town.viewer(s.CONSUMER).account, town.accounts["100-1"]
    with writing(town.engine).begin() as connection:
        about = {"name": "Гость", "password": s.PASSWORD, "role": "consumer"}
        for number in range(MOST):
            mail = f"g{number}@example.org"
            key = add_account(connection, s.CHEAP, organisation=1, mail=mail, now=s.NOW, **about)
            values = {"account": key, "contract": contract, "role": "reader", "valid_from": 0, "given_by": mine}
            connection.execute(grant.insert().values(**values, ends_at=s.NOW + 86_400))
    assert invite(owner, "g3@example.org").status_code == 303
    assert invite(owner, "g99@example.org").status_code == 422
    with writing(town.engine).begin() as connection:
        erase(connection, key, s.NOW)
    assert "erased-" not in owner.get("/me/family").text
    assert invite(owner, "g99@example.org").status_code == 303


def test_one_letter_lets_one_in(app: Flask, town: Scene, owner: FlaskClient) -> None:
    """Two at once: the second waits for the first, and finds the key used."""
    invite(owner)
    key = parse_qs(urlsplit(link_of(town)).query)["Key"][0]
    first, second = (town.viewer(mail).account for mail in (s.NEIGHBOUR, s.FORMER))
    came: list[str] = []

    def other() -> None:
        try:
            with writing(town.engine).begin() as connection:
                family.join(connection, key, second, s.NOW)
            came.append("in")
        except BadKey:
            came.append("refused")

    with writing(town.engine).begin() as connection:
        family.join(connection, key, first, s.NOW)
        thread = Thread(target=other)
        thread.start()
        thread.join(0.3)  # it is at the key by now, or waits to begin
    thread.join()
    assert came == ["refused"]


def test_a_letter_is_good_no_longer_than_what_it_gives(
    app: Flask, town: Scene, owner: FlaskClient, clock: Clock
) -> None:
    invite(owner, until="2026-11-24")
    assert app.test_client().get(link_of(town)).status_code == 200
    clock.now = s.midnight(date(2026, 11, 25), s.TZ)
    assert app.test_client().get(link_of(town)).status_code == 404


def test_who_has_become_a_guest_himself_lets_nobody_in(app: Flask, town: Scene, owner: FlaskClient) -> None:
    invite(owner)
    guest, contract = town.viewer(s.CONSUMER), town.accounts["100-1"]
    with writing(town.engine).begin() as connection:
        mine = update(grant).where(grant.c.account == guest.account)
        connection.execute(mine.values(given_by=town.viewer(s.NEIGHBOUR).account, ends_at=s.NOW + 86_400))
        add_grant(connection, town.viewer(s.NEIGHBOUR).account, contract, 0)
    assert owner.get(f"/data?point={town.points[s.FLAT]}").status_code == 200
    assert app.test_client().get(link_of(town)).status_code == 404
    with writing(town.engine).begin() as connection, pytest.raises(family.Unfit, match="contract"):
        family.invite(connection, town.viewer(s.CONSUMER), contract, MAIL, s.NOW + 3600, s.NOW)


def test_nobody_is_a_guest_of_his_own(app: Flask, town: Scene, owner: FlaskClient) -> None:
    invite(owner)
    assert join(owner, link_of(town)).status_code == 422
    with town.engine.connect() as connection:
        mine = select(grant).where(grant.c.account == town.viewer(s.CONSUMER).account)
        assert [row.given_by for row in connection.execute(mine)] == [None]


def test_staff_are_nobody_s_guests(app: Flask, town: Scene, owner: FlaskClient) -> None:
    invite(owner, s.OPERATOR)
    operator, link = person(app, s.OPERATOR), link_of(town, s.OPERATOR)
    assert "Вы вошли как сотрудник" in operator.get(link).text
    for client in (operator, app.test_client()):
        assert join(client, link, **NEW).status_code == 200
    with town.engine.connect() as connection:
        theirs = select(grant).where(grant.c.account == town.viewer(s.OPERATOR).account)
        assert connection.execute(theirs).all() == []
    assert log_in(app.test_client(), s.OPERATOR).status_code == 302, "the password is the old one"


def test_who_was_shut_out_does_not_come_in_by_a_letter(app: Flask, town: Scene, owner: FlaskClient) -> None:
    key = town.viewer(s.NEIGHBOUR).account
    with writing(town.engine).begin() as connection:
        connection.execute(update(account).where(account.c.id == key).values(state="blocked"))
    invite(owner, s.NEIGHBOUR)
    assert join(app.test_client(), link_of(town, s.NEIGHBOUR), **NEW).status_code == 422
    with town.engine.connect() as connection:
        row = connection.execute(select(account).where(account.c.id == key)).one()
    assert (row.state, row.name) == ("blocked", "Борис Сидоров")


def test_what_somebody_asked_for_with_the_mail_goes_when_its_owner_comes(
    app: Flask, town: Scene, owner: FlaskClient
) -> None:
    stranger = app.test_client()
    typed = {"name": "Чужой", "number": "100-3", "phone": "8 912 345-67-89", "mail": MAIL}
    word = "пароль чужого человека"
    sent = typed | {"password": word, "repeat": word, "licence": "1", "consent": "1"} | hidden_of(stranger)
    assert stranger.post("/register", data=sent).status_code == 303
    invite(owner)
    assert join(app.test_client(), link_of(town), **NEW).status_code == 303
    key = town.viewer(MAIL).account
    with town.engine.connect() as connection:
        assert connection.execute(select(application).where(application.c.account == key)).all() == []
        assert len(connection.execute(select(consent).where(consent.c.account == key)).all()) == 2
    assert log_in(app.test_client(), MAIL, word).status_code == 401
