"""A person leaves: the consent is withdrawn, taken back in time, or the person is erased; what was measured stays."""

import re
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import cast, select, update
from sqlalchemy.types import String

from central.accounts import applications, consumers, erasing, registering, texts, withdrawing
from central.accounts.erasing import DAY, FATES
from central.accounts.people import add_account, add_grant, set_phone
from central.accounts.tables import account, application, audit, consent, grant, session, withdrawal
from central.accounts.texts import Kind
from central.config import Keeping
from central.db import fold_log, metadata, writing
from central.jobs.asking import enqueue
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import job
from central.mail import outbox
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.sql import Sql
from tests.central.web.parts import Clock, letters, log_in, make_app, person, send, settings

MAIL, NAME, PHONE, NUMBER = "zoya.temnova@example.org", "Зоя Темнова", "+79165550143", "подъезд 7, Темнова"
ADDRESS = "203.0.113.77"
WHEN, SHORT = "24 декабря 2026", "24.12.2026"  # thirty days from the scene's now


@pytest.fixture
def town(town: Scene) -> Scene:
    """Zoya sees Anna's contract, whose holder is another than she; she agreed to both texts, and asks for one more."""
    administrator = town.viewer(s.ADMINISTRATOR)
    with writing(town.engine).begin() as connection:
        for kind in Kind:
            texts.write(connection, administrator, kind, f"Текст {kind} " * 40, s.NOW - DAY)
        who = {"organisation": 1, "mail": MAIL, "name": NAME, "password": s.PASSWORD, "role": "consumer"}
        key = add_account(connection, s.CHEAP, **who, now=s.NOW - DAY)
        set_phone(connection, key, PHONE, s.NOW - DAY)
        add_grant(connection, key, town.accounts["100-1"], 0)
        add_grant(connection, key, town.accounts["100-3"], 0, s.NOW + DAY, "reader")
        texts.agreed(connection, key, texts.current(connection, 1).values(), s.NOW - DAY, ADDRESS)
    with writing(town.engine).begin() as connection:
        applications.apply_again(connection, town.viewer(MAIL), NUMBER, s.NOW + DAY, s.NOW)
    return town


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def key_of(scene: Scene, mail: str = MAIL) -> int:
    with scene.engine.connect() as connection:
        return int(connection.execute(select(account.c.id).where(account.c.mail == mail)).scalar_one())


def state(scene: Scene, key: int) -> str:
    with scene.engine.connect() as connection:
        return str(connection.scalar(select(account.c.state).where(account.c.id == key)))


def leave(client: FlaskClient, password: str = s.PASSWORD) -> Any:
    return send(client, "/me/close", password=password)


def rows(scene: Scene, table: Any, key: int) -> list[Any]:
    with scene.engine.connect() as connection:
        return list(
            connection.execute(select(table).where(table.c.account == key).order_by(*table.primary_key.columns))
        )


def forget(scene: Scene, now: int, keeping: Keeping | None = None) -> list[int]:
    """What the job does."""
    with writing(scene.engine).begin() as connection:
        found = erasing.due(connection, keeping or Keeping(), now)
        for key in found:
            assert erasing.erase(connection, key, now)
    return found


def test_the_page_says_what_happens_and_when_and_asks_for_the_password(app: Flask, town: Scene) -> None:
    client, key = person(app, MAIL), key_of(town)
    page = client.get("/me/close").text
    assert WHEN in page
    assert "Показания счётчиков и расчёты: их хранить обязывает закон." in page
    assert leave(client, "не тот").status_code == 422
    assert leave(client, "").status_code == 422
    assert state(town, key) == "approved"
    answer = leave(client)
    assert answer.status_code == 303
    told = client.get(answer.headers["Location"]).text
    assert "Учётная запись закрыта" in told
    assert WHEN in told
    (letter,) = letters(town, MAIL)
    assert WHEN in letter["text"]
    assert "Договор с компанией и показания счётчиков остаются" in letter["text"]
    assert WHEN not in app.test_client().get("/me/left").text, "of another browser it tells nothing"


def test_the_account_is_closed_at_once_and_nothing_tells_that_it_was_there(app: Flask, town: Scene) -> None:
    client, elsewhere, key = person(app, MAIL), person(app, MAIL), key_of(town)
    leave(client)
    assert [one.get("/me").status_code for one in (client, elsewhere)] == [302, 302]
    closed, nobody = log_in(app.test_client(), MAIL), log_in(app.test_client(), "nobody@example.org")
    assert closed.status_code == nobody.status_code == 401
    alike = [re.sub(r'value="[^"]*"', "", answer.text) for answer in (closed, nobody)]
    assert alike[0] == alike[1]
    assert not rows(town, session, key)
    send(app.test_client(), "/forgotten", mail=MAIL)
    assert len(letters(town, MAIL)) == 1, "there is no password to set"
    assert {row.withdrawn_at for row in rows(town, consent, key)} == {s.NOW}
    assert {row.valid_to for row in rows(town, grant, key)} == {s.NOW}
    assert [row.state for row in rows(town, application, key)] == ["withdrawn"]
    assert NUMBER not in person(app, s.OPERATOR).get("/console/applications").text
    with town.engine.connect() as connection:
        assert ("consent withdrawn", f"account {key}") in [
            (row.action, row.subject) for row in connection.execute(select(audit))
        ]


