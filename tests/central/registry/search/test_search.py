"""The one search box: what is entered is found by its words, however they are typed, and only by its own company."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from central.db import writing
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.search.find import found
from central.registry.search.index import is_empty, rebuild
from central.registry.search.tables import node_points, search_word
from central.registry.search.words import asked, words
from central.registry.tables import contract, node
from central.registry.undo import undo
from tests.central import scene as s
from tests.central.scene import Scene, build
from tests.central.sql import Sql

SWAP = midnight(s.HAND_OVER, s.TZ)


@pytest.fixture
def scene(sql: Sql, tmp_path: Path) -> Iterator[Scene]:
    made = build(tmp_path, days=0)
    yield made
    made.close()


def points(connection: Connection, text: str, organisation: int = 1) -> set[str]:
    return set(found(connection, "point", organisation, text, 20))


@pytest.mark.parametrize(
    "text",
    ["04217795", "17795", "795", "Т-45", "садовая кв", "КВАРТИРА", "анна", "петрова Анна", "100-1", "ТП-118 квартира"],
)
def test_a_point_is_found_by_any_of_its_words_however_they_are_typed(scene: Scene, text: str) -> None:
    with scene.engine.connect() as connection:
        assert str(scene.points[s.FLAT]) in points(connection, text)


@pytest.mark.parametrize("text", ["", " - ", "нетакого", "садовая нетакого", "5", "4217795 борис", "\\", "%", "_"])
def test_what_it_lacks_does_not_find_it(scene: Scene, text: str) -> None:
    with scene.engine.connect() as connection:
        if text != "5":
            assert str(scene.points[s.FLAT]) not in points(connection, text)
        else:  # an end of a number is at least three digits
            assert points(connection, text) == set()


def test_yo_is_ye(scene: Scene) -> None:
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as change:
        enter.add_contract(change, 1, "200-1", "Фёдор Берёзкин", phone="8 (912) 345-67-89")
    with scene.engine.connect() as connection:
        for text in ("федор", "ФЁДОР березк", "+7 912 345 67 89", "89123456789", "9123456789", "6789"):
            assert len(found(connection, "contract", 1, text, 20)) == 1, text


def test_another_company_finds_nothing(scene: Scene) -> None:
    with writing(scene.engine).begin() as connection:
        with entering(connection, at=scene.now, kind="test") as change:
            other = enter.add_organisation(change, "Другая")
        assert points(connection, "04217795", other) == set()
        assert found(connection, "meter", other, "04217795", 20) == []


def test_after_a_replacement_both_serials_find_it_and_after_its_undoing_one(scene: Scene) -> None:
    point = str(scene.points[s.FLAT])
    with writing(scene.engine).begin() as connection:
        with entering(connection, at=scene.now, kind="test") as change:
            enter.add_meter(change, "MIL-777123", serial="777123", type="т", maker="м")
        with entering(connection, at=scene.now + 60, kind="test") as change:
            act = {"old_meter": f"MIL-{s.FLAT}", "act": "а", "reason": "п"}
            enter.replace_meter(change, int(point), "MIL-777123", scene.now + 30, **act)
        assert point in points(connection, "777123")
        assert point in points(connection, s.FLAT)
        with entering(connection, at=scene.now + 60, kind="undo", undoes=change.id) as back:
            undo(back, change.id)
        assert point not in points(connection, "777123")
        assert point in points(connection, s.FLAT)


def test_other_words_are_found_at_once_and_the_old_ones_no_more(scene: Scene) -> None:
    with writing(scene.engine).begin() as connection:
        key = connection.execute(select(contract.c.id).where(contract.c.number == "100-1")).scalar_one()
        station = connection.execute(select(node.c.id).where(node.c.name == "ТП-118")).scalar_one()
        with entering(connection, at=scene.now, kind="test") as change:
            enter.correct(change, contract, key, holder="Зоя Новикова")
            enter.rename_node(change, station, "РП-5")
        assert points(connection, "новикова") == {str(scene.points[s.FLAT]), str(scene.points[s.DACHA])}
        assert points(connection, "анна") == set()
        assert str(scene.points[s.FLAT]) in points(connection, "РП-5")
        assert points(connection, "118") == set()


def test_points_below_a_node_are_counted(scene: Scene) -> None:
    with scene.engine.connect() as connection:
        counted = select(node.c.name, node_points.c.below).join(node, node.c.id == node_points.c.node)
        assert {row.name: row.below for row in connection.execute(counted)} == {"ТП-118": 3, "ВРУ-0,4 кВ": 3}


def test_made_anew_it_is_the_same(scene: Scene) -> None:
    rebuild(scene.engine)  # the scene binds its concentrator past the registry
    with writing(scene.engine).begin() as connection:
        with entering(connection, at=scene.now, kind="test") as change:
            enter.add_concentrator(change, 1, "edge-7", title="Щит", address="ул. Новая", phone="89123456789")
            enter.add_meter(change, "MIL-777123", serial="777123", type="т", maker="м")
            enter.entitle(change, "edge-7", "MIL-777123", 0)
            enter.mount(
                change, enter.add_point(change, 1, "Т-9", **HOUSE, scheme=scene.schemes["two"]), "MIL-777123", 0
            )  # type: ignore[arg-type]
        kept = index(connection)
        assert points(connection, "edge-7 т-9")
    rebuild(scene.engine)
    with scene.engine.connect() as connection:
        assert index(connection) == kept
        assert not is_empty(connection)


HOUSE = {"name": "Дом", "address": "ул. Новая, 1", "tz": s.TZ}


def index(connection: Connection) -> list[tuple[object, ...]]:
    return sorted(map(tuple, connection.execute(select(search_word))))


@pytest.mark.quick
@settings(max_examples=200)
@given(text=st.text(st.sampled_from("аБё1 2-3Z_(+)"), max_size=30))
def test_a_text_is_found_by_what_it_says(text: str) -> None:
    have = words([text], [text])
    for beginning in asked(text):
        assert any(word.startswith(beginning) for word in have)
