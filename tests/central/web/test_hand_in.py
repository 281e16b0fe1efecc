"""«Ввод показаний счетчика»: a form, doubts, a receipt; what a person reads never stands for what the meter said."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from html import unescape
from importlib import import_module
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from central import figures
from central.accounts.people import add_grant
from central.accounts.tables import account, audit, grant
from central.db import writing
from central.figures import dirty
from central.figures.around import readings_around
from central.handing.jobs import run as job_of_readings
from central.handing.tables import hand_in, handed_in
from central.jobs.tables import job
from central.metering.handed import DAY
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import change, manual_reading, mounting, organisation
from central.timeseries.base import LoadRow, RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.forms import said, save
from tests.central.web.forms import send as fill
from tests.central.web.parts import Clock, letters, make_app, person, send

form_of_readings = import_module("central.cabinet.hand_in")  # the package has its view under this name
KWH = 10**6
SPENT = {"ap1": 30, "ap2": 20, "ap3": 25}  # kWh since the dacha fell silent


@pytest.fixture
def app(village: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def mounted(scene: Scene, serial: str) -> int:
    with scene.engine.connect() as connection:
        return int(connection.scalar(select(mounting.c.id).where(mounting.c.meter == f"MIL-{serial}")) or 0)


def digits(scene: Scene, serial: str, **spent: int) -> dict[str, str]:
    """What stands on the face of a meter that has used so much (kWh) since it was last heard."""
    last = readings_around(scene.source, f"MIL-{serial}", s.NOW)[0]
    key = mounted(scene, serial)
    return {f"{key}.{field}": str(last[field] // KWH + used) for field, used in (SPENT | spent).items()}


def once(client: FlaskClient) -> str:
    found = re.search(r'name="once" value="([^"]+)"', client.get("/entry").text)
    assert found is not None
    return found[1]


def hand(client: FlaskClient, typed: dict[str, str], **more: str) -> TestResponse:
    return send(client, "/entry", once=more.pop("once", "") or once(client), **typed, **more)


def confirm(client: FlaskClient, told: TestResponse, typed: dict[str, str]) -> TestResponse:
    assert told.status_code == 200
    assert "Проверьте цифры" in told.text
    hidden = {name: re.search(rf'name="{name}" value="([^"]+)"', told.text) for name in ("once", "confirmed")}
    return send(client, "/entry", **typed, **{name: found[1] for name, found in hidden.items() if found})


def receipt(client: FlaskClient, answer: TestResponse) -> str:
    assert answer.status_code == 303, said(answer)
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def rows(scene: Scene) -> list[tuple[str, bool]]:
    """State of each meter that was handed in, and whether it is in the registry."""
    with scene.engine.connect() as connection:
        found = connection.execute(select(handed_in).order_by(handed_in.c.id))
        return [(row.state, row.change is not None) for row in found]


def by_hand(scene: Scene) -> list[dict[str, int]]:
    with scene.engine.connect() as connection:
        return [row.registers for row in connection.execute(select(manual_reading).order_by(manual_reading.c.id))]


def test_a_silent_meter_is_read_billed_and_told_of(village: Scene, app: Flask) -> None:
    client = person(app, s.CONSUMER)
    page = client.get("/entry").text
    assert "Принимаем с 15 ноября по 26 ноября." in page
    assert page.count('inputmode="decimal"') == 6, "both meters, three registers each"
    assert s.FLAT in page
    assert s.DACHA in page
    assert "Не на связи с 11.11" in page
    month = midnight(date(2026, 11, 1), s.TZ), midnight(date(2026, 12, 1), s.TZ)
    asked = village.source, village.viewer(s.CONSUMER), village.points[s.DACHA], *month, s.NOW
    before = figures.readings(*asked)
    told = receipt(client, hand(client, digits(village, s.DACHA)))
    assert "принято" in told
    assert "Учтено за ноябрь 2026." in told
    village.recompute()
    after = figures.readings(*asked)
    assert before.totals is not None
    assert after.totals is not None
    assert after.totals.total is not None
    assert before.totals.total is not None
    assert abs(after.totals.total - before.totals.total - 75 * KWH) < 3 * KWH, "whole kWh of three registers"
    last = readings_around(village.source, f"MIL-{s.DACHA}", s.NOW)[0]
    (kept,) = by_hand(village)
    assert kept["ap0"] - last["ap0"] == sum(kept[name] - last[name] for name in SPENT), "the total, by its tariffs"
    hour_on = s.NOW + 3600
    with village.engine.connect() as connection:
        (asked_for,) = connection.execute(select(job.c.arguments, job.c.due_at).where(job.c.kind == "handed_in"))
    assert s.NOW < asked_for.due_at <= hour_on
    work(village, hour_on, asked_for.arguments)
    village.recompute(hour_on)
    days = figures.days(*asked[:3], date(2026, 11, 13), date(2026, 11, 20), "active_import", hour_on)
    assert {day.completeness.estimated for day in days.days} == {48}, "and the silent days are closed by it"
    assert "переданному вручную" in client.get(f"/?point={village.points[s.DACHA]}").text
    with village.engine.connect() as connection:
        author = connection.scalar(select(change.c.account).where(change.c.kind == "handed_in"))
        assert author == village.viewer(s.CONSUMER).account
        assert "handed in" in connection.scalars(select(audit.c.action)).all()


def test_of_a_meter_without_zones_its_total_is_read_and_closes_the_gap(village: Scene, app: Flask) -> None:
    """The bill goes by three zones; a simple meter (Modbus) stood there for a day and fell silent."""
    put, silent = midnight(date(2026, 11, 14), s.TZ), midnight(date(2026, 11, 15), s.TZ)
    with writing(village.engine).begin() as connection, entering(connection, at=s.NOW, kind="replacement") as act:
        simple = enter.add_meter(act, "EA-9", serial="9", type="SDM630", maker="Eastron")
        why = {"old_meter": f"MIL-{s.DACHA}", "act": "акт 77", "reason": "плановая замена", "reg_start": {"ap0": 0}}
        enter.replace_meter(act, village.points[s.DACHA], simple, put, **why)
    hours = [LoadRow(simple, put + end, 1800, 0, {"ap": KWH // 4}) for end in range(1800, DAY + 1, 1800)]
    village.arrive(simple, *hours, RegisterRow(simple, silent, Kind.DAILY, 0, {"ap0": 12 * KWH}))
    client = person(app, s.CONSUMER)
    (field,) = re.findall(r'name="(\d+\.ap0)"', client.get("/entry").text)
    assert "принято" in receipt(client, hand(client, {field: "112"}))
    assert by_hand(village) == [{"ap0": 112 * KWH}]
    hour_on = s.NOW + 3600
    with village.engine.connect() as connection:
        work(village, hour_on, connection.scalar(select(job.c.arguments).where(job.c.kind == "handed_in")))
    village.recompute(hour_on)
    asked = village.source, village.viewer(s.CONSUMER), village.points[s.DACHA]
    since, until = date(2026, 11, 15), date(2026, 11, 24)
    days = figures.days(*asked, since, until, "active_import", hour_on).days
    assert {day.completeness.estimated for day in days} == {48}
    spent = figures.interval(*asked, silent, s.NOW // 1800 * 1800, "active_import", hour_on).totals
    assert (spent.total, sum(spent.zones.values())) == (100 * KWH, 100 * KWH)


def test_it_never_stands_for_what_the_meter_said(village: Scene, app: Flask, clock: Clock) -> None:
    """Not where the meter has spoken, nor where it speaks of that time later; its days and its bill stay the same."""
    clock.now += 5280
    now = int(clock.now)  # 10:40; the registers of 9:00 are the last that came, and the half-hours of then are not due
    client = person(app, s.CONSUMER)
    point, first, until = village.points[s.FLAT], date(2026, 11, 1), date(2026, 11, 25)
    asked = village.source, village.viewer(s.CONSUMER), point
    span = midnight(first, s.TZ), midnight(date(2026, 12, 1), s.TZ)

    def told() -> tuple[object, ...]:
        village.recompute(now)
        bill = figures.readings(*asked, span[0], now, now)
        days = figures.days(*asked, first, until, "active_import", now)
        return bill.zones, bill.totals, bill.cost, bill.taken, days.totals, [day.totals for day in days.days]

    before = told()
    key = mounted(village, s.FLAT)
    last = readings_around(village.source, f"MIL-{s.FLAT}", s.NOW)[0]
    seen = {f"{key}.{field}": str(last[field] // KWH + 2) for field in SPENT}
    assert "принято" in receipt(client, hand(client, seen))
    assert len(by_hand(village)) == 1
    assert told() == before

    later = midnight(date(2026, 11, 25), s.TZ)
    meter, used = f"MIL-{s.FLAT}", {name: value + 10 * KWH for name, value in last.items()}
    begun = s.NOW // 1800 * 1800
    loads = [LoadRow(meter, end, 1800, 0, {"ap": 300_000}) for end in range(begun + 1800, later + 1, 1800)]
    village.arrive(meter, *loads, RegisterRow(meter, later, Kind.DAILY, 0, used), now=later + DAY)
    with_it = figures.readings(*asked, *span, later)
    with writing(village.engine).begin() as connection:
        connection.execute(manual_reading.delete())
    village.recompute(later + DAY)
    without = figures.readings(*asked, *span, later)
    assert (with_it.zones, with_it.taken) == (without.zones, without.taken)


def test_a_gap_that_the_meter_closes_itself_is_not_split_by_whole_kilowatt_hours(village: Scene, app: Flask) -> None:
    point, gap = village.points[s.FLAT], date(2026, 11, 17)
    asked = village.source, village.viewer(s.CONSUMER), point, gap, gap + timedelta(days=1), "active_import", s.NOW
    before = figures.days(*asked).totals
    last = readings_around(village.source, f"MIL-{s.FLAT}", midnight(gap, s.TZ))[0]
    with writing(village.engine).begin() as connection:
        values = {name: value // KWH * KWH for name, value in last.items()}
        about = {"point": point, "mounting": mounted(village, s.FLAT), "registers": values}
        connection.execute(manual_reading.insert().values(read_at=midnight(gap, s.TZ) + 12 * 3600, **about))
    with writing(village.engine).begin() as connection:
        dirty.mark_days(connection, point, [gap], "a test")
    village.recompute()
    assert figures.days(*asked).totals == before


def test_outside_the_window_it_is_kept_for_the_next_month_and_said_so(village: Scene, app: Flask, clock: Clock) -> None:
    with writing(village.engine).begin() as connection:
        connection.execute(update(organisation).values(silent_days=60))
    clock.now += 4 * DAY  # the 28th
    client = person(app, s.CONSUMER)
    page = client.get("/entry").text
    assert "Сейчас не дни приёма: принимаем с 15 декабря по 26 декабря." in page
    assert "войдёт в расчёт за декабрь 2026" in page
    told = receipt(client, hand(client, digits(village, s.DACHA)))
    assert "Сохранено: войдёт в расчёт за декабрь 2026, с 15 декабря." in told
    assert rows(village) == [("accepted", False)]
    assert by_hand(village) == []
    work(village, midnight(date(2026, 12, 14), s.TZ))
    assert rows(village) == [("accepted", False)]
    work(village, midnight(date(2026, 12, 15), s.TZ))
    work(village, midnight(date(2026, 12, 15), s.TZ) + 3600)
    assert rows(village) == [("accepted", True)]
    assert len(by_hand(village)) == 1


def work(scene: Scene, now: int, arguments: dict[str, int] | None = None) -> None:
    """The job of the hour, or one that was asked for."""

    class At:
        def __init__(self) -> None:
            self.now = now

        def writing(self) -> object:
            return writing(scene.engine).begin()

    job_of_readings(At(), arguments or {})  # type: ignore[arg-type]


def test_days_of_silence_open_it_on_any_day(village: Scene, app: Flask, clock: Clock) -> None:
    clock.now += 4 * DAY
    client = person(app, s.CONSUMER)
    page = client.get("/entry").text
    assert "Счётчик молчит 16" in page
    assert "показание принимаем в любой день" in page
    told = receipt(client, hand(client, digits(village, s.DACHA)))
    assert "Учтено за ноябрь 2026." in told
    assert rows(village) == [("accepted", True)]


def test_lower_than_before_is_a_warning_that_an_operator_decides(village: Scene, app: Flask) -> None:
    client, operator = person(app, s.CONSUMER), person(app, s.OPERATOR)
    typed = digits(village, s.DACHA, ap2=-5)
    told = hand(client, typed)
    assert "Меньше прошлого показания." in told.text
    assert all(f'value="{value}"' in told.text for value in typed.values()), "all that was typed stands there"
    assert rows(village) == []
    text = receipt(client, confirm(client, told, typed))
    assert "на проверке" in text
    assert rows(village) == [("review", False)]
    assert "Дача" in operator.get("/console/handed-in").text
    accepted = send(operator, "/console/handed-in/1", decision="accept")
    assert accepted.status_code == 422
    assert "меньше предыдущего показания" in accepted.text, "no register runs backwards: the registry takes none such"
    empty = send(operator, "/console/handed-in/1", decision="decline", reason=" ")
    assert said(empty).keys() == {"reason"}
    declined = send(operator, "/console/handed-in/1", decision="decline", reason="Цифра Т2 не та, проверьте")
    assert declined.status_code == 303
    (letter,) = letters(village, s.CONSUMER)
    assert "Цифра Т2 не та, проверьте" in letter["text"]
    notices = client.get("/notices").text
    assert "Показания не приняты" in notices
    assert "Причина: Цифра Т2 не та, проверьте" in notices
    number = re.search(r"/entry/(\d{4}-\d{4,})", client.get("/entry").text)
    assert number is not None
    assert f'href="/entry/{number[1]}"' in notices
    page = client.get(f"/entry/{number[1]}").text
    assert "отклонено" in page
    assert "Цифра Т2 не та, проверьте" in page
    again = send(operator, "/console/handed-in/1", decision="decline", reason="ещё раз")
    assert again.status_code in (400, 422), "it is decided"
    with village.engine.connect() as connection:
        assert "reading declined" in connection.scalars(select(audit.c.action)).all()
    assert by_hand(village) == []


def test_ten_times_too_high_is_a_warning_that_an_operator_may_accept(village: Scene, app: Flask) -> None:
    client, operator = person(app, s.CONSUMER), person(app, s.OPERATOR)
    typed = digits(village, s.DACHA, ap1=2_000)
    told = hand(client, typed)
    assert "в десять раз выше обычного" in told.text
    other = digits(village, s.DACHA, ap1=2_100)
    changed = confirm(client, told, other)
    assert changed.status_code == 200, "what was told of other digits confirms nothing"
    assert "на проверке" in receipt(client, confirm(client, changed, other))
    assert send(operator, "/console/handed-in/1", decision="accept").status_code == 303
    assert rows(village) == [("accepted", True)]
    assert len(by_hand(village)) == 1
    assert "Показания приняты" in client.get("/notices").text
    assert "Показания приняты" not in person(app, s.NEIGHBOUR).get("/notices").text
    assert "принято" in receipt(client, hand(client, other, once=once_of(told)))


def once_of(told: TestResponse) -> str:
    found = re.search(r'name="once" value="([^"]+)"', told.text)
    assert found is not None
    return found[1]


def test_more_than_the_permitted_power_can_use_is_a_warning(village: Scene, app: Flask) -> None:
    told = hand(person(app, s.CONSUMER), digits(village, s.DACHA, ap3=9_000))
    assert "при полной разрешённой мощности" in told.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"ap1": "много"}, "не число"),
        ({"ap1": "1e5"}, "«1e5» — не число"),
        ({"ap1": "1234567"}, "6 цифр до запятой"),
        ({"ap1": "-5"}, "меньше нуля"),
        ({"ap2": ""}, "Внесите и этот регистр"),
        ({"ap1": "", "ap2": "", "ap3": ""}, "хотя бы одно показание"),
    ],
)
def test_only_the_impossible_is_refused(village: Scene, app: Flask, typed: dict[str, str], sentence: str) -> None:
    key = mounted(village, s.DACHA)
    sheet = digits(village, s.DACHA) | {f"{key}.{field}": text for field, text in typed.items()}
    answer = hand(person(app, s.CONSUMER), sheet)
    assert answer.status_code == 422
    assert any(sentence in one for one in said(answer).values()), said(answer)
    assert all(f'value="{text}"' in answer.text for text in sheet.values()), "all that was typed stands there"
    assert rows(village) == []


def test_sent_twice_it_is_one(village: Scene, app: Flask) -> None:
    client = person(app, s.CONSUMER)
    key, typed = once(client), digits(village, s.DACHA)
    first, second = hand(client, typed, once=key), hand(client, typed, once=key)
    assert first.headers["Location"] == second.headers["Location"]
    assert rows(village) == [("accepted", True)]


def test_another_of_the_same_half_hour_is_told_of_the_first(village: Scene, app: Flask) -> None:
    client = person(app, s.CONSUMER)
    hand(client, digits(village, s.DACHA))
    answer = hand(client, digits(village, s.DACHA, ap1=31))
    assert answer.status_code == 422
    (sentence,) = said(answer).values()
    assert re.search(r"квитанция 2411-0001\. Следующее можно передать с 24\.11.09:30", sentence)
    assert rows(village) == [("accepted", True)]


@pytest.mark.parametrize("same", [True, False])
def test_two_at_once_are_one_and_the_other_is_told(village: Scene, app: Flask, same: bool) -> None:
    clients = [person(app, s.CONSUMER) for _ in range(2)]
    keys = [once(clients[0])] * 2 if same else [once(client) for client in clients]
    typed = digits(village, s.DACHA) | digits(village, s.FLAT, ap1=0, ap2=0, ap3=0)
    tokens = [re.search(r'name="csrf_token" value="([^"]+)"', client.get("/entry").text) for client in clients]
    together = Barrier(2)

    def post(number: int) -> TestResponse:
        found = tokens[number]
        assert found is not None
        together.wait()
        return clients[number].post("/entry", data={"csrf_token": found[1], "once": keys[number], **typed})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(post, range(2)))
    assert sorted(answer.status_code for answer in answers) == ([303, 303] if same else [303, 422])
    assert rows(village) == [("accepted", True)] * 2, "one set: both meters of one receipt"
    assert len(by_hand(village)) == 2
    with village.engine.connect() as connection:
        assert len(connection.execute(select(hand_in.c.id)).all()) == 1
    if not same:
        told = next(answer for answer in answers if answer.status_code == 422)
        assert "только что передано" in told.text


def test_whom_an_owner_lets_look_hands_nothing_in(village: Scene, app: Flask) -> None:
    owner = village.viewer(s.CONSUMER).account
    with writing(village.engine).begin() as connection:
        guest = connection.scalar(select(account.c.id).where(account.c.mail == s.NEIGHBOUR))
        assert guest is not None
        made = add_grant(connection, guest, village.accounts["100-1"], 0)
        connection.execute(update(grant).where(grant.c.id == made).values(given_by=owner))
    client = person(app, s.NEIGHBOUR)
    page = client.get(f"/entry?point={village.points[s.DACHA]}").text
    assert "Передать здесь нечего" in page
    assert "inputmode" not in page
    answer = send(
        client, f"/entry?point={village.points[s.DACHA]}", at="/entry", once="1" * 32, **digits(village, s.DACHA)
    )
    assert answer.status_code == 200
    assert rows(village) == []


def test_staff_that_look_through_see_it_and_send_nothing(village: Scene, app: Flask) -> None:
    client = person(app, s.CONSUMER)
    hand(client, digits(village, s.DACHA))
    operator = person(app, s.OPERATOR)
    key = village.viewer(s.CONSUMER).account
    send(operator, f"/console/people/{key}/cabinet", at=f"/console/people/{key}")
    page = operator.get("/entry").text
    assert "Передать здесь нечего" in page
    assert "2411-0001" in page
    assert operator.get("/entry/2411-0001").status_code == 200
    assert send(operator, "/entry", at="/console/points", once="1" * 32, **digits(village, s.FLAT)).status_code == 403


def test_a_receipt_is_its_owner_s(village: Scene, app: Flask) -> None:
    hand(person(app, s.CONSUMER), digits(village, s.DACHA))
    assert person(app, s.CONSUMER).get("/entry/2411-0001").status_code == 200
    assert person(app, s.NEIGHBOUR).get("/entry/2411-0001").status_code == 404
    for number in ("2511-0001", "2411-0002", "x", "2411-", "2411-٣", "2411-" + "9" * 40):
        assert person(app, s.CONSUMER).get(f"/entry/{number}").status_code == 404, number


def test_an_operator_of_another_branch_decides_nothing(village: Scene, app: Flask) -> None:
    client = person(app, s.CONSUMER)
    typed = digits(village, s.DACHA, ap2=-5)
    confirm(client, hand(client, typed), typed)
    auditor = person(app, s.AUDITOR)
    assert auditor.get("/console/handed-in/1").status_code == 200
    assert "Отклонить и написать" not in auditor.get("/console/handed-in/1").text
    assert send(auditor, "/console/handed-in/1", decision="accept").status_code == 403


def test_the_administrator_sets_the_days(village: Scene, app: Flask) -> None:
    form = "/console/organisation/correction"
    admin, operator = person(app, s.ADMINISTRATOR), person(app, s.OPERATOR)
    assert "reading_first_day" not in operator.get(form).text
    half = fill(admin, form, {"reading_first_day": "20", "reading_last_day": ""})
    assert said(half).keys() == {"reading_last_day"}
    assert said(fill(admin, form, {"reading_first_day": "0"})).keys() == {"reading_first_day"}
    save(admin, form, {"reading_first_day": "25", "reading_last_day": "3", "silent_days": "14", "reason": "приказ"})
    assert "с 25 по 3 число" in admin.get("/console/organisation").text
    assert "Сейчас не дни приёма: принимаем с 25 ноября по 3 декабря" in person(app, s.CONSUMER).get("/entry").text
    save(operator, form, {"phone": "8 800 000-00-00", "reason": "новый"})
    assert "с 25 по 3 число" in admin.get("/console/organisation").text, "an operator's form leaves them"


@pytest.mark.parametrize("what", ["the meter", "the contract"])
def test_what_changed_while_it_was_typed_takes_no_reading(
    village: Scene, app: Flask, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Between the page and the last look at it."""
    client, typed = person(app, s.CONSUMER), digits(village, s.DACHA)
    handed = form_of_readings.handed

    def changed(*given: Any) -> int:
        with writing(village.engine).begin() as connection:
            if what == "the meter":
                its = mounting.c.meter == f"MIL-{s.DACHA}"
                connection.execute(update(mounting).where(its).values(valid_to=s.NOW))
            else:
                its = grant.c.account == village.viewer(s.CONSUMER).account
                connection.execute(update(grant).where(its).values(valid_to=s.NOW))
        return handed(*given)

    monkeypatch.setattr(form_of_readings, "handed", changed)
    answer = hand(client, typed)
    assert answer.status_code == 422
    assert "Счётчик сменился, или договор теперь не ваш" in answer.text
    assert rows(village) == []
