"""A consumer comes in: form, letter, activation, the operator's check; and nobody learns of others on the way."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from central.accounts import applications as desk
from central.accounts import registering, staff, texts
from central.accounts.applications import CANDIDATES
from central.accounts.attempts import KEYS, LETTERS, LOGINS, REGISTRATIONS
from central.accounts.people import add_account, phone_of
from central.accounts.policy import Right
from central.accounts.tables import account, application, audit, consent, grant, legal_text, session
from central.accounts.texts import Kind
from central.accounts.working_days import next_working_day
from central.db import writing
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import organisation
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene
from tests.central.web.beside import STRANGER, second_company
from tests.central.web.parts import key_of, letters, log_in, make_app, person, send, token

MAIL, PASSWORD = "vera@example.org", "зелёная лодка у моста"
TYPED = {
    "name": "Вера Новикова",
    "number": "100-9",
    "phone": "8 (912) 345-67-89",
    "mail": MAIL,
    "password": PASSWORD,
    "repeat": PASSWORD,
    "licence": "1",
    "consent": "1",
}


@pytest.fixture
def town(town: Scene) -> Scene:
    """Both texts are written, and Vera has a contract for the dacha."""
    administrator = town.viewer(s.ADMINISTRATOR)
    with writing(town.engine).begin() as connection:
        for kind in Kind:
            texts.write(connection, administrator, kind, f"Текст {kind} " * 40, s.NOW - 86_400)
        with entering(connection, at=s.NOW, kind="test") as act:
            town.accounts["100-9"] = enter.add_contract(act, 1, "100-9", "Вера Новикова", phone="+79123456789")
            enter.hand_over(act, town.points[s.DACHA], town.accounts["100-9"], s.NOW - 3600)
    return town


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def hidden_of(client: FlaskClient, path: str = "/register") -> dict[str, str]:
    """What the form holds that nobody types: its token, and which texts are shown."""
    return dict(re.findall(r'type="hidden" name="(csrf_token|shown)" value="([^"]+)"', client.get(path).text))


def apply(client: FlaskClient, **changes: str) -> Any:
    return client.post("/register", data=TYPED | hidden_of(client) | changes)


def activate(client: FlaskClient, key: str) -> Any:
    return client.post("/activate", data={"Key": key, "csrf_token": token(client, "/activate")})


def count(scene: Scene, table: Any) -> int:
    with scene.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def state(scene: Scene, mail: str = MAIL) -> str | None:
    with scene.engine.connect() as connection:
        return connection.scalar(select(account.c.state).where(account.c.mail == mail))


def come_in(app: Flask, scene: Scene, **changes: str) -> FlaskClient:
    """Applied, activated, logged in."""
    client = app.test_client()
    assert apply(client, **changes).status_code == 303
    mail = changes.get("mail", MAIL)
    assert activate(client, key_of(letters(scene, mail)[-1])).status_code == 303
    assert log_in(client, mail, PASSWORD).status_code == 302
    return client


def test_the_door_is_closed_until_both_texts_are_written(copy_of: Copy, tmp_path: Path) -> None:
    scene = copy_of(2, tmp_path / "scene")
    app = make_app(tmp_path / "scene")
    client, administrator = app.test_client(), person(app, s.ADMINISTRATOR)
    for kind in ("licence", "consent"):
        answer = client.get("/register")
        assert (answer.status_code, "Регистрация ещё не открыта" in answer.text) == (503, True)
        sent = {"kind": kind, "csrf_token": token(administrator, "/console/texts")}
        assert administrator.post("/console/texts", data=sent | {"text": "заготовка"}).status_code == 422
        assert administrator.post("/console/texts", data=sent | {"text": "Соглашение. " * 40}).status_code == 303
    page = client.get("/register")
    assert page.status_code == 200
    assert page.text.count("Соглашение. Соглашение.") > 1
    assert person(app, s.OPERATOR).get("/console/texts").status_code == 403
    scene.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Заполните это поле"),
        ({"mail": "вера"}, "не адрес почты"),
        ({"phone": "звоните"}, "не номер телефона"),
        ({"password": "семь зн", "repeat": "семь зн"}, "Короче восьми знаков"),
        ({"password": "12345678", "repeat": "12345678"}, "пробуют одним из первых"),
        ({"password": "вера новикова", "repeat": "вера новикова"}, "Это ваша почта или имя"),
        ({"password": MAIL, "repeat": MAIL}, "Это ваша почта или имя"),
        ({"repeat": "другая лодка у моста"}, "Пароли не совпадают"),
        ({"licence": ""}, "Без этого зарегистрироваться нельзя"),
        ({"consent": ""}, "Без этого зарегистрироваться нельзя"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays_but_no_password(
    app: Flask, town: Scene, changes: dict[str, str], said: str
) -> None:
    answer = apply(app.test_client(), **changes)
    assert answer.status_code == 422
    assert said in answer.text
    for name, value in (TYPED | changes).items():
        if name not in ("password", "repeat", "licence", "consent") and value:
            assert f'value="{value}"' in answer.text
    assert PASSWORD not in answer.text
    assert not letters(town, MAIL)
    assert state(town) is None


def test_from_the_form_to_the_readings(app: Flask, town: Scene) -> None:
    client = app.test_client()
    answer = apply(client)
    assert answer.status_code == 303
    assert "Заявка принята к рассмотрению" in client.get(answer.headers["Location"]).text
    (letter,) = letters(town, MAIL)
    assert letter["subject"] == "Добро пожаловать в систему Учёт"
    assert "Здравствуйте, Вера Новикова!" in letter["text"]
    key = key_of(letter)
    assert re.fullmatch(r"[\w-]{43}", key)
    assert log_in(client, MAIL, PASSWORD).status_code == 401, "the mail is not confirmed"
    page = client.get(f"/activate?Key={key}")
    assert f'value="{key}"' in page.text
    assert state(town) == "created", "whoever only follows the link activates nothing"
    operator = person(app, s.OPERATOR)
    assert "Вера Новикова" not in operator.get("/console/applications").text
    assert activate(client, key).status_code == 303
    assert "Учетная запись успешно активирована." in client.get("/activated").text
    assert log_in(client, MAIL, PASSWORD).status_code == 302
    assert "Заявка проверяется" in client.get("/").text
    mine = client.get("/me").text
    assert "ждёт проверки" in mine
    assert "проверят до 25.11.2026\u00a018:00" in mine
    assert client.get(f"/data?point={town.points[s.DACHA]}").status_code == 404

    listed = operator.get("/console/applications").text
    assert "номер и имя совпали" in listed
    (number,) = re.findall(r'data-application="(\d+)"', listed)
    one = operator.get(f"/console/applications/{number}").text
    assert "№ 100-9" in one
    assert "Т-46" in one
    sent = {"decision": "approve", "number": "100-9"}
    sent |= {"csrf_token": token(operator, f"/console/applications/{number}")}
    assert operator.post(f"/console/applications/{number}", data=sent).status_code == 303
    assert letters(town, MAIL)[-1]["subject"] == "Доступ в систему Учёт открыт"
    assert "участок 7" in client.get("/").text
    assert client.get(f"/data?point={town.points[s.FLAT]}").status_code == 404
    again = operator.post(f"/console/applications/{number}", data=sent)
    assert (again.status_code, "уже решено" in again.text) == (422, True)
    assert count(town, grant) == 4


def test_consents_are_kept_with_version_time_and_address(app: Flask, town: Scene) -> None:
    come_in(app, town)
    with town.engine.connect() as connection:
        rows = connection.execute(select(consent)).all()
    assert [(row.at, row.address, row.withdrawn_at) for row in rows] == [(s.NOW, "127.0.0.1", None)] * 2


def test_consent_is_to_the_text_that_was_shown(app: Flask, town: Scene) -> None:
    client = app.test_client()
    before = hidden_of(client)
    with writing(town.engine).begin() as connection:
        texts.write(connection, town.viewer(s.ADMINISTRATOR), Kind.CONSENT, "Другое согласие. " * 40, s.NOW)
    answer = client.post("/register", data=TYPED | before)
    assert (answer.status_code, answer.text.count("Показан другой текст")) == (422, 4)
    assert "Другое согласие." in answer.text
    assert "checked" not in answer.text, "what is new is agreed to anew"
    assert state(town) is None
    assert apply(client).status_code == 303


def test_another_company_has_its_own_texts(app: Flask, town: Scene) -> None:
    with writing(town.engine).begin() as connection:
        connection.execute(organisation.insert().values(id=2, name="Дальняя сеть"))
        other = replace(town.viewer(s.ADMINISTRATOR), organisation=2)
        for kind in Kind:
            texts.write(connection, other, kind, f"Дальний текст {kind} " * 40, s.NOW)
    client = app.test_client()
    first = hidden_of(client)
    answer = client.post("/register", data=TYPED | first | {"organisation": "2"})
    assert (answer.status_code, "Дальний текст" in answer.text) == (422, True)
    shown = dict(re.findall(r'name="(shown)" value="([^"]+)"', answer.text))
    assert client.post("/register", data=TYPED | first | shown | {"organisation": "2"}).status_code == 303
    with town.engine.connect() as connection:
        rows = connection.execute(select(legal_text.c.organisation).join(consent)).all()
    assert [row.organisation for row in rows] == [2, 2]


def test_a_mail_that_has_an_account_gets_the_same_answer_and_its_owner_a_letter(app: Flask, town: Scene) -> None:
    client = app.test_client()
    known, unknown = (apply(client, mail=mail) for mail in (s.CONSUMER, MAIL))
    assert known.status_code == unknown.status_code
    assert known.headers["Location"] == unknown.headers["Location"]
    (letter,) = letters(town, s.CONSUMER)
    assert letter["subject"] == "Вход в систему Учёт"
    assert "Key" not in letter["text"]
    assert log_in(app.test_client(), s.CONSUMER).status_code == 302, "the password is the old one"
    assert log_in(app.test_client(), s.CONSUMER, PASSWORD).status_code == 401


def test_nobody_reserves_another_s_mail_with_a_password_of_his_own(app: Flask, town: Scene) -> None:
    """Somebody registers with Vera's mail, before her or after: whoever holds the letter says which password counts."""
    thief, vera = app.test_client(), app.test_client()
    apply(thief, password="пароль чужого человека", repeat="пароль чужого человека")
    apply(vera)
    first, second = (key_of(letter) for letter in letters(town, MAIL))
    assert activate(thief, first).status_code == 422
    answer = activate(vera, second)
    assert answer.status_code == 303
    for word in ("пароль чужого человека", PASSWORD):
        assert log_in(thief, MAIL, word).status_code == 401, "neither of the two"
    key = parse_qs(urlsplit(answer.headers["Location"]).query)["Key"][0]
    assert send(vera, "/reset", Key=key, password=PASSWORD, repeat=PASSWORD).status_code == 303
    assert log_in(vera, MAIL, PASSWORD).status_code == 302
    assert count(town, application) == 1


