"""Tokens: a program of the owner's reads his data and nothing else, for as long as he lets it."""

import csv
import json
import logging
import re
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from central.accounts import attempts, consumers, tokens
from central.accounts.tables import account, audit, grant, session, token
from central.db import metadata, writing
from central.metering.zones import midnight
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import Clock, log_in, make_app, person, send

DAYS = 25
FILE = "/data/file?form=json&length=day&day=2026-11-23"
OPEN = (FILE, FILE.replace("json", "csv"), "/data/line?length=month&day=2026-11-01", "/explain.json?length=day")
DAY = 86_400


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def made(app: Flask, mail: str = s.CONSUMER, name: str = "таблица", days: str = "365", **more: str) -> str:
    """What the page shows, once."""
    typed = {"token_name": name, "token_days": days, "token_proof": s.PASSWORD} | more
    answer = send(person(app, mail), "/me/tokens", "/me", **typed)
    assert answer.status_code == 200
    found = re.search(r'<code id="secret">(uchet_[\w-]{43})</code>', answer.text)
    assert found is not None
    return found[1]


def ask(app: Flask, path: str, secret: str, method: str = "GET", client: FlaskClient | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {secret}"}
    return (client or app.test_client()).open(path, method=method, headers=headers)


def told(answer: TestResponse) -> str:
    """Why it was refused, as a program reads it."""
    assert answer.mimetype == "application/json"
    found = json.loads(answer.data)
    assert found["error"] == answer.status_code
    return str(found["message"])


def test_it_is_shown_once_with_an_example_and_then_only_its_name_stands(app: Flask, town: Scene) -> None:
    client = person(app, s.CONSUMER)
    typed = {"token_name": "таблица <b>", "token_days": "90", "token_proof": s.PASSWORD}
    answer = send(client, "/me/tokens", "/me", **typed)
    (secret,) = set(re.findall(r"uchet_[\w-]{43}", answer.text))
    assert "curl -H" in answer.text
    assert "http://localhost/data/file?form=json" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    page = client.get("/me").text
    assert "таблица &lt;b&gt;" in page
    assert "по 22.02.2027" in page
    assert "ещё не использовался" in page
    assert secret not in page
    with town.engine.connect() as connection:
        row = connection.execute(select(token)).one()
    assert row.hashed == sha256(secret.encode()).hexdigest()


def test_only_its_hash_stands_in_sql_and_no_log_or_note_has_it(
    app: Flask, town: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = made(app)
    for path in (*OPEN, "/me", "/nothing"):
        ask(app, path, secret)
    ask(app, FILE, secret + "x")
    with town.engine.connect() as connection:
        for table in metadata.tables.values():
            for row in connection.execute(select(table)):
                assert secret not in repr(row), table.name
    assert secret.removeprefix("uchet_") not in caplog.text


def test_by_it_one_reads_what_its_owner_may_see(app: Flask, town: Scene) -> None:
    secret = made(app)
    browser = person(app, s.CONSUMER)
    for path in OPEN:
        answer = ask(app, path, secret)
        assert answer.status_code == 200, path
        assert answer.data == browser.get(path).data, path
    rows = json.loads(ask(app, FILE, secret).data)["rows"]
    assert len(rows) == 48
    text = ask(app, OPEN[1], secret).text
    assert len(list(csv.reader(StringIO(text.lstrip("\ufeff")), delimiter=";"))) > 48
    dacha, next_door = town.points[s.DACHA], town.points[s.NEXT_DOOR]
    assert json.loads(ask(app, f"{FILE}&point={dacha}", secret).data)["point"] == "Т-46"
    foreign = ask(app, f"{FILE}&point={next_door}", secret)
    assert (foreign.status_code, foreign.data) == (404, ask(app, f"{FILE}&point=999", secret).data)
    assert "нет" in told(foreign)


def test_it_sees_the_owners_time_and_no_other(app: Flask, town: Scene) -> None:
    before = f"/data/file?form=json&point={town.points[s.NEXT_DOOR]}&length=day&day=2026-11-04"
    new, former = made(app, s.NEIGHBOUR), made(app, s.FORMER)
    assert json.loads(ask(app, before, new).data)["rows"] == []
    assert len(json.loads(ask(app, before, former).data)["rows"]) == 48
    assert json.loads(ask(app, before.replace("-04", "-06"), former).data)["rows"] == []


def test_what_the_owner_may_see_is_asked_at_each_request(app: Flask, town: Scene) -> None:
    secret = made(app)
    assert ask(app, FILE, secret).status_code == 200
    with writing(town.engine).begin() as connection:
        mine = town.viewer(s.CONSUMER).account
        connection.execute(update(grant).where(grant.c.account == mine).values(valid_to=midnight(s.GAP, s.TZ)))
    assert ask(app, FILE, secret).status_code == 404


def test_every_other_route_and_method_is_refused(app: Flask) -> None:
    secret = made(app)
    opened = 0
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in sorted(rule.methods or ()):
            answer = ask(app, path, secret, method)
            if rule.endpoint in ("cabinet.data_file", "cabinet.data_line", "cabinet.explain_data") and method == "GET":
                assert answer.status_code in (200, 404), path
                opened += 1
                continue
            assert answer.status_code == 403, (method, path)
            assert method == "HEAD" or "/explain.json" in told(answer)
    assert opened == 3
    assert "нет" in told(ask(app, "/nowhere", secret))


def test_no_session_begins_and_a_cookie_beside_it_says_nothing(app: Flask, town: Scene) -> None:
    secret = made(app)
    with town.engine.connect() as connection:
        before = connection.execute(select(session)).all()
    for path in (*OPEN, "/me", "/data/file?point=999"):
        answer = ask(app, path, secret)
        assert "Set-Cookie" not in answer.headers, path
    with town.engine.connect() as connection:
        assert connection.execute(select(session)).all() == before
    boris = person(app, s.NEIGHBOUR)
    assert json.loads(ask(app, FILE, secret, client=boris).data)["point"] == "Т-45"
    assert ask(app, "/me", secret, client=boris).status_code == 403
    assert ask(app, FILE, "uchet_wrong", client=boris).status_code == 401
    assert boris.get("/me").status_code == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "bearer x", "Bearer uchet_", "Bearer ы", "Bearer a b"])
