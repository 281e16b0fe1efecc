"""A browser's address is taken only where the list of the settings lets it, and leads to no inner network."""

import socket
import ssl
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace

from central.config import Push
from central.notices.choices import choices
from central.notices.kinds import Kind
from central.push import sending
from central.push.sending import Outcome
from central.push.services import Forbidden, resolved, service
from tests.central import scene as s
from tests.central.push.conftest import PAGE, Phones, post
from tests.central.web.parts import app_of, person, send, token

LISTED = Push().services


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://FCM.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:443/x",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QGuQ",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYA%3d",
    ],
)
def test_the_services_of_browsers_are_asked(endpoint: str) -> None:
    found = service(endpoint, LISTED)
    assert found.port == 443
    assert endpoint.lower().endswith(found.target.lower())


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "/notices",
        "http://fcm.googleapis.com/x",
        "ftp://fcm.googleapis.com/x",
        "file:///etc/passwd",
        "https://fcm.googleapis.com:22/x",
        "https://fcm.googleapis.com:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://evilfcm.googleapis.com/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com",
        "https://fcm.googleapis.com@evil.example/x",
        "https://evil.example#@fcm.googleapis.com/x",
        "https://evil.example\\@fcm.googleapis.com/x",
        "https://user:secret@fcm.googleapis.com/x",
        "https://push.apple.com/x",
        "https://.push.apple.com/x",
        "https://evilpush.apple.com/x",
        "https://web.push.apple.com.evil.example/x",
        "https://fcm.googleapis.com./x",
        "https://fcm.googleapis.com:port/x",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\r\nHost: evil.example",
        "https://fcm.googleapis.com/\u0442",
        "https://fcm.googleapis.com/" + "x" * 1000,
        "https:///x",
        "https://[fcm.googleapis.com/x",
    ],
)
def test_nothing_else_is(endpoint: str) -> None:
    with pytest.raises(Forbidden):
        service(endpoint, LISTED)