def test_staff_do_not_close_themselves(app: Flask, town: Scene) -> None:
    operator = person(app, s.OPERATOR)
    assert operator.get("/me/close").status_code == 403
    assert send(operator, "/me/close", "/me", password=s.PASSWORD).status_code == 403
    assert "/me/close" not in operator.get("/me").text


def test_an_operator_takes_it_back_with_a_reason_and_all_is_as_it_was(app: Flask, town: Scene) -> None:
    key, before = key_of(town), {}
    for table in (consent, grant, application):
        before[table] = rows(town, table, key_of(town))
    leave(person(app, MAIL))
    operator, path = person(app, s.OPERATOR), f"/console/people/{key}"
    page = operator.get(path).text
    assert "Согласие отозвано 24.11.2026" in page
    assert f"будут удалены {SHORT}" in page
    assert send(operator, path, deed="take_back").status_code == 422, "without a reason"
    assert send(operator, path, deed="notify", text="вернитесь").status_code == 422, "nobody is written to who left"
    assert send(operator, path, deed="take_back", reason="просил, паспорт показан").status_code == 303
    assert send(operator, path, deed="take_back", reason="просил").status_code == 422
    assert state(town, key) == "approved"
    assert {table: rows(town, table, key) for table in before} == before
    assert not rows(town, withdrawal, key)
    assert letters(town, MAIL)[-1]["subject"] == "Учетная запись в системе Учёт возвращена"
    assert log_in(app.test_client(), MAIL).status_code == 302
    assert forget(town, s.NOW + 31 * DAY) == []
    with town.engine.connect() as connection:
        noted = connection.execute(select(audit).where(audit.c.action == "consent taken back")).one()
    assert (noted.subject, noted.detail) == (f"account {key}", "просил, паспорт показан")


def test_another_company_takes_nobody_back(app: Flask, town: Scene) -> None:
    key = key_of(town)
    leave(person(app, MAIL))
    foreign = replace(town.viewer(s.OPERATOR), organisation=2)
    with writing(town.engine).begin() as connection, pytest.raises(withdrawing.NotNow):
        withdrawing.take_back(connection, foreign, key, "чужой", s.NOW)
    assert state(town, key) == "withdrawn"


def test_who_registers_with_the_mail_of_a_closed_account_is_told_in_the_letter(app: Flask, town: Scene) -> None:
    leave(person(app, MAIL))
    client = app.test_client()
    page = client.get("/register").text
    shown = re.findall(r'name="shown" value="([^"]+)"', page)[0]
    password = "зелёная лодка у моста"
    typed = {"name": NAME, "mail": MAIL, "password": password, "repeat": password, "licence": "1", "consent": "1"}
    assert send(client, "/register", **typed, shown=shown).status_code == 303
    assert "вы отозвали согласие" in letters(town, MAIL)[-1]["text"].lower()
    assert state(town, key_of(town)) == "withdrawn"


def test_on_the_day_that_was_told_the_person_is_erased_and_not_before(app: Flask, town: Scene) -> None:
    key = key_of(town)
    leave(person(app, MAIL))
    at = s.NOW + 30 * DAY
    assert forget(town, at - 1) == []
    assert forget(town, at, Keeping(withdrawn_days=1)) == [key]
    assert state(town, key) == "erased"
    assert forget(town, at) == []
    client = app.test_client()
    assert log_in(client, f"erased-{key}").status_code == 401
    operator = person(app, s.OPERATOR)
    assert operator.get(f"/console/people/{key}").status_code == 404
    assert operator.get("/console/applications?state=declined").status_code == 200


def test_a_setting_of_today_does_not_change_the_day_that_was_told(app: Flask, town: Scene) -> None:
    leave(person(app, MAIL))
    assert forget(town, s.NOW + 2 * DAY, Keeping(withdrawn_days=1)) == []


