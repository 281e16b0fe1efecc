"""Every text of the screens has its English, and the compiled catalogues are those of the sources."""

import re
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask

from central.faces import words
from central.faces.speaking import speaking
from central.figures.views import Concern
from central.metering.consumption import Rule
from central.metering.terms import ACT, MANUAL, State
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.web.parts import person

CENTRAL = Path(__file__).parent.parent.parent.parent / "central"
EVENTS = CENTRAL.parent / "protocol" / "spodes"  # what meters write down is called there
TEMPLATES = ("templates/**.html", "templates/**.txt")
SOURCES = [("**.py", "python"), *((found, "jinja2") for found in TEMPLATES)]
NAMES = [("events.json", "central.faces.event_words.texts")]
IN_CONTEXT = ((1, "c"), 2)
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": IN_CONTEXT,
    "lazy_pgettext": IN_CONTEXT,
}


def catalogue(language: str) -> Catalog:
    with open(CENTRAL / f"translations/{language}/LC_MESSAGES/messages.po", "rb") as file:
        return read_po(file, locale=language)


def texts_of_the_sources() -> set[str]:
    options = {found: {"newstyle_gettext": "true"} for found in TEMPLATES}
    found = (extract_from_dir(CENTRAL, SOURCES, options, keywords=KEYWORDS), extract_from_dir(EVENTS, NAMES))
    return {_key(text, context) for _, _, text, _, context in chain.from_iterable(found)}


@pytest.mark.quick
def test_every_text_has_its_english_and_no_other_is_kept() -> None:
    found = texts_of_the_sources()
    whole = catalogue("en")
    english = {_key(message.id, message.context): message for message in whole}
    english.pop("")
    assert found == set(english)
    assert [text for text, message in english.items() if not message.string] == []
    assert [text for text, message in english.items() if not list(message.check(whole))] == list(english)


@pytest.mark.quick
def test_english_is_latin_but_for_names_of_sheets() -> None:
    told = [text for message in catalogue("en") for text in _all(message.string) if message.id]
    assert [text for text in told if re.search("[а-яё]", re.sub("«[^»]*»", "", text), re.IGNORECASE)] == []


@pytest.mark.quick
@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_compiled_catalogue_is_that_of_the_source(language: str) -> None:
    with open(CENTRAL / f"translations/{language}/LC_MESSAGES/messages.mo", "rb") as file:
        compiled = read_mo(file)
    assert texts(compiled) == texts(catalogue(language))


def texts(found: Catalog) -> dict[str, tuple[str, ...]]:
    """Key -> all its translations."""
    return {_key(one.id, one.context): _all(one.string) for one in found if one.id}


def _all(text: str | Iterable[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def _key(text: str | Iterable[str], context: str | bytes | None) -> str:
    """The text, of a plural its singular; after its context, if it has one (bytes, where Babel read it of a .mo)."""
    told = context.decode() if isinstance(context, bytes) else context
    return f"{told}|{_all(text)[0]}" if told else _all(text)[0]


@pytest.mark.quick
def test_every_word_of_the_code_has_a_caption() -> None:
    assert set(words.STATES) == set(State)
    assert set(words.CONCERNS) == set(Concern)
    assert set(words.RULES) == set(Rule)
    assert set(words.KINDS) == {Kind.DAILY, Kind.MONTHLY, Kind.NOW, ACT, MANUAL}
    assert set(words.MARKS) == set(State) - {State.MEASURED, State.ZERO, State.NOT_DUE}


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "1 интервал"), (2, "2 интервала"), (14, "14 интервалов"), (48, "48 интервалов"), (101, "101 интервал")],
)
def test_counts_are_told_in_russian(app: Flask, count: int, said: str) -> None:
    with app.test_request_context("/"):
        assert words.intervals(count) == said


def test_a_word_that_is_two_in_english_is_told_apart(app: Flask) -> None:
    client, reader = app.test_client(), person(app, s.CONSUMER)
    for one in (client, reader):
        one.set_cookie("language", "en")
    assert "<legend>Account details</legend>" in client.get("/login").text
    assert "<h1>Metering data</h1>" in reader.get("/data").text


def test_pages_speak_english_where_it_was_chosen(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    client.set_cookie("language", "en")
    main, data = client.get("/").text, client.get("/data?point=2&length=month&day=2026-11-01").text
    for said in ("The meter is in touch", "Yesterday, Mon 23 November", "more than 1–24 October", "Metering data"):
        assert said in main
    assert "November 2026" in data
    assert f"Lacking: {12 * 48 + 16} intervals." in data
    assert "Учетные данные" not in main


@pytest.mark.parametrize(("language", "told"), [("ru", "Яндекс Браузер, Windows"), ("en", "Yandex Browser, Windows")])
def test_a_device_is_called_in_the_language_of_the_page(language: str, told: str) -> None:
    with speaking(language):
        assert words.device("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 YaBrowser/24.12") == told
