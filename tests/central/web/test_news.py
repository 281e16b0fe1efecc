"""News: an operator writes and dates them, a consumer reads them on their day; what is withdrawn comes back."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from central.accounts.tables import audit
from central.db import writing
from central.news.tables import news
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.beside import STRANGER, second_company
from tests.central.web.parts import Clock, make_app, person, send

DAY = date(2026, 11, 24)
WORKS = {
    "title": "Плановые работы",
    "text": "28 ноября с 9:00 до 12:00.\nСвета не будет.",
    "day": "2026-11-24",
    "last": "",
}


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    return person(app, s.OPERATOR)


def write(client: FlaskClient, **values: str) -> int:
    return send(client, "/console/news/new", **{**WORKS, **values}).status_code


def test_what_is_written_stands_on_the_main_page_and_among_all(app: Flask, operator: FlaskClient, town: Scene) -> None:
    consumer = person(app, s.CONSUMER)
    assert "Все новости" not in consumer.get("/").text, "without any there is no such section"
    assert "Новостей нет" in consumer.get("/news").text
    assert write(operator) == 303
    for path in ("/", "/news"):
        text = consumer.get(path).text
        assert "Плановые работы" in text
        assert "24.11.2026" in text
    with town.engine.connect() as connection:
        assert connection.scalar(select(audit.c.subject).where(audit.c.action == "news written")) == "news 1"


def test_it_appears_on_its_day_and_goes_after_its_last(app: Flask, operator: FlaskClient, clock: Clock) -> None:
    consumer = person(app, s.CONSUMER)
    assert write(operator, day="2026-11-25", last="2026-11-26") == 303
    seen = []
    for _ in range(4):
        seen.append("Плановые работы" in consumer.get("/news").text)
        clock.now += 86_400
    assert seen == [False, True, True, False]
    clock.now = float(s.NOW)
    assert "ждёт своего дня" in operator.get("/console/news").text


def test_what_is_withdrawn_is_gone_and_can_be_put_back(app: Flask, operator: FlaskClient) -> None:
    consumer = person(app, s.CONSUMER)
    write(operator)
    assert send(operator, "/console/news/1", do="withdraw").status_code == 303
    assert "Плановые работы" not in consumer.get("/news").text
    assert "снята" in operator.get("/console/news").text
    assert send(operator, "/console/news/1", do="put_back").status_code == 303
    assert "Плановые работы" in consumer.get("/").text
    assert send(operator, "/console/news/1", **{**WORKS, "title": "Работы отменены"}).status_code == 303
    text = consumer.get("/").text
    assert "Работы отменены" in text
    assert "Плановые работы" not in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "Заголовок"),
        ({"title": "я" * 201}, "Заголовок"),
        ({"text": " "}, "Текст"),
        ({"text": "я" * 5_001}, "Текст"),
        ({"day": "31.02.2026"}, "Показать с"),
        ({"last": "2026-11-20"}, "Последний день раньше первого"),
    ],
)
def test_what_will_not_do_is_said_and_what_was_typed_is_kept(
    operator: FlaskClient, wrong: dict[str, str], said: str
) -> None:
    answer = send(operator, "/console/news/new", **{**WORKS, **wrong})
    assert answer.status_code == 422
    assert said in answer.text
    kept = next(value for name, value in WORKS.items() if name not in wrong and name != "day")
    assert kept.split("\n")[0] in answer.text
    assert "Новостей ещё не было" in operator.get("/console/news").text


def test_it_is_text(app: Flask, operator: FlaskClient) -> None:
    write(operator, title="<script>alert(1)</script>", text="=1+1 <b>жирно</b>")
    for path in ("/", "/news"):
        text = person(app, s.CONSUMER).get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text
        assert "&lt;b&gt;" in text


def test_a_company_does_not_see_anothers(app: Flask, operator: FlaskClient, town: Scene, tmp_path: Path) -> None:
    write(operator)
    theirs = second_company(town, tmp_path / "scene")["news"]
    stranger = person(app, STRANGER)
    assert operator.get(f"/console/news/{theirs}").status_code == 404
    assert "СЕКРЕТ" not in person(app, s.CONSUMER).get("/news").text
    assert stranger.get("/console/news/1").status_code == 404
    assert "Плановые работы" not in stranger.get("/console/news").text
    assert send(stranger, "/console/news/1", at="/console/news/new", **WORKS).status_code == 404


def test_who_may(app: Flask, operator: FlaskClient) -> None:
    write(operator)
    auditor, consumer = person(app, s.AUDITOR), person(app, s.CONSUMER)
    assert "28 ноября" in auditor.get("/console/news/1").text
    assert send(auditor, "/console/news/1", at="/me", **WORKS).status_code == 403
    assert auditor.get("/console/news/new").status_code == 403
    assert consumer.get("/console/news").status_code == 403


def test_many_are_paged(app: Flask, town: Scene) -> None:
    with writing(town.engine).begin() as connection:
        rows = [
            {
                "organisation": 1,
                "day": DAY - timedelta(days=n),
                "title": f"N{n:03}",
                "text": "т",
                "made_at": 1,
                "made_by": 1,
            }
            for n in range(45)
        ]
        connection.execute(insert(news), rows)
    consumer = person(app, s.CONSUMER)
    assert consumer.get("/news").text.count("<article") == 20
    assert "N044" in consumer.get("/news?page=3").text
    assert consumer.get("/").text.count("<article") == 2


@pytest.mark.parametrize("page", ["4", "99", "999999999999999"])
def test_past_the_last_page_is_the_last(app: Flask, operator: FlaskClient, town: Scene, page: str) -> None:
    about = {"organisation": 1, "day": DAY, "text": "Света не будет.", "made_at": s.NOW, "made_by": 1}
    with writing(town.engine).begin() as connection:
        connection.execute(insert(news), [{**about, "title": f"Работы {number:02}"} for number in range(51)])
    consumer = person(app, s.CONSUMER)
    for client, path, told in ((consumer, "/news", "41–51 из 51"), (operator, "/console/news", "51–51 из 51")):
        text = client.get(f"{path}?page={page}").text
        assert "Работы 00" in text, "the oldest"
        assert told in text
        assert f'href="{path}?page={2 if client is consumer else 1}"' in text