@pytest.mark.parametrize(("gone", "days"), [("rejected", 30), ("blocked", 365)])
def test_the_rejected_and_the_blocked_go_in_their_time(town: Scene, gone: str, days: int) -> None:
    key, operator = key_of(town), town.viewer(s.OPERATOR)
    with writing(town.engine).begin() as connection:
        if gone == "blocked":
            consumers.lock(connection, operator, key, "долг", s.NOW)
        else:
            connection.execute(update(account).where(account.c.id == key).values(state="activated"))
            number = connection.execute(select(application.c.id)).scalar_one()
            applications.decline(connection, operator, number, "чужой", s.NOW)
    never = Keeping(rejected_days=0, blocked_days=0)
    assert forget(town, s.NOW + 9 * 365 * DAY, never) == []
    assert forget(town, s.NOW + days * DAY - 1) == []
    assert forget(town, s.NOW + days * DAY) == [key]


def test_the_time_of_a_state_begins_when_it_does(town: Scene) -> None:
    """Every way from one state to another says when."""
    key, operator = key_of(town), town.viewer(s.OPERATOR)
    with writing(town.engine).begin() as connection:

        def since() -> tuple[str, int]:
            row = connection.execute(select(account.c.state, account.c.state_at).where(account.c.id == key)).one()
            return row.state, row.state_at

        assert since() == ("approved", s.NOW - DAY)
        consumers.lock(connection, operator, key, "долг", s.NOW + 1)
        assert since() == ("blocked", s.NOW + 1)
        consumers.unlock(connection, operator, key, "заплатил", s.NOW + 2)
        assert since() == ("approved", s.NOW + 2)
        connection.execute(update(account).where(account.c.id == key).values(state="activated"))
        number = connection.execute(select(application.c.id)).scalar_one()
        applications.decline(connection, operator, number, "чужой", s.NOW + 3)
        assert since() == ("rejected", s.NOW + 3)
        agreed = list(texts.current(connection, 1).values())
        again = registering.Applicant(1, NAME, MAIL, "hash", agreed)
        letter = registering.apply(connection, again, s.NOW + 4, ADDRESS)
        assert since() == ("created", s.NOW + 4)
        assert letter.key is not None
        registering.activate(connection, letter.key, s.TZ, s.NOW + 5)
        assert since() == ("activated", s.NOW + 5)
        number = connection.execute(select(application.c.id).where(application.c.state == "waiting")).scalar_one()
        applications.approve(connection, operator, number, 1, s.NOW + 6)
        assert since() == ("approved", s.NOW + 6)


def test_staff_who_are_blocked_are_not_erased_by_age(town: Scene) -> None:
    with writing(town.engine).begin() as connection:
        blocked = update(account).where(account.c.mail == s.OPERATOR)
        connection.execute(blocked.values(state="blocked", state_at=s.NOW))
    assert forget(town, s.NOW + 3650 * DAY) == []


def test_every_column_that_points_to_a_person_has_its_fate() -> None:
    """Whoever adds a table says what becomes of it."""
    found = {
        f"{table.name}.{key.parent.name}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "account.id"
    }
    assert found == set(FATES)


def told(scene: Scene, words: tuple[str, ...]) -> list[str]:
    """Tables and columns that hold one of these anywhere."""
    found = []
    with scene.engine.connect() as connection:
        for table in metadata.tables.values():
            for column in table.columns:
                query = select(cast(column, String)).where(column.is_not(None))
                values = [str(value) for value in connection.scalars(query)]
                escaped = [word.encode("unicode_escape").decode() for word in words]  # as JSON has it
                if any(word in value for value in values for word in (*words, *escaped)):
                    found.append(f"{table.name}.{column.name}")
    return found


def measured(scene: Scene) -> list[Any]:
    """All that is the company's: contracts, points, meters, days, to the byte."""
    kept = ("contract", "contract_point", "point", "meter", "mounting", "document", "point_day", "price")
    with scene.engine.connect() as connection:
        stored = [
            list(connection.execute(select(table).order_by(table.primary_key.columns)))
            for table in (metadata.tables[name] for name in kept)
        ]
    return [*stored, list(scene.series.scan("load", 0, s.NOW + DAY)), list(scene.series.scan("daily", 0, s.NOW + DAY))]


