"""What a person changes of the own page: phone, consents to newer texts, one more contract within limits."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from central.accounts import texts
from central.accounts.attempts import REGISTRATIONS
from central.accounts.tables import account, application, audit, consent
from central.accounts.texts import Kind
from central.db import writing
from central.registry.tables import organisation
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person, send


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def write(scene: Scene, kind: Kind, words: str) -> int:
    with writing(scene.engine).begin() as connection:
        texts.write(connection, scene.viewer(s.ADMINISTRATOR), kind, words * 40, s.NOW - 3600)
        return texts.current(connection, 1)[kind].id


def agreed(scene: Scene, mail: str = s.CONSUMER) -> list[tuple[int, int, str]]:
    with scene.engine.connect() as connection:
        mine = select(consent).where(consent.c.account == scene.viewer(mail).account).order_by(consent.c.id)
        return [(row.legal_text, row.at, row.address) for row in connection.execute(mine)]


def test_a_phone_is_changed_by_its_owner_and_may_be_taken_away(app: Flask, town: Scene) -> None:
    client = person(app, s.CONSUMER)
    assert "Имя — как в договоре. Его меняет компания" in client.get("/me").text

    def kept() -> str | None:
        with town.engine.connect() as connection:
            return connection.scalar(select(account.c.phone).where(account.c.mail == s.CONSUMER))

    for typed, stands in (("8 (912) 345-67-89", "+79123456789"), ("", None), ("+44 20 7946 0958", "+442079460958")):
        assert send(client, "/me/phone", "/me", phone=typed).status_code == 303
        assert kept() == stands
        assert (stands or "не назван") in client.get("/me").text
    wrong = send(client, "/me/phone", "/me", phone="звоните")
    assert (wrong.status_code, 'value="звоните"' in wrong.text) == (422, True)
    assert 'name="back" value="/me"' in wrong.text, "the switches of theme and language lead to the page of the form"
    assert kept() == "+442079460958"
    with town.engine.connect() as connection:
        rows = connection.execute(select(audit).where(audit.c.action == "phone changed")).all()
    assert len(rows) == 3
    assert "7946" not in str(rows)


def test_consents_are_listed_with_version_time_and_address_and_read_as_they_were(app: Flask, town: Scene) -> None:
    first = write(town, Kind.LICENCE, "Старая лицензия. ")
    with writing(town.engine).begin() as connection:
        shown = [texts.current(connection, 1)[Kind.LICENCE]]
        texts.agreed(connection, town.viewer(s.CONSUMER).account, shown, s.NOW - 1800, "203.0.113.9")
    client = person(app, s.CONSUMER)
    page = client.get("/me").text
    assert "редакция 1, 24.11.2026\u00a008:42, с адреса 203.0.113.9" in page
    assert "Новая редакция" not in page
    newer = write(town, Kind.LICENCE, "Новая лицензия. ")
    page = client.get("/me").text
    assert "Новая редакция: Лицензионное соглашение" in page
    assert f"/me/texts/{newer}" in page
    old = client.get(f"/me/texts/{first}").text
    assert "Старая лицензия." in old
    assert "Прочитать редакцию 2" in old
    assert "Согласиться с этой редакцией" not in old
    assert send(client, f"/me/texts/{first}", "/me").status_code == 422, "what is older is not agreed to any more"
    assert "Согласиться с этой редакцией" in client.get(f"/me/texts/{newer}").text
    assert agreed(town) == [(first, s.NOW - 1800, "203.0.113.9")]
    for status in (303, 422):
        assert send(client, f"/me/texts/{newer}", "/me").status_code == status, "agreed twice it is one"
    assert agreed(town)[1:] == [(newer, s.NOW, "127.0.0.1")]
    assert "Новая редакция" not in client.get("/me").text


def test_texts_of_another_company_are_not_there(app: Flask, town: Scene) -> None:
    key = write(town, Kind.LICENCE, "Лицензия. ")
    with writing(town.engine).begin() as connection:
        connection.execute(organisation.insert().values(id=2, name="Дальняя сеть"))
        connection.execute(account.update().where(account.c.mail == s.NEIGHBOUR).values(organisation=2))
    foreign = person(app, s.NEIGHBOUR)
    assert foreign.get(f"/me/texts/{key}").status_code == 404
    assert send(foreign, f"/me/texts/{key}", "/me").status_code == 404
    assert not agreed(town, s.NEIGHBOUR)


def test_so_many_different_numbers_an_hour_and_no_more(app: Flask, town: Scene) -> None:
    client = person(app, s.CONSUMER)

    def ask(client: FlaskClient, number: str) -> int:
        return send(client, "/me/contract", "/me", number=number).status_code

    assert {ask(client, f"9-{number}") for number in range(REGISTRATIONS)} == {303}
    assert ask(client, "9-1") == 303, "what waits already may be asked for again"
    answer = send(client, "/me/contract", "/me", number="9-999")
    assert (answer.status_code, "Разных номеров за час слишком много" in answer.text) == (422, True)
    assert 'value="9-999"' in answer.text
    assert ask(person(app, s.NEIGHBOUR), "9-999") == 303, "each has his own"
    with town.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(application)).scalar_one() == REGISTRATIONS + 1
        assert "9-1" not in str(connection.execute(select(audit.c.subject)).all())
