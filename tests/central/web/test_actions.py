"""«Журнал действий»: found by who, what, on what, when; a page and a file; each company sees its own."""

import csv
import re
from datetime import date
from html import unescape
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import insert, select

from central.accounts.audit import note
from central.accounts.people import add_account
from central.accounts.tables import account, audit
from central.actions import seals
from central.console import actions as page
from central.console.room import ROWS
from central.db import writing
from central.faces import action_words
from central.faces.access import ACCESS
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person, token

STRANGER, STRANGER_NAME = "stranger@example.org", "Чужой Администратор"
DAY = midnight(date(2026, 3, 10), s.TZ)


@pytest.fixture
def town(town: Scene) -> Scene:
    """Six rows of 10 March, of two companies and of nobody."""
    with writing(town.engine).begin() as connection:
        with entering(connection, at=s.NOW, kind="test") as change:
            other = enter.add_organisation(change, "Чужая компания")
        about = {"name": STRANGER_NAME, "password": s.PASSWORD, "role": "administrator", "now": s.NOW}
        stranger = add_account(connection, s.CHEAP, organisation=other, mail=STRANGER, **about)
    operator, anna = (town.viewer(mail).account for mail in (s.OPERATOR, s.CONSUMER))
    with writing(town.engine).begin() as connection:
        for hours, who, action, subject, detail in (
            (1, operator, "page console.point", "key=17", "200"),
            (2, anna, "login", "", "Firefox"),
            (3, None, "login refused", "", "10.1.2.3"),
            (4, stranger, "page console.point", "key=18", "ЧУЖОЕ"),
            (5, None, "password set", f"account {stranger}", "ЧУЖОЕ"),
            (6, None, "password set", f"account {anna}", "=1+1"),
        ):
            note(connection, DAY + hours * 3600, who, action, subject, detail)
    return town


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return person(app, s.ADMINISTRATOR)


MARCH = {"since": "2026-03-10", "until": "2026-03-10"}


def rows(client: FlaskClient, **asked: str | int) -> list[list[str]]:
    """Texts of the cells, the newest first, of 10 March."""
    answer = client.get("/console/actions", query_string=MARCH | asked, follow_redirects=True)
    assert answer.status_code == 200
    found = re.findall(r"<tr data-action.*?</tr>", answer.text, re.S)
    return [[_text(cell) for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.S)] for row in found]


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def subjects(client: FlaskClient, **asked: str | int) -> list[str]:
    return [f"{row[2]}: {row[3]}" for row in rows(client, **asked)]


ALL = ["Пароль задан из командной строки: account 1", "Отказ во входе: —", "Вход: —", "Страница: точка учёта: key=17"]


def test_it_tells_of_the_company_and_of_nobody_the_newest_first(client: FlaskClient) -> None:
    found = rows(client)
    assert subjects(client) == ALL
    assert [row[1] for row in found] == ["командная строка", "без входа", "Анна Петрова", "Ольга Диспетчер"]
    assert found[-1][0].startswith("10.03.2026 01:00:00 · №")
    assert found[-1][4:] == ["показано 200", "ждёт"]


def test_each_filter_finds_its_own_and_all_of_them_together(town: Scene, client: FlaskClient) -> None:
    operator = town.viewer(s.OPERATOR).account
    assert subjects(client, account=operator) == ALL[3:]
    assert subjects(client, account=0) == ALL[:2]
    assert subjects(client, action="login") == ALL[2:3]
    assert subjects(client, object="key=1") == ALL[3:]
    assert subjects(client, object="KEY=1") == ALL[3:]
    assert subjects(client, object="account") == ALL[:1]
    assert subjects(client, object="%") == []
    assert subjects(client, account=operator, action="page console.point", object="17") == ALL[3:]
    assert subjects(client, account=operator, action="login") == []


def test_the_days_of_a_period_are_whole_ones_on_the_clock_of_the_company(town: Scene, client: FlaskClient) -> None:
    with writing(town.engine).begin() as connection:
        for at in (DAY - 1, DAY, DAY + 86_399, DAY + 86_400):
            note(connection, at, None, "discard", str(at - DAY))
    assert [one.split(": ")[1] for one in subjects(client, action="discard")] == ["86399", "0"]
    assert len(rows(client, action="discard", until="2026-03-11")) == 3
    assert len(rows(client, action="discard", since="2026-03-09")) == 3
    assert len(rows(client, action="discard", since="", until="")) == 4
    page = client.get("/console/actions?since=вчера&until=9999-12-31").text
    assert "Такой даты нет: вчера, 9999-12-31" in page