def test_no_more_letters_go_to_a_mail_than_so_many_an_hour(app: Flask, town: Scene) -> None:
    client = app.test_client()
    assert {apply(client).status_code for _ in range(LETTERS + 3)} == {303}, "the answer is the same"
    assert len(letters(town, MAIL)) == LETTERS


@pytest.mark.parametrize("mail", ["ю@example.org", "a,b<x>@example.org", "a;b@example.org", "a\x01@example.org", "(@)"])
def test_a_mail_that_no_letter_can_reach_is_refused_in_words(app: Flask, town: Scene, mail: str) -> None:
    answer = apply(app.test_client(), mail=mail)
    assert (answer.status_code, "не адрес почты" in answer.text) == (422, True)


def test_one_of_two_applications_declined_leaves_the_door_open(app: Flask, town: Scene) -> None:
    client = come_in(app, town, number="777")
    with writing(town.engine).begin() as connection:
        desk.apply_again(connection, town.viewer(MAIL), "100-9", s.NOW, s.NOW)
    operator = person(app, s.OPERATOR)
    sent = {"csrf_token": token(operator, "/me")}
    declined = sent | {"decision": "decline", "reason": "нет такого"}
    assert operator.post("/console/applications/1", data=declined).status_code == 303
    assert client.get("/me").status_code == 200
    approved = sent | {"decision": "approve", "number": "100-9"}
    assert operator.post("/console/applications/2", data=approved).status_code == 303
    assert log_in(app.test_client(), MAIL, PASSWORD).status_code == 302
    with town.engine.connect() as connection:
        assert "нет такого" not in str(connection.execute(select(audit)).all()), "the reason goes with the application"


