"""«Измерительные комплексы»: the meter, its transformers and verification, and the acts of one's own time alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event as happens
from sqlalchemy import insert, update

from central.db import writing
from central.ingest.tables import event
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.tables import contract_point
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person

DAYS = 70
HANDED = midnight(s.HAND_OVER, s.TZ)
NEW, REPLACED = "04300001", midnight(date(2026, 11, 10), s.TZ) + 13 * 3600
END = {"ap0": 4_444_440_000, "ap1": 1_111_110_000, "ap2": 1_222_220_000, "ap3": 1_333_330_000}
START = {"ap0": 120_000, "ap1": 40_000, "ap2": 30_000, "ap3": 50_000}
STATEMENTS = 24  # of one page, all told


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def page(app: Flask, mail: str, point: int) -> str:
    answer = person(app, mail).get(f"/complexes?point={point}")
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2].partition("</main>")[0])
    return " ".join(text.replace("&nbsp;", " ").replace("\u202f", " ").replace("\u00a0", " ").split())


@contextmanager
def act(town: Scene, kind: str = "test") -> Iterator[Change]:
    with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind=kind) as change:
        yield change


def replace(town: Scene, point: int, at: int, old: str, serial: str = NEW) -> None:
    with act(town, "replacement") as change:
        meter = enter.add_meter(change, f"MIL-{serial}", serial=serial, type="Милур 105", maker="Милур", made_in=2025)
        names = {"act": "акт 77", "reason": "плановая замена", "seals": "ЭС-0042117"}
        enter.replace_meter(change, point, meter, at, old_meter=old, reg_end=END, reg_start=START, **names)


def transformers(town: Scene, point: int, since: int, until: date) -> None:
    with act(town) as change:
        for number, phase in enumerate("ABC", 1):
            about = {"type": "Т-0,66", "primary": Decimal(150), "secondary": Decimal(5), "accuracy": "0,5S"}
            key = enter.add_transformer(change, "current", serial=f"30{number:03}", **about)  # type: ignore[arg-type]
            enter.place_transformer(change, key, point, phase, since)
            ends = until if phase == "C" else date(2031, 3, 1)
            enter.verified(change, date(2022, 3, 1), ends, f"ТТ-{phase}", transformer_id=key)


def test_the_meter_and_the_day_of_its_verification_stand_first(app: Flask, town: Scene) -> None:
    text = page(app, s.CONSUMER, town.points[s.FLAT])
    head = text[: text.index("Тарифное расписание")]
    for word in (f"№ {s.FLAT}", "Милур 107S", "Поверка до 10.02.2027", "осталось 78 дней", f"С-{s.FLAT}"):
        assert word in head, word
    for word in ("трёхфазный, 4 провода", "UTC+3", "каждые 30 мин", "акт Т-45", "Трансформаторов нет"):
        assert word in text, word


@pytest.mark.parametrize(
    ("until", "told", "kind"),
    [
        (date(2027, 2, 23), r"<p>оста\w+ 91 д\w+</p>", "ok"),
        (date(2027, 2, 22), r"<p>оста\w+ 90 д\w+</p>", "look"),
        (date(2026, 11, 25), "<p>остался 1 день</p>", "look"),
        (date(2026, 11, 24), "<h2>Поверка истекла 24.11.2026</h2>", "act"),
        (date(2030, 11, 24), "<p>осталось больше 4 лет</p>", "ok"),
    ],
)
def test_a_verification_is_told_ahead_and_when_it_is_over(
    app: Flask, town: Scene, until: date, told: str, kind: str
) -> None:
    with act(town) as change:
        enter.verified(change, date(2026, 11, 20), until, "новая", meter_id=f"MIL-{s.FLAT}")
    answer = person(app, s.CONSUMER).get("/complexes").text.partition("<main")[2]
    assert f'<div class="stamp {kind}">' in answer
    assert f'data-verified="{kind}"' in answer
    assert ("notice look" in answer, "notice act" in answer) == (kind == "look", kind == "act")
    assert re.search(told, answer)


@pytest.mark.parametrize(
    ("until", "told"),
    [
        (date(2027, 2, 22), "Поверка до 22.02.2027, оста"),
        (date(2026, 11, 24), "Поверка истекла 24.11.2026"),
        (date(2027, 2, 23), ""),
    ],
)
def test_the_main_page_tells_it_ahead_and_leads_there(app: Flask, town: Scene, until: date, told: str) -> None:
    with act(town) as change:
        enter.verified(change, date(2026, 11, 20), until, "новая", meter_id=f"MIL-{s.FLAT}")
    answer = person(app, s.CONSUMER).get("/").text
    found = re.search(r'<a class="notice (?:look|act)" href="/complexes\?point=1">.*?<h2>(.*?)</h2>', answer)
    assert (found[1] if found else "").startswith(told)
    assert bool(found) == bool(told)
    assert "Поверка" not in person(app, s.NEIGHBOUR).get("/").text


def test_a_verification_of_the_future_or_of_nobody_is_not_promised(app: Flask, town: Scene) -> None:
    text = page(app, s.NEIGHBOUR, town.points[s.NEXT_DOOR])
    assert "дата не внесена" in text
    assert "осталось" not in text


def test_transformers_their_ratio_and_the_first_verification_to_end(app: Flask, town: Scene) -> None:
    transformers(town, town.points[s.NEXT_DOOR], HANDED, date(2026, 11, 20))
    text = page(app, s.NEIGHBOUR, town.points[s.NEXT_DOOR])
    assert "Поверка истекла 20.11.2026" in text
    assert "Трансформатор тока, фаза C № 30003" in text[: text.index("Тарифное")]
    for word in ("Ki · Ku 30 · 1 = 30", "вторичные значения", "умноженная на 30", "150 / 5 А", "класс 0,5S", "ТТ-A"):
        assert word in text, word
    assert "до 01.03.2031" in text


def test_a_replacement_stands_with_its_act_and_both_readings(app: Flask, town: Scene) -> None:
    replace(town, town.points[s.FLAT], REPLACED, f"MIL-{s.FLAT}")
    text = page(app, s.CONSUMER, town.points[s.FLAT])
    assert f"№ {NEW}" in text[: text.index("Поверка")]
    assert "ЭС-0042117" in text
    history = text[text.index("Что было на этой стене") :]
    assert "Замена счётчика 10.11.2026 13:00 · акт 77 · плановая замена" in history
    first, second = history.split("Установка счётчика")
    assert first.index(f"Снят № {s.FLAT}") < first.index(f"Установлен № {NEW}")
    for value in ("4 444,44 кВт·ч", "1 222,22 кВт·ч", "0,12 кВт·ч"):
        assert value in first
    assert "акт Т-45" in second


def test_a_change_of_the_ratio_is_no_replacement(app: Flask, town: Scene) -> None:
    with act(town, "ratio") as change:
        enter.change_ratio(
            change,
            town.points[s.NEXT_DOOR],
            REPLACED,
            meter_id=f"MIL-{s.NEXT_DOOR}",
            ki=Decimal(40),
            ku=Decimal(1),
            act="акт 9",
            reason="мощность",
        )
    text = page(app, s.NEIGHBOUR, town.points[s.NEXT_DOOR])
    assert "Смена коэффициента 10.11.2026 13:00 · акт 9 · мощность" in text
    assert "30 · 1 = 30 → 40 · 1 = 40" in text
    assert "Замена" not in text


def test_a_former_tenant_sees_his_time_and_nothing_after_it(app: Flask, town: Scene) -> None:
    point = town.points[s.NEXT_DOOR]
    replace(town, point, REPLACED, f"MIL-{s.NEXT_DOOR}")
    transformers(town, point, REPLACED, date(2026, 11, 20))
    with act(town) as change:
        enter.verified(change, date(2026, 11, 20), date(2042, 11, 20), "чужая", meter_id=f"MIL-{s.NEXT_DOOR}")
    text = page(app, s.FORMER, point)
    assert "Точка уже не ваша" in text
    assert "по 04.11.2026 24:00" in text
    assert "акт Т-47" in text
    for hidden in (NEW, "акт 77", "4 444,44", "ЭС-0042117", "30001", "чужая", "2042", "Замена", "осталось"):
        assert hidden not in text, hidden


def test_a_new_tenant_sees_the_meter_and_not_the_act_of_the_one_before(app: Flask, town: Scene) -> None:
    point = town.points[s.NEXT_DOOR]
    replace(town, point, midnight(date(2026, 10, 20), s.TZ), f"MIL-{s.NEXT_DOOR}")
    text = page(app, s.NEIGHBOUR, point)
    assert f"№ {NEW} стоял ещё до вашего договора" in text
    assert "акт составлен до вашего договора" in text
    assert "ваше время — с 05.11.2026 00:00" in text
    for hidden in ("акт 77", "плановая", "4 444,44", "0,12", "акт Т-47", f"№ {s.NEXT_DOOR}", "Замена"):
        assert hidden not in text, hidden
    assert "4 444,44" in page(app, s.FORMER, point)


def test_a_foreign_point_is_not_there_and_staff_see_all(app: Flask, town: Scene) -> None:
    point = town.points[s.NEXT_DOOR]
    assert person(app, s.CONSUMER).get(f"/complexes?point={point}").status_code == 404
    assert person(app, None).get("/complexes").status_code == 302
    replace(town, point, midnight(date(2026, 10, 20), s.TZ), f"MIL-{s.NEXT_DOOR}")
    text = page(app, s.OPERATOR, point)
    assert "акт 77" in text
    assert "акт Т-47" in text


def test_a_meter_that_was_taken_down_leaves_the_wall_empty(app: Flask, town: Scene) -> None:
    with act(town, "dismounting") as change:
        old = {"meter_id": f"MIL-{s.FLAT}", "act": "акт 5", "reason": "снос", "reg_end": END}
        enter.dismount(change, town.points[s.FLAT], REPLACED, **old)  # type: ignore[arg-type]
    text = page(app, s.CONSUMER, town.points[s.FLAT])
    assert "Счётчика здесь нет" in text
    assert "Снятие счётчика 10.11.2026 13:00 · акт 5 · снос" in text
    assert "4 444,44" in text


def line(town: Scene, meter: str, time: int, code: int) -> None:
    with writing(town.engine).begin() as connection:
        about = {"meter": meter, "edge": "", "journal": 2, "uptime": -1, "received_at": time}
        connection.execute(insert(event).values(**about, time=time, code=code))


def test_the_relay_is_told_by_the_last_line_of_the_journal_with_its_date(app: Flask, town: Scene) -> None:
    point, meter = town.points[s.NEXT_DOOR], f"MIL-{s.NEXT_DOOR}"
    line(town, meter, HANDED - 3600, 4)
    assert "Реле нагрузки не читается" in page(app, s.NEIGHBOUR, point)  # that was the former's evening
    assert "Реле нагрузки включено по журналу событий, 04.11.2026 23:00" in page(app, s.FORMER, point)
    line(town, meter, HANDED + 3600, 3)
    assert "Реле нагрузки отключено по журналу событий, 05.11.2026 01:00" in page(app, s.NEIGHBOUR, point)
    assert "включено" in page(app, s.FORMER, point)


def test_a_modbus_meter_has_no_journal_and_says_so(app: Flask, town: Scene) -> None:
    with act(town) as change:
        sdm = enter.add_meter(change, "EA-9", serial="9", type="SDM630", maker="Eastron")
        enter.replace_meter(
            change,
            town.points[s.FLAT],
            sdm,
            REPLACED,
            old_meter=f"MIL-{s.FLAT}",
            act="а",
            reason="б",
            values_are="primary",
        )
    text = page(app, s.CONSUMER, town.points[s.FLAT])
    assert "SDM630 · Eastron" in text
    assert "Реле нагрузки не читается" in text
    assert "показаний в акте нет" in text
    assert "Дата поверки".casefold() in text.casefold()


def test_the_hours_are_those_of_the_registry_and_it_says_so(app: Flask, town: Scene) -> None:
    answer = person(app, s.CONSUMER).get("/complexes").text
    assert "по справочнику компании; со счётчика не прочитано" in answer
    text = page(app, s.CONSUMER, town.points[s.FLAT])
    for words in ("Т1 пик регистр Т1 07–10, 17–21", "Т2 ночь регистр Т2 23–07", "Т3 полупик регистр Т3 10–17, 21–23"):
        assert words in text
    assert answer.count('class="bar t') == 6


def test_an_access_that_fell_into_pieces_is_told_for_the_last_one(app: Flask, town: Scene) -> None:
    """His contract ended a month ago: the page stands at that day."""
    point, left = town.points[s.DACHA], midnight(date(2026, 10, 1), s.TZ)
    with writing(town.engine).begin() as connection:
        connection.execute(update(contract_point).where(contract_point.c.point == point).values(valid_to=left))
    assert "по 30.09.2026 24:00" in page(app, s.CONSUMER, point)


def test_few_statements_make_the_page(app: Flask, town: Scene) -> None:
    """No more for three transformers and ten replacements than for none."""
    counted: list[str] = []
    client = person(app, s.CONSUMER)
    engine = app.extensions["uchet"].source.engine
    happens.listen(engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    client.get("/complexes")
    bare = len(counted)
    old = f"MIL-{s.FLAT}"
    for day in range(11, 21):
        serial = f"0440{day:04}"
        replace(town, town.points[s.FLAT], midnight(date(2026, 11, day), s.TZ), old, serial)
        old = f"MIL-{serial}"
    transformers(town, town.points[s.FLAT], REPLACED, date(2030, 1, 1))
    counted.clear()
    client.get("/complexes")
    assert len(counted) == bare <= STATEMENTS
