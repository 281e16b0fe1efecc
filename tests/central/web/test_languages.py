"""Letters and messages to a phone are in the language that a person chose in the cabinet, whoever makes them come."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.accounts import own
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.notices.parts import DAY, HOUR, Town
from tests.central.web.parts import key_of, letters, log_in, make_app, person, send, token

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
OWN = re.compile("Учёт|Анна[^,!\n]*|Квартира[^\n]*|\n[^\n]*, кв[^\n]*")  # names are nobody's to translate


@pytest.fixture
def town(copy_of: Copy, tmp_path: Path) -> Iterator[Town]:
    made = Town(copy_of(25, tmp_path / "scene"), tmp_path / "scene")
    made.known_for(20 * DAY)
    yield made
    made.scene.close()


@pytest.fixture
def app(town: Town, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def choose(client: FlaskClient, language: str) -> None:
    assert client.post("/language", data={"csrf_token": token(client, "/me"), "language": language}).status_code == 302


def in_english(app: Flask, mail: str = s.CONSUMER) -> FlaskClient:
    client = person(app, mail)
    choose(client, "en")
    return client


def russian(text: str) -> list[str]:
    """Words of it that stand in Russian and are no names."""
    return CYRILLIC.findall(OWN.sub("", text))


def test_a_case_is_told_in_the_language_that_was_chosen(town: Town, app: Flask) -> None:
    in_english(app)
    town.come((s.NOW - HOUR, 4, 4), (s.NOW - HOUR, 4, 1))
    town.tell()
    (letter,) = town.letters()
    assert "What to do." in letter["text"]
    assert "The case of the meter was opened" in letter["text"]
    assert '<html lang="en">' in letter["html"]
    assert russian(letter["subject"] + letter["text"]) == []


def test_until_anything_is_chosen_it_is_russian_and_can_be_again(town: Town, app: Flask) -> None:
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    choose(in_english(app), "ru")
    town.come((s.NOW - 1800, 4, 1))
    town.tell()
    assert ["Что делать." in letter["text"] for letter in town.letters()] == [True, True]


def test_a_page_does_not_know_a_language_that_there_is_not(town: Town, app: Flask) -> None:
    client = in_english(app)
    choose(client, "fr")
    assert town.scene.viewer(s.CONSUMER).language == "en"


def test_who_writes_reads_another_language_than_who_is_written_to(town: Town, app: Flask) -> None:
    in_english(app)
    guest, english = app.test_client(), app.test_client()
    english.set_cookie("language", "en")
    send(guest, "/forgotten", mail=s.CONSUMER)
    send(english, "/forgotten", mail=s.NEIGHBOUR)
    anna, neighbour = letters(town.scene, s.CONSUMER), letters(town.scene, s.NEIGHBOUR)
    assert russian(anna[-1]["text"]) == []
    assert len(key_of(anna[-1])) == 43
    assert "Здравствуйте" in neighbour[-1]["text"]
    assert '<html lang="ru">' in neighbour[-1]["html"]


def test_what_was_chosen_before_the_login_counts_from_it_on(town: Town, app: Flask) -> None:
    client = app.test_client()
    client.post("/language", data={"csrf_token": token(client), "language": "en"})
    assert town.scene.viewer(s.CONSUMER).language == "ru"
    assert log_in(client, s.CONSUMER).status_code == 302
    viewer = town.scene.viewer(s.CONSUMER)
    assert viewer.language == "en"
    person(app, s.CONSUMER)  # of a browser in which nothing was chosen
    assert town.scene.viewer(s.CONSUMER).language == "en"
    with town.scene.engine.connect() as connection:
        assert own.all_of(connection, viewer, s.NOW)["account"]["language"] == "en"


def test_staff_in_a_cabinet_choose_for_themselves(town: Town, app: Flask) -> None:
    operator = person(app, s.OPERATOR)
    key = town.scene.viewer(s.CONSUMER).account
    assert send(operator, f"/console/people/{key}/cabinet", f"/console/people/{key}").status_code in (302, 303)
    choose(operator, "en")
    assert town.scene.viewer(s.CONSUMER).language == "ru"
    assert town.scene.viewer(s.OPERATOR).language == "en"
