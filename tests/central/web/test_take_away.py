"""«Скачать все мои данные»: everything of mine is in it, and nothing of anybody else or of his time."""

import csv
import json
from datetime import date
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from central.accounts import texts, tokens
from central.accounts.attempts import DOWNLOADS
from central.accounts.people import set_phone
from central.accounts.tables import account, audit, grant
from central.accounts.texts import Kind
from central.db import writing
from central.metering.zones import midnight
from central.registry.tables import meter, point
from central.reports import personal, schedule
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.timeseries.base import LoadRow
from tests.central import scene as s
from tests.central.scene import Household, Scene
from tests.central.web.beside import file_of
from tests.central.web.parts import make_app, person, send

DAYS = 25  # the hand-over next door lies in them
HANDED = midnight(s.HAND_OVER, s.TZ)


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def pack(app: Flask, mail: str) -> dict[str, str]:
    """Name -> text of what was downloaded."""
    answer = send(person(app, mail), "/me/download", "/me")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    with ZipFile(BytesIO(answer.data)) as found:
        assert found.testzip() is None
        return {name: found.read(name).decode().removeprefix("\ufeff") for name in found.namelist()}


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text), delimiter=";"))


def test_there_is_everything_of_mine_to_the_last_interval(app: Flask, town: Scene, tmp_path: Path) -> None:
    with writing(town.engine).begin() as connection:
        viewer = town.viewer(s.CONSUMER)
        set_phone(connection, viewer.account, "+79123456789", s.NOW)
        texts.write(connection, town.viewer(s.ADMINISTRATOR), Kind.CONSENT, "Согласие. " * 40, s.NOW)
        texts.agreed(connection, viewer.account, texts.current(connection, 1).values(), s.NOW, "203.0.113.9")
        wanted = asked(reports()["profile"], MultiDict({"digits": "4"}), date(2026, 11, 24))
        report = personal.keep(connection, viewer, "Мой", wanted, None, s.NOW)
        schedule.set(connection, viewer, report, 5, "pdf", 90, 7, s.NOW)
    send(person(app, s.CONSUMER), "/me/contract", "/me", number="200-7")
    file_of(town, tmp_path / "scene", s.CONSUMER, "2026-11-23")
    person(app, s.OPERATOR).get("/data", query_string={"point": town.points[s.FLAT]})
    found = pack(app, s.CONSUMER)
    assert sorted(found) == [
        "README.txt",
        "person.json",
        "readings-Т-45.csv",
        "readings-Т-46.csv",
        "values-Т-45.csv",
        "values-Т-46.csv",
    ]
    kept: dict[str, Any] = json.loads(found["person.json"])
    assert (kept["account"]["name"], kept["account"]["mail"]) == ("Анна Петрова", s.CONSUMER)
    assert kept["account"]["phone"] == "+79123456789"
    assert [(one["text"], one["version"], one["address"]) for one in kept["consents"]] == [
        ("consent", 1, "203.0.113.9")
    ]
    assert kept["contracts"][0]["number"] == "100-1"
    assert kept["applications"][0]["number"] == "200-7"
    assert [(one["name"], one["asked"]["digits"]) for one in kept["personal_reports"]] == [("Мой", 4)]
    assert [(one["report"], one["day"], one["form"]) for one in kept["report_schedules"]] == [("Мой", 5, "pdf")]
    assert [(one["title"], one["state"], one["since"]) for one in kept["report_files"]] == [
        ("Профиль нагрузки", "ready", "2026-11-23")
    ]
    assert kept["looked"] == [{"at": "2026-11-24T06:12:00Z", "who": "Ольга Диспетчер", "point": "Т-45"}]
    assert len(kept["sessions"]) == 2
    assert {"login", "applied", "phone changed", "data downloaded"} <= {one["action"] for one in kept["actions"]}
    house = Household(s.FLAT, 5)
    rows = town.series.load(house.meter, 0, s.NOW)
    values = lines(found["values-Т-45.csv"])
    assert len(values) == len(rows) > 1000
    whole = sum(round(float(one["Активная энергия, прием, кВт·ч"].replace(",", ".")) * 10**6) for one in values)
    assert whole == sum(row.values["ap"] for row in rows)
    assert "за несколько интервалов сразу" in {one["Отметки"] for one in values}
    readings = lines(found["readings-Т-45.csv"])
    total = [one for one in readings if one["Тариф"] == "всего"]
    assert (total[0]["Величина"], total[0]["Единица"]) == ("Активная энергия, прием", "кВт·ч")
    assert len(total) == DAYS + 1 + 1, "each day's, and the last one asked for"
    assert "T3" in {one["Тариф"] for one in readings}
    readme = found["README.txt"]
    assert "values-Т-46.csv" in readme
    assert "СНТ «Рассвет», участок 7" in readme
    assert s.TZ in readme