def test_access_that_had_ended_is_opened_again(app: Flask, town: Scene) -> None:
    client = person(app, s.CONSUMER)
    with writing(town.engine).begin() as connection:
        mine = town.viewer(s.CONSUMER).account
        connection.execute(update(grant).where(grant.c.account == mine).values(valid_to=s.NOW - 86_400))
    client.post("/me/contract", data={"number": "100-1", "csrf_token": token(client, "/me")})
    operator = person(app, s.OPERATOR)
    sent = {"csrf_token": token(operator, "/me"), "decision": "approve", "number": "100-1"}
    assert operator.post("/console/applications/1", data=sent).status_code == 303
    assert client.get(f"/data?point={town.points[s.FLAT]}").status_code == 200


def test_a_new_password_by_letter_opens_what_guessing_had_shut(app: Flask, town: Scene) -> None:
    stranger, owner = app.test_client(), app.test_client()
    for _ in range(LOGINS):
        log_in(stranger, s.CONSUMER, "не тот пароль")
    send(owner, "/forgotten", mail=s.CONSUMER)
    key = key_of(letters(town, s.CONSUMER)[-1])
    assert send(owner, "/reset", Key=key, password=PASSWORD, repeat=PASSWORD).status_code == 303
    assert log_in(owner, s.CONSUMER, PASSWORD).status_code == 302


