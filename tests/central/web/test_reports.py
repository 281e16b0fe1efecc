"""«Отчеты»: all that is asked of a report stands in its address, is remembered for the person, and works by forms
alone; what is another's is not there."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from central.accounts.looked import OPENED
from central.accounts.tables import audit
from central.cabinet import reports as page
from central.cabinet import reports_table
from central.db import writing
from central.registry.tables import contract_point
from central.reports import personal
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.description import Address, Column, Document, Kind, Mark, Marked, Place, Role, Row
from central.reports.tables import personal_report
from central.timeseries.base import SeriesUnavailable
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person, send, token

DAY = {"length": "day", "day": "2026-11-20"}
PROFILE = "/reports/profile"
TODAY = date(2026, 11, 24)


@pytest.fixture
def own(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """Eleven days: to be changed."""
    made = copy_of(11, tmp_path / "scene")
    yield made
    made.close()


@pytest.fixture
def anna(own: Scene, tmp_path: Path) -> FlaskClient:
    return person(make_app(tmp_path / "scene"), s.CONSUMER)


def ask(client: FlaskClient, path: str = PROFILE, **typed: Any) -> TestResponse:
    return client.post(path, data={"csrf_token": token(client, path), "sent": "1", **typed})


def query(answer: TestResponse) -> dict[str, list[str]]:
    """Of the address to which an answer leads."""
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def rows(text: str) -> list[list[str]]:
    """Of the table, in words, without its heads and captions of groups."""
    body = text.split("<tbody>", 1)[1]
    cells = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        for row in re.findall(r"<tr(?! class=\"begins\").*?</tr>", body, re.DOTALL)
    ]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


# --- the address ---


@pytest.mark.parametrize(
    "words",
    [
        "length=month&day=2026-10-01",
        "length=own&day=2026-10-05&last=2026-10-20",
        "length=week&day=2026-10-05&point=1&point=2",
        "length=quarter&day=2026-07-01&digits=0",
        "length=year&day=2026-01-01&digits=6&tariffs=0&fixed=1&replaced=1&channel=reactive_export",
        "length=day&day=2026-10-05&column=start&column=active_import&column=point&only=marked&find=Дача",
    ],
)
def test_every_parameter_comes_back_from_its_address(app: Flask, words: str) -> None:
    given = MultiDict(parse_qsl(words))
    for report in reports().values():
        wanted = asked(report, given, TODAY)
        with app.test_request_context():
            again = parse_qsl(urlsplit(page.address(report, wanted, None)).query)
        assert asked(report, MultiDict(again), TODAY) == wanted
        assert wanted.period.named.items() <= dict(again).items()


def test_a_report_opens_already_made_of_the_last_whole_month_and_all_points(app: Flask) -> None:
    text = person(app, s.CONSUMER).get(PROFILE).text
    assert "<b>Октябрь 2026</b> · все точки (2)" in text
    assert "С 01.10.2026 00:00 по 01.11.2026 00:00" in text
    assert re.search(r"Сформирован 24\.11\.2026\s09:12 за \d,\d+ с\.", text)
    assert len(rows(text)) > 100


def test_the_page_of_a_report_says_when_it_was_made(app: Flask) -> None:
    """A page that was kept says how old it is."""
    assert 'data-made="24.11.2026\u00a009:12"' in person(app, s.CONSUMER).get("/reports/profile").text


def test_a_form_becomes_an_address_as_short_as_it_can_be_said(own: Scene, anna: FlaskClient) -> None:
    both = [own.points[s.FLAT], own.points[s.DACHA]]
    every = ask(anna, **DAY, point=both)
    assert query(every) == {"length": ["day"], "day": ["2026-11-20"]}
    one = ask(anna, **DAY, point=both[0], digits="4")
    assert query(one) == {"length": ["day"], "day": ["2026-11-20"], "point": [str(both[0])], "digits": ["4"]}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ({"length": "month", "day": "2026-10-01", "until": "2026-11-01"}, ("month", "2026-10-01", None)),
        ({"length": "day", "day": "2026-10-01", "until": "2026-11-01"}, ("day", "2026-10-01", None)),
        ({"length": "month", "day": "2026-09-14", "until": "2026-11-01"}, ("month", "2026-09-01", None)),
        ({"length": "month", "day": "2026-10-01", "until": "2026-10-16"}, ("own", "2026-10-01", "2026-10-15")),
        ({"length": "own", "day": "2026-10-01", "until": "2026-11-01"}, ("own", "2026-10-01", "2026-10-31")),
        ({"length": "month", "day": "2026-10-01", "until": "завтра"}, ("month", "2026-10-01", None)),
    ],
)
def test_a_period_is_what_was_changed_of_it(anna: FlaskClient, typed: dict[str, str], wanted: tuple[Any, ...]) -> None:
    found = query(ask(anna, was="month 2026-11-01", **typed))
    assert (found["length"], found["day"], found.get("last")) == ([wanted[0]], [wanted[1]], wanted[2] and [wanted[2]])


def test_arrows_of_the_form_turn_the_period_and_keep_what_was_typed(anna: FlaskClient) -> None:
    found = query(ask(anna, length="month", day="2026-10-01", digits="3", turn="before"))
    assert (found["day"], found["digits"], found["open"]) == (["2026-09-01"], ["3"], ["1"])
    assert query(ask(anna, length="month", day="2026-09-01", turn="after"))["day"] == ["2026-10-01"]


# --- points, without scripts ---


def test_points_are_picked_by_buttons_of_the_form(own: Scene, anna: FlaskClient) -> None:
    flat, dacha = str(own.points[s.FLAT]), str(own.points[s.DACHA])
    assert query(ask(anna, **DAY, point=flat, pick="invert"))["point"] == [dacha]
    assert "point" not in query(ask(anna, **DAY, point=flat, pick="none"))
    assert query(ask(anna, **DAY, seek="дача", pick="all"))["point"] == [dacha]  # of what is listed
    assert query(ask(anna, **DAY, point=[flat, dacha], seek="дача", pick="none"))["point"] == [flat]
    every = query(ask(anna, **DAY, point=flat, pick="all"))
    assert ("point" not in every, every["ticked"]) == (True, ["all"])
    assert query(ask(anna, **DAY, pick="level", level="ТП-118"))["ticked"] == ["all"]
    assert "point" not in query(ask(anna, **DAY, pick="level", level="ТП-1"))  # another's name that begins so
    shown = anna.get(f"{PROFILE}?ticked=all&open=1").text
    assert len(re.findall(r'name="point" value="\d+" checked', shown)) == 2


def test_a_search_shows_some_points_and_keeps_all_ticks(own: Scene, anna: FlaskClient) -> None:
    dacha = own.points[s.DACHA]
    found = query(ask(anna, **DAY, point=dacha, pick="find", seek="квартира"))
    assert (found["point"], found["seek"]) == ([str(dacha)], ["квартира"])
    text = anna.get(f"{PROFILE}?length=day&day=2026-11-20&point={dacha}&seek=квартира").text
    hidden = dict(
        re.findall(r'<li data-under="[^"]*"( hidden)?><label><input type="checkbox" name="point" value="(\d+)"', text)
    )
    assert hidden == {"": str(own.points[s.FLAT]), " hidden": str(dacha)}
    assert f'value="{dacha}" checked' in text


def test_points_are_told_as_whole_paths_with_levels_of_the_network(app: Flask) -> None:
    text = unescape(person(app, s.CONSUMER).get(PROFILE).text).replace("<wbr>", "")
    assert "<small>Энергосеть\\ТП-118\\ВРУ-0,4 кВ\\Квартира</small>" in text
    levels = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', text)
    assert [(kind, re.findall(r">([^<]+)</option>", of)) for kind, of in levels] == [
        ("организация", ["Энергосеть (2)"]),
        ("подстанция", ["ТП-118 (2)"]),
        ("распределительное устройство", ["ТП-118\\ВРУ-0,4 кВ (2)"]),
    ]


def test_a_chip_takes_one_point_away(own: Scene, anna: FlaskClient) -> None:
    flat, dacha = own.points[s.FLAT], own.points[s.DACHA]
    text = anna.get(f"{PROFILE}?length=day&day=2026-11-20&point={flat}&point={dacha}").text
    way = unescape(re.search(r'<a class="chip" href="([^"]+)" aria-label="Убрать: Квартира"', text)[1])  # type: ignore[index]
    assert parse_qs(urlsplit(way).query)["point"] == [str(dacha)]


# --- what was asked last ---


def test_what_was_asked_last_is_asked_again_of_the_last_whole_period(own: Scene, anna: FlaskClient) -> None:
    dacha = own.points[s.DACHA]
    ask(anna, length="week", day="2026-11-02", point=dacha, digits="0")
    text = anna.get(PROFILE).text
    assert "<b>16–22 ноября 2026</b> · Дача · " in text
    assert '<option value="0" selected>' in text
    assert anna.get(f"{PROFILE}?length=day&day=2026-11-20").text.count("все точки (2)")  # an address tells all
    ask(anna, pick="usual", length="week", day="2026-11-02", point=dacha)
    assert "<b>Октябрь 2026</b> · все точки (2)" in anna.get(PROFILE).text


def test_what_was_asked_last_is_of_the_person_and_not_of_the_browser(
    own: Scene, anna: FlaskClient, tmp_path: Path
) -> None:
    ask(anna, **DAY, digits="5")
    app = make_app(tmp_path / "scene")
    assert "5\u00a0десятичных\u00a0знаков" in person(app, s.CONSUMER).get(PROFILE).text
    assert "5\u00a0десятичных\u00a0знаков" not in person(app, s.NEIGHBOUR).get(PROFILE).text.split("Изменить")[0]
    with own.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(personal_report)) == 1
    ask(anna, **DAY, digits="6")
    with own.engine.connect() as connection:  # it is kept once
        assert connection.scalar(select(func.count()).select_from(personal_report)) == 1
        assert personal.mine(connection, own.viewer(s.CONSUMER)) == []


def test_what_was_kept_of_points_that_are_no_longer_ones_own_opens_without_them(own: Scene, anna: FlaskClient) -> None:
    dacha = own.points[s.DACHA]
    ask(anna, **DAY, point=dacha)
    key = kept(anna, "Дача", point=dacha)
    with writing(own.engine).begin() as connection:
        connection.execute(contract_point.delete().where(contract_point.c.point == dacha))
    assert "все точки (1)" in anna.get(PROFILE).text
    text = anna.get(f"/reports/personal/{key}").text
    assert "все точки (1)" in text
    assert "Не все точки этого отчёта вам видны" in text
    assert "Показаны все ваши точки" in text
    assert "Не все точки" not in anna.get(f"/reports/personal/{kept(anna, 'Все')}").text


def test_opening_reports_opens_the_one_that_was_opened_last(anna: FlaskClient) -> None:
    first, *others = reports()
    assert f"<h1>{reports()[first].title}</h1>" in anna.get("/reports").text
    word = [*others, first][0]
    anna.get(f"/reports/{word}")
    text = anna.get("/reports").text
    assert f"<h1>{reports()[word].title}</h1>" in text
    assert '<details class="guide-fold" open>' in text


# --- what is another's ---


def test_a_point_of_another_is_not_there(own: Scene, anna: FlaskClient) -> None:
    theirs = own.points[s.NEXT_DOOR]
    for report in reports():
        assert anna.get(f"/reports/{report}?length=day&day=2026-11-20&point={theirs}").status_code == 404
        assert anna.get(f"/reports/{report}?length=day&day=2026-11-20&point=999999").status_code == 404
    assert anna.get(f"{PROFILE}?point={own.points[s.FLAT]}&point={theirs}").status_code == 404


def test_a_report_that_there_is_not_is_not_found(anna: FlaskClient) -> None:
    for path in ("/reports/nothing", "/reports/personal/1", "/reports/personal/999", "/reports/personal/1/remove"):
        assert anna.get(path).status_code == 404


def test_no_byte_of_another_stands_in_a_report(own: Scene, anna: FlaskClient, tmp_path: Path) -> None:
    boris = person(make_app(tmp_path / "scene"), s.NEIGHBOUR)
    for report in reports():
        for more in ("", "&open=1", "&edit=1"):
            text = boris.get(f"/reports/{report}?length=week&day=2026-11-16{more}").text
            assert "Мастерская" in text
            for theirs in ("Квартира", "Дача", s.FLAT, s.DACHA, "Т-45", "Т-46", "100-1", "Петрова"):
                assert theirs not in text, (report, more, theirs)
            mine = anna.get(f"/reports/{report}?length=week&day=2026-11-16{more}").text
            assert "Квартира" in mine
            for theirs in ("Мастерская", s.NEXT_DOOR, "Т-47", "100-3", "Сидоров"):
                assert theirs not in mine, (report, more, theirs)


def test_a_former_tenant_reports_on_his_time_alone(app: Flask, scene: Scene) -> None:
    client, point = person(app, s.FORMER), scene.points[s.NEXT_DOOR]
    nothing = client.get(PROFILE)
    assert "Сейчас точек учета нет" in nothing.text
    assert f"{PROFILE}?point={point}" in unescape(nothing.text)
    his = rows(client.get(f"{PROFILE}?point={point}&length=own&day=2026-11-03&last=2026-11-06").text)
    starts = [row[0] for row in his if re.match(r"\d\d\.\d\d\.\d{4}", row[0])]
    assert (starts[0], starts[-1]) == ("03.11.2026 00:00", "04.11.2026 23:30")


def test_staff_name_a_point_and_its_consumer_sees_who_looked(own: Scene, tmp_path: Path) -> None:
    client = person(make_app(tmp_path / "scene"), s.OPERATOR)
    assert "Точка не выбрана" in client.get(PROFILE).text
    assert "csrf_token" not in client.get(PROFILE).text.split('class="report-form"')[1].split("</form>")[0]
    assert len(rows(client.get(f"{PROFILE}?point=1&length=day&day=2026-11-20").text)) > 40
    assert query(client.get(f"{PROFILE}?point=1&length=day&day=2026-11-20&sent=1&digits=1"))["digits"] == ["1"]
    with own.engine.connect() as connection:
        seen = connection.scalars(select(audit.c.subject).where(audit.c.action == OPENED)).all()
    assert set(seen) == {"Т-45"}
    assert client.post(PROFILE, data={"csrf_token": token(client, "/")}).status_code == 403


def test_staff_look_through_a_cabinet_and_change_nothing(own: Scene, anna: FlaskClient, tmp_path: Path) -> None:
    ask(anna, **DAY, digits="4")
    key = kept(anna, "Мой")
    client = person(make_app(tmp_path / "scene"), s.OPERATOR)
    owner = own.viewer(s.CONSUMER).account
    send(client, f"/console/people/{owner}/cabinet", f"/console/people/{owner}")
    text = client.get(PROFILE).text
    assert "все точки (2)" in text
    assert '<option value="4" selected>' in text  # as the consumer has it
    for form in ("Режим редактирования", "Сохранить в персональные", "Вернуть обычные", ">PDF<"):
        assert form not in text
    assert "<h1>Мой</h1>" in client.get(f"/reports/personal/{key}").text
    assert query(client.get(f"{PROFILE}?length=day&day=2026-11-20&sent=1&digits=1"))["digits"] == ["1"]
    assert '<option value="4" selected>' in client.get(PROFILE).text
    sent = {"csrf_token": token(client, "/me"), "name": "Чужой"}
    for path in (PROFILE, f"{PROFILE}/keep", f"/reports/personal/{key}", f"/reports/personal/{key}/remove"):
        assert client.post(path, data=sent).status_code == 403
    assert "<h1>Мой</h1>" in anna.get(f"/reports/personal/{key}").text


def test_forms_without_their_token_change_nothing(own: Scene, anna: FlaskClient) -> None:
    key = kept(anna, "Мой")
    for path in (PROFILE, f"{PROFILE}/keep", *(f"/reports/personal/{key}{more}" for more in ("", "/mail", "/remove"))):
        assert anna.post(path, data={"name": "Другой", "digits": "6"}).status_code == 400
    assert "<h1>Мой</h1>" in anna.get(f"/reports/personal/{key}").text


# --- personal ones ---


def kept(client: FlaskClient, name: str, **typed: Any) -> int:
    """The key of a new personal report."""
    answer = send(client, f"{PROFILE}/keep", PROFILE, sent="1", name=name, **{**DAY, **typed})
    assert answer.status_code == 303
    return int(re.search(r"/reports/personal/(\d+)\?done=kept", answer.headers["Location"])[1])  # type: ignore[index]


def test_a_personal_report_opens_with_what_was_kept(anna: FlaskClient) -> None:
    way = f"/reports/personal/{kept(anna, 'Ночью', digits='0', column=['start', 'active_import'])}"
    text = anna.get(way).text
    assert "<h1>Ночью</h1>" in text
    assert "<b>пт, 20 ноября 2026</b>" in text
    assert re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', text) == ["Начало", "A+, кВт·ч"]
    assert f'href="{way}" aria-current="page"' in text
    assert "<b>чт, 19 ноября 2026</b>" in anna.get(f"{way}?length=day&day=2026-11-19").text
    assert "<b>пт, 20 ноября 2026</b>" in anna.get(way).text  # what was looked at once changes it not


def test_a_personal_report_is_changed_and_removed_by_its_author(anna: FlaskClient) -> None:
    key = kept(anna, "Мой")
    way = f"/reports/personal/{key}"
    assert (
        send(anna, way, PROFILE, sent="1", name="Наш", **DAY, digits="6").headers["Location"] == f"{way}?done=changed"
    )
    assert "6\u00a0десятичных\u00a0знаков" in anna.get(way).text
    assert "Удалить отчёт «Наш»?" in anna.get(f"{way}/remove").text
    assert send(anna, f"{way}/remove").headers["Location"] == "/reports?done=removed"
    assert anna.get(way).status_code == 404


def test_a_name_that_is_refused_keeps_what_was_typed(anna: FlaskClient) -> None:
    for name in ("", "  ", "я" * 101):
        answer = send(anna, f"{PROFILE}/keep", PROFILE, sent="1", name=name, **DAY, digits="5", find="Дача")
        assert answer.status_code == 422
        assert 'id="errors"' in answer.text
        assert "5\u00a0десятичных\u00a0знаков" in answer.text
        assert 'name="find" value="Дача"' in answer.text
        assert f'value="{name}"' in answer.text


def test_a_file_of_a_personal_report_bears_its_name_and_says_which_report_it_is(anna: FlaskClient) -> None:
    key = kept(anna, "Ночь: цех 1/2")
    way, make = f"/reports/personal/{key}", f"{PROFILE}/make"
    beside = re.search(r'class="actions report-files".*?</form>', anna.get(way).text, re.DOTALL)
    assert beside is not None
    assert f'action="{make}"' in beside[0]
    assert f'name="personal" value="{key}"' in beside[0]
    made = send(anna, make, way, **DAY, form="csv", personal=key)
    file = anna.get(made.headers["Location"])
    assert unquote(file.headers["Content-Disposition"]).endswith("Ночь- цех 1-2, 20 ноября 2026.csv")
    title, *about = file.text.removeprefix("\ufeff").splitlines()[:4]
    assert (title, about[2]) == ("Ночь: цех 1/2", "Отчет;Профиль нагрузки")
    assert "<b>Ночь: цех 1/2</b>" in anna.get("/reports/made").text
    again = send(anna, f"{made.headers['Location'].removesuffix('/file')}/again", way)
    assert anna.get(again.headers["Location"]).text.startswith(f"\ufeff{title}")


def test_no_file_bears_the_name_of_another_s_report_or_of_another_kind(
    own: Scene, anna: FlaskClient, tmp_path: Path
) -> None:
    key = kept(anna, "Мой")
    boris = person(make_app(tmp_path / "scene"), s.NEIGHBOUR)
    for client, word in ((boris, "profile"), (anna, "details")):
        answer = send(client, f"/reports/{word}/make", PROFILE, **DAY, form="csv", personal=key)
        assert answer.status_code == 404


def test_a_shared_report_is_seen_by_whoever_sees_its_contract_and_changed_by_no_other(
    own: Scene, anna: FlaskClient, tmp_path: Path
) -> None:
    contract = own.accounts["100-1"]
    alone, shared = kept(anna, "Мой"), kept(anna, "Общий", contract=str(contract))
    boris = person(make_app(tmp_path / "scene"), s.NEIGHBOUR)
    for key in (alone, shared):
        assert boris.get(f"/reports/personal/{key}").status_code == 404
        assert send(boris, f"/reports/personal/{key}", PROFILE, sent="1", name="Взломан").status_code == 404
        assert send(boris, f"/reports/personal/{key}/remove", PROFILE).status_code == 404
        assert (
            send(
                boris, f"/reports/personal/{key}/mail", PROFILE, day="1", form="csv", percent="1", days="1"
            ).status_code
            == 404
        )
    assert "Общий" not in boris.get("/reports").text
    theirs = send(boris, f"{PROFILE}/keep", PROFILE, sent="1", name="Чужой", contract=str(contract))
    assert theirs.status_code == 422


def test_columns_go_up_and_down_without_scripts(anna: FlaskClient) -> None:
    found = query(ask(anna, **DAY, edit="1", move="up active_import"))
    assert found["column"][:4] == ["point", "start", "active_import", "end"]
    assert found["edit"] == ["1"]
    back = query(ask(anna, **DAY, edit="1", column=found["column"], move="down active_import"))
    assert "column" not in back  # as they stand in the report
    assert "column" not in query(ask(anna, **DAY, edit="1", move="down marks"))  # it is the last one
    shown = anna.get(f"{PROFILE}?length=day&day=2026-11-20&edit=1&column=active_import&column=start").text
    order = re.findall(r'name="column" value="(\w+)"( checked|>)', shown.split("data-order")[1])
    assert [name for name, _on in order][:3] == ["point", "active_import", "start"]


def test_a_personal_report_is_sent_by_mail_or_no_more(anna: FlaskClient) -> None:
    way = f"/reports/personal/{kept(anna, 'Бухгалтеру')}"
    told = {"day": "5", "form": "pdf", "percent": "98", "days": "4"}
    assert send(anna, f"{way}/mail", way, **told).headers["Location"] == f"{way}?done=mailed"
    text = anna.get(way).text
    assert "каждый месяц 5-го числа, PDF" in text
    assert 'value="98"' in text
    wrong = send(anna, f"{way}/mail", way, **{**told, "day": "31"})
    assert wrong.status_code == 422
    assert 'value="31"' in wrong.text
    assert send(anna, f"{way}/mail", way, drop="1").headers["Location"] == f"{way}?done=dropped"
    assert "каждый месяц" not in anna.get(way).text.split('id="mail"')[1].split("</summary>")[0]


# --- the table ---


def test_a_long_table_is_turned_and_its_sum_is_of_all_rows(app: Flask, scene: Scene) -> None:
    client = person(app, s.CONSUMER)
    way = f"{PROFILE}?length=month&day=2026-10-01&point={scene.points[s.FLAT]}"
    pages = [client.get(f"{way}&page={number}").text for number in (1, 2, 3)]
    found = [rows(text) for text in pages]
    assert [len(one) - 1 for one in found] == [500, 500, 489]  # 1488 half-hours, their sum; the sum of all in each
    assert "1–500 из 1\xa0489" in pages[0]
    assert len({one[-1][2] for one in found}) == 1
    assert found[2][-2][2] == found[2][-1][2]  # one point: its sum is that of all
    starts = [row[0] for one in found for row in one if row[0][:2].isdigit()]
    assert len(set(starts)) == len(starts) == 1488
    beyond = client.get(f"{way}&page=99")
    assert beyond.status_code == 302
    assert "page=3" in beyond.headers["Location"]


def test_every_figure_opens_a_page_that_is_there(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    for report in reports():
        text = client.get(f"/reports/{report}?length=week&day=2026-11-02").text
        ways = {unescape(way) for way in re.findall(r'<a class="opens" href="([^"]+)"', text)}
        for way in sorted(ways)[:: max(1, len(ways) // 5)]:
            assert client.get(way).status_code == 200, (report, way)


def test_rows_are_found_by_a_word_and_by_their_marks(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    way = f"{PROFILE}?length=day&day=2026-11-20"
    marked = rows(client.get(f"{way}&only=marked&point=1").text)
    assert len(marked) > 3
    assert "оценка" in " ".join(marked[0])
    nothing = client.get(f"{way}&find=нет+такого").text
    assert "Под отбор не подошла ни одна строка" in nothing


def test_a_long_report_is_offered_as_a_file_and_not_made(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_ROWS", 100)
    text = person(app, s.CONSUMER).get(PROFILE).text
    assert "Большой отчёт: строк около 2" in text.replace("\xa0", "")
    assert "<table" not in text
    assert re.findall(r'name="form" value="(\w+)"', text.split("Большой отчёт")[1])[:4] == ["pdf", "xls", "xlsx", "csv"]


def test_a_report_that_takes_long_is_given_up_and_offered_as_a_file(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PATIENCE", 1e-9)
    text = person(app, s.CONSUMER).get(PROFILE).text
    assert "Большой отчёт" in text
    assert "Страница ждёт отчёт не дольше" in text
    assert "<table" not in text


def test_a_series_that_is_away_leaves_the_page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_of: object) -> None:
        raise SeriesUnavailable("it is away")

    monkeypatch.setattr(reports_table, "table", away)
    answer = person(app, s.CONSUMER).get(PROFILE)
    assert answer.status_code == 503
    assert "Показания сейчас недоступны" in answer.text
    assert "Виды отчетов" in answer.text
    assert "Изменить" in answer.text


def test_a_format_of_the_form_makes_a_file(anna: FlaskClient) -> None:
    answer = ask(anna, **DAY, form="csv")
    assert answer.status_code == 307
    assert answer.headers["Location"] == f"{PROFILE}/make"
    file = send(anna, f"{PROFILE}/make", PROFILE, sent="1", was="day 2026-11-21", until="2026-11-21", **DAY, form="csv")
    assert file.status_code == 303  # what a browser sends there is the form as it stood
    assert anna.get(file.headers["Location"]).mimetype == "text/csv"


def test_kinds_are_found_without_scripts(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    text = client.get(f"{PROFILE}?kind=ПРОФ").text.split("</nav>")[1]
    assert "Профиль нагрузки" in text
    assert "Такого отчёта нет" in client.get(f"{PROFILE}?kind=zzz").text


# --- a document becomes a table ---


def document(*found: Row, columns: tuple[Column, ...]) -> Document:
    return Document("Отчёт", "Энергосеть", [], columns, iter(found), [], 2, datetime(2026, 11, 24))


COLUMNS = (
    Column("point", "Точка"),
    Column("meter", "Счётчик"),
    Column("tariff", "Тариф"),
    Column("energy", "Расход", Kind.ENERGY, "кВт·ч", summed=True),
    Column("marks", "Отметка", Kind.MARKS),
    Column("day", "Сутки", Kind.STRIP),
)


def row(group: str, meter: str, tariff: str, energy: int | None, **more: Any) -> Row:
    marked = Marked(more.pop("marks", ()), more.pop("remark", ""))
    return Row((group, meter, tariff, energy, marked, more.pop("strip", None)), group=group, **more)


def test_what_is_alike_in_a_group_stands_over_it_once(app: Flask) -> None:
    found = document(
        row("Дача", "№ 1", "Т1", 1_000_000, zone="t1", opens={"energy": Address("cabinet.explain", {"point": 1})}),
        row("Дача", "№ 1", "Т2", None, zone="t2"),
        Row(("Итого", None, None, 1_000_000, None, None), Role.LINE, "Дача"),
        row("Дом", "№ 2", "Т1", 5_000),
        Row(("Всего", None, None, 1_005_000, None, None), Role.TOTAL),
        columns=COLUMNS,
    )
    with app.test_request_context():
        made = reports_table.table(found, 1)
    assert [one.caption for one in made.heads] == ["Тариф", "Расход, кВт·ч", "Отметка", "Сутки"]
    assert [one.begins for one in made.lines] == [("Дача", "№ 1"), (), (), ("Дом", "№ 2")]
    assert [[cell.text for cell in one.cells[:2]] for one in made.lines] == [
        ["Т1", "1,00"], ["Т2", "—"], ["Итого", "1,00"], ["Т1", "0,01"],
    ]  # fmt: skip
    assert made.lines[0].cells[0].swatch == "t1"
    assert made.lines[0].cells[1].href == "/explain?point=1"
    assert made.total is not None
    assert [cell.text for cell in made.total.cells[:2]] == ["Всего", "1,01"]


def test_a_meter_that_was_replaced_stands_beside_its_rows(app: Flask) -> None:
    found = document(row("Дача", "№ 1", "Т1", 1), row("Дача", "№ 2", "Т1", 2), columns=COLUMNS)
    with app.test_request_context():
        made = reports_table.table(found, 1)
    assert [one.caption for one in made.heads][:2] == ["Счётчик", "Тариф"]


def test_rows_that_stand_alone_keep_their_point_beside_them(app: Flask) -> None:
    for groups in (("Дача", "Дом"), ("", "")):
        found = document(*(row(group, "№ 1", "Т1", 1) for group in groups), columns=COLUMNS)
        with app.test_request_context():
            made = reports_table.table(found, 1)
        assert made.heads[0].caption == "Точка"
        assert not any(one.begins for one in made.lines)


def test_marks_are_words_and_a_strip_is_told(app: Flask) -> None:
    strip = Place.THERE * 46 + Place.OFF + Place.MISSING
    found = document(
        row("", "", "", 1, marks=(Mark.ESTIMATED, Mark.REPLACED), remark="замена 14.10", strip=strip), columns=COLUMNS
    )
    with app.test_request_context():
        made = reports_table.table(found, 1)
    mark, day = made.lines[0].cells[4:]
    assert [(one.letter, one.word) for one in mark.badges] == [("р", "оценка"), ("з", "замена")]
    assert mark.text == "замена 14.10"
    assert day.strip is not None
    assert 'aria-label="измерено: 46, отключено: 1, нет данных: 1"' in day.strip
    assert day.strip.count("<rect") == 3


def test_the_total_is_told_before_the_table(app: Flask) -> None:
    page = person(app, s.CONSUMER).get("/reports/readings?length=month&day=2026-11-01").text
    before, _sign, table = page.partition("<table")
    told = re.search(r'class="report-answer"><span class="figure">([^<]+)<span', before)
    total = re.search(r'<tr class="total">.*?</tr>', table, re.DOTALL)
    assert told is not None
    assert total is not None
    assert told[1] in total[0]


def test_an_address_makes_no_file_whoever_opens_it(app: Flask, scene: Scene) -> None:
    for mail in (s.OPERATOR, s.CONSUMER):
        client = person(app, mail)
        answer = client.get(f"/reports/details?sent=1&form=pdf&point={scene.points[s.FLAT]}")
        assert answer.status_code == 303
        assert client.get(answer.headers["Location"]).status_code == 200
