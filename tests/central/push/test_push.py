"""A case comes to the phone of who may see the point: encrypted, once, without a word of whom and where."""

import json
import threading
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from central.accounts import erasing, own, withdrawing
from central.accounts.tables import account, session
from central.config import Push
from central.db import writing
from central.jobs.context import JobFailed
from central.notices.choices import Choice, choices, choose
from central.notices.keeping import RESTING
from central.notices.kinds import Kind
from central.notices.quiet import Quiet, choose_quiet
from central.push import asking, job, keys
from central.push.asking import Asked
from central.push.devices import GIVEN_UP
from central.push.tables import push, push_delivery, push_device, push_key
from central.push.telling import A_DAY, DANGER_A_DAY
from central.registry.tables import point
from tests.central import scene as s
from tests.central.notices.parts import DAY, HOUR
from tests.central.push.conftest import PAGE, Phones, post
from tests.central.web.parts import send, token

OPENED = {"title": "Вскрыт счётчик", "body": "Откройте кабинет."}


def opened(phones: Phones, *ago: int) -> None:
    phones.come(*((phones.now - one, 4, 4) for one in ago))


def cut(phones: Phones, ago: int, seconds: int = 60) -> None:
    """A short cut of the power, no danger."""
    phones.come((phones.now - ago, 2, 1), (phones.now - ago + seconds, 2, 2))


def at(phones: Phones, hour: int, minute: int = 0, day: int = 24) -> None:
    phones.now = int(datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(s.TZ)).timestamp())


