"""The guide and «О программе»: in each language a section opens at the place one is at, quotes what the screen says,
and shows pictures that are there; versions are for those who have logged in."""

import platform
import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from importlib import metadata
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from central.cabinet.help import PICTURES, PLACES, SECTIONS
from central.db import writing
from central.faces.preferences import LANGUAGES
from central.registry.tables import organisation
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.web.parts import make_app, person
from tests.central.web.test_vendor import STATIC
from tests.central.web.test_words import catalogue, texts

ALL_PICTURES = 2_000_000  # bytes
CYRILLIC = re.compile("[А-Яа-яЁё]+")

GUEST = None
Guide = Mapping[str, Mapping[str, str]]  # language -> section -> its text


def reader(app: Flask, language: str, mail: str | None = GUEST) -> FlaskClient:
    client = person(app, mail)
    client.set_cookie("language", language)
    return client


def article(page: str) -> str:
    """Without what stands around it."""
    found = re.search(r'<article class="guide-text">(.*)</article>', page, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def guide(app: Flask) -> Guide:
    clients = {language: reader(app, language) for language in LANGUAGES}
    return {
        language: {name: article(client.get(f"/help/{name}").text) for name in SECTIONS}
        for language, client in clients.items()
    }


@pytest.fixture(scope="module")
def captions() -> Mapping[str, Mapping[str, str]]:
    """Language -> each text of the sources (`test_words` says that these are all) -> how it stands on the screen."""
    english = {text: said[0] for text, said in texts(catalogue("en")).items()}
    return {"ru": {text: text for text in english}, "en": english}


def quotes(section: str) -> list[str]:
    return [unescape(one) for one in re.findall(r"<q>(.*?)</q>", section)]


def as_it_begins(text: str, among: Mapping[str, str] | set[str]) -> str:
    """With the first letter as it is there: a sentence may begin with what the screen says in its midst."""
    return text if text in among else text[0].lower() + text[1:]


@pytest.mark.parametrize(
    ("mail", "language"), [(GUEST, "ru"), (GUEST, "en"), (s.CONSUMER, "en"), (s.FORMER, "ru"), (s.OPERATOR, "en")]
)
def test_anybody_reads_the_whole_guide_from_section_to_section(app: Flask, mail: str | None, language: str) -> None:
    client, read, path = reader(app, language, mail), [], "/help/start"
    while path:
        page = client.get(path)
        assert page.status_code == 200
        read.append(path.rsplit("/", 1)[1])
        contents = re.findall(r'href="/help/(\w+)"( aria-current="page")?', page.text.split("guide-fold")[1])
        assert (read[-1], ' aria-current="page"') in contents
        assert {name for name, _ in contents} == set(SECTIONS)
        further = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = further[1] if further else ""
        if further:
            assert f'rel="prev" href="/help/{read[-1]}"' in client.get(path).text
    assert read == list(SECTIONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_contents_lead_to_every_section_and_no_other_is_there(app: Flask, language: str) -> None:
    client = reader(app, language)
    page = client.get("/help").text
    tiles = re.findall(r'<a class="tile" href="/help/(\w+)"><span><b>([^<]+)</b><small>([^<]+)</small>', page)
    assert [name for name, _, _ in tiles] == list(SECTIONS)
    for name, title, about in tiles:
        assert f"<h1>{title}</h1>" in client.get(f"/help/{name}").text
        assert (CYRILLIC.search(title + about) is None) == (language == "en")
    for nothing in ("nothing", "parts", "ru", "en", "start.html", "../base", "Start"):
        assert client.get(f"/help/{nothing}").status_code == 404


def test_every_page_of_the_cabinet_has_a_place_in_the_guide(app: Flask, guide: Guide) -> None:
    """And each place that is named is there, in each language."""
    for endpoint, (name, place) in PLACES.items():
        assert any(rule.endpoint == endpoint for rule in app.url_map.iter_rules()), endpoint
        for language, sections in guide.items():
            assert not place or f'id="{place}"' in sections[name], (endpoint, language)
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("cabinet.") and "GET" in (rule.methods or ()) and not rule.arguments
    }
    files = {
        "cabinet.data_file",
        "cabinet.events_file",
        "cabinet.network_file",
        "cabinet.data_line",
        "cabinet.explain_data",
        "cabinet.phone_figures",
    }
    assert pages - files - {"cabinet.help", "cabinet.about"} <= PLACES.keys()


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/data", "/help/data"),
        ("/whatif", "/help/consumption#tariff"),
        ("/forgotten", "/help/registration#forgotten"),
        ("/help/me", "/help"),
        ("/nothing-here", "/help"),
        ("/console/points", "/help"),
    ],
)
def test_help_is_about_the_place_one_is_at(app: Flask, path: str, address: str) -> None:
    with app.test_request_context(path):
        told: dict[str, object] = {}
        app.update_template_context(told)
        assert told["help_here"] == address
        assert url_for("cabinet.help") == "/help"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_guide_quotes_is_what_the_screen_says(
    guide: Guide, captions: Mapping[str, Mapping[str, str]], language: str
) -> None:
    said, quoted = set(captions[language].values()), set()
    for name, section in guide[language].items():
        found = set(quotes(section))
        assert {one for one in found if as_it_begins(one, said) not in said} == set(), name
        quoted |= found
    assert len(quoted) > 80