def test_what_was_begun_with_the_old_password_ends_with_it(app: Flask, town: Scene) -> None:
    owner, stranger = person(app, s.CONSUMER), app.test_client()
    send(stranger, "/forgotten", mail=s.CONSUMER)
    key = key_of(letters(town, s.CONSUMER)[-1])
    send(owner, "/me/mail", at="/me", mail="thief@example.org", proof=s.PASSWORD)
    changed = {"old": s.PASSWORD, "password": PASSWORD, "repeat": PASSWORD}
    assert send(owner, "/me/password", at="/me", **changed).status_code == 303
    assert send(stranger, "/reset", Key=key, password="другая лодка", repeat="другая лодка").status_code == 422
    assert "thief@example.org" not in owner.get("/me").text


def test_a_name_is_one_line_of_letters_and_breaks_no_export(app: Flask, town: Scene) -> None:
    come_in(app, town, name="Вера\x01\rНовикова")
    administrator = person(app, s.ADMINISTRATOR)
    assert administrator.get("/console/points?x=%01").status_code == 200
    assert administrator.get("/console/actions/file?form=xlsx").status_code == 200
    with town.engine.connect() as connection:
        assert connection.scalar(select(account.c.name).where(account.c.mail == MAIL)) == "Вера Новикова"


def test_a_key_is_good_once_and_for_three_days(app: Flask, town: Scene) -> None:
    client = app.test_client()
    apply(client)
    key = key_of(letters(town, MAIL)[0])
    assert activate(client, key[:-1]).status_code == 422
    with town.engine.connect() as connection:
        row = connection.execute(select(registering.once_key)).one()
    assert key not in str(row), "SQL holds its hash"
    assert row.expires_at == s.NOW + 3 * 86_400
    with writing(town.engine).begin() as connection:
        connection.execute(update(registering.once_key).values(expires_at=s.NOW))
    assert activate(client, key).status_code == 422
    with writing(town.engine).begin() as connection:
        connection.execute(update(registering.once_key).values(expires_at=s.NOW + 1))
    assert activate(client, key).status_code == 303
    assert activate(client, key).status_code == 422