@pytest.mark.parametrize(
    "digits",
    ["127.0.0.1", "10.0.0.7", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.7", "::ffff:169.254.169.254", "::127.0.0.1", "fec0::1",
     "2002:7f00:1::", "2002:a00:7::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:7", "2001::1"],
)  # fmt: skip
def test_a_listed_name_that_leads_inside_is_not_followed(digits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def names(*_args: object, **_more: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", ("142.250.1.1", 443)), (0, 0, 0, "", (digits, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", names)
    with pytest.raises(Forbidden):
        resolved(service("https://fcm.googleapis.com/x", LISTED), LISTED)


@pytest.mark.parametrize("digits", ["142.250.1.1", "2a00:1450:4001::200a", "::ffff:142.250.1.1", "64:ff9b::8efa:101"])
def test_a_public_address_is_followed_also_through_a_network_of_ipv6_alone(
    digits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: [(0, 0, 0, "", (digits, 443))])
    assert resolved(service("https://fcm.googleapis.com/x", LISTED), LISTED) == digits


def test_what_was_looked_at_is_what_is_connected_to(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is asked for once: a second answer of a server that plays with its names is never seen."""
    answers: Iterator[str] = iter(["127.0.0.1"])
    asked: list[object] = []
    real = socket.getaddrinfo

    def names(host: str, port: int, *args: object, **more: object) -> object:
        if host == "push.example":
            asked.append(host)
            return [(2, 1, 6, "", (next(answers), port))]
        return real(host, port, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", names)
    listed = (f"push.example:{phones.service.port}", f"127.0.0.1:{phones.service.port}")
    found = service(f"https://push.example:{phones.service.port}/x", listed)
    trust = ssl.create_default_context(cafile=str(phones.service.ca))
    outcome, why = sending.post(found, listed, trust, b"", {})
    assert (outcome, why) == (Outcome.LATER, "SSLCertVerificationError"), "its certificate is not of that name"
    assert asked == ["push.example"]


def test_a_name_that_nobody_knows_is_tried_later() -> None:
    listed = ("nobody.invalid",)
    found = service("https://nobody.invalid/x", listed)
    assert sending.post(found, listed, ssl.create_default_context(), b"", {})[0] is Outcome.LATER


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        "x",
        {},
        {"endpoint": "https://HERE/send/a"},
        {"endpoint": "https://HERE/send/a", "keys": {}},
        {"endpoint": "https://HERE/send/a", "keys": {"p256dh": "AAAA", "auth": "AAAA"}},
        {"endpoint": "https://HERE/send/a", "keys": {"p256dh": "GOOD", "auth": "AAAA"}},
        {"endpoint": "https://HERE/send/a", "keys": {"p256dh": "B" * 87, "auth": "GOOD"}},
        {"endpoint": "https://HERE/send/a", "keys": {"p256dh": 7, "auth": "GOOD"}},
        {"endpoint": "https://HERE/send/a", "keys": {"p256dh": "Ж" * 87, "auth": "GOOD"}},
        {"endpoint": 7, "keys": {"p256dh": "GOOD", "auth": "GOOD"}},
        {"endpoint": "http://HERE/send/a", "keys": {"p256dh": "GOOD", "auth": "GOOD"}},
        {"endpoint": "https://169.254.169.254/a", "keys": {"p256dh": "GOOD", "auth": "GOOD"}},
        {"endpoint": "https://localhost/a", "keys": {"p256dh": "GOOD", "auth": "GOOD"}},
        {"endpoint": "https://\ud800/a", "keys": {"p256dh": "GOOD", "auth": "GOOD"}},
    ],
)
def test_what_is_no_device_is_not_kept(phones: Phones, told: object) -> None:
    good = phones.service.browser("a").subscription
    if isinstance(told, dict):
        told = {**told}
        if isinstance(told.get("endpoint"), str):
            told["endpoint"] = told["endpoint"].replace("HERE", phones.service.host)
        if "keys" in told:
            told["keys"] = {name: good["keys"][name] if text == "GOOD" else text for name, text in told["keys"].items()}
    client = phones.person()
    assert post(client, "/me/push", told) == 422
    assert post(client, "/me/push/off", told) in (204, 422)
    assert phones.devices() == []
    assert post(client, "/me/push", good) == 204


def test_a_body_that_is_no_json_is_refused(phones: Phones) -> None:
    client = phones.person()
    headers = {"X-CSRFToken": token(client, PAGE), "Content-Type": "application/json"}
    for path in ("/me/push", "/me/push/off"):
        assert client.post(path, data=b"{", headers=headers).status_code == 422


def test_a_device_is_one_however_often_it_is_added_and_goes_to_who_adds_it_last(phones: Phones) -> None:
    anna, boris = phones.person(), phones.person(s.NEIGHBOUR)
    made = phones.subscribe(anna, "shared")
    phones.subscribe(anna, "own")
    assert post(anna, "/me/push", made.subscription) == 204
    assert phones.devices() == ["shared", "own"]
    assert post(boris, "/me/push/off", made.subscription) == 204
    assert phones.devices() == ["shared", "own"], "it is not his to turn off"
    assert post(boris, "/me/push", made.subscription) == 204
    phones.come((phones.now - 3600, 4, 4))
    phones.minute()
    assert made.shown == [], "Anna's notices do not come to Boris"
    assert post(boris, "/me/push/off", made.subscription) == 204
    assert phones.devices() == ["own"]


def test_a_person_has_so_many_devices_and_no_more(phones: Phones) -> None:
    client = phones.person()
    for number in range(10):
        phones.subscribe(client, f"{number}")
    assert post(client, "/me/push", phones.service.browser("11").subscription) == 422
    assert post(client, "/me/push", phones.service.browser("3").subscription) == 204


def test_staff_have_no_phone_here_and_turn_none_on_for_another(phones: Phones) -> None:
    operator = person(phones.app, s.OPERATOR)
    key = phones.scene.viewer(s.CONSUMER).account
    csrf = token(operator, "/me")
    operator.post(f"/console/people/{key}/cabinet", data={"csrf_token": csrf})
    assert post(operator, "/me/push", phones.service.browser("a").subscription, csrf=csrf) == 403
    assert phones.devices() == []


def test_the_page_says_whether_this_session_s_phone_is_on(phones: Phones) -> None:
    client, other = phones.person(), phones.person()
    assert 'data-on=""' in client.get(PAGE).text
    phones.subscribe(client, "anna")
    assert 'data-on=""' not in client.get(PAGE).text
    assert 'data-on=""' in other.get(PAGE).text
    assert "/send/anna" not in client.get(PAGE).text


def without(phones: Phones) -> FlaskClient:
    """A person in front of a central that sends to no phone."""
    config = replace(phones.config, push=None)
    return person(app_of(config, lambda: float(phones.now)), s.CONSUMER)


def test_without_the_setting_there_is_no_word_of_it(phones: Phones) -> None:
    client = without(phones)
    page = client.get(PAGE).text
    assert "data-push" not in page
    assert "push-opened" not in page
    assert post(client, "/me/push", phones.service.browser("a").subscription) == 404


def test_without_the_setting_the_choice_of_the_phone_is_kept(phones: Phones) -> None:
    client = without(phones)
    assert send(client, PAGE, since="23", until="7").status_code == 303
    with phones.scene.engine.connect() as connection:
        found = choices(connection, phones.scene.viewer(s.CONSUMER).account)
    assert (found[Kind.OPENED].letter, found[Kind.OPENED].push) == (False, True)
