"""The cabinet as an app of the phone, and what it keeps for the time without a network: of one's own points alone, told
of a word that says nothing about its account; and a reading that is handed in later than it was read."""

import json
import re
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from central.accounts.own import all_of
from central.accounts.people import add_grant
from central.accounts.tables import account, audit, grant
from central.db import writing
from central.faces import installed, preferences
from central.faces.whose import NOBODY
from central.figures.around import readings_around
from central.handing.handing import KEPT_HOURS
from central.handing.tables import hand_in, handed_in
from central.metering.handed import DAY, HOUR
from central.metering.zones import midnight
from central.registry.tables import manual_reading, mounting, organisation
from central.timeseries.base import RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import Clock, log_in, make_app, person, send

KWH = 10**6
SPENT = {"ap1": 30, "ap2": 20, "ap3": 25}  # kWh since the dacha fell silent
FOREIGN = ("Мастерская", s.NEXT_DOOR)  # of the neighbour
OWN = ("Квартира", "Дача", s.FLAT, s.DACHA)


@pytest.fixture
def app(village: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def figures_of(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/phone/figures")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json or {}
    return found


def digits(scene: Scene, **spent: int) -> dict[str, str]:
    """What stands on the face of the dacha's meter."""
    last = readings_around(scene.source, f"MIL-{s.DACHA}", s.NOW)[0]
    with scene.engine.connect() as connection:
        key = connection.scalar(select(mounting.c.id).where(mounting.c.meter == f"MIL-{s.DACHA}"))
    return {f"{key}.{field}": str(last[field] // KWH + used) for field, used in (SPENT | spent).items()}


def later(client: FlaskClient, typed: dict[str, str], noted_at: object, once: str = "a" * 32) -> TestResponse:
    """As a phone sends it."""
    told = figures_of(client)
    form = {"csrf_token": told["token"], "once": once, "noted_at": str(noted_at), **typed}
    return client.post(told["entry"], data=form, headers={"Accept": "application/json"})


def said(answer: TestResponse) -> list[str]:
    assert answer.json is not None
    found: list[str] = answer.json["said"]
    return found


def forms(scene: Scene) -> list[tuple[int, int | None]]:
    with scene.engine.connect() as connection:
        return [(row.made_at, row.noted_at) for row in connection.execute(select(hand_in))]


def kept(scene: Scene) -> list[tuple[int, str, date]]:
    """When each meter was read (the beginning of its interval), its state, and its month."""
    with scene.engine.connect() as connection:
        return [(row.read_at, row.state, row.month) for row in connection.execute(select(handed_in))]


def words_of(page: str) -> str:
    """Without tags; any space is one."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page)))


def test_the_figures_are_those_of_the_main_page_and_of_one_s_own_points(app: Flask, village: Scene) -> None:
    client = person(app, s.CONSUMER)
    told = figures_of(client)
    text = json.dumps(told, ensure_ascii=False)
    main = words_of(client.get("/").text)
    flat, dacha = told["points"]
    assert words_of(flat["energy"] + flat["unit"]) in main
    assert words_of(flat["money"]) in main
    assert flat["registers"]
    assert dacha["troubles"][0]["what"] == "Не на связи"
    assert "11.11" in dacha["troubles"][0]["more"]
    assert "На связи," not in text, "it is read when that may hold no more"
    assert [meter["serial"] for meter in told["meters"]] == [s.FLAT, s.DACHA]
    assert not [word for word in FOREIGN if word in text]
    assert told["made"] == "24.11.2026\u00a009:12"
    neighbour = json.dumps(figures_of(person(app, s.NEIGHBOUR)), ensure_ascii=False)
    assert not [word for word in OWN if word in neighbour]


def test_whom_an_owner_lets_look_has_the_figures_and_no_form(app: Flask, village: Scene) -> None:
    owner = village.viewer(s.CONSUMER).account
    with writing(village.engine).begin() as connection:
        guest = connection.scalar(select(account.c.id).where(account.c.mail == s.NEIGHBOUR))
        assert guest is not None
        made = add_grant(connection, guest, village.accounts["100-1"], 0)
        connection.execute(update(grant).where(grant.c.id == made).values(given_by=owner))
    told = figures_of(person(app, s.NEIGHBOUR))
    assert "Дача" in [point["name"] for point in told["points"]]
    assert [meter["serial"] for meter in told["meters"]] == [s.NEXT_DOOR]


def test_a_former_tenant_has_none(app: Flask) -> None:
    told = figures_of(person(app, s.FORMER))
    assert (told["points"], told["meters"]) == ([], [])


def test_guests_and_staff_get_nothing_and_no_cache_keeps_it(app: Flask) -> None:
    assert person(app, None).get("/phone/figures").status_code == 302
    for mail in (s.OPERATOR, s.AUDITOR, s.ADMINISTRATOR):
        assert person(app, mail).get("/phone/figures").status_code == 403
    client = person(app, s.CONSUMER)
    for path in ("/", "/phone/figures", "/entry", "/offline", "/sw.js", "/manifest.webmanifest"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path


def test_whose_it_is_says_a_word_that_tells_nothing(app: Flask, village: Scene) -> None:
    def whose(mail: str | None) -> str:
        found = re.search(r'data-who="([^"]+)"', person(app, mail).get("/help").text)
        assert found is not None
        return found[1]

    anna = whose(s.CONSUMER)
    assert re.fullmatch("[0-9a-f]{32}", anna)
    assert whose(s.CONSUMER) == anna == figures_of(person(app, s.CONSUMER))["who"]
    assert whose(s.NEIGHBOUR) not in (anna, NOBODY)
    assert {whose(None), whose(s.OPERATOR)} == {NOBODY}
    assert f'data-kept="entry-{anna}"' in person(app, s.CONSUMER).get("/entry").text


def test_figures_stay_only_where_the_person_asked_to_be_remembered(app: Flask) -> None:
    for more, keeps in (({}, False), ({"remember": "on"}, True)):
        client = app.test_client()
        log_in(client, s.CONSUMER, **more)
        assert (" data-keeps" in client.get("/").text) is keeps


def test_what_the_worker_keeps_is_the_same_for_all(app: Flask) -> None:
    for path in ("/offline", "/sw.js", "/manifest.webmanifest"):
        pages = {person(app, mail).get(path).text for mail in (None, s.CONSUMER, s.NEIGHBOUR, s.OPERATOR)}
        assert len(pages) == 1, path
        (page,) = pages
        assert "csrf" not in page
        assert "data-who" not in page


def test_the_worker_keeps_what_its_page_needs_and_another_version_has_another_text(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = person(app, None)
    told = json.loads(re.findall(r"^const TOLD = (.*);$", client.get("/sw.js").text, re.MULTILINE)[0])
    page = client.get(told["page"]).text
    linked = {unescape(one).split("#")[0] for one in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}
    assert linked - {one for one in linked if "/icons/" in one} <= set(told["files"])
    for path in told["files"]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "max-age" in answer.headers["Cache-Control"]
    versions = {told["version"]}
    client.set_cookie("language", "en")
    versions.add(client.get("/sw.js").text.split('"version": "')[1].split('"')[0])
    client.set_cookie("theme", "dark")
    versions.add(client.get("/sw.js").text.split('"version": "')[1].split('"')[0])
    assert len(versions) == 3, "the page is in the language and theme of its browser"
    before = client.get("/sw.js").text
    monkeypatch.setattr(installed, "FILES", installed.FILES[:-1])
    assert client.get("/sw.js").text != before


def test_a_message_that_the_worker_cannot_read_is_told_in_the_language_of_the_browser(app: Flask) -> None:
    client = person(app, None)
    client.set_cookie("language", "en")
    told = json.loads(re.findall(r"^const TOLD = (.*);$", client.get("/sw.js").text, re.MULTILINE)[0])
    assert (told["language"], told["aside"]) == ("en", {"title": "Uchet", "body": "Open the cabinet."})
    push = client.get(next(one for one in told["parts"] if "push.js" in one)).text
    assert re.search("[а-яё]", push, re.IGNORECASE) is None


@pytest.mark.parametrize("theme", preferences.THEMES)
def test_the_manifest_names_it_in_the_colours_of_the_theme(app: Flask, theme: str) -> None:
    client = person(app, None)
    client.set_cookie("theme", theme)
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    told = json.loads(answer.text)
    assert (told["name"], told["display"], told["start_url"], told["scope"]) == ("Учёт", "standalone", "/", "/")
    assert told["background_color"] == ("#111214" if theme == "dark" else "#F6F5F1")
    assert [one["url"] for one in told["shortcuts"]][:1] == ["/entry"]
    colours = re.findall(r'name="theme-color" content="(#\w+)"', client.get("/login").text)
    assert colours == {"system": ["#F6F5F1", "#111214"], "light": ["#F6F5F1"], "dark": ["#111214"]}[theme]
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"manifest-src 'self'", "worker-src 'self'"} <= set(policy)


def test_what_can_be_packed_comes_packed_to_whoever_takes_it_so(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    for path in ("/", "/offline", "/phone/figures", "/sw.js", installed.FILES[1]):
        path = path if path.startswith("/") else f"/static/{path}"
        plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"].count("Accept-Encoding") == 1
        assert len(packed.data) < len(plain.data) / 1.5, path
        assert int(packed.headers["Content-Length"]) == len(packed.data)
    font = client.get(f"/static/{installed.FONT}", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in font.headers


def test_a_reading_of_hours_ago_is_of_then_and_both_moments_are_told(app: Flask, village: Scene) -> None:
    client, operator = person(app, s.CONSUMER), person(app, s.OPERATOR)
    noted = s.NOW - 5 * HOUR  # 04:12
    answer = later(client, digits(village, ap2=2_000), noted)
    assert answer.status_code == 422, "a doubt comes back in words; nobody is there to confirm it"
    (sentence,) = said(answer)
    assert re.match(rf"Т2 ночь, № {s.DACHA}: .*в десять раз выше обычного", sentence)
    assert forms(village) == []

    told = later(client, digits(village), noted).json
    assert told is not None
    assert told["address"] == f"/entry/{told['number']}?done=1"
    assert forms(village) == [(s.NOW, noted)]
    ((read_at, state, month),) = kept(village)
    assert (state, month) == ("accepted", date(2026, 11, 1))
    assert read_at == noted // 1800 * 1800
    receipt = words_of(client.get(told["address"]).text)
    assert "Сняты 24.11.2026 04:12, без сети. Показания переданы 24.11.2026 09:12" in receipt
    for path in ("/console/handed-in?state=accepted", "/console/handed-in/1"):
        assert "снято 24.11" in words_of(operator.get(path).text), path
    with village.engine.connect() as connection:
        (mine,) = all_of(connection, village.viewer(s.CONSUMER), s.NOW)["handed_in"]
        assert mine["noted_at"] < mine["made_at"]
        assert "handed in" in connection.scalars(select(audit.c.action)).all()


def test_sent_again_it_is_one_also_when_its_moment_is_told_otherwise(app: Flask, village: Scene, clock: Clock) -> None:
    client, typed = person(app, s.CONSUMER), digits(village)
    first = later(client, typed, s.NOW - HOUR)
    clock.now += 100 * HOUR  # it is late by now, and it is there
    again = later(client, typed, s.NOW - HOUR + 1)
    assert first.json == again.json
    assert len(forms(village)) == 1
    with village.engine.connect() as connection:
        assert len(connection.execute(select(manual_reading.c.id)).all()) == 1


@pytest.mark.parametrize(
    ("noted", "sentence"),
    [
        (s.NOW + 1, "позже, чем сейчас"),
        (s.NOW - KEPT_HOURS * HOUR - 1, "больше 72 ч назад"),
        ("yesterday", "Не понять, когда снято"),
        ("-5", "Не понять, когда снято"),
        ("٣", "Не понять, когда снято"),
        ("9" * 40, "Не понять, когда снято"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_in_words(app: Flask, village: Scene, noted: object, sentence: str) -> None:
    client = person(app, s.CONSUMER)
    answer = later(client, digits(village), noted)
    assert answer.status_code == 422
    assert sentence in said(answer)[0]
    page = send(client, "/entry", once="b" * 32, noted_at=str(noted), **digits(village))
    assert page.status_code == 422
    assert sentence in page.text
    assert all(f'value="{value}"' in page.text for value in digits(village).values())
    assert forms(village) == []


def test_the_last_moment_that_is_taken(app: Flask, village: Scene) -> None:
    answer = later(person(app, s.CONSUMER), digits(village), s.NOW - KEPT_HOURS * HOUR)
    assert answer.status_code == 200


def test_the_days_of_the_window_are_judged_by_when_it_was_read(app: Flask, village: Scene, clock: Clock) -> None:
    """Read on the last day, sent after it: it counts for that month. Read before the first, sent on it: so it does."""
    with writing(village.engine).begin() as connection:
        connection.execute(update(organisation).values(silent_days=60))
    client = person(app, s.CONSUMER)
    closes = midnight(date(2026, 11, 27), s.TZ)
    clock.now = float(closes + 10 * HOUR)
    typed = digits(village)
    assert later(client, typed, closes - HOUR).status_code == 200
    assert kept(village)[0][2] == date(2026, 11, 1)
    assert later(client, digits(village, ap1=31), closes + HOUR, once="c" * 32).status_code == 200
    assert kept(village)[1][2] == date(2026, 12, 1)


def test_lower_than_what_the_meter_itself_said_since_is_a_doubt(app: Flask, village: Scene, clock: Clock) -> None:
    client, meter = person(app, s.CONSUMER), f"MIL-{s.DACHA}"
    last = readings_around(village.source, meter, s.NOW)[0]
    more, less = digits(village), digits(village, ap1=3, ap2=3, ap3=3)
    at = s.NOW // 1800 * 1800
    shows = {name: value + 5 * KWH for name, value in last.items()}
    village.arrive(meter, RegisterRow(meter, at, Kind.NOW, 0, shows), now=s.NOW)
    clock.now += HOUR
    answer = later(client, more, at - 2 * HOUR)
    assert answer.status_code == 422
    assert all("Больше, чем счётчик сам показал позже" in one for one in said(answer))
    assert later(client, less, at - 2 * HOUR).status_code == 200


def test_of_a_meter_that_was_not_his_then_nothing_is_taken(app: Flask, village: Scene) -> None:
    """The neighbour's contract began on a day; a reading of the day before is not his to hand in."""
    client = person(app, s.NEIGHBOUR)
    told = figures_of(client)
    (meter,) = told["meters"]
    begins = village.viewer(s.NEIGHBOUR)
    assert begins
    typed = {one["name"]: "99999" for one in meter["registers"]}
    with writing(village.engine).begin() as connection:
        connection.execute(update(grant).where(grant.c.account == begins.account).values(valid_from=s.NOW - HOUR))
    answer = later(client, typed, s.NOW - 2 * HOUR)
    assert answer.status_code == 422
    assert said(answer) == ["Передать здесь нечего"]
    assert forms(village) == []


def test_a_foreign_point_is_none(app: Flask, village: Scene) -> None:
    client = person(app, s.NEIGHBOUR)
    told = figures_of(client)
    form = {"csrf_token": told["token"], "once": "d" * 32, "noted_at": str(s.NOW - DAY), **digits(village)}
    path = f"/entry?point={village.points[s.DACHA]}"
    assert client.post(path, data=form, headers={"Accept": "application/json"}).status_code == 404
    del form["csrf_token"]
    assert client.post("/entry", data=form, headers={"Accept": "application/json"}).status_code == 400
    assert forms(village) == []


def test_who_has_no_point_any_more_is_told_so_and_what_was_taken_before_is_a_receipt_still(
    app: Flask, village: Scene
) -> None:
    """A contract ends while the phone waits for the answer, or for the network: nothing hangs."""
    client, typed = person(app, s.CONSUMER), digits(village)
    told = figures_of(client)
    path = f"{told['entry']}?point={village.points[s.DACHA]}"
    form = {"csrf_token": told["token"], "once": "a" * 32, "noted_at": str(s.NOW - HOUR), **typed}
    taken = client.post(path, data=form, headers={"Accept": "application/json"})
    assert taken.status_code == 200
    with writing(village.engine).begin() as connection:
        connection.execute(grant.delete().where(grant.c.account == village.viewer(s.CONSUMER).account))
    assert client.post(path, data=form, headers={"Accept": "application/json"}).json == taken.json
    other = form | {"once": "b" * 32}
    for address in (path, told["entry"]):
        assert client.post(address, data=other, headers={"Accept": "application/json"}).status_code == 404
    assert len(forms(village)) == 1