def test_nothing_of_an_erased_person_is_found_anywhere_and_the_figures_are_what_they_were(
    app: Flask, town: Scene, sql: Sql, tmp_path: Path
) -> None:
    words = (MAIL, NAME, PHONE, PHONE.lstrip("+"), NUMBER, ADDRESS, "other.zoya@example.org", "Темнова")
    client, key = person(app, MAIL), key_of(town)
    send(client, "/me/mail", "/me", mail="other.zoya@example.org", proof=s.PASSWORD)
    send(client, "/me/phone", "/me", phone=PHONE)
    log_in(app.test_client(), MAIL, "не тот")
    send(app.test_client(), "/forgotten", mail=MAIL)
    with writing(town.engine).begin() as connection:
        dead = outbox.queue(connection, MAIL, "Показания", f"Здравствуйте, {NAME}!", s.NOW)
        connection.execute(update(job).where(job.c.id == dead).values(state="dead"))
    day = f"/data?point={town.points[s.FLAT]}&length=day&day=2026-11-23"
    figures = re.findall(r'data-mwh="[^"]*"', person(app, s.CONSUMER).get(day).text)
    assert figures
    before = measured(town)
    assert {"account.mail", "account.name", "account.phone", "job.arguments"} <= set(told(town, words))
    leave(client)
    forget(town, s.NOW + 30 * DAY)
    assert told(town, words) == []
    assert measured(town) == before
    assert re.findall(r'data-mwh="[^"]*"', person(app, s.CONSUMER).get(day).text) == figures
    with town.engine.connect() as connection:
        stub = connection.execute(select(account).where(account.c.id == key)).one()
        noted = connection.execute(select(audit).where(audit.c.action == "erased")).one()
        text_ids = connection.scalars(select(consent.c.legal_text).where(consent.c.account == key)).all()
    assert (stub.name, stub.mail, stub.phone, stub.password, stub.state) == ("—", f"erased-{key}", None, "", "erased")
    assert (noted.account, noted.subject, noted.detail) == (None, f"account {key}", "")
    assert len(text_ids) == 2, "that there was a consent, to which version and when, is kept"
    assert not rows(town, session, key)
    if sql.kind == "sqlite":
        town.engine.dispose()
        fold_log(town.engine)
        files = list((tmp_path / "scene").glob("central.sqlite*"))
        held = b"".join(file.read_bytes() for file in files)
        assert "Анна Петрова".encode() in held
        assert [word for word in words if word.encode() in held] == []


def test_unsent_letters_go_to_the_mails_before_too_and_no_one_else_s(town: Scene) -> None:
    key = key_of(town)
    with writing(town.engine).begin() as connection:
        running = outbox.queue(connection, MAIL, "Показания", NAME, s.NOW)
        before = outbox.queue(connection, "zoya.before@example.org", "Почта", NAME, s.NOW, about=f"account {key}")
        other = outbox.queue(connection, s.CONSUMER, "Показания", "Анна", s.NOW)
        connection.execute(update(job).where(job.c.id == running).values(state="running"))
        erasing.erase(connection, key, s.NOW)
        jobs = {row.id: row for row in connection.execute(select(job).where(job.c.kind == "mail"))}
    for gone in (running, before):
        assert (jobs[gone].state, jobs[gone].arguments) == ("dropped", {})
    assert (jobs[other].state, jobs[other].arguments["to"]) == ("waiting", s.CONSUMER)


def test_nobody_is_erased_twice_and_the_mail_is_free_again(app: Flask, town: Scene) -> None:
    """Of whoever is in the middle of everything too."""
    key, client = key_of(town), person(app, MAIL)
    client.get("/me/second")
    send(client, "/me/mail", "/me", mail="other@example.org", proof=s.PASSWORD)
    goes = ("session", "once_key", "second_factor", "mail_change")
    assert [name for name in goes if not rows(town, metadata.tables[name], key)] == []
    with writing(town.engine).begin() as connection:
        assert erasing.erase(connection, key, s.NOW)
        assert not erasing.erase(connection, key, s.NOW)
        assert not erasing.erase(connection, 999, s.NOW)
    assert [name for name in goes if rows(town, metadata.tables[name], key)] == []
    with writing(town.engine).begin() as connection:
        who = {"organisation": 1, "mail": MAIL, "name": NAME, "password": s.PASSWORD, "role": "consumer"}
        assert add_account(connection, s.CHEAP, **who, now=s.NOW) != key


def test_the_job_erases_and_says_how_many(app: Flask, town: Scene, tmp_path: Path) -> None:
    key, now = key_of(town), s.NOW + 30 * DAY
    leave(person(app, MAIL))
    with writing(town.engine).begin() as connection:
        number = enqueue(connection, "forget", {}, now)
    kinds = {"forget": KINDS["forget"]}
    keeper = Keeper(town.engine, "worker-1", wall=lambda: now)
    assert Runner(settings(tmp_path / "scene"), keeper, town.series, kinds, lambda: now).turn(Event())
    with town.engine.connect() as connection:
        done = connection.execute(select(job).where(job.c.id == number)).one()
    assert (done.state, done.result["erased"]) == ("done", 1)
    assert state(town, key) == "erased"


def test_who_was_taken_back_before_the_job_came_to_him_stays(town: Scene) -> None:
    key, later, keeping = key_of(town), s.NOW + 40 * DAY, Keeping()
    with writing(town.engine).begin() as connection:
        withdrawing.withdraw(connection, town.viewer(MAIL), 30, s.NOW)
        assert erasing.due(connection, keeping, later) == [key]
        withdrawing.take_back(connection, town.viewer(s.OPERATOR), key, "просил", later)
        assert not erasing.erase_due(connection, key, keeping, later)
    assert state(town, key) == "approved"
