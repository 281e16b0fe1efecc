"""Another mail holds when both are confirmed, the old and the new; nobody learns who else has an account."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from central.accounts.attempts import LETTERS
from central.accounts.keys import BadKey
from central.accounts.mail_change import vouch
from central.accounts.tables import account, audit, mail_change, once_key
from central.db import writing
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import Clock, key_of, letters, log_in, make_app, person, send, token

NEW = "anna.new@example.org"


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def ask(client: FlaskClient, mail: str = NEW, proof: str = s.PASSWORD) -> Any:
    return send(client, "/me/mail", "/me", mail=mail, proof=proof)


def press(client: FlaskClient, key: str, **more: str) -> Any:
    return send(client, "/mail", Key=key, **more)


def keys(scene: Scene, mail: str = NEW) -> tuple[str, str]:
    """Of the newest letters, to the old and to the new."""
    return key_of(letters(scene, s.CONSUMER)[-1]), key_of(letters(scene, mail)[-1])


def mail_of(scene: Scene, key: int) -> str:
    with scene.engine.connect() as connection:
        return str(connection.scalar(select(account.c.mail).where(account.c.id == key)))


def anna(scene: Scene) -> int:
    return scene.viewer(s.CONSUMER).account


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_it_changes_when_both_are_confirmed_in_either_order(app: Flask, town: Scene, order: tuple[int, int]) -> None:
    here, elsewhere, stranger, key = person(app, s.CONSUMER), person(app, s.CONSUMER), app.test_client(), anna(town)
    answer = ask(here)
    assert answer.status_code == 303
    assert "Почта меняется на" in here.get("/me").text
    both = keys(town)
    assert 'name="stop"' in stranger.get(f"/mail?Key={both[order[0]]}").text
    assert mail_of(town, key) == s.CONSUMER, "whoever only follows a link confirms nothing"
    half = press(stranger, both[order[0]])
    assert "Осталась вторая" in stranger.get(half.headers["Location"]).text
    assert press(stranger, both[order[0]]).status_code == 422, "a key is good once, and is one side only"
    assert mail_of(town, key) == s.CONSUMER
    assert here.get("/me").text.count("ждёт подтверждения") == 1
    done = press(here, both[order[1]])
    assert "Почта сменена" in here.get(done.headers["Location"]).text
    assert mail_of(town, key) == NEW
    assert NEW in here.get("/me").text, "who confirmed it is logged in still"
    assert elsewhere.get("/me").status_code == 302, "and nowhere else"
    assert log_in(app.test_client(), s.CONSUMER).status_code == 401
    assert log_in(app.test_client(), NEW).status_code == 302
    assert [letters(town, mail)[-1]["subject"] for mail in (s.CONSUMER, NEW)] == ["Почта в системе Учёт сменена"] * 2


def test_confirmed_by_a_stranger_s_browser_all_logins_end(app: Flask, town: Scene) -> None:
    here = person(app, s.CONSUMER)
    ask(here)
    neighbour = person(app, s.NEIGHBOUR)
    for key in keys(town):
        assert press(neighbour, key).status_code == 303
    assert here.get("/me").status_code == 302
    assert neighbour.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"mail": "не почта"}, "не адрес почты"),
        ({"mail": f" {s.CONSUMER.upper()} "}, "Это и есть ваша почта"),
        ({"proof": "не тот"}, "Это не ваш пароль"),
        ({"proof": ""}, "Заполните это поле"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(app: Flask, town: Scene, typed: dict[str, str], said: str) -> None:
    client = person(app, s.CONSUMER)
    answer = ask(client, **typed)
    assert (answer.status_code, answer.text.count(said)) == (422, 2)
    assert '<details class="group" open>' in answer.text, "what is wrong is not folded away"
    assert not letters(town, s.CONSUMER)


def test_a_mail_of_somebody_else_is_the_same_answer_and_never_becomes_mine(app: Flask, town: Scene) -> None:
    client, other, key = person(app, s.CONSUMER), person(app, s.FORMER), anna(town)
    known, unknown = ask(client, s.NEIGHBOUR), ask(other, NEW)
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    (told,) = letters(town, s.NEIGHBOUR)
    assert "уже есть Ваша" in told["text"]
    assert "Key=" not in told["text"] + told["html"]
    assert "Петрова" not in told["text"], "nor does he learn who it was"
    with town.engine.connect() as connection:
        made = connection.execute(
            select(func.count()).select_from(once_key).where(once_key.c.account == key)
        ).scalar_one()
    assert made == 2, "the same work"
    press(client, key_of(letters(town, s.CONSUMER)[-1]))
    assert mail_of(town, key) == s.CONSUMER
    assert log_in(app.test_client(), s.NEIGHBOUR).status_code == 302
    pages = [one.get("/me").text.split("Почта меняется на")[1].split("</section>")[0] for one in (client, other)]
    assert [page.count("ждёт подтверждения") for page in pages] == [1, 2]


def test_a_mail_that_became_another_s_meanwhile_is_told_to_its_owner(app: Flask, town: Scene) -> None:
    client, key = person(app, s.CONSUMER), anna(town)
    ask(client)
    before, after = keys(town)
    press(client, before)
    with writing(town.engine).begin() as connection:
        connection.execute(account.update().where(account.c.mail == s.FORMER).values(mail=NEW))
    answer = press(client, after)
    assert (answer.status_code, "завели другую учётную запись" in answer.text) == (422, True)
    assert mail_of(town, key) == s.CONSUMER


def test_who_only_applied_with_a_mail_keeps_it_from_nobody(app: Flask, town: Scene) -> None:
    client, key = person(app, s.CONSUMER), anna(town)
    with writing(town.engine).begin() as connection:
        connection.execute(account.update().where(account.c.mail == s.FORMER).values(mail=NEW, state="created"))
    ask(client)
    for one in keys(town):
        press(client, one)
    assert mail_of(town, key) == NEW
    assert log_in(app.test_client(), NEW).status_code == 302


@pytest.mark.parametrize("side", [0, 1])
def test_the_change_is_stopped_by_either_letter(app: Flask, town: Scene, side: int) -> None:
    client, key = person(app, s.CONSUMER), anna(town)
    ask(client)
    both = keys(town)
    stopped = press(app.test_client(), both[side], stop="1")
    assert "Смена остановлена" in client.get(stopped.headers["Location"]).text
    assert [press(client, one).status_code for one in both] == [422, 422]
    assert "Почта меняется на" not in client.get("/me").text
    assert mail_of(town, key) == s.CONSUMER


def test_its_owner_gives_it_up_on_the_page(app: Flask, town: Scene) -> None:
    client = person(app, s.CONSUMER)
    ask(client)
    both = keys(town)
    assert send(client, "/me/mail/stop", "/me").status_code == 303
    assert [press(client, one).status_code for one in both] == [422, 422]


def test_a_second_request_ends_the_first(app: Flask, town: Scene) -> None:
    client, key = person(app, s.CONSUMER), anna(town)
    ask(client, "first@example.org")
    first = keys(town, "first@example.org")
    press(client, first[0])
    ask(client)
    assert press(client, first[1]).status_code == 422
    assert press(client, keys(town)[1]).status_code == 303
    assert mail_of(town, key) == s.CONSUMER, "what was confirmed for the first counts for nothing"
    press(client, keys(town)[0])
    assert mail_of(town, key) == NEW


def test_three_days_and_it_is_over(app: Flask, town: Scene, clock: Clock) -> None:
    client, key = person(app, s.CONSUMER), anna(town)
    ask(client)
    before, after = keys(town)
    assert press(client, before).status_code == 303
    clock.now += 3 * 86_400
    assert press(app.test_client(), after).status_code == 422
    assert mail_of(town, key) == s.CONSUMER


def test_letters_are_few(app: Flask, town: Scene) -> None:
    client, other = person(app, s.CONSUMER), person(app, s.FORMER)
    assert [ask(client).status_code for _ in range(LETTERS + 1)] == [303] * LETTERS + [422]
    assert ask(client, "other@example.org").status_code == 422, "of one person, whatever the mail"
    answer = ask(other)
    assert (answer.status_code, "Писем за час слишком много" in answer.text) == (422, True), "to one mail, whoever asks"


def test_keys_of_a_forgotten_password_lie_in_the_old_mailbox_and_die(app: Flask, town: Scene) -> None:
    client, guest = person(app, s.CONSUMER), app.test_client()
    send(guest, "/forgotten", mail=s.CONSUMER)
    reset = key_of(letters(town, s.CONSUMER)[-1])
    ask(client)
    for one in keys(town):
        press(client, one)
    password = {"password": "новая лодка у моста", "repeat": "новая лодка у моста"}
    assert send(guest, "/reset", Key=reset, **password).status_code == 422
    assert log_in(app.test_client(), NEW).status_code == 302


def test_who_may_not_log_in_changes_no_mail(app: Flask, town: Scene) -> None:
    key = anna(town)
    ask(person(app, s.CONSUMER))
    both = keys(town)
    with writing(town.engine).begin() as connection:
        connection.execute(account.update().where(account.c.id == key).values(state="blocked"))
    press(app.test_client(), both[0])
    assert press(app.test_client(), both[1]).status_code == 422
    assert mail_of(town, key) == s.CONSUMER


def test_what_is_audited_names_no_mail(app: Flask, town: Scene) -> None:
    client = person(app, s.CONSUMER)
    ask(client)
    for one in keys(town):
        press(client, one)
    with town.engine.connect() as connection:
        rows = connection.execute(select(audit)).all()
        assert connection.execute(select(mail_change)).first() is None
    assert {"mail change asked", "mail changed"} <= {row.action for row in rows}
    assert "@" not in str([(row.subject, row.detail) for row in rows])
    assert token(client, "/me")


@pytest.mark.parametrize("first", ["the new mail", "the company"])
def test_who_cannot_reach_the_old_mail_is_helped_by_the_company(app: Flask, town: Scene, first: str) -> None:
    client, operator, key = person(app, s.CONSUMER), person(app, s.OPERATOR), anna(town)
    path = f"/console/people/{key}"
    assert send(operator, path, deed="mail", reason="паспорт").status_code == 422, "nothing was asked for"
    ask(client)
    before, after = keys(town)
    assert f"Меняет почту на {NEW}" in operator.get(path).text
    assert send(operator, path, deed="mail").status_code == 422, "without a reason"
    if first == "the new mail":
        press(client, after)
    assert send(operator, path, deed="mail", reason="паспорт показан").status_code == 303
    if first == "the company":
        assert mail_of(town, key) == s.CONSUMER, "the new one is to be confirmed still"
        assert press(client, before).status_code == 422, "the key of the old letter is good no more"
        assert send(operator, path, deed="mail", reason="ещё раз").status_code == 422
        press(client, after)
    assert mail_of(town, key) == NEW
    assert [letters(town, mail)[-1]["subject"] for mail in (s.CONSUMER, NEW)] == ["Почта в системе Учёт сменена"] * 2
    with town.engine.connect() as connection:
        row = connection.execute(select(audit).where(audit.c.action == "mail vouched for")).one()
    assert (row.account, row.subject, row.detail) == (
        town.viewer(s.OPERATOR).account,
        f"account {key}",
        "паспорт показан",
    )


def test_another_company_vouches_for_nobody(app: Flask, town: Scene) -> None:
    key = anna(town)
    ask(person(app, s.CONSUMER))
    for foreign in (replace(town.viewer(s.OPERATOR), organisation=2), town.viewer(s.NEIGHBOUR)):
        with writing(town.engine).begin() as connection, pytest.raises(BadKey):
            vouch(connection, foreign, key, "чужой", s.NOW)
