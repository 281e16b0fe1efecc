"""What an operator does by the forms of a point: told, refused beside its field, confirmed, done once, in history."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from central.accounts.tables import account, audit
from central.db import writing
from central.figures.tables import point_day
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import change, change_line, contract_point, meter, mounting, point, point_terms, price
from central.timeseries.base import LoadRow, SeriesUnavailable
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene
from tests.central.web.forms import confirm, fields, filled, made, said, save, send
from tests.central.web.parts import make_app

NOON = {"at-day": "2026-11-23", "at-time": "12:00"}
AT = midnight(date(2026, 11, 23), s.TZ) + 12 * 3600
NEW = {"which": "new", "serial": "09990001", "type": "Милур 107S", "maker": "Милур", "id": "MIL-09990001"}
VERIFIED = {"verified_on": "2026-11-01", "valid_until": "2042-11-01", "document": "С-ДИЭ/1"}
ACT = NOON | NEW | {"act": "акт 17", "reason": "сгорел", "seals": "0011, 0012", "reg_start.ap0": "0,5"}


@pytest.fixture
def office(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    built = copy_of(6, tmp_path / "scene")
    yield built
    built.close()


@pytest.fixture
def app(office: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def count(scene: Scene, table: object) -> int:
    with scene.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def figures(scene: Scene, key: int) -> list[tuple[object, ...]]:
    names = ("day", "version", "energies", "expected", "got", "missing", "registers")
    query = select(*(point_day.c[name] for name in names)).where(point_day.c.point == key).order_by("day", "version")
    with scene.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_a_replacement_is_told_confirmed_and_stands_with_its_history(office: Scene, operator: FlaskClient) -> None:
    key = office.points[s.FLAT]
    path, before = f"/console/points/{key}/replacement", count(office, mounting)
    told = send(operator, path, ACT | {"reg_end.ap0": "4 900"})
    for word in ("Т-45", "Анна Петрова", "23.11.2026", "4 900 кВт·ч", "0,5 кВт·ч"):
        assert word in told.text
    assert count(office, mounting) == before
    assert count(office, change) == 1
    done = confirm(operator, path, told)
    page = operator.get(done.headers["Location"]).text
    for word in ("Сохранено", "09990001", "Замена счётчика", "сгорел", "Ольга Диспетчер", "0011, 0012", "акт 17"):
        assert word in page
    with office.engine.connect() as connection:
        old, new = connection.execute(
            select(mounting).where(mounting.c.point == key).order_by(mounting.c.valid_from)
        ).all()
        noted = connection.execute(select(audit).where(audit.c.action == "registry")).one()
    assert (old.valid_to, old.reg_end, old.end_act) == (AT, {"ap0": 4_900_000_000}, "акт 17")
    assert (new.valid_from, new.reg_start, new.ki, new.seals) == (AT, {"ap0": 500_000}, Decimal(1), "0011, 0012")
    assert (noted.subject, noted.detail) == (f"change {made(done)}", "replacement")


def test_the_form_and_the_registry_itself_give_the_same_figures(office: Scene, operator: FlaskClient) -> None:
    path, key = f"/console/points/{office.points[s.FLAT]}/replacement", office.points[s.FLAT]
    save(operator, path, ACT | {"reg_end.ap0": "4900", "ki": "20"})
    rows = [LoadRow("MIL-09990001", AT + 1800 * n, 1800, 0, {"ap": 1000 * n}) for n in range(1, 20)]
    office.arrive("MIL-09990001", *rows)
    by_form = figures(office, key)
    with writing(office.engine).begin() as connection:
        connection.execute(mounting.delete().where(mounting.c.valid_from == AT))
        connection.execute(mounting.update().where(mounting.c.valid_to == AT).values(valid_to=None, reg_end=None))
        with entering(connection, at=s.NOW, kind="replacement") as act:
            enter.replace_meter(
                act,
                key,
                "MIL-09990001",
                AT,
                old_meter=f"MIL-{s.FLAT}",
                act="акт 17",
                reason="сгорел",
                reg_end={"ap0": 4_900_000_000},
                reg_start={"ap0": 500_000},
                ki=Decimal(20),
            )
    office.recompute()
    assert [row[2:] for row in by_form] == [row[2:] for row in figures(office, key)]


REFUSED = (  # what differs from a good replacement, the field it is said beside, what is said
    ({"reg_end.ap0": "100"}, "reg_end.ap0", "меньше предыдущего показания"),
    ({"at-day": "2026-11-25"}, "at", "ещё не наступило"),
    ({"at-day": "2026-09-01"}, "at", "раньше первого"),
    ({"ki": "0"}, "ki", "от 1 до"),
    ({"ki": "сорок"}, "ki", "не число"),
    ({"which": "known", "meter": s.DACHA}, "at", "пересекается"),
    ({"which": "known", "meter": "нет такого"}, "meter", "внесите новый"),
    ({"which": "known", "meter": s.FLAT}, "meter", "тот же счётчик"),
    ({"serial": "0999"}, "serial", "не похож на номера"),
    ({"id": "MIL 1"}, "id", "0–9"),
    ({"reg_start.ap0": ""}, "reg_start.ap0", "Заполните"),
    ({"act": " "}, "act", "Заполните"),
)


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_half_done(office: Scene, operator: FlaskClient) -> None:
    with writing(office.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        enter.add_meter_type(act, "Милур", "Милур 107S", code="MIL", serial_form="########")
    path = f"/console/points/{office.points[s.FLAT]}/replacement"
    tables = (mounting, meter, change, change_line)
    before = [count(office, table) for table in tables]
    good = filled(operator, path, ACT | {"reg_end.ap0": "4900"})
    for wrong, field, sentence in REFUSED:
        answer = operator.post(path, data=good | wrong)
        assert answer.status_code == 422, wrong
        assert sentence in said(answer)[field], (wrong, said(answer))
        typed, again = good | wrong, fields(answer.text)
        assert {name for name in typed if again[name] != typed[name]} <= {"csrf_token"}, wrong
        assert not field or f'id="e-{field}"' in answer.text
    assert [count(office, table) for table in tables] == before


def test_two_clicks_are_one_change_and_a_later_act_is_refused(office: Scene, operator: FlaskClient) -> None:
    path = f"/console/points/{office.points[s.DACHA]}/dismounting"
    form = filled(operator, path, NOON | {"act": "5", "reason": "снос"})
    answers = [operator.post(path, data=form) for _ in range(3)]
    assert [one.status_code for one in answers] == [303, 303, 303]
    assert len({one.headers["Location"] for one in answers}) == 1
    assert count(office, change) == 2
    assert operator.get(path).status_code == 404  # nothing stands there any more


def test_many_clicks_at_once_are_one_change(office: Scene, app: Flask, operator: FlaskClient) -> None:
    path = f"/console/meters/MIL-{s.FLAT}/verification"
    form = filled(operator, path, VERIFIED)
    cookies = operator.get_cookie("uchet")
    assert cookies is not None

    def click() -> str:
        client = app.test_client()
        client.set_cookie("uchet", cookies.value)
        return client.post(path, data=form).headers["Location"]

    with ThreadPoolExecutor(6) as pool:
        answers = {click.result() for click in [pool.submit(click) for _ in range(6)]}
    assert len(answers) == 1
    assert count(office, change) == 2
    other = operator.post(path, data=form | {"document": "С-ДИЭ/2"})  # the same page, sent with something else in it
    assert other.headers["Location"] not in answers
    assert count(office, change) == 3


def test_what_changed_meanwhile_is_told_before_it_is_saved(office: Scene, operator: FlaskClient) -> None:
    path = f"/console/points/{office.points[s.FLAT]}/replacement"
    told = send(operator, path, ACT | {"reg_end.ap0": "4900"})
    other = send(operator, path, NOON | ACT | {"at-time": "11:00", "id": "MIL-2", "serial": "2", "reg_end.ap0": "4900"})
    assert confirm(operator, path, other).status_code == 303
    refused = confirm(operator, path, told)
    assert refused.status_code == 422
    assert "здесь стоит счётчик MIL-2" in "".join(said(refused).values())
    assert count(office, mounting) == 4


def test_a_confirmation_of_something_else_is_asked_again(office: Scene, operator: FlaskClient) -> None:
    path = f"/console/points/{office.points[s.FLAT]}/replacement"
    told = send(operator, path, ACT | {"reg_end.ap0": "4900"})
    again = operator.post(path, data=fields(told.text) | {"at-day": "2026-11-20", "reg_end.ap0": "4800"})
    assert again.status_code == 200
    assert "С тех пор кое-что изменилось" in again.text
    back = operator.post(path, data=fields(told.text) | {"again": "1"})
    assert fields(back.text)["act"] == "акт 17"
    assert count(office, change) == 1


def test_ratio_correction_removal_and_undo(office: Scene, operator: FlaskClient) -> None:
    key = office.points[s.NEXT_DOOR]
    act = NOON | {"act": "8", "reason": "ТТ 150/5", "reg_end.ap0": "4300"}
    save(operator, f"/console/points/{key}/ratio", act | {"ki": "40"})
    with office.engine.connect() as connection:
        rows = connection.execute(select(mounting).where(mounting.c.point == key).order_by("valid_from")).all()
    assert [row.ki for row in rows] == [30, 40]
    correction = f"/console/mountings/{rows[1].id}/correction"
    assert "reason" in said(send(operator, correction, {"ki": "50"}))
    corrected = made(save(operator, correction, {"ki": "50", "reason": "опечатка в акте"}))
    page = operator.get(f"/console/points/{key}").text
    assert "опечатка в акте" in page
    assert "<del>40</del>" in page
    undoing = f"/console/changes/{corrected}/undoing"
    assert made(save(operator, undoing, {"reason": "была права"})) > corrected
    with office.engine.connect() as connection:
        assert connection.execute(select(mounting.c.ki).where(mounting.c.id == rows[1].id)).scalar_one() == 40
    assert "уже отменено" in said(send(operator, undoing, {"reason": "ещё раз"}))[""]
    assert "отменено" in operator.get("/console/changes").text
    save(operator, f"/console/mountings/{rows[1].id}/removal", {"reason": "не было"})
    assert count(office, mounting) == 3


def test_a_point_passes_to_a_new_contract_and_gets_another_tariff(office: Scene, operator: FlaskClient) -> None:
    key = office.points[s.FLAT]
    path = f"/console/points/{key}/contract"
    new = {"which": "new", "number": "100-9", "holder": "Вера Новикова", "at-day": "2026-11-20"}
    assert "напишите, почему" in said(send(operator, path, new))["reason"]
    assert "Договор 100-3 уже" not in str(save(operator, path, new | {"reason": "продажа"}).text)
    assert "Договора 7 нет" in said(send(operator, path, {"contract": "7", "at-day": "2026-11-22"}))["contract"]
    with office.engine.connect() as connection:
        held = connection.execute(
            select(contract_point.c.valid_from, contract_point.c.valid_to)
            .where(contract_point.c.point == key)
            .order_by(contract_point.c.valid_from)
        ).all()
    assert held[-1].valid_from == held[-2].valid_to == midnight(date(2026, 11, 20), s.TZ)
    two = str(office.schemes["two"])
    save(operator, f"/console/points/{key}/terms", {"valid_from": "2026-11-21", "scheme": two, "reason": "заявление"})
    with office.engine.connect() as connection:
        terms = connection.execute(select(point_terms).where(point_terms.c.point == key).order_by("valid_from")).all()
    assert [row.scheme for row in terms] == [office.schemes["three"], office.schemes["two"]]
    assert terms[0].valid_to == date(2026, 11, 21)
    assert terms[1].power_max == 15_000
    words = {"name": "Квартира дочери", "address": "ул. Садовая, 12, кв. 46", "order_code": "77-1"}
    save(operator, f"/console/points/{key}/correction", words)
    answer = send(operator, f"/console/points/{key}/correction", words)
    assert "всё уже так и есть" in said(answer)[""]
    with office.engine.connect() as connection:
        assert connection.execute(select(point.c.name).where(point.c.id == key)).scalar_one() == "Квартира дочери"


def test_a_price_of_the_past_asks_why_one_of_tomorrow_does_not(office: Scene, operator: FlaskClient) -> None:
    path = f"/console/schemes/{office.schemes['three']}/price"
    cost = {"zone": "night", "amount": "4,105"}
    tomorrow = (date(2026, 11, 24) + timedelta(days=1)).isoformat()
    save(operator, path, cost | {"valid_from": tomorrow})
    past = cost | {"amount": "4", "valid_from": "2026-11-01"}
    assert "Изменится стоимость" in said(send(operator, path, past))["reason"]
    assert said(send(operator, path, past | {"reason": "приказ"}))  # there is one from tomorrow on: they would overlap
    with office.engine.connect() as connection:
        found = connection.execute(select(price.c.amount).where(price.c.valid_from == date(2026, 11, 25))).scalar_one()
    assert found == Decimal("4.105")


def test_prices_by_ranges_are_entered_together(office: Scene, operator: FlaskClient) -> None:
    path = f"/console/schemes/{office.schemes['three']}/price"
    form = {"zone": "night", "amount": "4", "valid_from": "2026-11-25", "above_2": "150", "amount_2": "6,5"}
    assert "и предел, и цена" in said(send(operator, path, form | {"above_3": "600"}))["above_2"]
    save(operator, path, form | {"above_3": "600", "amount_3": "9"})
    query = select(price.c.above, price.c.amount).where(price.c.valid_from == date(2026, 11, 25)).order_by(price.c.id)
    with office.engine.connect() as connection:
        found = [(above, amount) for above, amount in connection.execute(query)]
    assert found == [(None, Decimal(4)), (150_000_000, Decimal("6.5")), (600_000_000, Decimal(9))]
    assert "600" in operator.get(f"/console/schemes/{office.schemes['three']}").text
    point_id = office.points[s.FLAT]
    changed = {"valid_from": "2026-11-21", "coefficient": "0,7", "reason": "село"}
    save(operator, f"/console/points/{point_id}/terms", changed)
    with office.engine.connect() as connection:
        query_terms = select(point_terms.c.coefficient).where(point_terms.c.point == point_id)
        assert connection.execute(query_terms.order_by(point_terms.c.valid_from)).scalars().all() == [
            None,
            Decimal("0.7"),
        ]
    assert "0,7" in operator.get(f"/console/points/{point_id}").text


def test_a_series_that_does_not_answer_saves_nothing_and_loses_nothing(
    office: Scene, operator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_args: object) -> None:
        raise SeriesUnavailable("no")

    path = f"/console/points/{office.points[s.FLAT]}/replacement"
    form = filled(operator, path, ACT | {"reg_end.ap0": "4900"})
    monkeypatch.setattr("central.console.mountings.readings_around", silent)
    answer = operator.post(path, data=form)
    assert "Ряд показаний не отвечает" in said(answer)[""]
    assert fields(answer.text)["act"] == "акт 17"
    assert count(office, change) == 1


def test_an_operator_is_named_wherever_a_change_is_told(office: Scene, operator: FlaskClient) -> None:
    with writing(office.engine).begin() as connection:
        connection.execute(account.update().where(account.c.mail == s.OPERATOR).values(name="<b>Ольга</b>"))
    key = made(save(operator, f"/console/meters/MIL-{s.FLAT}/verification", VERIFIED))
    for path in ("/console/changes", f"/console/changes/{key}", f"/console/meters/MIL-{s.FLAT}"):
        page = operator.get(path).text
        assert "&lt;b&gt;Ольга" in page
        assert "<b>Ольга" not in page
