"""Values as a file: four different nothings stay different in CSV, in a workbook, for programs; text is no formula."""

import csv
import json
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import update

from central.db import writing
from central.faces.tables import Table, as_csv, as_workbook
from central.metering.zones import midnight
from central.registry.tables import point
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Household, Scene
from tests.central.web.parts import make_app, person

FLAT = Household(s.FLAT, 5)


def query(scene: Scene, day: date, **more: str) -> dict[str, str]:
    told = {"point": str(scene.points[s.FLAT]), "length": "day", "day": day.isoformat(), "step": "half_hour"}
    return told | more


def csv_rows(app: Flask, asked: dict[str, str]) -> list[dict[str, str]]:
    answer = person(app, s.CONSUMER).get("/data/file", query_string=asked | {"form": "csv"})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    lines = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    head = next(number for number, line in enumerate(lines) if line[0] == "Начало")
    return [dict(zip(lines[head], line, strict=True)) for line in lines[head + 1 :]]


def json_rows(app: Flask, asked: dict[str, str]) -> list[dict[str, Any]]:
    answer = person(app, s.CONSUMER).get("/data/file", query_string=asked | {"form": "json"})
    found: list[dict[str, Any]] = json.loads(answer.text)["rows"]
    return found


def test_days_of_points_in_several_zones_have_dates_and_no_offset(copy_of: Copy, tmp_path: Path) -> None:
    """A day of the dacha in Kamchatka begins nine hours before that of the flat: one stamp is not of both."""
    scene = copy_of(25, tmp_path / "scene")
    with writing(scene.engine).begin() as connection:
        away = update(point).where(point.c.id == scene.points[s.DACHA])
        connection.execute(away.values(tz="Asia/Kamchatka"))
    app = make_app(tmp_path / "scene")
    both = {"point": [str(scene.points[serial]) for serial in (s.FLAT, s.DACHA)], "length": "week", "day": "2026-11-02"}
    client = person(app, s.CONSUMER)
    told = client.get("/data/file", query_string=both | {"form": "json"}).json
    assert (told["tz"], told["clocks"]) == (None, ["Europe/Moscow", "Asia/Kamchatka"])
    assert (told["rows"][0]["start"], told["rows"][-1]["end"]) == ("2026-11-02", "2026-11-09")
    lines = client.get("/data/file", query_string=both | {"form": "csv"}).text
    assert "Часовой пояс;Europe/Moscow, Asia/Kamchatka" in lines
    assert "даты по часам каждой точки" in lines
    assert "2026-11-02;2026-11-03;" in lines
    assert "+03:00" not in lines
    scene.close()


def test_a_value_a_gap_no_power_and_what_is_not_due_are_four_things(app: Flask, scene: Scene) -> None:
    off = {row["Начало"]: row for row in csv_rows(app, query(scene, s.POWER_OFF[0]))}
    assert off["2026-11-09T13:00+03:00"]["Всего, кВт·ч"] == "0"
    assert off["2026-11-09T13:00+03:00"]["Состояние"] == "отключено"
    start = midnight(s.POWER_OFF[0], s.TZ) + 12 * 3600 + 1800
    kwh = str(Decimal(FLAT.energy(start)) / 10**6).replace(".", ",")
    assert off["2026-11-09T12:30+03:00"]["Всего, кВт·ч"] == kwh
    assert off["2026-11-09T12:30+03:00"]["Состояние"] == "измерено"
    today = {row["Начало"]: row for row in csv_rows(app, query(scene, date(2026, 11, 24)))}
    assert len(today) == 48
    late = today["2026-11-24T20:00+03:00"]
    assert (late["Всего, кВт·ч"], late["Состояние"]) == ("", "ещё не пришли")
    export = csv_rows(app, query(scene, s.GAP, channel="active_export"))
    assert {(row["Всего, кВт·ч"], row["Состояние"]) for row in export} == {("", "нет данных")}
    zero = csv_rows(app, query(scene, date(2026, 11, 23), channel="active_export"))
    assert {(row["Всего, кВт·ч"], row["Состояние"]) for row in zero} == {("0", "измерено, расхода не было")}


def test_programs_read_whole_milliwatt_hours_and_code_words(app: Flask, scene: Scene) -> None:
    rows = json_rows(app, query(scene, s.POWER_OFF[0]))
    off = next(row for row in rows if row["start"] == "2026-11-09T13:00+03:00")
    assert (off["total"], off["state"], off["end"]) == (0, "power_off", "2026-11-09T13:30+03:00")
    not_due = json_rows(app, query(scene, date(2026, 11, 24)))[-1]
    assert (not_due["total"], not_due["state"], not_due["zones"]) == (None, "not_due", {})


def test_a_step_of_many_places_counts_what_they_are(app: Flask, scene: Scene) -> None:
    rows = json_rows(app, query(scene, s.POWER_OFF[0], length="month", step="day"))
    day = next(row for row in rows if row["start"].startswith("2026-11-09"))
    assert day["state"] == "mixed"
    assert (day["counts"]["power_off"], day["counts"]["measured"]) == (2, 46)


def test_the_workbook_says_the_same_with_real_numbers(app: Flask, scene: Scene) -> None:
    asked = query(scene, s.POWER_OFF[0])
    answer = person(app, s.CONSUMER).get("/data/file", query_string=asked | {"form": "xlsx"})
    sheet = load_workbook(BytesIO(answer.data)).worksheets[0]
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(number for number, row in enumerate(values) if row[0] == "Начало")
    assert sheet.freeze_panes == f"A{head + 2}"
    about = {row[0]: row[1] for row in values[:head]}
    assert about["Часовой пояс"] == s.TZ
    assert "конец — нет" in about["Отметки времени"]
    told = csv_rows(app, asked)
    assert len(values) - head - 1 == len(told) == 48
    for row, line in zip(values[head + 1 :], told, strict=True):
        total = row[values[head].index("Всего, кВт·ч")]
        assert isinstance(total, int | float)
        assert Decimal(str(total)) == Decimal(line["Всего, кВт·ч"].replace(",", "."))


@pytest.mark.quick
@pytest.mark.parametrize("text", ["=1+1", "+7 900", "-x", "@SUM(A1)", "\tx", "\n=1+1"])
def test_text_never_begins_a_formula(text: str) -> None:
    table = Table("т", [("Имя", text)], ["a"], [[text], [Decimal("-1.5")]])
    lines = list(csv.reader(StringIO("".join(as_csv(table))), delimiter=";"))
    assert lines[2] == [f"'{text}"]
    assert lines[3] == ["-1,5"], "a number is none"
    sheet = load_workbook(BytesIO(as_workbook(table))).worksheets[0]
    assert (sheet["A3"].value, sheet["A3"].data_type) == (text, "s")


def test_a_file_of_a_foreign_point_or_form_is_not_there(app: Flask, scene: Scene) -> None:
    stranger = person(app, s.NEIGHBOUR)
    assert stranger.get("/data/file", query_string=query(scene, s.GAP)).status_code == 404
    assert person(app, s.CONSUMER).get("/data/file", query_string=query(scene, s.GAP, form="exe")).status_code == 404