def test_nothing_of_a_neighbour_and_nothing_of_a_former_tenant_s_time(app: Flask, town: Scene) -> None:
    mine = "".join(pack(app, s.CONSUMER).values())
    for foreign in ("Сидоров", s.NEIGHBOUR, "Т-47", s.NEXT_DOOR, "100-3", s.FORMER):
        assert foreign not in mine
    new, old = (lines(pack(app, mail)["values-Т-47.csv"]) for mail in (s.NEIGHBOUR, s.FORMER))
    moved = "2026-11-05T00:00+03:00"
    assert (new[0]["Начало"], old[-1]["Конец"]) == (moved, moved)
    assert {one["Коэффициент"] for one in new} == {"30"}
    rows = town.series.load(Household(s.NEXT_DOOR, 1).meter, 0, s.NOW)
    assert len(new) + len(old) == len(rows), "each interval is exactly one's"
    registers = lines(pack(app, s.NEIGHBOUR)["readings-Т-47.csv"])
    assert min(one["Время"] for one in registers) == moved, "the reading of the hand-over is told to both"


def test_an_interval_over_the_hand_over_is_nobody_s(app: Flask, town: Scene) -> None:
    long = LoadRow(f"MIL-{s.NEXT_DOOR}", HANDED + 900, 1800 + 900, 4, {"ap": 77_777_777})
    town.series.write([long])
    for mail in (s.NEIGHBOUR, s.FORMER):
        assert "77,777777" not in pack(app, mail)["values-Т-47.csv"]


def test_a_grant_that_ended_and_began_again_is_told_in_both_pieces(app: Flask, town: Scene) -> None:
    first, again = midnight(s.HAND_OVER, s.TZ), midnight(s.GAP, s.TZ)
    with writing(town.engine).begin() as connection:
        key = town.viewer(s.CONSUMER).account
        connection.execute(grant.update().where(grant.c.account == key).values(valid_to=first))
        contract = town.accounts["100-1"]
        connection.execute(
            grant.insert().values(account=key, contract=contract, role="owner", valid_from=again + 86_400)
        )
    starts = [one["Начало"][:10] for one in lines(pack(app, s.CONSUMER)["values-Т-45.csv"])]
    assert {"2026-11-04", "2026-11-18"} <= set(starts)
    assert not [day for day in starts if "2026-11-05" <= day < "2026-11-18"]
    assert starts == sorted(starts)


def test_text_begins_no_formula_and_no_folder(app: Flask, town: Scene) -> None:
    with writing(town.engine).begin() as connection:
        connection.execute(point.update().where(point.c.code == "Т-45").values(code="../=1+1"))
        connection.execute(point.update().where(point.c.code == "Т-46").values(code=".../=1+1"))
        connection.execute(meter.update().values(serial="=1+1"))
    found = pack(app, s.CONSUMER)
    assert not [name for name in found if ".." in name or "/" in name]
    assert len(found) == 6, "two codes that look alike in a name are two files"
    tables = [lines(text) for name, text in found.items() if name.endswith(".csv")]
    assert {row["Счётчик"] for table in tables for row in table} == {"'=1+1"}


def test_who_waits_for_the_operator_gets_what_is_his_and_no_reading(app: Flask, town: Scene) -> None:
    with writing(town.engine).begin() as connection:
        connection.execute(account.update().where(account.c.mail == s.CONSUMER).values(state="activated"))
    found = pack(app, s.CONSUMER)
    assert sorted(found) == ["README.txt", "person.json"]
    assert "показаний здесь нет" in found["README.txt"]


def test_secrets_are_not_handed_out(app: Flask, town: Scene) -> None:
    with town.engine.connect() as connection:
        hashed = connection.scalar(select(account.c.password).where(account.c.mail == s.CONSUMER))
    with writing(town.engine).begin() as connection:
        secret = tokens.make(connection, town.viewer(s.CONSUMER), "таблица", 30, s.NOW)
    text = pack(app, s.CONSUMER)["person.json"]
    assert str(hashed) not in text
    assert "argon2" not in text
    assert "таблица" in text
    for hidden in (secret, sha256(secret.encode()).hexdigest(), '"token"', "hashed"):
        assert hidden not in text


def test_five_an_hour_by_a_form_with_its_token_and_no_staff(app: Flask, town: Scene) -> None:
    client, operator = person(app, s.CONSUMER), person(app, s.OPERATOR)
    assert client.get("/me/download").headers["Location"] == "/me"
    assert [send(client, "/me/download", "/me").status_code for _ in range(DOWNLOADS)] == [200] * DOWNLOADS
    answer = send(client, "/me/download", "/me")
    assert (answer.status_code, "Скачать можно пять раз в час" in answer.text) == (422, True)
    assert send(operator, "/me/download", "/me").status_code == 403
    with town.engine.connect() as connection:
        rows = connection.execute(select(audit).where(audit.c.action == "data downloaded")).all()
    assert len(rows) == DOWNLOADS


def test_it_is_written_piece_by_piece(app: Flask, town: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than a month of one meter is read at once."""
    asked: list[int] = []
    load = town.series.__class__.load

    def watched(series: Any, meter: str, since: int, until: int) -> Any:
        asked.append(until - since)
        return load(series, meter, since, until)

    monkeypatch.setattr(town.series.__class__, "load", watched)
    with writing(town.engine).begin() as connection:
        connection.exec_driver_sql("UPDATE contract_point SET valid_from = 1700000000")
        connection.exec_driver_sql("UPDATE mounting SET valid_from = 1700000000")
    pack(app, s.CONSUMER)
    assert len(asked) > 30
    assert max(asked) <= 31 * 86_400