def test_the_letter_once_more_ends_the_key_before_and_is_not_sent_to_anybody(app: Flask, town: Scene) -> None:
    client = app.test_client()
    apply(client)

    def again(mail: str) -> int:
        return client.post(
            "/activate/again", data={"mail": mail, "csrf_token": token(client, "/activate/again")}
        ).status_code

    for mail in (MAIL, "nobody@example.org", s.CONSUMER):
        assert again(mail) == 303
    assert not letters(town, "nobody@example.org")
    assert not letters(town, s.CONSUMER)
    first, second = (key_of(letter) for letter in letters(town, MAIL))
    assert activate(client, first).status_code == 422
    assert activate(client, second).status_code == 303
    for _ in range(LETTERS + 3):
        again("other@example.org")
    apply(client, mail="other@example.org")
    before = len(letters(town, "other@example.org"))
    again("other@example.org")
    assert len(letters(town, "other@example.org")) == before, "no more than so many letters an hour"


def test_tries_from_one_address_are_counted(app: Flask, town: Scene) -> None:
    client = app.test_client()
    answers = [apply(client, mail=f"n{number}@example.org").status_code for number in range(REGISTRATIONS + 2)]
    assert answers == [303] * REGISTRATIONS + [422] * 2
    tries = [activate(client, "x" * 43).text for _ in range(KEYS + 1)]
    assert "Слишком много попыток" not in tries[-2]
    assert "Слишком много попыток" in tries[-1]