def test_a_wrong_one_is_told_so(app: Flask, header: str) -> None:
    answer = app.test_client().get(FILE, headers={"Authorization": header.encode().decode("latin-1")})
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert "Такого токена нет" in told(answer)
    assert "Location" not in answer.headers


def test_its_day_comes(app: Flask, clock: Clock) -> None:
    secret = made(app, days="30")
    clock.now = s.NOW + 30 * DAY - 1
    assert ask(app, FILE, secret).status_code == 200
    clock.now += 1
    answer = ask(app, FILE, secret)
    assert (answer.status_code, "истёк 24.12.2026" in told(answer)) == (401, True)
    page = person(app, s.CONSUMER).get("/me").text
    assert "— истёк" in page


def test_it_is_withdrawn_by_its_owner_alone(app: Flask, town: Scene) -> None:
    secret = made(app)
    with town.engine.connect() as connection:
        key = connection.scalar(select(token.c.id))
    assert send(person(app, s.NEIGHBOUR), f"/me/tokens/{key}/withdraw", "/me").status_code == 404
    assert ask(app, FILE, secret).status_code == 200
    answer = send(person(app, s.CONSUMER), f"/me/tokens/{key}/withdraw", "/me")
    assert answer.status_code == 303
    assert "Токен отозван" in person(app, s.CONSUMER).get(answer.headers["Location"]).text
    assert "Такого токена нет" in told(ask(app, FILE, secret))
    with town.engine.connect() as connection:
        deeds = connection.execute(select(audit.c.action, audit.c.subject).where(audit.c.action.like("token%"))).all()
    assert [tuple(one) for one in deeds] == [("token made", f"token {key}"), ("token withdrawn", f"token {key}")]


def test_last_use_is_told_not_more_than_once_a_minute(app: Flask, town: Scene, clock: Clock) -> None:
    secret = made(app)
    seen = []
    for moment in (0, 30, 59, 61, 200):
        clock.now = s.NOW + moment
        ask(app, FILE, secret)
        with town.engine.connect() as connection:
            seen.append(connection.execute(select(token.c.used_at, token.c.used_from)).one())
    assert [(row.used_at - s.NOW, row.used_from) for row in seen] == [(n, "127.0.0.1") for n in (0, 0, 0, 61, 200)]
    assert "последний раз 24.11.2026 09:15" in person(app, s.CONSUMER).get("/me").text.replace("\u00a0", " ")


