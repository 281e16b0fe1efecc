"""«Уведомления»: in the bell, on the main page, in the list; seen once they are opened; chosen on one page."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import select

from central.accounts import erasing, own
from central.accounts.tables import account
from central.db import writing
from central.notices import letters
from central.notices.delay import measured
from central.notices.kinds import Kind
from central.notices.tables import notice_choice, notice_reader
from central.registry.tables import organisation, verification
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.notices.parts import DAY, HOUR, METER, Town
from tests.central.web.forms import fields, said
from tests.central.web.parts import make_app, person, send

NEVER_QUIET = {"since": "0", "until": "0"}


@pytest.fixture
def town(copy_of: Copy, tmp_path: Path) -> Iterator[Town]:
    made = Town(copy_of(25, tmp_path / "scene"), tmp_path / "scene")
    made.known_for(20 * DAY)
    yield made
    made.scene.close()


@pytest.fixture
def app(town: Town, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


@pytest.fixture
def anna(app: Flask) -> FlaskClient:
    return person(app, s.CONSUMER)


def told(page: str) -> list[str]:
    return re.findall(r'data-kind="(\w+)"', page)


def test_before_anything_happens_it_says_so(anna: FlaskClient) -> None:
    assert "Уведомлений нет" in anna.get("/notices").text
    assert "bell new" not in anna.get("/").text


def test_a_case_rings_the_bell_until_it_is_opened(town: Town, anna: FlaskClient) -> None:
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    main = anna.get("/").text
    assert told(main) == ["opened"]
    assert "bell new" in main
    assert "Делать ничего не нужно" not in main
    opened = anna.get("/notices").text
    assert told(opened) == ["opened"]
    assert "новое" in opened
    assert "Почему это важно." in opened
    assert told(anna.get("/").text) == []
    assert "bell new" not in anna.get("/").text
    assert "новое" not in anna.get("/notices").text, "it stays in the list, and is not new"


def test_staff_that_look_through_leave_it_new(town: Town, app: Flask, anna: FlaskClient) -> None:
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    operator = person(app, s.OPERATOR)
    send(operator, f"/console/people/{town.scene.viewer(s.CONSUMER).account}/cabinet")
    assert told(operator.get("/notices").text) == ["opened"]
    assert "bell new" in anna.get("/").text


def test_nobody_else_finds_it(town: Town, app: Flask) -> None:
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    for mail in (s.NEIGHBOUR, s.FORMER):
        assert told(person(app, mail).get("/notices").text) == []


def test_the_former_tenant_keeps_those_of_his_time(town: Town, app: Flask) -> None:
    next_door = f"MIL-{s.NEXT_DOOR}"
    town.known_for(22 * DAY, next_door)
    town.come((s.NOW - 21 * DAY, 4, 4), (s.NOW - HOUR, 4, 1), meter=next_door)
    town.tell()
    assert told(person(app, s.FORMER).get("/notices").text) == ["opened"]
    assert told(person(app, s.NEIGHBOUR).get("/notices").text) == ["magnet"]


def test_what_one_chooses_is_kept_and_obeyed(town: Town, anna: FlaskClient) -> None:
    ticked = {f"letter-{kind}": "1" for kind in Kind if kind is not Kind.MAGNET}
    ticked |= {f"cabinet-{kind}": "1" for kind in Kind if kind is not Kind.OPENED}
    answer = send(anna, "/me/notices", **ticked, **NEVER_QUIET)
    assert answer.status_code == 303
    page = anna.get(answer.headers["Location"]).text
    assert "Запомнили" in page
    assert 'name="letter-magnet" value="1">' in page
    assert 'name="cabinet-magnet" value="1" checked>' in page
    town.come((s.NOW - HOUR, 4, 4), (s.NOW - 1800, 4, 1))
    town.tell()
    assert told(anna.get("/notices").text) == ["magnet"]
    (letter,) = town.letters()
    assert "Вскрыт корпус" in letter["subject"]
    assert "магнитн" not in letter["text"]


@pytest.mark.parametrize("typed", ["24", "-1", "+7", "8.5", "٨", "", "NaN", "завтра", "1" * 40])
def test_quiet_hours_that_are_none_are_told_and_nothing_is_kept(town: Town, anna: FlaskClient, typed: str) -> None:
    send(anna, "/me/notices", **{"letter-opened": "1"}, since="1", until="6")
    answer = send(anna, "/me/notices", **{"letter-magnet": "1"}, since=typed, until="5")
    assert answer.status_code == 422
    assert typed in said(answer)["since"]
    assert 'name="letter-magnet" value="1" checked>' in answer.text, "what was ticked stands there"
    assert fields(answer.text) | {"since": "", "until": "5"} == fields(answer.text), (
        "and no hour stands for what is none"
    )
    page = anna.get("/me/notices").text
    assert 'name="letter-magnet" value="1">' in page
    assert (fields(page)["since"], fields(page)["until"]) == ("1", "6")


def test_the_links_of_a_letter_lead_to_pages_of_the_cabinet(app: Flask) -> None:
    with app.test_request_context():
        assert url_for("cabinet.notices") == letters.LIST
        assert url_for("cabinet.notice_choices") == letters.CHOOSE
    guest = app.test_client()
    assert "next=" in guest.get(letters.CHOOSE).headers["Location"], "through the login, and on to it"


def test_a_verification_is_told_90_and_30_days_before_it_ends_once_each(town: Town, anna: FlaskClient) -> None:
    ends = date(2026, 11, 24) + timedelta(days=90)
    with writing(town.scene.engine).begin() as connection:
        for until in (date(2020, 1, 1), ends):  # an older one that was followed by this
            values = {"meter": METER, "verified_on": date(2010, 1, 1), "valid_until": until, "document": ""}
            connection.execute(verification.insert().values(**values))
    counts = []
    for days in (-1, 0, 0, 1, 59, 60, 61, 89, 90, 91):
        town.now = s.NOW + days * DAY
        town.look_ahead()
        counts.append(town.kinds().count("verification"))
    assert counts == [0, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    assert "до 22.02.2027" in anna.get("/notices").text


@pytest.mark.parametrize(("days", "told"), [(-1, 0), (0, 0), (1, 1), (30, 1)])
def test_a_verification_that_is_over_already_is_not_said_to_end(town: Town, days: int, told: int) -> None:
    """The day that is entered is the first without it."""
    with writing(town.scene.engine).begin() as connection:
        connection.execute(verification.delete().where(verification.c.meter == METER))
        values = {"meter": METER, "verified_on": date(2010, 1, 1), "document": ""}
        until = date(2026, 11, 24) + timedelta(days=days)
        connection.execute(verification.insert().values(**values, valid_until=until))
    town.look_ahead()
    assert town.kinds().count("verification") == told


def test_a_meter_that_is_silent_for_days_is_told_of_once(town: Town, anna: FlaskClient) -> None:
    for _ in range(2):
        assert town.look_ahead() is not None
    assert town.kinds() == ["verification", "silent"], "the flat's ends in 78 days; the dacha, the others speak"
    page = anna.get("/notices").text
    assert "Дача" in page
    assert "11.11.2026\u00a024:00" in page
    town.tell()
    assert len(town.letters()) == 1, "both in one"


@pytest.mark.parametrize(("days", "told"), [(12, True), (13, False)])
def test_how_long_a_meter_may_be_silent_is_the_company_s_to_say(town: Town, days: int, told: bool) -> None:
    """The dacha has been silent for twelve days and nine hours."""
    with writing(town.scene.engine).begin() as connection:
        connection.execute(organisation.update().values(silent_days=days))
    town.look_ahead()
    assert ("silent" in town.kinds()) is told


def test_what_nobody_was_told_of_is_no_delay(town: Town) -> None:
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    with town.scene.engine.connect() as connection:
        assert measured(connection, 0) is not None
    with writing(town.scene.engine).begin() as connection:
        connection.execute(notice_reader.delete())
        assert measured(connection, 0) is None


def test_the_operator_finds_the_latest_cases_and_how_long_telling_took(town: Town, app: Flask) -> None:
    town.come((s.NOW - HOUR, 4, 4))
    town.come((s.NOW - 1800, 4, 1), meter=f"MIL-{s.NEXT_DOOR}")
    town.now += 30
    town.tell()
    page = person(app, s.OPERATOR).get("/console/cases").text
    assert re.findall(r'data-case="(\w+)"', page) == ["magnet", "opened"]
    assert "самое долгое 1 ч" in page
    assert re.findall(r'data-case="(\w+)"', person(app, s.OPERATOR).get("/console/cases?kind=magnet").text) == [
        "magnet"
    ]
    assert person(app, s.CONSUMER).get("/console/cases").status_code == 403


def test_what_one_was_told_goes_with_him(town: Town, anna: FlaskClient) -> None:
    send(anna, "/me/notices", **{"letter-opened": "1"}, **NEVER_QUIET)
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    viewer = town.scene.viewer(s.CONSUMER)
    with writing(town.scene.engine).begin() as connection:
        taken = own.all_of(connection, viewer, s.NOW)
        assert [one["kind"] for one in taken["notices"]] == ["opened"]
        assert {one["kind"]: one["letter"] for one in taken["notice_choices"]}["opened"] is True
        connection.execute(account.update().where(account.c.id == viewer.account).values(state="withdrawn"))
        assert erasing.erase(connection, viewer.account, s.NOW)
        for table in (notice_reader, notice_choice):
            assert connection.execute(select(table).where(table.c.account == viewer.account)).all() == []
    assert town.kinds() == ["opened"], "what happened at the point is the company's"