def test_links_are_made_of_the_configured_address_alone(app: Flask, town: Scene) -> None:
    client = app.test_client()
    sent = TYPED | hidden_of(client)
    client.post("/register", data=sent, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    for letter in letters(town, MAIL):
        assert "evil" not in letter["text"] + letter["html"]
        assert "http://127.0.0.1:8080/activate?Key=" in letter["text"]


def test_a_name_is_only_text_in_the_letter(app: Flask, town: Scene) -> None:
    apply(app.test_client(), name="<b>Вера</b>\nBcc: x@example.org")
    (letter,) = letters(town, MAIL)
    assert "<b>" not in letter["html"]
    assert "\n" not in letter["subject"]


def test_declined_with_a_reason_it_is_written_and_the_door_is_shut(app: Flask, town: Scene) -> None:
    client = come_in(app, town, number="777")
    operator = person(app, s.OPERATOR)
    path = "/console/applications/1"
    page = operator.get(path).text
    assert "номер другой" in page, "found by the name"
    sent = {"decision": "decline", "csrf_token": token(operator, path)}
    assert operator.post(path, data=sent).status_code == 422
    assert operator.post(path, data=sent | {"reason": "договор чужой"}).status_code == 303
    assert "договор чужой" in letters(town, MAIL)[-1]["text"]
    assert client.get("/").headers["Location"].startswith("/login"), "the session has ended"
    assert log_in(app.test_client(), MAIL, PASSWORD).status_code == 401
    assert "договор чужой" in operator.get("/console/applications?state=declined").text
    assert count(town, grant) == 3


def test_who_was_declined_may_apply_again_as_the_letter_says(app: Flask, town: Scene) -> None:
    come_in(app, town, number="777")
    operator = person(app, s.OPERATOR)
    sent = {"decision": "decline", "reason": "номер не тот"}
    operator.post("/console/applications/1", data=sent | {"csrf_token": token(operator, "/console/applications/1")})
    client = app.test_client()
    assert apply(client).status_code == 303
    assert letters(town, MAIL)[-1]["subject"] == "Добро пожаловать в систему Учёт"
    with writing(town.engine).begin() as connection:
        assert registering.forget(connection, s.NOW + registering.UNCONFIRMED) == 0
    assert state(town) == "rejected", "not confirmed, it is what it was"
    come_in(app, town)
    assert "номер и имя совпали" in operator.get("/console/applications").text
    assert "номер не тот" in operator.get("/console/applications?state=declined").text


def test_two_who_want_one_contract_are_shown_to_the_operator(app: Flask, town: Scene) -> None:
    come_in(app, town)
    come_in(app, town, mail="other@example.org", name="Другая Вера")
    operator = person(app, s.OPERATOR)
    assert "уже открыт или ждёт: other@example.org" in operator.get("/console/applications/1").text
    assert f"уже открыт или ждёт: {MAIL}" in operator.get("/console/applications/2").text
    assert CANDIDATES > 1


def test_a_contract_that_another_has_is_nobody_s_by_the_dozen(app: Flask, town: Scene) -> None:
    come_in(app, town, number="100-1", name="Анна Петрова")
    operator = person(app, s.OPERATOR)
    assert "номер и имя совпали" not in operator.get("/console/applications").text
    sent = {"csrf_token": token(operator, "/console/applications"), "id": ["1"]}
    assert "approved=0" in operator.post("/console/applications", data=sent).headers["Location"]
    assert f"уже открыт или ждёт: {s.CONSUMER}" in operator.get("/console/applications/1").text


def test_people_are_locked_unlocked_written_to_and_helped_out_of_a_lost_phone(app: Flask, town: Scene) -> None:
    client, operator = person(app, s.CONSUMER), person(app, s.OPERATOR)
    listed = operator.get("/console/people?q=100-1").text
    (key,) = re.findall(r"/console/people/(\d+)", listed)
    path = f"/console/people/{key}"

    def do(deed: str, **typed: str) -> int:
        sent = {"deed": deed, "csrf_token": token(operator, path)}
        return operator.post(path, data=sent | typed).status_code

    assert do("lock") == 422, "without a reason"
    assert do("lock", reason="долг") == 303
    assert do("lock", reason="долг") == 422
    assert client.get("/me").status_code == 302
    assert log_in(app.test_client(), s.CONSUMER).status_code == 401
    assert do("unlock", reason="заплатил") == 303
    assert log_in(app.test_client(), s.CONSUMER).status_code == 302
    assert do("notify", text="Поверка <b>завтра</b>") == 303
    letter = letters(town, s.CONSUMER)[-1]
    assert "Поверка <b>завтра</b>" in letter["text"]
    assert "&lt;b&gt;" in letter["html"]
    assert do("nonsense", reason="x") == 404
    assert operator.get("/console/people/999").status_code == 404


def test_a_consumer_sees_who_of_the_company_looked(app: Flask, town: Scene) -> None:
    client = person(app, s.CONSUMER)
    assert "Сотрудники компании ваших точек не открывали." in client.get("/me").text
    person(app, s.OPERATOR).get("/data", query_string={"point": town.points[s.FLAT]})
    person(app, s.OPERATOR).get("/data", query_string={"point": town.points[s.DACHA]})
    page = client.get("/me").text
    assert "Ольга Диспетчер" in page
    assert "Квартира" in page
    assert "Дача" not in page.split("Кто смотрел")[1], "it is another's by now"


def test_sure_ones_are_approved_at_once_and_the_others_passed_over(app: Flask, town: Scene) -> None:
    come_in(app, town)
    come_in(app, town, mail="other@example.org", name="Другая Вера", number="7")
    operator = person(app, s.OPERATOR)
    sent = {"csrf_token": token(operator, "/console/applications"), "id": ["1", "2", "99", "x"]}
    answer = operator.post("/console/applications", data=sent)
    page = operator.get(answer.headers["Location"]).text
    assert "Открыт доступ: 1" in page
    assert "решите по одной: 2" in page
    assert (state(town), state(town, "other@example.org")) == ("approved", "activated")


def test_another_company_sees_no_application(app: Flask, town: Scene) -> None:
    come_in(app, town)
    with writing(town.engine).begin() as connection:
        with entering(connection, at=s.NOW, kind="test") as act:
            company = enter.add_organisation(act, "Чужие")
        more = {"name": "Чужой", "password": s.PASSWORD, "role": "operator", "now": s.NOW}
        key = add_account(connection, s.CHEAP, organisation=company, mail="x@example.org", **more)
        staff.give(connection, key, Right, (), s.NOW, None)
    client = person(app, "x@example.org")
    assert "Вера" not in client.get("/console/applications").text
    assert client.get("/console/applications/1").status_code == 404
    sent = {"csrf_token": token(client, "/console/applications"), "decision": "approve", "number": "100-9"}
    assert client.post("/console/applications/1", data=sent).status_code == 404
    client.post("/console/applications", data=sent | {"id": ["1"]})
    assert state(town) == "activated"


def test_a_forgotten_password_is_set_anew_by_a_letter_and_all_logins_end(app: Flask, town: Scene) -> None:
    logged_in, client = person(app, s.CONSUMER), app.test_client()

    def ask(mail: str) -> Any:
        return client.post("/forgotten", data={"mail": mail, "csrf_token": token(client, "/forgotten")})

    assert ask(s.CONSUMER).headers["Location"] == ask("nobody@example.org").headers["Location"]
    assert not letters(town, "nobody@example.org")
    (letter,) = letters(town, s.CONSUMER)
    key = key_of(letter)

    def reset(password: str) -> Any:
        sent = {"Key": key, "password": password, "repeat": password, "csrf_token": token(client, "/reset")}
        return client.post("/reset", data=sent)

    assert reset("qwertyuiop").status_code == 422
    assert reset("новая лодка у моста").status_code == 303
    assert logged_in.get("/").headers["Location"].startswith("/login")
    assert reset("ещё одна лодка").status_code == 422, "a key is good once"
    assert log_in(app.test_client(), s.CONSUMER).status_code == 401
    assert log_in(app.test_client(), s.CONSUMER, "новая лодка у моста").status_code == 302


def test_a_changed_password_ends_the_other_logins_and_not_this_one(app: Flask, town: Scene) -> None:
    here, elsewhere = person(app, s.CONSUMER), person(app, s.CONSUMER)

    def change(old: str, new: str, repeat: str | None = None) -> int:
        sent = {
            "old": old,
            "password": new,
            "repeat": new if repeat is None else repeat,
            "csrf_token": token(here, "/me"),
        }
        return here.post("/me/password", data=sent).status_code

    assert change("не тот", "новая лодка у моста") == 422
    assert change(s.PASSWORD, "новая лодка у моста", "другая") == 422
    assert change(s.PASSWORD, "password1") == 422
    assert elsewhere.get("/me").status_code == 200
    assert change(s.PASSWORD, "новая лодка у моста") == 303
    assert here.get("/me").status_code == 200
    assert elsewhere.get("/me").status_code == 302
    assert log_in(app.test_client(), s.CONSUMER, "новая лодка у моста").status_code == 302


def test_own_logins_are_listed_and_ended_one_by_one(app: Flask, town: Scene) -> None:
    here, elsewhere, other = person(app, s.CONSUMER), person(app, s.CONSUMER), person(app, s.NEIGHBOUR)
    page = here.get("/me").text
    assert page.count("это устройство") == 1
    (number,) = re.findall(r"/me/sessions/(\d+)/end", page)
    sent = {"csrf_token": token(other, "/me")}
    assert other.post(f"/me/sessions/{number}/end", data=sent).status_code == 404
    assert elsewhere.get("/me").status_code == 200
    assert here.post(f"/me/sessions/{number}/end", data={"csrf_token": token(here, "/me")}).status_code == 303
    assert elsewhere.get("/me").status_code == 302
    assert here.get("/me").status_code == 200


def test_one_more_contract_is_asked_for_and_opened_by_the_operator(app: Flask, town: Scene) -> None:
    client = person(app, s.CONSUMER)
    sent = {"number": "100-9", "csrf_token": token(client, "/me")}
    for _ in range(2):
        assert client.post("/me/contract", data=sent).status_code == 303
    assert count(town, application) == 1, "asked twice it is one"
    operator = person(app, s.OPERATOR)
    sent = {"decision": "approve", "number": "100-9", "csrf_token": token(operator, "/console/applications/1")}
    assert operator.post("/console/applications/1", data=sent).status_code == 303
    assert client.get(f"/data?point={town.points[s.DACHA]}&day=2026-11-24&length=day").status_code == 200
    assert "№ 100-1<br>№ 100-9" in client.get("/me").text


def test_an_application_that_nobody_confirms_is_forgotten(app: Flask, town: Scene) -> None:
    apply(app.test_client())
    come_in(app, town, mail="other@example.org")
    with writing(town.engine).begin() as connection:
        assert registering.forget(connection, s.NOW + registering.UNCONFIRMED - 1) == 0
        assert registering.forget(connection, s.NOW + registering.UNCONFIRMED) == 1
    assert (state(town), state(town, "other@example.org")) == (None, "activated")
    assert count(town, application) == 1


@pytest.mark.quick
@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 11, 24), date(2026, 11, 25)),
        (date(2026, 11, 27), date(2026, 11, 30)),  # Friday
        (date(2026, 11, 3), date(2026, 11, 5)),  # the day of unity
        (date(2026, 12, 30), date(2027, 1, 11)),  # the 31st is moved from a Sunday in January
    ],
)
def test_the_next_working_day_is_that_of_the_production_calendar(day: date, following: date) -> None:
    assert next_working_day(day) == following


