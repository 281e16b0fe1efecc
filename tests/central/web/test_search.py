"""The search box on every page of the console: things by kind, the first of each, and what can be looked for."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from central.db import writing
from central.registry import enter
from central.registry.changes import entering
from tests.central import scene as s
from tests.central.scene import Scene, build
from tests.central.sql import Sql
from tests.central.web.parts import make_app, person


@pytest.fixture
def scene(sql: Sql, tmp_path: Path) -> Iterator[Scene]:
    made = build(tmp_path, days=0)
    with writing(made.engine).begin() as connection, entering(connection, at=made.now, kind="test") as change:
        enter.add_concentrator(change, 1, "edge-7", title="Щит", address="ул. Садовая, 12")
    yield made
    made.close()


@pytest.fixture
def app(scene: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path)


def kinds(page: str) -> list[str]:
    return re.findall(r'data-kind="(\w+)"', page)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("садовая", ["point", "edge"]),
        ("04217795", ["point", "meter"]),
        ("100-1", ["point", "contract"]),
        ("ТП-118", ["point", "node"]),
        ("нетакого", []),
        ("", []),
    ],
)
def test_all_kinds_are_found_at_once(app: Flask, asked: str, found: list[str]) -> None:
    page = person(app, s.OPERATOR).get("/console/search", query_string={"q": asked})
    assert page.status_code == 200
    assert kinds(page.text) == found
    assert ("последние цифры" in page.text) == (not found), "what can be looked for is said where nothing is found"


def test_each_links_to_its_page(app: Flask, scene: Scene) -> None:
    operator = person(app, s.OPERATOR)
    page = operator.get("/console/search?q=" + s.FLAT).text
    links = re.findall(r'<li><a href="(/console/\w+/[^"]+)"', page)
    assert links == [f"/console/points/{scene.points[s.FLAT]}", f"/console/meters/MIL-{s.FLAT}"]
    assert {operator.get(link).status_code for link in links} == {200}


def test_the_box_is_on_every_page_of_the_console_and_on_no_consumer_s(app: Flask) -> None:
    for address in ("/console/points", "/console/changes", "/console/audit", "/console/network"):
        assert 'id="find-all"' in person(app, s.OPERATOR).get(address).text
    assert 'id="find-all"' not in person(app, s.CONSUMER).get("/").text


def test_the_tree_is_filtered_by_a_name_and_shows_what_is_above(app: Flask) -> None:
    page = person(app, s.OPERATOR).get("/console/network?find=вру").text
    names = re.findall(r'class="name"[^>]*>([^<]+)<', page)
    assert names[1:] == ["ТП-118", "ВРУ-0,4 кВ"]
    nothing = person(app, s.OPERATOR).get("/console/network?find=нетакого").text
    assert "ТП-118" not in nothing