def test_each_language_tells_the_same_in_its_own_words(guide: Guide, captions: Mapping[str, Mapping[str, str]]) -> None:
    """The same places, links, pictures and steps, and the English for what is quoted in Russian."""
    english = captions["en"]
    for name in SECTIONS:
        russian_one, english_one = guide["ru"][name], guide["en"][name]
        for part in (r' id="([^"]+)"', r' href="([^"]+)"', r"/help/\w\w/(\w+\.png)", r"<(h2|li|dt|dd|p)\b"):
            assert re.findall(part, english_one) == re.findall(part, russian_one), name
        expected = Counter(english[as_it_begins(one, english)].lower() for one in quotes(russian_one))
        assert Counter(one.lower() for one in quotes(english_one)) == expected, name
        assert CYRILLIC.findall(english_one) == [], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_is_shown_and_every_one_shown_is_there(app: Flask, guide: Guide, language: str) -> None:
    client, shown = person(app, GUEST), set()
    for section in guide[language].values():
        for tag in re.findall(r"<img [^>]*>", section):
            told = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            path = told["src"].split("?")[0]
            data = client.get(told["src"]).data
            assert path.startswith(f"/static/help/{language}/")
            assert data[1:4] == b"PNG"
            assert (int(told["width"]), told["loading"]) == (360, "lazy")
            assert int(told["height"]) * 2 == int.from_bytes(data[20:24])
            assert len(told["alt"]) > 20
            shown.add(Path(path).name)
    assert shown == {one.name for one in (PICTURES / language).iterdir()}


def test_all_the_pictures_take_little() -> None:
    assert {one.name for one in PICTURES.iterdir()} == set(LANGUAGES)
    assert sum(one.stat().st_size for one in PICTURES.rglob("*.png")) < ALL_PICTURES


def versions() -> set[str]:
    names = [line.split("\t") for line in (STATIC / "vendor/LIST").read_text().splitlines() if line[0] != "#"]
    return {metadata.version("uchet"), platform.python_version(), *(f"{one[1]} {one[2]}" for one in names)}


@pytest.mark.parametrize("mail", [s.CONSUMER, s.OPERATOR])
def test_who_has_logged_in_is_told_the_versions_and_the_licences(app: Flask, mail: str) -> None:
    client = person(app, mail)
    page = client.get("/about").text
    for one in versions():
        assert one in page
    for address in re.findall(r'href="(/static/vendor/[^"]+)"', page.split('id="parts"')[1].split("</section>")[0]):
        assert "icense" in client.get(address).text


def test_a_guest_is_told_the_name_and_the_contacts_alone(copy_of: Copy, tmp_path: Path) -> None:
    scene = copy_of(2, tmp_path / "scene")
    contacts = {"phone": "8 (800) 000-00-01, доб. 3", "mail": "a@example.org", "address": "Мира, 1", "hours": "пн–пт"}
    with writing(scene.engine).begin() as connection:
        connection.execute(organisation.update().values(**contacts))
    app = make_app(tmp_path / "scene")
    page = person(app, GUEST).get("/about").text
    for one in contacts.values():
        assert one in page
    assert 'href="tel:88000000001"' in page
    assert 'href="mailto:a@example.org"' in page
    assert "Python" not in page
    for one in versions():
        assert one not in page.split("<main")[1].split("</main>")[0]
    for secret in (str(tmp_path), "sqlite", "postgresql", "127.0.0.1"):
        assert secret not in person(app, s.ADMINISTRATOR).get("/about").text
    scene.close()