def test_who_applies_in_english_is_answered_in_it(app: Flask, town: Scene) -> None:
    client = app.test_client()
    client.set_cookie("language", "en")
    assert apply(client).status_code == 303
    (letter,) = letters(town, MAIL)
    assert letter["subject"].startswith("Welcome to ")
    activate(client, key_of(letter))
    send(app.test_client(), "/forgotten", mail=MAIL)
    assert letters(town, MAIL)[-1]["text"].startswith("Hello Вера Новикова,")


@pytest.mark.quick
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("8 (912) 345-67-89", "+79123456789"),
        ("+7 912 345 67 89", "+79123456789"),
        ("9123456789", "+79123456789"),
        ("+44 20 7946 0958", "+442079460958"),
        ("345-67-89", None),
        ("звоните", None),
        ("٨٩١٢٣٤٥٦٧٨٩", None),
    ],
)
def test_a_phone_is_understood_in_whatever_form(typed: str, kept: str | None) -> None:
    assert phone_of(typed) == kept


def test_sessions_of_the_applicant_are_rows_too(app: Flask, town: Scene) -> None:
    before = count(town, session)
    come_in(app, town)
    assert count(town, session) == before + 1


def test_what_one_company_said_is_not_told_to_another(app: Flask, town: Scene, tmp_path: Path) -> None:
    second_company(town, tmp_path / "scene")
    with writing(town.engine).begin() as connection:
        for kind in Kind:
            texts.write(connection, town.viewer(STRANGER), kind, f"Дальний {kind} " * 40, s.NOW)
    come_in(app, town, organisation="1", number="777")
    operator, stranger = person(app, s.OPERATOR), person(app, STRANGER)
    with town.engine.connect() as connection:
        number = connection.scalar(select(application.c.id).where(application.c.number == "777"))
    sent = {"csrf_token": token(operator, "/me"), "decision": "decline", "reason": "ДОЛЖНИК"}
    assert operator.post(f"/console/applications/{number}", data=sent).status_code == 303
    client = app.test_client()
    there = hidden_of(client, "/register?organisation=2")
    assert client.post("/register", data=TYPED | there | {"organisation": "2"}).status_code == 303
    for path in (f"/console/applications/{number}", "/console/applications?state=declined"):
        assert "ДОЛЖНИК" not in stranger.get(path).text


def test_a_letter_is_in_the_language_of_who_gets_it(app: Flask, town: Scene) -> None:
    """Not of the operator who sends it."""
    come_in(app, town)
    operator = person(app, s.OPERATOR)
    send(operator, "/language", at="/me", language="en", back="/")
    assert "Applications" in operator.get("/console/applications").text
    sent = {"csrf_token": token(operator, "/me"), "decision": "approve", "number": "100-9"}
    assert operator.post("/console/applications/1", data=sent).status_code == 303
    assert letters(town, MAIL)[-1]["subject"] == "Доступ в систему Учёт открыт"