def test_who_is_chosen_by_name_or_mail_and_the_address_then_names_an_id(town: Scene, client: FlaskClient) -> None:
    anna = town.viewer(s.CONSUMER).account
    for typed in ("Петрова", "анна петр", "anna@", s.CONSUMER):
        answer = client.get("/console/actions", query_string={"who": typed, "action": "login"})
        assert (answer.status_code, answer.headers["Location"]) == (
            302,
            f"/console/actions?account={anna}&action=login",
        )
    assert subjects(client, who="Петрова") == ALL[2:3]
    assert subjects(client, who=str(page.WITHOUT)) == ALL[:2]
    assert subjects(client, who="", account=anna) == ALL, "an emptied field is nobody in particular"
    assert subjects(client, who="Анна Петрова", account=anna) == ALL[2:3]
    assert subjects(client, who="Ольга", account=anna) == ALL[3:]


def test_where_several_are_meant_they_are_offered_and_where_nobody_is_that_is_said(client: FlaskClient) -> None:
    page = client.get("/console/actions", query_string={"who": "example.org", "action": "login"}).text
    assert "Кого вы имеете в виду?" in page
    assert len(re.findall(r'href="/console/actions\?action=login&amp;account=\d+"', page)) == 6
    assert STRANGER not in page
    assert "Никого не нашлось" in client.get("/console/actions?who=Чужой").text
    assert "Никого не нашлось" in client.get("/console/actions", query_string={"who": "%"}).text


def test_a_person_of_another_company_does_not_exist(town: Scene, client: FlaskClient) -> None:
    stranger = town.viewer(STRANGER).account
    for path in ("/console/actions", "/console/actions/file"):
        for key in (stranger, 99_999):
            assert client.get(path, query_string={"account": key}).status_code == 404


def test_another_company_sees_nothing_of_it(app: Flask, town: Scene, client: FlaskClient) -> None:
    assert "ЧУЖОЕ" not in str(rows(client))
    theirs = person(app, STRANGER)
    assert [(row[1], row[3]) for row in rows(theirs)] == [
        ("командная строка", f"account {town.viewer(STRANGER).account}"),
        (STRANGER_NAME, "key=18"),
        ("без входа", "—"),
    ]
    for path in ("/console/actions", "/console/actions/file", "/console/actions?who=example.org"):
        text = theirs.get(path).text
        assert not [word for word in ("Петрова", "Ольга", "key=17", s.OPERATOR) if word in text], path


