"""A personal report by mail: once a month, when its points are complete enough, or when it has waited long enough."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import func, select, update
from werkzeug.datastructures import MultiDict

from central.accounts.people import add_grant
from central.accounts.states import State as AccountState
from central.accounts.tables import account, grant
from central.config import CentralConfig, Mail
from central.db import writing
from central.figures import NotFound
from central.jobs.asking import enqueue
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import job
from central.metering.zones import midnight
from central.migrations.command import prepare
from central.registry.refusals import Refused
from central.reports import personal, schedule
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.made import making, sending
from central.reports.tables import report_file, report_schedule
from central.timeseries.base import LoadRow
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.mail.parts import Post
from tests.central.scene import Scene
from tests.central.web.parts import letters, settings

PROFILE = reports()["profile"]
FLAT = s.Household(s.FLAT, 5)


def at(day: date, hour: int = 10) -> int:
    return int(datetime(day.year, day.month, day.day, hour - 3, tzinfo=UTC).timestamp())


@dataclass
class PostOffice:
    scene: Scene
    config: CentralConfig
    now: int = field(default=s.NOW)

    def kept(self, mail: str = s.CONSUMER, today: date = date(2026, 11, 18), **words: Any) -> int:
        """«Суточный»: of the day before, unless `words` say another."""
        wanted = asked(PROFILE, MultiDict({"length": "day", "day": "2026-11-17"} | words), today)
        with writing(self.scene.engine).begin() as connection:
            return personal.keep(connection, self.scene.viewer(mail), "Суточный", wanted, None, self.now)

    def set(self, key: int, *, day: int = 18, form: str = "csv", percent: int = 95, days: int = 3, made: date) -> None:
        with writing(self.scene.engine).begin() as connection:
            viewer = self.scene.viewer(s.CONSUMER)
            schedule.set(connection, viewer, key, day, form, percent, days, at(made, 9))

    def turn(self, *kinds: str) -> None:
        keeper = Keeper(self.scene.engine, "worker", wall=lambda: self.now)
        found = {kind: KINDS[kind] for kind in kinds}
        runner = Runner(self.config, keeper, self.scene.series, found, lambda: self.now)
        while runner.turn(threading.Event()):
            pass

    def day(self, day: date, hour: int = 10) -> None:
        """The workers of an hour of this day."""
        self.now = at(day, hour)
        with writing(self.scene.engine).begin() as connection:
            enqueue(connection, "reports_by_mail", {}, self.now)
        self.turn("reports_by_mail", "report")

    def comes(self, day: date) -> None:
        """The half-hours of the flat that nobody had heard of."""
        begin = midnight(day, s.TZ)
        rows = [
            LoadRow(FLAT.meter, start + 1800, 1800, 0, {"ap": FLAT.energy(start)})
            for start in range(begin, begin + 86_400, 1800)
        ]
        self.scene.arrive(FLAT.meter, *rows, now=self.now)

    @property
    def letters(self) -> list[dict[str, Any]]:
        return letters(self.scene, s.CONSUMER)

    @property
    def files(self) -> int:
        with self.scene.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(report_file)).scalar_one()

    def write(self, statement: Any) -> None:
        with writing(self.scene.engine).begin() as connection:
            connection.execute(statement)


@pytest.fixture
def office(copy_of: Copy, tmp_path: Path) -> Iterator[PostOffice]:
    folder = tmp_path / "scene"
    scene = copy_of(25, folder)
    yield PostOffice(scene, settings(folder))
    scene.close()


MADE = date(2026, 11, 10)


def test_complete_it_goes_on_its_day_with_the_file(office: PostOffice) -> None:
    key = office.kept(today=date(2026, 11, 16), day="2026-11-15", point=str(office.scene.points[s.FLAT]))
    office.set(key, day=16, made=MADE)
    office.day(date(2026, 11, 15))
    assert (office.letters, office.files) == ([], 0)
    office.day(date(2026, 11, 16))
    (letter,) = office.letters
    assert letter["subject"] == "Суточный: вс, 15 ноября 2026"
    assert "Полнота данных: 100 %" in letter["text"]
    assert "Почему не" not in letter["text"]
    assert "Файл приложен" in letter["text"]
    assert letter["attached"]["name"] == "Суточный, 15 ноября 2026.csv"
    place = office.config.reports_folder / letter["attached"]["sha256"][:2] / letter["attached"]["sha256"]
    assert "15.11.2026 00:30" in place.read_text()
    for day in (16, 17, 24):
        office.day(date(2026, 11, day), 20)
    assert (len(office.letters), office.files) == (1, 1), "once a month"
    office.day(date(2026, 12, 16))
    assert [one["subject"] for one in office.letters][1:] == [], "nothing of that day has come: it waits"
    office.day(date(2026, 12, 19))
    assert len(office.letters) == 2


def test_letter_and_file_are_in_the_language_of_who_gets_them(office: PostOffice) -> None:
    office.write(update(account).where(account.c.mail == s.CONSUMER).values(language="en"))
    key = office.kept(today=date(2026, 11, 16), day="2026-11-15", point=str(office.scene.points[s.FLAT]))
    office.set(key, day=16, made=MADE)
    office.day(date(2026, 11, 16))
    (letter,) = office.letters
    assert letter["subject"] == "Суточный: Sun, 15 November 2026"
    assert letter["text"].startswith("Hello ")
    assert letter["attached"]["name"] == "Суточный, 15 November 2026.csv"
    with office.scene.engine.connect() as connection:
        assert connection.scalars(select(report_file.c.title)).all() == ["Load profile"]


def test_it_waits_for_what_is_late_and_says_why(office: PostOffice) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, made=MADE)
    office.day(date(2026, 11, 18))
    assert (office.letters, office.files) == ([], 0)
    office.day(date(2026, 11, 19))
    assert office.files == 0
    office.comes(s.GAP)
    office.day(date(2026, 11, 19), 12)
    (letter,) = office.letters
    assert "Почему не 18.11.2026. Мы ждали, пока придёт не меньше 95 % данных" in letter["text"]
    assert "Полнота данных: 100 %" in letter["text"]
    office.day(date(2026, 11, 21))
    assert len(office.letters) == 1


def test_after_the_last_day_it_goes_as_it_is_and_says_so(office: PostOffice) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, made=MADE)
    for day in (18, 19, 20):
        office.day(date(2026, 11, day), 23)
    assert office.letters == []
    office.day(date(2026, 11, 21), 9)
    (letter,) = office.letters
    assert "Данные пришли не все. Вы просили не меньше 95 %" in letter["text"]
    assert "Полнота данных: 0 %" in letter["text"]
    assert letter["attached"]


@pytest.mark.parametrize(("day", "comes"), [(18, True), (17, False), (28, False)])
def test_who_asks_for_less_while_it_waits_gets_it_and_another_day_is_a_new_beginning(
    office: PostOffice, day: int, comes: bool
) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, made=MADE)
    office.day(date(2026, 11, 18))
    assert office.letters == []
    office.set(key, day=day, percent=0, form="xlsx", made=date(2026, 11, 19))
    office.day(date(2026, 11, 19), 11)
    assert [one["attached"]["name"][-5:] for one in office.letters] == [".xlsx"] * comes


@pytest.mark.parametrize(
    ("day", "made", "today", "due"),
    [
        (28, date(2026, 1, 1), date(2027, 2, 28), date(2027, 2, 28)),
        (28, date(2026, 1, 1), date(2027, 2, 27), date(2027, 1, 28)),
        (5, date(2026, 1, 1), date(2026, 3, 4), date(2026, 2, 5)),
        (5, date(2026, 11, 6), date(2026, 12, 4), None),
        (5, date(2026, 11, 6), date(2026, 12, 5), date(2026, 12, 5)),
        (5, date(2026, 11, 5), date(2026, 11, 5), date(2026, 11, 5)),
        (1, date(2026, 1, 1), date(2027, 1, 1), date(2027, 1, 1)),
        (2, date(2026, 1, 1), date(2027, 1, 1), date(2026, 12, 2)),
    ],
)
def test_each_month_has_its_day(day: int, made: date, today: date, due: date | None) -> None:
    assert schedule.due(day, at(made, 9), today) == due


def test_the_wait_may_go_on_into_the_next_month(office: PostOffice) -> None:
    key = office.kept(today=date(2026, 11, 24), day="2026-11-23", point=str(office.scene.points[s.DACHA]))
    office.set(key, day=24, days=10, made=date(2026, 11, 20))
    office.day(date(2026, 11, 24))
    office.day(date(2026, 12, 3))
    assert office.letters == []
    office.day(date(2026, 12, 4))
    (letter,) = office.letters
    assert "23 ноября 2026" in letter["subject"], "of the period that it was due for"
    office.day(date(2026, 12, 5))
    assert len(office.letters) == 1


def test_a_worker_that_dies_before_or_after_sends_one_letter(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=0, made=MADE)

    class Killed(BaseException):
        pass

    def dies(*_given: Any, **_more: Any) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(making, "_end", dies)  # the file lies there, nothing else is done
        with pytest.raises(Killed):
            office.day(date(2026, 11, 18))
    assert office.letters == []
    office.day(date(2026, 11, 18), 11)
    assert (len(office.letters), office.files) == (1, 1)
    with monkeypatch.context() as broken:
        broken.setattr(sending, "mark", lambda *_given: True)
        office.write(update(report_file).values(state="making"))
        with writing(office.scene.engine).begin() as connection:
            row = connection.execute(select(report_file)).one()
            facts = {"month": "2026-11-01", "name": "Суточный", "percent": None, "wanted": 0, "complete": True}
            letter = facts | {"due": "2026-11-18", "late": 0}
            enqueue(connection, "report", {"file": row.id, "letter": letter}, office.now)
        office.turn("report")
    assert len(office.letters) == 1, "the letter has a key too"


def test_two_workers_at_once_make_one(office: PostOffice) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=0, made=MADE)
    office.now = at(date(2026, 11, 18))
    with writing(office.scene.engine).begin() as connection:
        for _number in range(4):
            enqueue(connection, "reports_by_mail", {}, office.now)
    threads = [threading.Thread(target=office.turn, args=("reports_by_mail",)) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.files == 1


@pytest.mark.parametrize("state", [AccountState.BLOCKED, AccountState.WITHDRAWN, AccountState.ACTIVATED])
def test_who_may_not_log_in_or_is_no_consumer_any_more_gets_nothing(office: PostOffice, state: AccountState) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=0, made=MADE)
    office.write(update(account).where(account.c.mail == s.CONSUMER).values(state=state))
    office.day(date(2026, 11, 18))
    assert (office.letters, office.files) == ([], 0)


def test_who_was_blocked_while_it_was_made_gets_nothing(office: PostOffice) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=0, made=MADE)
    office.now = at(date(2026, 11, 18))
    with writing(office.scene.engine).begin() as connection:
        enqueue(connection, "reports_by_mail", {}, office.now)
    office.turn("reports_by_mail")
    office.write(update(account).where(account.c.mail == s.CONSUMER).values(state=AccountState.BLOCKED))
    office.turn("report")
    assert office.letters == []
    with office.scene.engine.connect() as connection:
        row = connection.execute(select(report_file)).one()
    assert (row.state, row.error, row.sha256) == ("failed", "account", None)


def test_who_sees_the_point_no_more_is_told_that_there_is_nothing(office: PostOffice) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=95, made=MADE)
    whose = grant.c.account == office.scene.viewer(s.CONSUMER).account
    office.write(update(grant).where(whose).values(valid_to=1000))
    office.day(date(2026, 11, 18))
    (letter,) = office.letters
    assert letter["subject"] == "Отчёт не получился: Суточный"
    assert "больше нет" in letter["text"]
    assert "attached" not in letter
    office.day(date(2026, 11, 20))
    assert len(office.letters) == 1


def test_what_is_shared_with_one_no_more_is_sent_to_him_no_more(office: PostOffice) -> None:
    """Also when it was being made as its author took it back."""
    with writing(office.scene.engine).begin() as connection:
        owner = office.scene.viewer(s.CONSUMER)
        contract = office.scene.accounts["100-1"]
        key = add_grant(connection, office.scene.viewer(s.NEIGHBOUR).account, contract, 0)
        connection.execute(update(grant).where(grant.c.id == key).values(given_by=owner.account))
        wanted = asked(PROFILE, MultiDict({"length": "day", "day": "2026-11-17"}), date(2026, 11, 18))
        kept = personal.keep(connection, owner, "Общий", wanted, contract, office.now)
        schedule.set(connection, office.scene.viewer(s.NEIGHBOUR), kept, 18, "csv", 0, 0, at(MADE, 9))
        personal.change(connection, owner, kept, "Общий", wanted, None, office.now)
    office.day(date(2026, 11, 18))
    assert (letters(office.scene, s.NEIGHBOUR), office.files) == ([], 0)
    with writing(office.scene.engine).begin() as connection:
        personal.change(connection, owner, kept, "Общий", wanted, contract, office.now)
        enqueue(connection, "reports_by_mail", {}, office.now)
    office.turn("reports_by_mail")
    with writing(office.scene.engine).begin() as connection:
        connection.execute(update(grant).where(grant.c.id == key).values(valid_to=1))
        personal.change(connection, owner, kept, "Общий", wanted, None, office.now)
    office.turn("report")
    (letter,) = letters(office.scene, s.NEIGHBOUR)
    assert letter["subject"] == "Отчёт не получился: Общий"
    assert "attached" not in letter
    assert not [word for word in ("Квартира", "Дача", s.FLAT) if word in letter["text"]]


def test_one_too_large_for_a_letter_is_a_link(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LARGEST", 1000)
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=0, made=MADE)
    office.day(date(2026, 11, 18))
    (letter,) = office.letters
    assert "Файл велик для письма" in letter["text"]
    assert "/reports/made/1" in letter["text"]
    assert "attached" not in letter


def test_dropped_while_it_was_made_it_is_not_sent(office: PostOffice) -> None:
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=0, made=MADE)
    office.now = at(date(2026, 11, 18))
    with writing(office.scene.engine).begin() as connection:
        enqueue(connection, "reports_by_mail", {}, office.now)
    office.turn("reports_by_mail")
    with writing(office.scene.engine).begin() as connection:
        schedule.drop(connection, office.scene.viewer(s.CONSUMER), key)
    office.turn("report")
    assert office.letters == []


def test_the_letter_carries_the_file_through_a_real_server(office: PostOffice) -> None:
    post = Post()
    post.open()
    mail = Mail(host="127.0.0.1", port=post.port, security="none", sender="uchet@example.org")
    office.config = structs.replace(office.config, mail=mail)
    prepare(office.config)
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=0, form="xlsx", made=MADE)
    office.day(date(2026, 11, 18))
    (letter,) = office.letters
    digest = letter["attached"]["sha256"]
    try:
        office.turn("mail")
    finally:
        post.close()
    (message,) = post.taken
    (part,) = message.iter_attachments()
    assert part.get_filename() == "Суточный, 17 ноября 2026.xlsx"
    assert sha256(part.get_content()).hexdigest() == digest
    assert "Суточный" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert office.letters == [], "nothing of it stays in the queue"


def test_a_file_that_was_changed_is_not_sent(office: PostOffice) -> None:
    post = Post()
    post.open()
    mail = Mail(host="127.0.0.1", port=post.port, security="none", sender="uchet@example.org")
    office.config = structs.replace(office.config, mail=mail)
    prepare(office.config)
    key = office.kept(point=str(office.scene.points[s.FLAT]))
    office.set(key, percent=0, made=MADE)
    office.day(date(2026, 11, 18))
    digest = office.letters[0]["attached"]["sha256"]
    (office.config.reports_folder / digest[:2] / digest).write_bytes(b"other")
    try:
        office.turn("mail")
    finally:
        post.close()
    assert post.taken == []
    with office.scene.engine.connect() as connection:
        dead = connection.execute(select(job).where(job.c.kind == "mail")).one()
    assert (dead.state, dead.error) == ("dead", f"the file {digest} that it carries was changed on the disk")


# ---- setting it


def test_it_is_kept_changed_and_dropped(office: PostOffice) -> None:
    key, viewer = office.kept(), office.scene.viewer(s.CONSUMER)
    with writing(office.scene.engine).begin() as connection:
        assert schedule.of(connection, viewer, key) is None
        schedule.set(connection, viewer, key, 5, "pdf", 90, 7, s.NOW)
        assert schedule.of(connection, viewer, key) == schedule.Schedule(5, "pdf", 90, 7, None)
        connection.execute(update(report_schedule).values(sent_for=date(2026, 11, 1)))
        schedule.set(connection, viewer, key, 28, "xlsx", 0, 0, s.NOW)
        assert schedule.of(connection, viewer, key) == schedule.Schedule(28, "xlsx", 0, 0, date(2026, 11, 1))
        schedule.drop(connection, viewer, key)
        assert schedule.of(connection, viewer, key) is None


@pytest.mark.parametrize(
    ("field_", "given"),
    [
        ("day", (0, "pdf", 90, 7)),
        ("day", (29, "pdf", 90, 7)),
        ("percent", (5, "pdf", 101, 7)),
        ("percent", (5, "pdf", -1, 7)),
        ("days", (5, "pdf", 90, 21)),
        ("form", (5, "html", 90, 7)),
    ],
)
def test_what_cannot_be_is_refused(office: PostOffice, field_: str, given: tuple[int, str, int, int]) -> None:
    key, viewer = office.kept(), office.scene.viewer(s.CONSUMER)
    with writing(office.scene.engine).begin() as connection, pytest.raises(Refused) as refused:
        schedule.set(connection, viewer, key, *given, s.NOW)
    assert refused.value.field == field_


def test_another_s_report_is_not_there(office: PostOffice) -> None:
    key, other = office.kept(), office.scene.viewer(s.NEIGHBOUR)
    with writing(office.scene.engine).begin() as connection:
        for what in (
            lambda: schedule.set(connection, other, key, 5, "pdf", 90, 7, s.NOW),
            lambda: schedule.of(connection, other, key),
        ):
            with pytest.raises(NotFound):
                what()
