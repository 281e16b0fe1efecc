"""Pages and files, letters and messages to a phone are in the language that a person chose in the cabinet, whoever
makes them come."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, and_, select, update

from central.accounts import own, texts
from central.accounts.texts import Kind
from central.db import metadata, writing
from central.news import board
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.notices.parts import DAY, HOUR, Town
from tests.central.scene import Scene
from tests.central.web.crawl import crawl, text_of
from tests.central.web.parts import address, key_of, letters, log_in, make_app, person, send, token
from tests.central.web.test_nonsense import forms

CYRILLIC = re.compile("[а-яё№]+", re.IGNORECASE)
LATIN = {0x410 + place: 0xC0 + place for place in range(64)} | {ord("ё"): "ÿ", ord("Ё"): "Ÿ"}  # one letter for one
OWN = re.compile("Анна[^,!\n]*|Квартира[^\n]*|\n[^\n]*, кв[^\n]*")  # names are nobody's to translate


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


def russian_words(page: str) -> list[str]:
    """But for the name of that language."""
    return CYRILLIC.findall(page.replace(">Русский<", ""))


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


def in_latin(scene: Scene) -> None:
    """All that people, the company and its registry call by a name."""
    with writing(scene.engine).begin() as connection:
        for table in metadata.sorted_tables:
            named = [column for column in table.c if isinstance(column.type, String) and not column.foreign_keys]
            for row in connection.execute(select(table)).mappings().all():
                changed = {column: row[column].translate(LATIN) for column in named if row[column]}
                if any(row[column] != new for column, new in changed.items()):
                    same = and_(*(column == row[column] for column in table.primary_key))
                    connection.execute(update(table).where(same).values(changed))


@pytest.fixture
def reader(town: Town, app: Flask) -> FlaskClient:
    """In English, with something on every page, in a house where nothing has a Russian name."""
    with writing(town.scene.engine).begin() as connection:
        administrator = town.scene.viewer(s.ADMINISTRATOR)
        for kind in Kind:
            texts.write(connection, administrator, kind, "Текст " * 100, s.NOW)
        board.write(connection, administrator, None, date(2026, 11, 24), None, "Новость", "Работы", s.NOW)
    town.come(*((s.NOW - HOUR, 4, code) for code in (4, 1)), (s.NOW - HOUR, 9, 0x43), (s.NOW - HOUR, 4, 200))
    town.tell()
    client = in_english(app)
    in_latin(town.scene)
    return client


def test_no_page_and_no_file_has_a_russian_word(reader: FlaskClient) -> None:
    pages = crawl(reader, "/", "/login", "/help", "/entry", "/about", "/check", "/offline", "/manifest.webmanifest")
    assert len(pages) > 100
    assert {path: found for path, text in pages.items() if (found := russian_words(text))} == {}


@pytest.mark.parametrize("typed", ["", "9" * 30, "abc"])
def test_no_refusal_has_a_russian_word(app: Flask, reader: FlaskClient, typed: str) -> None:
    guest = app.test_client()
    guest.set_cookie("language", "en")
    paths = {address(one) for one in app.url_map.iter_rules() if "GET" in (one.methods or ())}
    told: dict[tuple[str, ...], str] = {}
    for who, client in (("reader", reader), ("guest", guest)):
        for path in sorted(path for path in paths if not path.startswith(("/console", "/static"))):
            page = client.get(path)
            told[who, path] = text_of(page)
            if page.mimetype != "text/html":
                continue
            for action, held in forms(page.text):
                names = held.keys() - {"csrf_token", "once"}
                answer = client.post(action or path, data=held | dict.fromkeys(names, typed))
                told[who, path, action or path] = text_of(answer)
    assert len(told) > 80
    assert {path: found for path, text in told.items() if (found := russian_words(text))} == {}