def test_pages_follow_each_other_without_a_gap(town: Scene, client: FlaskClient) -> None:
    with writing(town.engine).begin() as connection:  # many of the same second
        for number in range(2 * ROWS + 3):
            note(connection, DAY + 7 * 3600 + number // 40, None, "discard", f"n{number}")
    seen: list[str] = []
    path = "/console/actions?action=discard"
    while path:
        text = client.get(path).text
        seen += re.findall(r'<td class="thing">(n\d+)', text)
        older = re.search(r'href="([^"]+)" rel="next"', text)
        path = unescape(older[1]) if older else ""
    assert seen == [f"n{number}" for number in reversed(range(2 * ROWS + 3))]
    assert rows(client, before=10**9) == []


def test_the_state_of_the_chain_and_the_seal_of_each_row(town: Scene, client: FlaskClient) -> None:
    assert "Печатей ещё нет" in client.get("/console/actions").text
    with writing(town.engine).begin() as connection:
        first = seals.make(connection, seals.settled(connection), s.NOW)
        note(connection, DAY + 9 * 3600, None, "discard", "after")
        second = seals.make(connection, seals.settled(connection), s.NOW)
        note(connection, DAY + 10 * 3600, None, "discard", "waits")
    assert first is not None
    assert second is not None
    page = client.get("/console/actions").text
    assert second.sha in page
    assert "№ 2, " in page
    assert [row[5] for row in rows(client)] == ["ждёт", "2", "1", "1", "1", "1"]
    assert [row["Печать №"] for row in csv_rows(client)] == ["", "2", "1", "1", "1", "1"]


def csv_rows(client: FlaskClient, **asked: str | int) -> list[dict[str, str]]:
    answer = client.get("/console/actions/file", query_string=MARCH | asked | {"form": "csv"})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    lines = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    head = next(number for number, line in enumerate(lines) if line[0] == "№")
    return [dict(zip(lines[head], line, strict=True)) for line in lines[head + 1 :]]


def test_what_is_found_is_a_file_and_no_text_of_it_is_a_formula(town: Scene, client: FlaskClient) -> None:
    found = csv_rows(client)
    assert [row["Объект"] for row in found] == ["account 1", "", "", "key=17"]
    assert found[0]["Подробности"] == "'=1+1"
    assert (found[2]["Кто"], found[2]["Учётная запись"]) == ("Анна Петрова", "1")
    assert (found[3]["Когда"], found[3]["Действие"]) == ("2026-03-10 01:00:00", "page console.point")
    assert len(csv_rows(client, action="login")) == 1
    answer = client.get("/console/actions/file", query_string=MARCH | {"form": "xlsx"})
    sheet = load_workbook(BytesIO(answer.data)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]
    assert client.get("/console/actions/file?form=exe").status_code == 404


def test_a_file_that_is_cut_says_so(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST", 3)
    answer = client.get("/console/actions/file", query_string=MARCH)
    assert "Только последние 3 записей" in answer.text
    assert [row["Объект"] for row in csv_rows(client)] == ["account 1", "", ""]
    monkeypatch.setattr(page, "MOST", 4)
    assert "Только последние" not in client.get("/console/actions/file", query_string=MARCH).text


def test_only_who_may_finds_the_way_to_it(app: Flask, client: FlaskClient) -> None:
    assert 'href="/console/actions"' in client.get("/console/points").text
    operator = person(app, s.OPERATOR)
    assert 'href="/console/actions"' not in operator.get("/console/points").text
    assert operator.get("/console/actions").status_code == 403
    auditor = person(app, s.AUDITOR)
    assert 'href="/console/actions"' in auditor.get("/console/points").text
    assert auditor.get("/console/actions").status_code == 200
    assert ACCESS["console.actions"] == ACCESS["console.actions_file"]


def test_what_there_is_to_choose_stands_in_words(town: Scene, client: FlaskClient) -> None:
    with writing(town.engine).begin() as connection:
        connection.execute(insert(audit).values(at=DAY, action="something new", subject="", detail=""))
    text = client.get("/console/actions").text.split('<select name="action">')[1].split("</select>")[0]
    found = dict(re.findall(r'<option value="([^"]+)">([^<]+)', text))
    assert found["login"] == "Вход"
    assert found["page console.point"] == "Страница: точка учёта"
    assert found["something new"] == "something new"
    with town.engine.connect() as connection:
        there = set(connection.scalars(select(audit.c.action)))
    assert set(found) == there - {"page console.actions"}, "this page is noted once it is made"


def test_every_word_of_a_page_is_of_a_page_that_there_is() -> None:
    assert set(action_words.PAGES) <= set(ACCESS)
    assert {name for name in ACCESS if name.startswith("console.")} <= set(action_words.PAGES), "each of the console's"


def test_a_letter_s_name_is_text_on_the_page_and_in_the_choice(town: Scene, client: FlaskClient) -> None:
    bait = "\"'><script>alert(1)</script>"
    with writing(town.engine).begin() as connection:
        connection.execute(account.update().where(account.c.mail == s.OPERATOR).values(name=bait))
        note(connection, DAY, None, bait, bait, bait)
    for query in ("", "?who=example.org", "?who=<script>", f"?account={town.viewer(s.OPERATOR).account}"):
        assert "<script>alert" not in client.get(f"/console/actions{query}").text


def test_nothing_on_it_can_be_sent(client: FlaskClient) -> None:
    given = token(client, "/me")
    assert client.post("/console/actions", data={"csrf_token": given}).status_code == 405
