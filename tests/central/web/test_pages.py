"""The pages: what stands on them is what the figures are, in Russian, within their limits, without anything inline."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select

from central import figures
from central.accounts.people import add_grant
from central.accounts.tables import account, grant
from central.cabinet import summary
from central.db import writing
from central.faces.formats import kilo, money
from central.faces.headers import HEADERS
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person

CONSUMER_PAGES = (
    "/",
    "/?point=2",
    "/data",
    "/data?length=week&day=2026-11-18",
    "/data?length=week&day=2026-11-18&step=half_hour",
    "/data?length=month&step=half_hour",
    "/data?length=day&day=2026-11-20",
    "/explain",
    "/explain?point=2&length=week&day=2026-11-18",
    "/explain?by=profile",
    "/explain?by=profile&length=day&day=2026-11-20",
    "/explain?by=profile&length=day&day=2026-11-17&channel=reactive_import",
    "/explain?day=2001-01-01",
    "/data?length=day&day=2026-11-17",
    "/data?length=day&day=2026-11-24",
    "/data?channel=reactive_import",
    "/data?day=2001-01-01",
    "/readings",
    "/readings?length=day&day=2026-11-20",
    "/readings?day=2001-01-01",
    "/nothing-here",
)
STAFF_PAGES = (
    "/console/points",
    "/console/points?state=silent",
    "/console/points?q=zzz",
    "/console/edges",
    "/data?point=1",
)
PAGES = [
    (None, "/login"),
    *((s.CONSUMER, path) for path in CONSUMER_PAGES),
    *((s.OPERATOR, path) for path in STAFF_PAGES),
]


@pytest.mark.parametrize(("mail", "path"), PAGES)
def test_a_page_is_small_whole_and_has_nothing_inline(app: Flask, mail: str | None, path: str) -> None:
    answer = person(app, mail).get(path)
    text = answer.text
    assert len(gzip.compress(answer.data)) < 60_000
    assert text.count("<h1") == 1
    assert '<html lang="ru"' in text
    assert " style=" not in text
    assert not re.search(r"<script(?! src=)|<style|\son\w+=|javascript:", text)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text)
    assert text.count("<table") == text.count("<caption")
    shown = re.sub(r'<head.*?</head>|<!--.*?-->|name="csrf_token" value="[^"]+"', "", text, flags=re.S)
    assert not re.search(r"\d-\d+,|nan|None|Undefined", shown)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["Cache-Control"] == "no-store"


def month(scene: Scene) -> tuple[str, str]:
    view = figures.summary(scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], scene.now)
    assert view.month.cost is not None
    return kilo(view.month.totals.total), money(view.month.cost.total)


def test_the_main_page_answers_first(app: Flask, scene: Scene) -> None:
    text = person(app, s.CONSUMER).get("/").text
    energy, cost = month(scene)
    answer = (
        text.index(f">{energy}<"),
        text.index(f">{cost}"),
        text.index("чем за 1–24"),
        text.index("Счётчик на связи"),
    )
    assert list(answer) == sorted(answer)
    assert answer[-1] < text.index("Вчера, пн 23 ноября") < text.index('class="tiles"')
    assert "Дача: не на связи с 12 ноября" in text
    assert "Последнее показание" in text
    assert ">09:00</time>, получено" in text
    tiles = text[text.index('class="tiles"') : text.index("</main>")]
    assert re.findall(r"<b>([^<]+)</b>", tiles) == [
        "Учетные данные",
        "Показания счетчика",
        "Параметры сети",
        "Потребление энергоресурсов",
        "Журналы событий",
        "Ввод показаний счетчика",
        "Измерительные комплексы",
        "Отчеты",
        "Персональные данные",
    ]


def test_a_silent_point_says_since_when_and_what_to_do(app: Flask, scene: Scene) -> None:
    text = person(app, s.CONSUMER).get("/", query_string={"point": scene.points[s.DACHA]}).text
    assert "Счётчик не на связи" in text
    assert "Не на связи с 11.11\u00a024:00" in text
    assert "Счёт пока по последним показаниям счётчика." in text
    assert "Ввод показаний открыт в любой день." in text, "it has been silent for longer than the company waits"
    assert re.search(r'href="/entry#f\d+">Ввести показания', text)
    assert "Делать ничего не нужно" not in text


def test_silent_points_that_are_many_are_counted_and_folded(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, link = person(app, s.CONSUMER), f'href="/?point={scene.points[s.DACHA]}"'
    assert "И ещё не на связи" not in client.get("/").text
    monkeypatch.setattr(summary, "MOST_OTHERS", 0)
    text = client.get("/").text
    fold = text[text.index("И ещё не на связи: 1 точка") :]
    assert link in fold[: fold.index("</details>")]


def test_nothing_to_do_is_said(app: Flask) -> None:
    assert "Делать ничего не нужно" in person(app, s.NEIGHBOUR).get("/").text


def test_the_table_is_the_twin_of_the_figures(app: Flask, scene: Scene) -> None:
    query = {"length": "day", "day": "2026-11-20", "point": scene.points[s.FLAT]}
    text = person(app, s.CONSUMER).get("/data", query_string=query).text
    rows = re.findall(r'<tr data-end="(\d+)" data-state="(\w+)" data-mwh="(\d+)">', text)
    day = 1795122000  # 20.11.2026 00:00 in Moscow
    view = figures.interval(
        scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], day, day + 86_400, "active_import", scene.now
    )
    wanted = [(slot.end, slot.state.value, slot.energy) for slot in reversed(view.slots)]
    assert [(int(end), state, int(energy)) for end, state, energy in rows] == wanted
    assert text.count('class="hatch t2"') == 14  # the estimated night, and nothing else
    assert text.count('class="hit"') == 48


def test_a_gap_is_a_gap_and_what_is_not_due_is_blank(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    text = client.get("/data?length=month&day=2026-11-01").text
    assert 'class="gap"' not in text  # of the 17th the registers tell: it is estimated
    assert "оценка: 48" in text
    silent = client.get("/data?point=2&length=month&day=2026-11-01").text
    assert silent.count('class="gap"') == 1  # all of its silence
    assert text.count("ещё не пришли") >= 1
    assert text.count("<tr data-end") == 24
    today = client.get("/data?length=day&day=2026-11-24").text
    assert today.count("<tr data-end") == 18
    assert 'class="gap"' not in today


def test_a_table_of_any_length_is_paged(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    path = "/data?length=month&day=2026-10-01&step=half_hour"
    ends = [re.findall(r'<tr data-end="(\d+)"', client.get(f"{path}&page={n}").text) for n in range(1, 32)]
    found = [int(end) for page in ends for end in page]
    assert len(found) == len(set(found)) == 31 * 48
    assert found == sorted(found, reverse=True)
    for nonsense in ("0", "-1", "9" * 30, "x"):
        assert client.get(f"{path}&page={nonsense}").status_code == 200


def test_readings_open_to_their_terms(app: Flask, scene: Scene) -> None:
    text = person(app, s.CONSUMER).get("/readings").text
    energy, cost = month(scene)
    assert f">{energy}<" in text
    assert f">{cost}" in text
    cells = re.findall(r'<td class="num" data-register="(\w+)" data-kind="(\w+)" data-mwh="(\d+)"', text)
    assert {register for register, _, _ in cells} == {"ap0", "ap1", "ap2", "ap3"}
    assert {kind for _, kind, _ in cells} == {"daily", "now"}
    how = re.search(r'<a class="opens money" href="([^"]+)"', text)
    assert how is not None
    told = person(app, s.CONSUMER).get(how[1].replace("&amp;", "&")).text
    assert f">{cost}" in told
    assert "Сумма зон сходится с общим регистром." in told
    assert "С публикации ничего не менялось." in told


@pytest.mark.parametrize("day", ["2026-11-01", "2001-01-01"], ids=["with a day that lacks", "with nothing of it"])
def test_where_a_figure_comes_from_is_asked_of_the_same_channel_by_every_link(app: Flask, day: str) -> None:
    path = f"/explain?point=2&by=profile&length=month&day={day}&channel=reactive_import"
    text = person(app, s.CONSUMER).get(path).text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/explain[^"]+)"', text)]
    for some in ("point=1", "day=2026-11-13" if day > "2002" else "length=year", "length=week"):
        assert any(some in link for link in links), "other points, days that lack, other periods"
    assert [link for link in links if "by=profile" not in link or "channel=reactive_import" not in link] == []
    back = re.search(r'class="back"><a href="([^"]+)"', text)
    assert back is not None
    assert "channel=reactive_import" in back[1]


def test_a_long_period_opens_to_months_and_each_of_them_to_all_its_days(app: Flask) -> None:
    """Nothing is out of reach, and the months come to the same sum as their days do."""
    client = person(app, s.CONSUMER)
    asked = "point=1&by=profile&channel=reactive_import&length=own&day=2026-06-10&last=2026-11-23"
    page = client.get(f"/explain?{asked}").text
    assert "data-day=" not in page
    exact = client.get(f"/explain.json?{asked}").json["energy"]
    months = re.findall(r'<tr data-month="([^"]+)"(?: data-mwh="(\d+)")?>.*?href="([^"]+)"', page)
    assert sum(int(energy or 0) for _, energy, _ in months) == exact["value"] > 0
    days = []
    for first, energy, link in months:
        link = link.replace("&amp;", "&")
        its = re.findall(r'<tr data-day="([^"]+)"', client.get(link).text)
        assert {day[:7] for day in its} == {first[:7]}
        days += its
        assert (client.get(link.replace("/explain?", "/explain.json?")).json["energy"]["value"] or 0) == int(
            energy or 0
        )
    shown = {part["facts"]["day"] for part in exact["parts"]}
    assert len(days) == len(set(days))
    assert shown
    assert shown <= set(days)


def test_who_has_left_finds_his_past_and_nothing_that_is_closed_to_him(app: Flask, scene: Scene) -> None:
    """Each link of each of his pages opens, and opens on a time that was his."""
    client, point = person(app, s.FORMER), scene.points[s.NEXT_DOOR]
    text = client.get("/").text
    assert "Сейчас точек учета нет" in text
    assert "Пока нет точек учета" not in text
    assert "Мастерская" in text
    assert "ваша по 04.11.2026" in text
    assert f'href="/readings?point={point}"' in text
    pages = [f"/{page}?point={point}" for page in ("readings", "data", "consumption", "reading", "explain")]
    for page in ("/", *pages):
        text = client.get(page).text
        links = re.findall(r'href="(/[^"]*)"', text[text.index("<main") : text.index("</main>")])
        assert [link for link in links if client.get(link.replace("&amp;", "&")).status_code != 200] == []
        assert 'class="card empty"' not in text, page
    assert "Ноябрь 2026" in client.get(pages[0]).text
    assert "Прогноза пока нет" not in client.get(pages[2]).text
    assert "Показать последний месяц" in client.get(f"{pages[1]}&day=2001-01-01").text


def test_who_has_moved_finds_the_point_that_was_his_beside_the_one_that_is(app: Flask, scene: Scene) -> None:
    assert "Прежние точки учета" not in person(app, s.CONSUMER).get("/").text
    with writing(scene.engine).begin() as connection:
        former = connection.scalar(select(account.c.id).where(account.c.mail == s.FORMER))
        assert former is not None
        key = add_grant(connection, former, scene.accounts["100-1"], 0)
    try:
        text = person(app, s.FORMER).get("/").text
    finally:
        with writing(scene.engine).begin() as connection:
            connection.execute(delete(grant).where(grant.c.id == key))
    assert "Вчера" in text
    past = text[text.index("Прежние точки учета") :]
    assert re.findall(r'href="(/readings[^"]*)"', past) == [f"/readings?point={scene.points[s.NEXT_DOOR]}"]


def test_a_month_is_told_from_the_day_on_that_it_is_the_viewers(app: Flask, scene: Scene) -> None:
    """Whoever came in on the 5th had nothing from the 1st."""
    point = scene.points[s.NEXT_DOOR]
    neighbour, consumer = person(app, s.NEIGHBOUR), person(app, s.CONSUMER)
    for path in ("/", "/consumption"):
        assert ", с 5 по 24" in neighbour.get(path).text
        assert ", с 1 по 24" in consumer.get(path).text
    past = person(app, s.FORMER).get(f"/consumption?point={point}&day=2026-09-20").text
    assert "Сентябрь 2026, с 15 по 30" in past, "the scene begins with the 15th"
    assert "Октябрь 2026<" in consumer.get("/consumption?day=2026-10-20&point=1").text


def test_nonsense_in_the_address_is_the_usual_page(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    for query in (
        "length=x&day=y&step=z",
        "day=9999-12-31",
        "day=0001-01-01",
        "length=month&day=2026-02-30",
        "step=period",
    ):
        for path in ("/data", "/readings"):
            assert client.get(f"{path}?{query}").status_code == 200
    assert client.get("/data?channel=x").status_code == 404


def test_the_console_searches_and_counts(app: Flask) -> None:
    client = person(app, s.OPERATOR)
    everything = client.get("/console/points").text
    assert everything.count("<tr data-point") == 3
    for asked, count in (("04217801", 1), ("садовая", 2), ("Петрова", 2), ("100-3", 1), ("edge-1", 3), ("zzz", 0)):
        assert client.get("/console/points", query_string={"q": asked}).text.count("<tr data-point") == count
    assert client.get("/console/points?state=silent").text.count("<tr data-point") == 1
    edges = client.get("/console/edges").text
    assert 'data-edge="edge-1"' in edges
    assert "на связи" in edges


def test_a_store_that_is_away_has_a_page(scene: Scene, scene_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from central.timeseries.base import SeriesUnavailable
    from central.timeseries.sqlite import SqliteSeries

    def away(*_: object, **__: object) -> None:
        raise SeriesUnavailable("down")

    app = make_app(scene_folder)
    client = person(app, s.CONSUMER)
    monkeypatch.setattr(SqliteSeries, "load", away)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Показания сейчас недоступны" in answer.text


def test_a_defect_has_a_page_without_its_insides(
    scene: Scene, scene_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the insides")

    app = make_app(scene_folder)
    client = person(app, s.CONSUMER)
    monkeypatch.setattr(figures, "summary", broken)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "У нас что-то сломалось" in answer.text
    assert "insides" not in answer.text


def test_health_answers(app: Flask) -> None:
    answer = app.test_client().get("/health")
    assert (answer.status_code, answer.text) == (200, "ok\n")
