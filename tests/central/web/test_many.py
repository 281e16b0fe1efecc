"""A consumer with dozens of points, as a factory has: they stand in the order in which people count, and every page
stays one that can be used."""

import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from central.cabinet import chosen, hand_in, pages
from central.db import writing
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import THREE_ZONES
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.shops import NAMES, SHOPS, add_shops
from tests.central.web.parts import make_app, person, send


@pytest.fixture
def factory(town: Scene) -> Scene:
    add_shops(town)
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


def test_one_of_many_points_is_found_by_its_name(anna: FlaskClient) -> None:
    assert "data-filter" in anna.get("/readings").text


def test_all_points_are_chosen_at_once(anna: FlaskClient) -> None:
    (way,) = re.findall(r'<a href="([^"]+)">Показать все точки</a>', anna.get("/data").text)
    assert 'id="load-sum"' in anna.get(unescape(way)).text
    assert len(re.findall("point=", way)) == SHOPS + 2


def test_a_month_is_summed_of_all_points(anna: FlaskClient) -> None:
    text = anna.get("/consumption").text
    assert "32 точки" in text
    assert text.split('class="on-paper"')[1].split("</dl>")[0].count("<div>") == 3, (
        "points, period and when it was made"
    )
    assert "показаны первые" not in text


def test_points_that_are_too_many_for_one_page_stand_on_several(
    anna: FlaskClient, factory: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (chosen, pages, hand_in):
        monkeypatch.setattr(module, "MOST_TOGETHER", 15)
    text = anna.get("/entry").text
    assert "Вместе показаны первые 15, всего точек: 32." in text
    ways = [unescape(way) for way in re.findall(r'<a href="(/entry\?[^"]+)" aria-label="Точки учета', text)]
    legends = [re.findall(r"<legend>.*?<b>(.*?)</b>", anna.get(way).text) for way in ways]
    assert [len(one) for one in legends] == [15, 15, 2]
    assert sorted(name for one in legends for name in one) == sorted([*NAMES, "Квартира", "Дача"])


def test_a_point_without_a_price_is_why_there_is_no_cost_of_all(anna: FlaskClient, factory: Scene) -> None:
    flat, dacha = (factory.points[serial] for serial in (s.FLAT, s.DACHA))
    both = f"/consumption?day=2026-11-22&point={flat}&point={dacha}"
    assert "Нет цены" not in anna.get(both).text
    with writing(factory.engine).begin() as connection, entering(connection, at=factory.now, kind="test") as act:
        free = enter.add_scheme(act, "без цены", THREE_ZONES, s.date(2013, 11, 26))
        enter.set_terms(act, flat, s.date(2026, 11, 1), scheme=free)
    told = anna.get(both).text
    assert "Нет цены для расчёта" in told
    assert "Квартира. Стоимость появится" in told
    told = anna.get(both.replace("/consumption?day", "/data?length=week&step=day&day")).text
    assert "Нет цены для расчёта: Квартира. Стоимость появится" in told


def test_zones_of_points_with_different_tariffs_have_no_numbers(anna: FlaskClient, factory: Scene) -> None:
    """«Т2» of one is «Т3» of another."""
    flat, shop = factory.points[s.FLAT], factory.points["Цех 1"]
    assert "Т2 ночь" in anna.get(f"/consumption?day=2026-11-22&point={flat}").text
    told = anna.get(f"/consumption?day=2026-11-22&point={flat}&point={shop}").text
    assert "ночь" in told
    assert not re.search(r"Т\d (ночь|день|пик)", told)


def test_reports_open_of_all_points_whichever_one_looks_at(anna: FlaskClient, factory: Scene) -> None:
    text = anna.get(f"/?point={factory.points['Цех 7']}").text
    tiles = re.findall(r'class="tile" href="([^"]+)"', text)
    assert "/reports" in tiles
    assert f"/readings?point={factory.points['Цех 7']}" in tiles


def test_the_menu_keeps_the_point_and_the_time_that_were_chosen(anna: FlaskClient, factory: Scene) -> None:
    point = factory.points["Цех 7"]
    menu = unescape(anna.get(f"/readings?point={point}&length=month&day=2026-10-15").text)
    assert f'href="/data?length=month&day=2026-10-01&point={point}"' in menu
    assert f'href="/complexes?length=month&day=2026-10-01&point={point}"' in menu
    assert f'href="/?point={point}"' in menu
    assert 'href="/reports"' in menu
    assert f'href="/data?point={point}"' in unescape(anna.get(f"/readings?point={point}").text), (
        "the usual time of each"
    )


def test_a_meter_that_was_never_heard_has_no_reading_of_a_day(anna: FlaskClient, factory: Scene) -> None:
    assert "ещё не сообщил ни одного показания" in anna.get(f"/reading?point={factory.points['Цех 7']}").text


def test_a_month_begins_with_its_first_day_wherever_its_points_lie(village: Scene, tmp_path: Path) -> None:
    """In Yekaterinburg it begins two hours before it does in Moscow."""
    tz, meter = "Asia/Yekaterinburg", "MIL-9001"
    begun = s.midnight(s.date(2026, 11, 1), tz)
    with writing(village.engine).begin() as connection, entering(connection, at=village.now, kind="test") as act:
        where = {"address": "Екатеринбург", "tz": tz, "scheme": village.schemes["two"]}
        point = enter.add_point(act, 1, "Ц-1", name="Склад", **where)
        enter.add_meter(act, meter, serial="9001", type="Милур 107S", maker="Милур")
        enter.mount(act, point, meter, begun)
        enter.attach(act, village.accounts["100-1"], point, begun)
    days = [s.midnight(s.date(2026, 11, day), tz) for day in range(1, 25)]
    kwh = {"ap0": 3_000_000, "ap1": 2_000_000, "ap2": 1_000_000}
    rows = [
        s.RegisterRow(meter, moment, s.Kind.DAILY, 0, {name: value * number for name, value in kwh.items()})
        for number, moment in enumerate(days)
    ]
    village.arrive(meter, *rows)
    text = person(make_app(tmp_path / "scene"), s.CONSUMER).get("/consumption").text
    assert "Ноябрь 2026, с 1 по 24, 3 точки" in text


def test_a_table_of_more_points_than_a_page_is_wide_says_so_where_its_file_was_asked_for(anna: FlaskClient) -> None:
    asked = {"length": "day", "day": "2026-11-23", "form": "pdf"}
    answer = send(anna, "/reports/together/make", at="/reports/together", **asked)
    told = anna.get(answer.headers["Location"], follow_redirects=True).text
    assert re.search(r"В отчёте 35 столбцов, в файл такого вида входит \d+\.", told)