def test_it_ends_with_the_password_the_block_and_the_account(app: Flask, town: Scene) -> None:
    other = made(app, s.NEIGHBOUR)
    secret, client = made(app), person(app, s.CONSUMER)
    new = {"old": s.PASSWORD, "password": "другой пароль 7", "repeat": "другой пароль 7"}
    assert send(client, "/me/password", "/me", **new).status_code == 303
    assert ask(app, FILE, secret).status_code == 401
    assert ask(app, FILE, other).status_code == 200
    with writing(town.engine).begin() as connection:
        operator, boris = town.viewer(s.OPERATOR), town.viewer(s.NEIGHBOUR).account
        consumers.lock(connection, operator, boris, "проверка", s.NOW)
        assert connection.execute(select(token).where(token.c.account == boris)).first() is None
        consumers.unlock(connection, operator, boris, "проверка", s.NOW)
    assert ask(app, FILE, other).status_code == 401
    gone = made(app, s.FORMER)
    assert send(person(app, s.FORMER), "/me/close", password=s.PASSWORD).status_code == 303
    assert ask(app, FILE, gone).status_code == 401


def test_of_an_account_that_may_not_log_in_any_more_none_is_good(app: Flask, town: Scene) -> None:
    secret = made(app)
    with writing(town.engine).begin() as connection:
        connection.execute(update(account).where(account.c.mail == s.CONSUMER).values(state="blocked"))
    assert ask(app, FILE, secret).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"token_name": ""}, "Заполните это поле"),
        ({"token_name": "я" * 61}, "длиннее 60 знаков"),
        ({"token_days": "366"}, "«366» здесь не бывает"),
        ({"token_days": ""}, "Заполните это поле"),
        ({"token_proof": "не тот"}, "Это не ваш пароль"),
    ],
)
def test_a_form_that_is_wrong_comes_back_as_it_was(app: Flask, town: Scene, wrong: dict[str, str], said: str) -> None:
    typed = {"token_name": "таблица", "token_days": "90", "token_proof": s.PASSWORD} | wrong
    answer = send(person(app, s.CONSUMER), "/me/tokens", "/me", **typed)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert "token_name" in wrong or 'value="таблица"' in answer.text
    assert s.PASSWORD not in answer.text
    with town.engine.connect() as connection:
        assert connection.execute(select(token)).first() is None


def test_a_page_that_is_sent_again_makes_no_second_one_and_ten_are_enough(app: Flask, town: Scene) -> None:
    made(app, name="первый")
    client = person(app, s.CONSUMER)
    typed = {"token_name": "первый", "token_days": "30", "token_proof": s.PASSWORD}
    again = send(client, "/me/tokens", "/me", **typed)
    assert (again.status_code, "уже есть" in again.text) == (422, True)
    with writing(town.engine).begin() as connection:
        for number in range(1, tokens.MOST):
            tokens.make(connection, town.viewer(s.CONSUMER), f"токен {number}", 30, s.NOW)
    more = send(client, "/me/tokens", "/me", **(typed | {"token_name": "ещё"}))
    assert (more.status_code, "Отзовите ненужный" in more.text) == (422, True)


def test_staff_have_none_and_a_guest_is_sent_to_log_in(app: Flask, town: Scene) -> None:
    typed = {"token_name": "т", "token_days": "30", "token_proof": s.PASSWORD}
    assert send(person(app, s.OPERATOR), "/me/tokens", "/me", **typed).status_code == 403
    assert "Токены для программ" not in person(app, s.OPERATOR).get("/me").text
    assert send(app.test_client(), "/me/tokens", "/login", **typed).status_code == 302
    with pytest.raises(tokens.Unfit), writing(town.engine).begin() as connection:
        tokens.make(connection, town.viewer(s.OPERATOR), "т", 30, s.NOW)


def test_wrong_ones_are_counted_by_address_and_a_right_one_is_not_locked_out(app: Flask, clock: Clock) -> None:
    secret = made(app)
    codes = [ask(app, FILE, f"uchet_{number}").status_code for number in range(attempts.FROM_ONE + 2)]
    assert codes == [401] * attempts.FROM_ONE + [429, 429]
    last = ask(app, FILE, "uchet_more")
    assert "Подождите час" in told(last)
    assert last.headers["Retry-After"] == "3600"
    assert ask(app, FILE, secret).status_code == 200
    clock.now = s.NOW + 3601
    assert ask(app, FILE, "uchet_more").status_code == 401
    assert log_in(app.test_client(), s.CONSUMER).status_code == 302
