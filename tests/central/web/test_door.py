"""The door: login, logout, cookies, and that no form is taken without its token."""

import time
from pathlib import Path

import pytest
from flask import Flask

from central.accounts.attempts import LOGINS
from central.door.login import KNOWN_SECONDS
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.web.parts import address, log_in, make_app, person, token


def posts(app: Flask) -> list[str]:
    return sorted(address(rule) for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()))


def test_there_are_forms(app: Flask) -> None:
    found = posts(app)
    assert [path for path in found if not path.startswith("/console/")] == [
        "/activate",
        "/activate/again",
        "/check/7KQ2-9XWM-D41T-0ZPA",
        "/entry",
        "/entry/2411-0001/photo",
        "/forgotten",
        "/join",
        "/language",
        "/login",
        "/login/second",
        "/logout",
        "/mail",
        "/me/close",
        "/me/contract",
        "/me/download",
        "/me/family",
        "/me/family/1/end",
        "/me/family/invitations/1/end",
        "/me/mail",
        "/me/mail/stop",
        "/me/notices",
        "/me/password",
        "/me/phone",
        "/me/push",
        "/me/push/off",
        "/me/second",
        "/me/second/drop",
        "/me/sessions/1/end",
        "/me/texts/1",
        "/me/tokens",
        "/me/tokens/1/withdraw",
        "/network/now",
        "/phone",
        "/phone/1",
        "/phone/enter",
        "/phone/open",
        "/register",
        "/reports/made/1/again",
        "/reports/made/1/cancel",
        "/reports/made/1/remove",
        "/reports/personal/1",
        "/reports/personal/1/mail",
        "/reports/personal/1/remove",
        "/reports/profile",
        "/reports/profile/keep",
        "/reports/profile/make",
        "/reset",
        "/theme",
    ]
    assert "/console/points/1/replacement" in found


@pytest.mark.parametrize("mail", [None, s.CONSUMER, s.OPERATOR])
@pytest.mark.parametrize("foreign", ["", "nonsense", "of another"])
def test_a_form_without_its_own_token_is_refused(app: Flask, mail: str | None, foreign: str) -> None:
    client = person(app, mail)
    given = token(person(app, None)) if foreign == "of another" else foreign
    fields = {"csrf_token": given} if given else {}
    refused = 0
    for path in posts(app):
        answer = client.post(path, data={**fields, "mail": s.CONSUMER, "password": s.PASSWORD, "theme": "dark"})
        if mail is None and path == "/logout":
            assert answer.status_code in (302, 400)
            continue
        assert answer.status_code == 400, path
        assert "Форма устарела" in answer.text
        assert "theme=dark" not in str(answer.headers)
        refused += 1
    assert refused >= 3
    if mail is not None:
        assert client.get("/data").status_code == 200  # still logged in


@pytest.mark.parametrize(
    ("mail", "password"), [(s.CONSUMER, "wrong"), ("nobody@example.org", s.PASSWORD), ("", ""), ("<b>@x", "x")]
)
def test_a_wrong_login_is_one_answer_and_keeps_the_mail(app: Flask, mail: str, password: str) -> None:
    answer = log_in(app.test_client(), mail, password)
    assert answer.status_code == 401
    assert "Почта или пароль не подходят." in answer.text
    assert "<b>@x" not in answer.text
    if mail == s.CONSUMER:
        assert f'value="{mail}"' in answer.text
    assert "wrong" not in answer.text.replace('id="wrong"', "").replace('"wrong"', "")


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("/readings?point=1", "/readings?point=1"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_login_leads_back_to_a_page_of_ours_only(app: Flask, target: str, leads: str) -> None:
    assert log_in(app.test_client(), s.CONSUMER, next=target).headers["Location"] == leads


def test_a_guest_is_led_to_the_door_and_back(app: Flask) -> None:
    answer = app.test_client().get("/data?point=1&length=week")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login?next=/data?point%3D1%26length%3Dweek"


@pytest.mark.parametrize("https", [True, False])
def test_cookies_are_kept_from_scripts_and_other_sites(scene: s.Scene, scene_folder: Path, https: bool) -> None:
    app = make_app(scene_folder, url="https://uchet.example" if https else "http://127.0.0.1:8080")
    client = app.test_client()
    base = {"base_url": "https://localhost"} if https else {}
    page = client.get("/login", **base)
    given = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    referer = {"headers": {"Referer": "https://localhost/login"}} if https else {}
    fields = {"csrf_token": given, "mail": s.CONSUMER, "password": s.PASSWORD, "remember": "on"}
    entered = client.post("/login", data=fields, **base, **referer)
    assert entered.status_code == 302
    cookies = [*page.headers.getlist("Set-Cookie"), *entered.headers.getlist("Set-Cookie")]
    assert cookies
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is https
    assert ("Strict-Transport-Security" in entered.headers) is https


def test_login_gives_a_new_session_and_logout_ends_it(app: Flask) -> None:
    client = app.test_client()
    before = token(client)
    log_in(client, s.CONSUMER)
    after = token(client, "/")
    assert after != before
    cookie = client.get_cookie("uchet")
    assert cookie is not None
    client.post("/logout", data={"csrf_token": after})
    thief = app.test_client()
    thief.set_cookie("uchet", cookie.value)
    for one in (client, thief):
        assert one.get("/data").status_code == 302


def test_the_switches_last_and_take_only_what_there_is(app: Flask) -> None:
    client = app.test_client()
    answer = client.post("/theme", data={"csrf_token": token(client), "theme": "dark", "back": "/login?next=/data"})
    assert answer.headers["Location"] == "/login?next=/data"
    assert 'data-theme="dark"' in client.get("/login").text
    client.post("/theme", data={"csrf_token": token(client), "theme": '"><script>'})
    assert "data-theme" not in client.get("/login").text
    client.post("/language", data={"csrf_token": token(client), "language": "en", "back": "//evil.example"})
    assert '<html lang="en"' in client.get("/login").text


@pytest.mark.parametrize(("age", "answered"), [(KNOWN_SECONDS - 60, 302), (KNOWN_SECONDS + 60, 401)])
def test_a_device_is_known_for_a_time(
    copy_of: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: int, answered: int
) -> None:
    """While it is, strangers who guess do not lock its owner out."""
    made = copy_of(2, tmp_path / "scene")
    app = make_app(tmp_path / "scene")
    owner, stranger = app.test_client(), app.test_client()
    with monkeypatch.context() as patched:
        then = time.time() - age
        patched.setattr("itsdangerous.timed.time.time", lambda: then)
        assert log_in(owner, s.CONSUMER).status_code == 302
    owner.delete_cookie("uchet")
    for _ in range(LOGINS):
        log_in(stranger, s.CONSUMER, "не тот пароль")
    assert log_in(stranger, s.CONSUMER).status_code == 401
    assert log_in(owner, s.CONSUMER).status_code == answered
    made.close()
