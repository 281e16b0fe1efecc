"""A consumer with dozens of points, as a factory has: they stand in the order in which people count, and every page
stays one that can be used."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from central.db import writing
from central.registry import enter
from central.registry.changes import entering
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person

SHOPS = 30  # beside Anna's two points
NAMES = [f"Цех {number}" for number in range(1, SHOPS + 1)]


@pytest.fixture
def factory(town: Scene) -> Scene:
    """«Цех 1» … «Цех 30» on three boards, which are Anna's too; each has a meter that was never heard."""
    begun = s.midnight(s.date(2026, 11, 22), s.TZ)
    with writing(town.engine).begin() as connection, entering(connection, at=town.now, kind="test") as act:
        boards = [enter.add_node(act, 1, "switchboard", f"ЩС-{number}", 1) for number in (1, 2, 10)]
        for number, name in enumerate(NAMES, 1):
            where = {"address": "Заводская, 1", "tz": s.TZ, "scheme": town.schemes["two"], "node": boards[number % 3]}
            point = enter.add_point(act, 1, f"Ц-{number}", name=name, **where)
            meter = enter.add_meter(act, f"MIL-9{number:03}", serial=f"9{number:03}", type="Милур 107S", maker="Милур")
            enter.mount(act, point, meter, begun)
            enter.attach(act, town.accounts["100-1"], point, begun)
            town.points[name] = point
    return town


@pytest.fixture
def anna(factory: Scene, tmp_path: Path) -> FlaskClient:
    return person(make_app(tmp_path / "scene"), s.CONSUMER)


def shops(text: str) -> list[str]:
    """Each once, in the order in which a page tells of them."""
    return list(dict.fromkeys(re.findall(r"Цех \d+", text)))


@pytest.mark.parametrize("path", ["/readings", "/data", "/entry", "/reports?open=1", "/consumption"])
def test_points_stand_in_the_order_of_their_numbers(anna: FlaskClient, path: str) -> None:
    found = shops(anna.get(path).text)
    assert len(found) > 9
    assert found == NAMES[: len(found)]


def test_points_of_a_report_stand_in_the_order_of_their_numbers(anna: FlaskClient) -> None:
    text = anna.get("/reports/readings?length=day&day=2026-11-23").text
    assert shops(text.split("<table")[1]) == NAMES


def test_levels_of_the_network_stand_in_the_order_of_their_numbers(anna: FlaskClient) -> None:
    found = re.findall(r'<option value="ТП-118\\(ЩС-\d+)"', anna.get("/reports?open=1").text)
    assert found == ["ЩС-1", "ЩС-2", "ЩС-10"]


def test_silent_points_stand_in_the_order_of_their_numbers(anna: FlaskClient, factory: Scene) -> None:
    told = anna.get(f"/?point={factory.points[s.FLAT]}").text.split('<div class="right">')[1]
    assert shops(told) == NAMES
