"""The guide and «О программе»: a section opens at the place one is at, quotes what the screen says, and shows pictures
that are there; versions are for those who have logged in."""

import platform
import re
from html import unescape
from importlib import metadata
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from central.cabinet.help import PICTURES, PLACES, SECTIONS, picture
from central.db import writing
from central.registry.tables import organisation
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.web.parts import make_app, person
from tests.central.web.test_vendor import STATIC
from tests.central.web.test_words import texts_of_the_sources

ALL_PICTURES = 1_000_000  # bytes

GUEST, VISITORS = None, [None, s.CONSUMER, s.FORMER, s.OPERATOR]


@pytest.fixture(scope="module")
def captions() -> set[str]:
    return texts_of_the_sources()


def section(client: FlaskClient, name: str) -> str:
    """The text of a section, without the page around it."""
    found = re.search(r'<article class="guide-text">(.*)</article>', client.get(f"/help/{name}").text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("mail", VISITORS)
def test_anybody_reads_the_whole_guide_from_section_to_section(app: Flask, mail: str | None) -> None:
    client, read, path = person(app, mail), [], "/help/start"
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


def test_the_contents_lead_to_every_section_and_no_other_is_there(app: Flask) -> None:
    client = person(app, GUEST)
    page = client.get("/help").text
    for name, one in SECTIONS.items():
        assert f'href="/help/{name}"' in page
        assert one.title in page
    for nothing in ("nothing", "parts", "start.html", "../base", "Start"):
        assert client.get(f"/help/{nothing}").status_code == 404


def test_every_page_of_the_cabinet_has_a_place_in_the_guide(app: Flask) -> None:
    """And each place that is named is there."""
    client = person(app, GUEST)
    for endpoint, (name, place) in PLACES.items():
        assert any(rule.endpoint == endpoint for rule in app.url_map.iter_rules()), endpoint
        assert not place or f'id="{place}"' in section(client, name), endpoint
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


def test_what_the_guide_quotes_is_what_the_screen_says(app: Flask, captions: set[str]) -> None:
    client, quoted = person(app, GUEST), set()
    for name in SECTIONS:
        found = {unescape(one) for one in re.findall(r"<q>(.*?)</q>", section(client, name))}
        there = {one for one in found if {one, one[0].lower() + one[1:]} & captions}
        assert found - there == set(), name
        quoted |= found
    assert len(quoted) > 80


def test_every_picture_is_shown_and_every_one_shown_is_there(app: Flask) -> None:
    client, shown = person(app, GUEST), set()
    for name in SECTIONS:
        for tag in re.findall(r"<img [^>]*>", section(client, name)):
            told = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            file = Path(told["src"].split("?")[0]).name
            assert client.get(told["src"]).status_code == 200
            assert (int(told["width"]), told["loading"]) == (360, "lazy")
            assert int(told["height"]) == picture(Path(file).stem).height
            assert len(told["alt"]) > 20
            shown.add(file)
    there = {one.name: one.stat().st_size for one in PICTURES.iterdir()}
    assert shown == set(there)
    assert sum(there.values()) < ALL_PICTURES


def test_an_english_page_says_that_the_guide_is_in_russian(app: Flask) -> None:
    client = person(app, GUEST)
    assert "Руководство написано по-русски" not in client.get("/help/start").text
    client.set_cookie("language", "en")
    page = client.get("/help/start").text
    assert '<html lang="en"' in page
    assert '<div class="guide" lang="ru">' in page
    assert re.search(r'<p class="second">[^<]+</p>\s*<div class="guide"', page)


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