def test_a_case_comes_to_the_phone_once(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    opened(phones, HOUR)
    for _ in range(3):
        phones.minute()
        phones.now += HOUR
        opened(phones, phones.now - s.NOW + HOUR)  # its journal comes again
    key = phones.notices()[0].id
    (shown,) = browser.shown
    assert shown == {**OPENED, "path": f"/notices#notice-{key}", "tag": shown["tag"]}
    assert f'id="notice-{key}"' in phones.person().get("/notices").text


def test_it_speaks_the_language_that_its_person_chose(phones: Phones) -> None:
    anna, neighbour = phones.person(), phones.person(s.NEIGHBOUR)
    of_anna, of_neighbour = phones.subscribe(anna, "anna"), phones.subscribe(neighbour, "neighbour")
    anna.post("/language", data={"csrf_token": token(anna, PAGE), "language": "en"})
    phones.known_for(20 * DAY, f"MIL-{s.NEXT_DOOR}")
    opened(phones, HOUR)
    phones.come((phones.now - HOUR, 4, 4), meter=f"MIL-{s.NEXT_DOOR}")
    phones.minute()
    (english,), (russian,) = of_anna.shown, of_neighbour.shown
    assert english["body"] == "Open the cabinet."
    assert english["title"] == "The meter was opened"
    assert {name: russian[name] for name in OPENED} == OPENED


def test_nothing_personal_leaves_the_house(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    opened(phones, HOUR)
    phones.minute()
    (asked,) = phones.service.asked
    with phones.scene.engine.connect() as connection:
        rows = connection.execute(select(point)).all()
        people = connection.execute(select(account)).all()
    secrets = {str(getattr(row, name)) for row in rows for name in ("name", "address", "code")}
    secrets |= {str(getattr(row, name)) for row in people for name in ("name", "mail")}
    secrets |= {s.FLAT, "MIL", "100-1"}
    told = json.dumps(browser.shown, ensure_ascii=False) + json.dumps(asked.headers) + json.dumps(asked.claims)
    assert len(secrets) > 10
    assert [one for one in secrets if one and one in told] == []
    assert set(asked.headers) == {
        "Host", "Accept-Encoding", "Content-Length", "Authorization", "Content-Encoding", "Content-Type", "TTL",
        "Urgency",
    }  # fmt: skip
    assert asked.claims["aud"] == f"https://{phones.service.host}"
    assert asked.claims["sub"] == "http://127.0.0.1:8080"


def test_both_phones_of_a_person_are_told_and_nobody_else_s(phones: Phones) -> None:
    first = phones.subscribe(phones.person(), "first")
    second = phones.subscribe(phones.person(), "second")
    foreign = phones.subscribe(phones.person(s.NEIGHBOUR), "foreign")
    opened(phones, HOUR)
    phones.minute()
    assert [len(one.shown) for one in (first, second, foreign)] == [1, 1, 0]
    assert {one.key for one in phones.service.asked} == {public(phones)}, "one key for all"


def public(phones: Phones) -> str:
    with phones.scene.engine.connect() as connection:
        found = keys.public(connection)
    assert found is not None
    return found


def test_what_was_told_before_the_phone_came_is_not_told_again(phones: Phones) -> None:
    opened(phones, HOUR)
    phones.minute()
    browser = phones.subscribe(phones.person(), "late")
    phones.minute()
    assert browser.shown == []


def test_what_one_does_not_want_on_the_phone_does_not_come(phones: Phones) -> None:
    client = phones.person()
    browser = phones.subscribe(client, "anna")
    ticked = {f"{way}-{kind}": "1" for kind in Kind for way in ("letter", "cabinet", "push")}
    del ticked["push-opened"]
    assert send(client, PAGE, since="22", until="8", **ticked).status_code == 303
    opened(phones, HOUR)
    phones.come((phones.now - 1800, 4, 1))
    phones.minute()
    assert [one["title"] for one in browser.shown] == ["Воздействие магнитного поля"]
    assert browser.shown[0]["body"] == "Откройте кабинет."
    assert len(phones.letters()) == 1, "by letter it comes"


def test_what_is_switched_off_before_its_time_does_not_come(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    at(phones, 3)
    cut(phones, 600)
    phones.minute()
    viewer = phones.scene.viewer(s.CONSUMER)
    with writing(phones.scene.engine).begin() as connection:
        choose(connection, viewer, {**choices(connection, viewer.account), Kind.SWITCHED_OFF: Choice(push=False)})
    at(phones, 9)
    phones.minute()
    assert browser.shown == []
    assert phones.states() == ["dropped"]


def test_what_was_seen_in_the_cabinet_is_not_told(phones: Phones) -> None:
    client = phones.person()
    browser = phones.subscribe(client, "anna")
    opened(phones, HOUR)
    phones.tell()
    client.get("/notices")
    phones.push()
    assert browser.shown == []


@pytest.mark.parametrize(
    ("hours", "night", "morning"),
    [
        (Quiet(), (3, 0), (8, 0)),
        (Quiet(), (22, 30), None),
        (Quiet(), (21, 59), (21, 59)),
        (Quiet(23, 6), (22, 30), (22, 30)),
        (Quiet(23, 6), (3, 0), (6, 0)),
        (Quiet(13, 15), (14, 0), (15, 0)),
        (Quiet(0, 0), (3, 0), (3, 0)),
    ],
)
def test_in_quiet_hours_nothing_comes_but_danger(
    phones: Phones, hours: Quiet, night: tuple[int, int], morning: tuple[int, int] | None
) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    with writing(phones.scene.engine).begin() as connection:
        choose_quiet(connection, phones.scene.viewer(s.CONSUMER), hours)
    at(phones, *night)
    cut(phones, 600)
    phones.minute()
    if morning != night:
        assert browser.shown == []
        at(phones, *(morning or (8, 0)), day=24 if morning else 25)
        phones.now -= 1
        phones.minute()
        assert browser.shown == [], "a second before"
        phones.now += 1
        phones.minute()
    assert [one["title"] for one in browser.shown] == ["Питание отключалось"]
    at(phones, *night, day=26)
    opened(phones, 60)
    phones.minute()
    assert [one["title"] for one in browser.shown[1:]] == ["Вскрыт счётчик"]


def test_the_night_is_that_of_the_point(phones: Phones) -> None:
    """At nine in Moscow it is four in the afternoon in Vladivostok, and night there at five in the evening here."""
    browser = phones.subscribe(phones.person(), "anna")
    with writing(phones.scene.engine).begin() as connection:
        connection.execute(update(point).values(tz="Asia/Vladivostok"))
    at(phones, 17)
    cut(phones, 600)
    phones.minute()
    assert browser.shown == []
    at(phones, 1, day=25)  # eight there
    phones.minute()
    assert len(browser.shown) == 1


def test_a_phone_that_is_off_gets_nothing_by_night_when_it_is_on_again(phones: Phones) -> None:
    phones.subscribe(phones.person(), "anna")
    at(phones, 20)
    cut(phones, 600)
    phones.minute()
    opened(phones, 60)
    phones.minute()
    assert [(one.headers["TTL"], one.headers["Urgency"]) for one in phones.service.asked] == [
        (str(2 * HOUR), "normal"),
        (str(DAY), "high"),
    ]


def test_a_service_that_was_away_till_the_night_is_asked_in_the_morning(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    phones.service.answers["/send/anna"] = [503]
    at(phones, 21, 59)
    cut(phones, 600)
    phones.minute()
    at(phones, 22, 30)
    phones.push()
    assert len(phones.service.asked) == 1
    at(phones, 8, 0, day=25)
    phones.push()
    assert len(browser.shown) == 1


def test_so_many_a_day_and_the_next_says_how_many_there_were_more(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    at(phones, 9)
    asked = iter(range(100))

    def happens() -> None:
        path = f"/reports/made/{next(asked)}"  # of no point, so nothing rests
        with writing(phones.scene.engine).begin() as connection:
            key = phones.scene.viewer(s.CONSUMER).account
            asking.ask(connection, key, Kind.SILENT, path, s.TZ, phones.now)

    for _ in range(A_DAY + 3):
        happens()
        phones.push()
        phones.now += 60
    assert len(browser.shown) == A_DAY
    assert phones.states()[A_DAY:] == ["held"] * 3
    phones.now += DAY
    phones.push()
    assert len(browser.shown) == A_DAY, "what was held makes no message of its own"
    happens()
    phones.push()
    assert browser.shown[-1]["body"] == "Откройте кабинет. Ещё уведомлений: 3."
    happens()
    phones.push()
    assert browser.shown[-1]["body"] == "Откройте кабинет."


def test_what_was_held_and_is_wanted_no_more_is_not_counted_among_more(phones: Phones) -> None:
    browser, viewer = phones.subscribe(phones.person(), "anna"), phones.scene.viewer(s.CONSUMER)
    at(phones, 9)

    def happens(kind: Kind, path: str) -> None:
        with writing(phones.scene.engine).begin() as connection:
            asking.ask(connection, viewer.account, kind, path, s.TZ, phones.now)
        phones.push()

    for number in range(A_DAY + 2):
        happens(Kind.SILENT, f"/reports/made/{number}")
    with writing(phones.scene.engine).begin() as connection:
        choose(connection, viewer, {**choices(connection, viewer.account), Kind.SILENT: Choice(push=False)})
    happens(Kind.MAGNET, "/notices#1")
    assert browser.shown[A_DAY:] == [{**browser.shown[-1], "body": "Откройте кабинет."}]
    assert phones.states()[A_DAY:] == ["dropped", "dropped", "sent"]


def test_what_is_of_no_point_obeys_the_choice_and_the_quiet_hours_too(phones: Phones) -> None:
    browser, viewer = phones.subscribe(phones.person(), "anna"), phones.scene.viewer(s.CONSUMER)
    at(phones, 23)
    for number, wanted in enumerate((True, False)):
        with writing(phones.scene.engine).begin() as connection:
            chosen = {**choices(connection, viewer.account), Kind.SILENT: Choice(push=wanted)}
            choose(connection, viewer, chosen)
            asking.ask(connection, viewer.account, Kind.SILENT, f"/reports/made/{number}", s.TZ, phones.now)
            choose(connection, viewer, {**chosen, Kind.SILENT: Choice()})
    phones.push()
    assert browser.shown == []
    at(phones, 8, day=25)
    phones.push()
    assert [one["path"] for one in browser.shown] == ["/reports/made/0"]


def test_a_person_takes_his_phones_along_and_they_go_with_him(phones: Phones) -> None:
    phones.subscribe(phones.person(), "anna")
    opened(phones, HOUR)
    phones.minute()
    viewer = phones.scene.viewer(s.CONSUMER)
    with writing(phones.scene.engine).begin() as connection:
        told = own.all_of(connection, viewer, phones.now)
        assert [one["service"] for one in told["phone_notices"]] == ["127.0.0.1"]
        assert told["quiet_hours"] == {"since": 22, "until": 8}
        assert "/send/anna" not in json.dumps(told)
        connection.execute(update(account).where(account.c.id == viewer.account).values(state="withdrawn"))
        assert erasing.erase(connection, viewer.account, phones.now)
        for table in (push, push_device, push_delivery):
            assert connection.execute(select(table)).all() == []


def test_danger_goes_beyond_that_and_not_for_ever(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    for number in range(DANGER_A_DAY + 2):
        with writing(phones.scene.engine).begin() as connection:
            key = phones.scene.viewer(s.CONSUMER).account
            told = Asked(key, Kind.MAGNET, f"/notices#{number}", s.TZ, phones.now)
            asking.ask_each(connection, [told], phones.now)
        phones.push()
    assert len(browser.shown) == DANGER_A_DAY


def test_what_is_due_together_is_one_message_of_the_gravest(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    phones.come((phones.now - HOUR, 4, 4), (phones.now - 1800, 2, 1), (phones.now - 1700, 2, 2))
    phones.minute()
    (shown,) = browser.shown
    assert shown["title"] == "Вскрыт счётчик"
    assert shown["body"] == "Откройте кабинет. Ещё уведомлений: 1."


def test_what_flaps_comes_once_in_a_while(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    for after in range(0, 3 * HOUR, 600):
        phones.now = s.NOW + after
        phones.come((phones.now - 30, 4, 1), (phones.now - 10, 4, 2))
        phones.minute()
    assert len(browser.shown) == 1
    phones.now = s.NOW + RESTING
    phones.minute()
    assert len(browser.shown) == 2
    assert browser.shown[1]["body"] == "Откройте кабинет. Ещё уведомлений: 16."


@pytest.mark.parametrize("how", ["logout", "revoked", "password"])
def test_with_the_session_the_phone_ends(phones: Phones, how: str) -> None:
    mobile, computer = phones.person(), phones.person()
    browser = phones.subscribe(mobile, "mobile")
    stays = phones.subscribe(computer, "computer")
    if how == "logout":
        send(mobile, "/logout", PAGE)
    elif how == "revoked":
        key = phones.sessions(s.CONSUMER)[0]
        assert send(computer, f"/me/sessions/{key}/end", "/me").status_code == 303
    else:
        new = "совсем другой пароль 1"
        typed = {"old": s.PASSWORD, "password": new, "repeat": new}
        assert send(computer, "/me/password", "/me", **typed).status_code == 303
    assert phones.devices() == ["computer"]
    opened(phones, HOUR)
    phones.minute()
    assert (len(browser.shown), len(stays.shown)) == (0, 1)


def test_what_is_under_way_to_a_phone_that_ended_is_not_sent(phones: Phones) -> None:
    mobile = phones.person()
    browser = phones.subscribe(mobile, "mobile")
    phones.service.answers["/send/mobile"] = [503]
    opened(phones, HOUR)
    phones.minute()
    send(mobile, "/logout", PAGE)
    phones.now += HOUR
    phones.push()
    assert browser.shown == []
    with phones.scene.engine.connect() as connection:
        assert connection.execute(select(push_delivery)).all() == []


def test_a_session_that_is_over_is_told_nothing(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "mobile")
    phones.service.answers["/send/mobile"] = [503]
    opened(phones, HOUR)
    phones.minute()
    phones.come((phones.now - 60, 4, 1))
    phones.tell()
    with writing(phones.scene.engine).begin() as connection:
        connection.execute(update(session).values(expires_at=phones.now + 60))
    phones.now += 120
    phones.push()
    assert browser.shown == [], "what was under way is not sent either"
    assert phones.states() == ["sent", "dropped"]


@pytest.mark.parametrize("how", ["withdrawn", "blocked"])
def test_an_account_that_is_closed_is_told_nothing(phones: Phones, how: str) -> None:
    browser = phones.subscribe(phones.person(), "mobile")
    opened(phones, HOUR)
    phones.tell()
    viewer = phones.scene.viewer(s.CONSUMER)
    with writing(phones.scene.engine).begin() as connection:
        if how == "withdrawn":
            withdrawing.withdraw(connection, viewer, 30, phones.now)
        else:
            connection.execute(update(account).where(account.c.id == viewer.account).values(state="blocked"))
    phones.push()
    assert browser.shown == []
    if how == "withdrawn":
        assert phones.devices() == []


def test_a_service_that_is_away_is_asked_again_and_for_a_day(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    phones.service.answers["/send/anna"] = [503, 429]
    opened(phones, HOUR)
    assert phones.minute()["later"] == 1
    phones.push()
    assert len(phones.service.asked) == 1, "not at once"
    phones.now += 120
    phones.push()
    phones.now += 240
    phones.push()
    assert len(browser.shown) == 1
    assert phones.devices() == ["anna"]
    phones.service.answers["/send/anna"] = [503] * 100
    phones.now += RESTING
    opened(phones, 60)
    phones.minute()
    for _ in range(30):
        phones.now += HOUR
        phones.push()
    assert len(browser.shown) == 1
    with phones.scene.engine.connect() as connection:
        assert connection.scalars(select(push_delivery.c.due_at)).all() == [None, None]


def test_what_the_worker_slept_over_is_not_told_days_later(phones: Phones) -> None:
    """Nor is what was under way to a phone that another has taken since."""
    browser = phones.subscribe(phones.person(), "anna")
    handed_on = phones.subscribe(phones.person(), "shared")
    phones.service.answers |= {"/send/anna": [503], "/send/shared": [503]}
    opened(phones, HOUR)
    assert phones.minute()["later"] == 2
    assert post(phones.person(s.NEIGHBOUR), "/me/push", handed_on.subscription) == 204
    phones.now += HOUR
    phones.service.answers["/send/anna"] = [503]
    phones.push()
    phones.now += DAY
    phones.push()
    assert (browser.shown, handed_on.shown) == ([], [])


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(phones: Phones, status: int) -> None:
    phones.subscribe(phones.person(), "anna")
    phones.service.answers["/send/anna"] = [status]
    opened(phones, HOUR)
    phones.minute()
    assert phones.devices() == []


def test_what_is_refused_is_counted_and_after_many_the_phone_is_forgotten(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    phones.service.answers["/send/anna"] = [400]
    opened(phones, HOUR)
    phones.minute()
    phones.now += DAY - 60
    phones.push()
    assert len(phones.service.asked) == 1, "the same is not sent again"
    with writing(phones.scene.engine).begin() as connection:
        assert connection.scalar(select(push_device.c.failures)) == 1
        connection.execute(update(push_device).values(failures=GIVEN_UP - 1))
    phones.service.answers["/send/anna"] = [400]
    opened(phones, 60)
    phones.minute()
    assert phones.devices() == []
    assert browser.shown == []


def test_a_redirect_leads_nowhere(phones: Phones) -> None:
    phones.subscribe(phones.person(), "anna")
    phones.service.answers["/send/anna"] = [307]
    opened(phones, HOUR)
    assert phones.minute()["refused"] == 1
    assert [one.path for one in phones.service.asked] == ["/send/anna"]


def test_a_service_that_says_nothing_holds_nobody_up_for_long(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.push.sending.SECONDS", 0.5)
    monkeypatch.setattr("central.push.job.TOGETHER", 1)
    for number in range(9):
        phones.subscribe(phones.person(), f"{number}")
    phones.service.wakes.clear()
    opened(phones, HOUR)
    assert phones.minute()["later"] == 9
    assert phones.service.reached == 1, "the first waits in vain, the others are not even tried"
    phones.service.wakes.set()


def test_a_service_that_never_comes_to_its_answer_is_left(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word of it comes in time, and the answer does not."""
    monkeypatch.setattr("central.push.sending.WHOLE", 0.5)
    phones.subscribe(phones.person(), "anna")
    phones.service.drips = 100  # five seconds of them
    opened(phones, HOUR)
    assert phones.minute()["later"] == 1
    phones.service.drips = 0


def test_a_certificate_of_another_is_refused(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    phones.config = replace(phones.config, push=Push(services=(phones.service.host,)))  # by the machine's authorities
    opened(phones, HOUR)
    assert phones.minute()["later"] == 1
    assert browser.shown == []
    assert phones.service.asked == []


def test_a_service_that_stands_in_the_list_no_more_is_asked_no_more(phones: Phones) -> None:
    phones.subscribe(phones.person(), "anna")
    opened(phones, HOUR)
    phones.tell()
    phones.config = replace(phones.config, push=Push())
    phones.push()
    assert phones.service.asked == []
    assert phones.devices() == []


def test_the_key_is_made_once_and_opens_by_the_secret_alone(phones: Phones) -> None:
    first = public(phones) if phones.person().get(PAGE) else ""
    phones.person().get(PAGE)
    assert public(phones) == first
    with writing(phones.scene.engine).begin() as connection:
        closed = connection.scalar(select(push_key.c.closed))
        found = keys.key(connection, phones.config.web_secret, phones.now)
        assert found.public == first
        number = found.private.private_numbers().private_value
        assert number.to_bytes(32) not in str(closed).encode()
        with pytest.raises(keys.OtherSecret):
            keys.key(connection, "another secret", phones.now)


def test_two_programs_that_make_the_key_at_once_make_one(phones: Phones) -> None:
    found: list[str] = []

    def make() -> None:
        with writing(phones.scene.engine).begin() as connection:
            found.append(keys.key(connection, phones.config.web_secret, phones.now).public)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_with_another_secret_the_job_says_so_and_loses_nothing(phones: Phones) -> None:
    browser = phones.subscribe(phones.person(), "anna")
    opened(phones, HOUR)
    phones.tell()
    (phones.config.data / "secret").write_text("another secret of the tests, long enough")
    with pytest.raises(JobFailed, match="new-key"):
        phones.push()
    (phones.config.data / "secret").write_text("a secret of the tests, long enough to be one")
    phones.now += 60
    phones.push()
    assert len(browser.shown) == 1


def test_what_was_told_is_forgotten(phones: Phones) -> None:
    phones.subscribe(phones.person(), "anna")
    opened(phones, HOUR)
    phones.minute()
    phones.now += 30 * DAY
    assert job.forget(phones.context("forget")) == 1
    with phones.scene.engine.connect() as connection:
        assert connection.execute(select(push)).all() == []


def test_a_form_without_its_token_turns_nothing_on(phones: Phones) -> None:
    client = phones.person()
    made = phones.service.browser("anna")
    assert post(client, "/me/push", made.subscription, csrf="") == 400
    assert post(client, "/me/push", made.subscription, csrf="nonsense") == 400
    assert phones.devices() == []
