"""«Параметры сети»: last values with their age, vectors, a chart with its table and files, limits without a claim."""

import csv
import re
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook

from central.db import writing
from central.metering.zones import midnight
from central.registry.tables import mounting
from central.timeseries.base import LiveRow
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Household, Scene
from tests.central.web.parts import make_app, person

FLAT, NEXT_DOOR = Household(s.FLAT, 5), Household(s.NEXT_DOOR, 1)
DAY = s.LIVE_GAP[0]
SPAN = midnight(DAY, s.TZ), midnight(DAY + timedelta(days=1), s.TZ)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def section(page: str, key: str) -> str:
    found = re.search(rf'<section[^>]*id="{key}".*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_last_values_stand_first_with_their_age(app: Flask, scene: Scene) -> None:
    now = text(section(person(app, s.CONSUMER).get(f"/network?point={scene.points[s.FLAT]}").text, "now"))
    newest = s.live(FLAT, SPAN[1], scene.now - 60)[-1]
    assert "Сейчас 24.11.2026 09:10" in now
    assert "2 минут" in now
    assert f"{newest.values['u_a']:.1f}".replace(".", ",") in now
    assert f"{newest.values['p'] / 1000:.3f}".replace(".", ",") in now
    assert "Ki·Ku" not in now


def test_three_phases_through_transformers_are_of_the_network_and_say_so(app: Flask, scene: Scene) -> None:
    page = person(app, s.NEIGHBOUR).get(f"/network?point={scene.points[s.NEXT_DOOR]}").text
    newest = s.live(NEXT_DOOR, SPAN[1], scene.now - 60)[-1]
    now = text(section(page, "now"))
    assert "с учётом Ki·Ku = 30 · 1" in now
    assert f"{30 * newest.values['i_a']:.2f}".replace(".", ",") in now
    (vectors,) = re.findall(r'<svg class="vectors".*?</svg>', page, re.DOTALL)
    assert re.findall(r"<text[^>]*>(\w+)</text>", vectors) == ["Ua", "Ub", "Uc", "Ia", "Ib", "Ic"]
    assert "принято 120°" in text(page)
    assert "опережает: нагрузка ёмкостная" in text(page)
    assert " style=" not in page


def test_one_phase_has_one_vector_and_no_assumption(app: Flask, scene: Scene) -> None:
    page = person(app, s.CONSUMER).get(f"/network?point={scene.points[s.FLAT]}").text
    (vectors,) = re.findall(r'<svg class="vectors".*?</svg>', page, re.DOTALL)
    assert re.findall(r"<text[^>]*>(\w+)</text>", vectors) == ["U", "I"]
    assert "120°" not in text(page)
    assert "φ = 11,3°" in text(page)  # arctan 1/5


def test_limits_are_told_as_counts_of_samples_and_no_claim(app: Flask, scene: Scene) -> None:
    page = text(person(app, s.CONSUMER).get(f"/network?point={scene.points[s.FLAT]}&day={DAY}").text)
    rows = s.live(FLAT, *SPAN)
    low = sum(row.values["u_a"] < 207 for row in rows)
    assert "по мгновенным значениям" in page
    assert "Это не заключение о качестве электроэнергии" in page
    assert f"{low} из {len(rows)}" in page
    assert "Номинальное напряжение: 230 В" in page


def test_a_day_with_a_gap_is_drawn_with_one_and_tabled_with_one(app: Flask, scene: Scene) -> None:
    client = person(app, s.CONSUMER)
    page = client.get(f"/network?point={scene.points[s.FLAT]}&day={DAY}&page=5").text
    assert len(re.findall(r'<rect class="gap" x="12.5%"', page)) == 1
    row = next(one for one in re.findall(r"<tr data-start.*?</tr>", page, re.DOTALL) if "04:50–05:00" in one)
    assert "—" in row
    assert "нет данных" in row
    month = client.get(f"/network?point={scene.points[s.FLAT]}&length=month&day={DAY}").text
    assert "среднее за 8" in month
    assert client.get(f"/network?point={scene.points[s.FLAT]}&day={DAY}&page=999999").status_code == 200


@pytest.mark.parametrize("what", ["current", "active", "reactive", "apparent", "factor", "frequency"])
def test_each_quantity_is_drawn(app: Flask, scene: Scene, what: str) -> None:
    page = person(app, s.NEIGHBOUR).get(f"/network?point={scene.points[s.NEXT_DOOR]}&what={what}").text
    assert 'class="mean"' in page


def test_what_there_is_not_is_not_found(app: Flask, scene: Scene) -> None:
    client, flat = person(app, s.CONSUMER), scene.points[s.FLAT]
    assert client.get("/network?what=moon").status_code == 404
    assert client.get(f"/network?point={scene.points[s.NEXT_DOOR]}").status_code == 404
    assert client.get(f"/network/file?point={flat}&form=exe").status_code == 404
    assert client.get(f"/network?point={flat}&length=year").status_code == 200


def test_a_meter_that_never_said_any_says_so(app: Flask, scene: Scene) -> None:
    page = person(app, s.CONSUMER).get(f"/network?point={scene.points[s.DACHA]}").text
    assert "Мгновенных значений этой точки ещё нет" in page
    assert "Счётчик не на связи" in page
    assert '<h2 id="network-head"' not in page


def test_a_time_without_values_says_so(app: Flask, scene: Scene) -> None:
    page = text(person(app, s.CONSUMER).get(f"/network?point={scene.points[s.FLAT]}&day=2026-11-01").text)
    assert "За этот период мгновенных значений нет" in page
    assert "им больше 90 суток" in page


@pytest.fixture
def own(copy_of: Copy, tmp_path: Path) -> Scene:
    return copy_of(11, tmp_path / "scene")


def test_a_silent_meter_shows_its_last_values_and_their_day(own: Scene, tmp_path: Path) -> None:
    last = own.now - 10 * 86_400
    own.series.write([LiveRow(f"MIL-{s.DACHA}", last, {"u_a": 199.5, "p": -1500.0, "f": 50.0})])
    page = text(person(make_app(tmp_path / "scene"), s.CONSUMER).get(f"/network?point={own.points[s.DACHA]}").text)
    own.close()
    assert "Счётчик не на связи" in page
    assert "Последние значения 14.11.2026" in page
    assert "10 суток назад" in page
    assert "199,5" in page
    assert "\u22121,500" in page
    assert "сб, 14 ноября 2026" in page


def test_a_meter_for_three_wires_shows_what_it_has(own: Scene, tmp_path: Path) -> None:
    with writing(own.engine).begin() as connection:
        connection.execute(mounting.update().where(mounting.c.point == own.points[s.NEXT_DOOR]).values(wires=3, ku=60))
    values = {"u_a": 100.0, "u_c": 99.0, "i_a": 1.0, "i_c": 1.1, "p": 300.0, "q": 100.0, "s": 316.0}
    own.series.write([LiveRow(f"MIL-{s.NEXT_DOOR}", own.now // 300 * 300 + 10 - 300 * n, values) for n in range(13)])
    page = person(make_app(tmp_path / "scene"), s.NEIGHBOUR).get(f"/network?point={own.points[s.NEXT_DOOR]}").text
    own.close()
    now = text(section(page, "now"))
    assert "6 000 Uab" in now
    assert "Uac" in now
    assert "с учётом Ki·Ku = 30 · 60" in now
    assert "симметрична" in text(page)
    assert "у всех показан общий" in text(page)


def test_a_file_is_what_is_shown(app: Flask, scene: Scene) -> None:
    client, flat = person(app, s.CONSUMER), scene.points[s.FLAT]
    answer = client.get(f"/network/file?point={flat}&day={DAY}&what=voltage&form=csv")
    lines = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    head = next(place for place, line in enumerate(lines) if line[0] == "Начало")
    assert lines[head][2:] == ["U A, В: наименьшее", "U A, В: среднее", "U A, В: наибольшее", "Отсчётов"]
    by_start = {line[0]: line for line in lines[head + 1 :]}
    assert len(by_start) == 144
    rows = [row.values["u_a"] for row in s.live(FLAT, SPAN[0], SPAN[0] + 600)]
    first = by_start[f"{DAY}T00:00+03:00"]
    assert [float(cell.replace(",", ".")) for cell in first[2:5]] == [
        min(rows),
        pytest.approx(sum(rows) / len(rows), abs=0.0006),
        max(rows),
    ]
    assert by_start[f"{DAY}T03:00+03:00"][2:] == ["", "", "", "0"]


def test_every_sample_is_a_row_of_a_workbook(app: Flask, scene: Scene) -> None:
    client, point = person(app, s.NEIGHBOUR), scene.points[s.NEXT_DOOR]
    answer = client.get(f"/network/file?point={point}&day={DAY}&form=xlsx&each=1")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    lines = list(load_workbook(BytesIO(answer.data), read_only=True).active.iter_rows(values_only=True))
    head = next(place for place, line in enumerate(lines) if line[0] == "Время")
    rows = s.live(NEXT_DOOR, *SPAN)
    assert len(lines) - head - 1 == len(rows)
    column = lines[head].index("I A, А")
    assert float(lines[head + 1][column]) == pytest.approx(30 * rows[0].values["i_a"], abs=0.001)


def test_the_section_has_its_tile(app: Flask, scene: Scene) -> None:
    page = person(app, s.CONSUMER).get(f"/?point={scene.points[s.FLAT]}").text
    assert f'href="/network?point={scene.points[s.FLAT]}"' in page
