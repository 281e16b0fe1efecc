"""A figure of a report, the page that it opens, and the cabinet's own pages of the same period say the same."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from html import unescape
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from central.db import writing
from central.faces.formats import kilo
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.reports.description import Address, Kind, Role
from central.timeseries.base import RegisterRow
from protocol.reading import Kind as Store
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.reports.parts import KWH, Table, Told, run
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person

NOVEMBER = {"length": "month", "day": "2026-11-01"}
ASKED: Mapping[str, Mapping[str, str]] = {
    "details": {"step": "day"},
    "together": {"step": "day"},
    "months": {},
    "profile": {},
}


@pytest.fixture
def anna(app: Flask) -> FlaskClient:
    return person(app, s.CONSUMER)


def words_of(client: FlaskClient, app: Flask, address: Address) -> str:
    with app.test_request_context():
        path = url_for(address.endpoint, **address.query)
    page = client.get(path)
    assert page.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).replace("\xa0", " ").replace("\u202f", " ").split())


def stands(number: str, page: str) -> bool:
    """By itself, not as a part of another one."""
    return re.search(rf"(?<![\d,]){re.escape(number)}(?![\d,]\d)", page) is not None


def energies(table: Table, told: Told) -> Iterator[tuple[str, int]]:
    """Columns that open a page, with whole energies."""
    for column in table.document.columns:
        cell = told.cells[column.name]
        if column.kind is Kind.ENERGY and isinstance(cell, int) and column.name in told.row.opens:
            yield column.name, cell


def shown(energy: int, digits: int = 2) -> str:
    return kilo(energy, digits).replace("\xa0", " ")


@pytest.mark.parametrize("word", ASKED)
def test_a_sum_is_what_the_cabinet_says_of_the_month(app: Flask, scene: Scene, anna: FlaskClient, word: str) -> None:
    flat = scene.points[s.FLAT]
    table = run(scene, s.CONSUMER, word, flat, **NOVEMBER, **ASKED[word])
    name = {"details": "value", "together": f"point_{flat}", "months": "this", "profile": "active_import"}[word]
    energy = table.total.cells[name]
    assert isinstance(energy, int)
    data = words_of(anna, app, Address("cabinet.data", {"point": flat, **NOVEMBER}))
    assert f"{shown(energy)} кВт·ч" in data
    assert stands(shown(energy), words_of(anna, app, table.total.row.opens[name]))


@pytest.mark.parametrize("word", ASKED)
def test_every_figure_opens_a_page_that_shows_it(app: Flask, scene: Scene, anna: FlaskClient, word: str) -> None:
    table = run(scene, s.CONSUMER, word, scene.points[s.FLAT], **NOVEMBER, **ASKED[word])
    days = [table.rows[number] for number in (0, 16, len(table.rows) // 2)]
    lines = [one for one in table.of(Role.LINE) if one.row.opens]
    checked = 0
    for told in (*days, *lines, table.total):
        for name, energy in islice(energies(table, told), 4):
            if name != "delta" and not name.startswith("zone_"):
                digits = 3 if word == "profile" and told.row.role is Role.ROW else 2  # of an interval
                page = words_of(anna, app, told.row.opens[name])
                assert stands(shown(energy, digits), page), (name, told.text)
                checked += 1
    assert checked >= 4


def test_zones_open_the_day_that_tells_them(app: Flask, scene: Scene, anna: FlaskClient) -> None:
    table = run(scene, s.CONSUMER, "details", scene.points[s.FLAT], **NOVEMBER, step="day")
    row = table.rows[9]
    page = words_of(anna, app, row.row.opens["zone_peak"])
    for name in ("zone_peak", "zone_night", "zone_half_peak"):
        energy = row.cells[name]
        assert isinstance(energy, int)
        assert stands(shown(energy), page)


def test_a_maximum_opens_the_day_with_its_interval(app: Flask, scene: Scene, anna: FlaskClient) -> None:
    row = run(scene, s.CONSUMER, "maxima", scene.points[s.FLAT], **NOVEMBER).rows[9]
    power: Any = row.cells["most"]
    page = words_of(anna, app, row.row.opens["most"])
    assert stands(shown(power // 2, 3), page)  # of half an hour
    assert str(row.cells["at"]) in page


def test_completeness_opens_the_counts_of_the_month(app: Flask, scene: Scene, anna: FlaskClient) -> None:
    table = run(scene, s.CONSUMER, "completeness", scene.points[s.FLAT], **NOVEMBER)
    counts: Any = table.total.cells
    page = words_of(anna, app, table.total.row.opens["received"])
    assert f"Интервалов к этому времени: {counts['expected']:,}.".replace(",", " ") in page
    for name, word in (("received", "измерено"), ("estimated", "оценка"), ("off", "отключено")):
        assert re.search(f"{word} {counts[name]:,}".replace(",", " "), page), name


@pytest.mark.parametrize("word", ["readings", "flows"])
def test_what_two_meters_counted_is_on_the_page_that_it_opens(copy_of: Copy, tmp_path: Path, word: str) -> None:
    own = copy_of(11, tmp_path / "scene")
    flat, meter, day = own.points[s.FLAT], f"MIL-{s.FLAT}", date(2026, 11, 19)
    at = midnight(day, s.TZ)
    (last,) = own.series.registers(meter, [Store.DAILY], at - 1, at)
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
        enter.add_meter(change, "M-2", serial="M-2", type="т", maker="м")
        begins = dict.fromkeys(("ap0", "ap1", "ap2", "ap3"), KWH)
        act = {"old_meter": meter, "act": "а", "reason": "п", "reg_end": last.values, "reg_start": begins}
        enter.replace_meter(change, flat, "M-2", at, **act)
    shows = {"ap0": 8 * KWH, "ap1": 2 * KWH, "ap2": 3 * KWH, "ap3": 4 * KWH}
    own.arrive("M-2", RegisterRow("M-2", at + 3 * 86_400, Store.DAILY, 0, shows))
    words = {"length": "own", "day": "2026-11-16", "last": "2026-11-21", "tariffs": "0", "replaced": "1"}
    (row,) = run(own, s.CONSUMER, word, flat, **words).rows
    name = {"readings": "energy", "flows": "in_energy"}[word]
    energy = row.cells[name]
    assert isinstance(energy, int)
    assert energy > 7 * KWH
    app = make_app(tmp_path / "scene")
    assert stands(shown(energy), words_of(person(app, s.CONSUMER), app, row.row.opens[name]))
    own.close()
