"""Files of reports: asked for on a page, made at once or by a worker, taken away by who may see what they tell of."""

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from central.accounts import erasing
from central.accounts.tables import grant
from central.config import CentralConfig
from central.db import writing
from central.faces.speaking import speaking
from central.faces.words import points
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import job
from central.metering.zones import midnight
from central.registry.tables import contract_point
from central.reports import personal, schedule
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.made import files, keeping
from central.reports.made.desk import KEPT
from central.reports.tables import report_file
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.reports.parts import place
from tests.central.scene import Scene
from tests.central.web.parts import Clock, letters, make_app, person, settings, token

MONTH = {"length": "month", "day": "2026-11-01"}  # of two points: a job
YEAR = {"length": "year", "day": "2026-01-01"}
DAY = {"length": "day", "day": "2026-11-23"}  # at once
HOURS = 3600


@dataclass
class Office:
    """The cabinet over a scene, and a worker behind it."""

    scene: Scene
    app: Flask
    config: CentralConfig
    clock: Clock

    def worker(self, name: str = "worker") -> Runner:
        keeper = Keeper(self.scene.engine, name, wall=self.clock)
        kinds = {kind: KINDS[kind] for kind in ("report", "forget")}
        return Runner(self.config, keeper, self.scene.series, kinds, self.clock)

    def work(self) -> None:
        while self.worker().turn(threading.Event()):
            pass

    def row(self, key: int) -> Any:
        with self.scene.engine.connect() as connection:
            return connection.execute(select(report_file).where(report_file.c.id == key)).first()

    def write(self, statement: Any) -> None:
        with writing(self.scene.engine).begin() as connection:
            connection.execute(statement)

    @property
    def folder(self) -> Path:
        return self.config.reports_folder

    @property
    def lying(self) -> list[Path]:
        return sorted(one for one in self.folder.rglob("*") if one.is_file())

    def forget(self) -> dict[str, int]:
        return keeping.forget(self.scene.engine, self.folder, "http://127.0.0.1", int(self.clock()))


@pytest.fixture
def office(copy_of: Copy, tmp_path: Path, clock: Clock) -> Iterator[Office]:
    scene = copy_of(25, tmp_path / "scene")
    folder = tmp_path / "scene"
    yield Office(scene, make_app(folder, clock=clock), settings(folder), clock)
    scene.close()


@pytest.fixture
def anna(office: Office) -> FlaskClient:
    return person(office.app, s.CONSUMER)


def ask(client: FlaskClient, form: str = "csv", word: str = "profile", **asked: Any) -> TestResponse:
    return client.post(f"/reports/{word}/make", data={"csrf_token": token(client, "/me"), "form": form} | asked)


def key_of(answer: TestResponse) -> int:
    assert answer.status_code == 303, answer.text
    found = re.search(r"/reports/made/(\d+)", answer.headers["Location"])
    assert found is not None
    return int(found[1])


def press(client: FlaskClient, key: int, what: str) -> TestResponse:
    return client.post(f"/reports/made/{key}/{what}", data={"csrf_token": token(client, "/me")})


# ---- at once


def test_a_small_one_is_made_while_one_waits_and_kept(office: Office, anna: FlaskClient) -> None:
    answer = ask(anna, **DAY)
    key = key_of(answer)
    assert answer.headers["Location"].endswith(f"/reports/made/{key}/file")
    taken = anna.get(answer.headers["Location"])
    assert taken.status_code == 200
    assert unquote(taken.headers["Content-Disposition"]).endswith("Профиль нагрузки, 23 ноября 2026.csv")
    assert taken.headers["Cache-Control"] == "no-store"
    assert taken.headers["X-Content-Type-Options"] == "nosniff"
    assert "Квартира" in taken.text
    row = office.row(key)
    assert (row.state, row.sha256, row.size) == ("ready", hashlib.sha256(taken.data).hexdigest(), len(taken.data))
    assert row.rows >= 96
    assert office.lying == [office.folder / row.sha256[:2] / row.sha256]
    assert oct(office.lying[0].stat().st_mode)[-3:] == "600"
    page = anna.get(f"/reports/made/{key}").text
    assert "Файл готов" in page
    assert "по 24.12.2026" in page
    assert "Профиль нагрузки" in anna.get("/reports/made").text
    assert letters(office.scene, s.CONSUMER) == [], "who waited for it is not told by letter"
    code = re.search(r"Контрольный код;([0-9A-Z-]+)", taken.text)
    assert code is not None
    assert code[1].replace("-", "") == row.code


def test_points_and_period_are_fixed_as_it_is_asked_for(office: Office, anna: FlaskClient) -> None:
    row = office.row(key_of(ask(anna, **MONTH)))
    assert {key for key, _since, _until in row.points} == {office.scene.points[s.FLAT], office.scene.points[s.DACHA]}
    assert all(until <= s.NOW for _key, _since, until in row.points)
    assert (row.since.isoformat(), row.until.isoformat()) == ("2026-11-01", "2026-12-01")


def test_what_is_not_there_is_not_made(office: Office, anna: FlaskClient) -> None:
    assert ask(anna, word="nothing", **DAY).status_code == 404
    assert ask(anna, form="exe", **DAY).status_code == 422
    assert ask(anna, point=str(office.scene.points[s.NEXT_DOOR]), **DAY).status_code == 404
    empty = ask(anna, length="day", day="2025-01-01")
    assert (empty.status_code, "нет ни одной точки" in empty.text) == (422, True)
    assert office.lying == []


def test_more_rows_than_the_format_holds_are_refused_with_what_to_do(office: Office, anna: FlaskClient) -> None:
    day = date(2026, 11, 19)
    point = place(office.scene, "M1", midnight(day, s.TZ), period=60)  # of minutes
    answer = ask(anna, "pdf", length="own", day=day.isoformat(), last="2026-11-22", point=str(point))
    assert answer.status_code == 422
    assert "около 5\u00a0760 строк" in answer.text
    assert "Выберите Excel или CSV" in answer.text


# ---- by a job


def test_a_large_one_is_made_by_the_worker_and_told(office: Office, anna: FlaskClient) -> None:
    answer = ask(anna, "xlsx", **(DAY | {"length": "own", "day": "2026-05-01", "last": "2026-11-24"}))
    key = key_of(answer)
    assert answer.headers["Location"].endswith(f"/reports/made/{key}")
    waiting = anna.get(f"/reports/made/{key}").text
    assert "Файл в очереди" in waiting
    assert "data-going" in waiting
    assert 'class="bell new"' not in waiting
    assert anna.get(f"/reports/made/{key}/file").status_code == 404
    office.work()
    row = office.row(key)
    assert (row.state, row.done, row.of) == ("ready", 2, 2)
    assert 'class="bell new"' in anna.get("/").text
    assert "Отчёт готов" in anna.get("/").text
    (letter,) = letters(office.scene, s.CONSUMER)
    assert letter["subject"] == "Отчёт готов: Профиль нагрузки"
    assert f"/reports/made/{key}" in letter["text"]
    assert "Отчёт готов" in anna.get("/notices").text
    assert 'class="bell new"' not in anna.get("/").text
    taken = anna.get(f"/reports/made/{key}/file")
    assert hashlib.sha256(taken.data).hexdigest() == row.sha256


def test_it_reads_as_one_that_a_page_makes(office: Office, anna: FlaskClient) -> None:
    """In the language of who asked, wherever it is made; plural forms are those of the language."""
    for language, words in (("ru", "измерено"), ("en", "measured")):
        anna.set_cookie("language", language)
        keys = [key_of(ask(anna, **DAY)), key_of(ask(anna, **YEAR))]
        office.work()
        assert [office.row(key).job is None for key in keys] == [True, False]
        for key in keys:
            assert words in anna.get(f"/reports/made/{key}/file").text
    with speaking("ru"):
        assert (points(3), points(5)) == ("3 точки", "5 точек")
    with speaking("en"):
        assert points(3) == "3 points"


def test_who_chose_so_gets_no_letter_and_no_bell(office: Office, anna: FlaskClient) -> None:
    anna.post("/me/notices", data={"csrf_token": token(anna, "/me/notices"), "since": "22", "until": "8"})
    ask(anna, **(MONTH | {"length": "year"}))
    office.work()
    assert letters(office.scene, s.CONSUMER) == []
    assert 'class="bell new"' not in anna.get("/").text


def test_cancelled_before_or_while_it_is_made(
    office: Office, anna: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = key_of(ask(anna, **YEAR))
    assert "Файл в очереди" in anna.get(f"/reports/made/{first}").text
    press(anna, first, "cancel")
    with office.scene.engine.connect() as connection:
        assert connection.scalars(select(job.c.state)).all() == ["dropped"], "no worker begins it"
    office.work()
    assert office.row(first).state == "cancelled"
    second = key_of(ask(anna, **YEAR))
    monkeypatch.setattr("central.reports.made.making.OFTEN", 0.0)
    seen = []

    def meanwhile(self: Any, rows: Any) -> Any:
        for number, row in enumerate(rows):
            if number == 100:
                seen.append(office.row(second).state)
                press(anna, second, "cancel")
            if number % 50 == 0:
                self.look()
            yield row

    monkeypatch.setattr("central.reports.made.making.Watch.through", meanwhile)
    office.work()
    assert (seen, office.row(second).state, office.lying) == (["making"], "cancelled", [])
    assert letters(office.scene, s.CONSUMER) == []
    assert "Вы отменили этот файл" in anna.get(f"/reports/made/{second}").text


@pytest.mark.parametrize("period", [DAY, YEAR])  # while a page waits, and by the job
def test_cancelled_at_the_last_moment_leaves_no_file(
    office: Office, anna: FlaskClient, monkeypatch: pytest.MonkeyPatch, period: dict[str, str]
) -> None:
    other, kept = person(office.app, s.CONSUMER), files.keep

    def late(*given: Any) -> tuple[str, int]:
        found = kept(*given)
        press(other, given[1], "cancel")
        return found

    monkeypatch.setattr(files, "keep", late)
    key = key_of(ask(anna, **period))
    office.work()
    assert (office.row(key).state, office.lying) == ("cancelled", [])


def test_a_worker_that_dies_in_the_middle_leaves_no_half_file(
    office: Office, anna: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(ask(anna, **YEAR))

    class Killed(BaseException):
        pass

    def dies(*_given: Any) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(files, "keep", dies)
        broken.setattr(Path, "unlink", lambda *_given, **_more: None)  # nothing is tidied up by who is dead
        with pytest.raises(Killed):
            office.work()
    assert [one.name for one in office.lying] == [f".{key}"]
    assert "Файл готовится" in anna.get(f"/reports/made/{key}").text
    office.clock.now += 60
    office.work()
    assert office.row(key).state == "ready"
    assert [one.name for one in office.lying] == [office.row(key).sha256]


def test_one_that_always_dies_is_given_up_and_told(
    office: Office, anna: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(ask(anna, **YEAR))
    monkeypatch.setattr(files, "keep", lambda *_given: (_ for _ in ()).throw(RuntimeError("broken")))
    for _try in range(3):
        office.work()
        office.clock.now += 2 * HOURS
    page = anna.get(f"/reports/made/{key}").text
    assert "Файл не получился" in page
    assert "Сделать снова" in page
    office.forget()
    assert (office.row(key).state, office.row(key).error) == ("failed", "stuck")
    assert [one["subject"] for one in letters(office.scene, s.CONSUMER)] == ["Отчёт не получился: Профиль нагрузки"]


def test_a_full_disk_is_told_in_words(office: Office, anna: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "keep", full)
    at_once, later = key_of(ask(anna, **DAY)), key_of(ask(anna, **YEAR))
    office.work()
    for key in (at_once, later):
        assert (office.row(key).state, office.row(key).error) == ("failed", "space")
        assert "На сервере кончилось место" in anna.get(f"/reports/made/{key}").text
    assert office.lying == []


def test_made_again_it_is_a_new_file_of_the_same(office: Office, anna: FlaskClient) -> None:
    first = key_of(ask(anna, **DAY, digits="4", point=str(office.scene.points[s.FLAT])))
    second = key_of(press(anna, first, "again"))
    assert second != first
    assert (office.row(second).asked, office.row(second).points) == (office.row(first).asked, office.row(first).points)
    assert office.row(second).code != office.row(first).code


# ---- limits


def test_three_at_a_time_and_what_to_do_about_it(office: Office, anna: FlaskClient) -> None:
    keys = [key_of(ask(anna, **YEAR)) for _time in range(3)]
    answer = ask(anna, **YEAR)
    assert answer.status_code == 422
    assert "Уже готовится 3 ваших файла" in answer.text
    boris = person(office.app, s.NEIGHBOUR)
    assert ask(boris, **YEAR).status_code == 303, "another's are not counted"
    press(anna, keys[0], "cancel")
    assert ask(anna, **YEAR).status_code == 303


def test_what_schedules_make_keeps_nobody_from_asking(office: Office, anna: FlaskClient) -> None:
    viewer = office.scene.viewer(s.CONSUMER)
    wanted = asked(reports()["profile"], MultiDict(YEAR), date(2026, 11, 24))
    with writing(office.scene.engine).begin() as connection:
        kept = personal.keep(connection, viewer, "Годовой", wanted, None, s.NOW)
        schedule.set(connection, viewer, kept, 5, "csv", 0, 0, s.NOW)
    for _number in range(3):
        key_of(ask(anna, **YEAR))
    office.write(update(report_file).values(schedule=1))
    assert ask(anna, **YEAR).status_code == 303


def test_sixty_an_hour(office: Office, anna: FlaskClient) -> None:
    office.write(update(report_file).values(made_at=s.NOW))
    with writing(office.scene.engine).begin() as connection:
        row = {"account": office.scene.viewer(s.CONSUMER).account, "report": "profile", "title": "т", "asked": {}}
        row |= {"points": [], "since": s.GAP, "until": s.GAP, "form": "csv", "state": "cancelled", "done": 0, "of": 0}
        rows = [row | {"code": f"{number}", "made_at": s.NOW - 60} for number in range(60)]
        connection.execute(report_file.insert(), rows)
    answer = ask(anna, **DAY)
    assert (answer.status_code, "За час можно сделать 60" in answer.text) == (422, True)
    office.clock.now += HOURS
    assert ask(anna, **DAY).status_code == 303


def test_two_gigabytes(office: Office, anna: FlaskClient) -> None:
    key = key_of(ask(anna, **DAY))
    office.write(update(report_file).values(size=2**31 - 1))
    assert ask(anna, **DAY).status_code == 303, "a byte less"
    answer = ask(anna, **DAY)
    assert "Удалите ненужные" in answer.text
    press(anna, key, "remove")
    assert ask(anna, **DAY).status_code == 303


def test_many_at_once_are_no_more_than_one_after_another(office: Office) -> None:
    clients = [person(office.app, s.CONSUMER) for _number in range(6)]
    tokens = [token(client, "/me") for client in clients]
    answers: list[int] = []

    def go(client: FlaskClient, found: str) -> None:
        data = {"csrf_token": found, "form": "csv"} | YEAR
        answers.append(client.post("/reports/profile/make", data=data).status_code)

    threads = [threading.Thread(target=go, args=pair) for pair in zip(clients, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 303, 303, 422, 422, 422]


# ---- who may take it


def test_another_s_file_is_not_there(office: Office, anna: FlaskClient) -> None:
    key = key_of(ask(anna, **DAY))
    for mail in (s.NEIGHBOUR, s.OPERATOR, s.ADMINISTRATOR):
        other = person(office.app, mail)
        assert other.get(f"/reports/made/{key}").status_code == 404
        assert other.get(f"/reports/made/{key}/file").status_code == 404
        for what in ("cancel", "again", "remove"):
            assert press(other, key, what).status_code == 404
        assert "Профиль нагрузки" not in other.get("/reports/made").text
    assert person(office.app, None).get(f"/reports/made/{key}/file").status_code == 302
    assert office.row(key).state == "ready"


def test_who_sees_a_point_no_more_gets_no_file_of_it(office: Office, anna: FlaskClient) -> None:
    key = key_of(ask(anna, **DAY))
    assert anna.get(f"/reports/made/{key}/file").status_code == 200
    office.write(update(grant).where(grant.c.account == office.scene.viewer(s.CONSUMER).account).values(valid_to=1000))
    answer = anna.get(f"/reports/made/{key}/file")
    assert answer.status_code == 404
    assert "больше не видите" in answer.text
    assert "Квартира" not in answer.text
    assert "Скачать нельзя" in anna.get(f"/reports/made/{key}").text


def test_made_again_it_is_of_what_one_sees_now_and_of_nothing_it_is_told_so(office: Office, anna: FlaskClient) -> None:
    """A file that is given out no more offers to be made again: that leads to a file, or to words."""
    both = [str(office.scene.points[serial]) for serial in (s.FLAT, s.DACHA)]
    keys = [key_of(ask(anna, **DAY, point=points)) for points in (both, both[1:])]
    holds = contract_point.c.point == office.scene.points[s.DACHA]
    office.write(contract_point.delete().where(holds))
    pages = [anna.get(f"/reports/made/{key}").text for key in keys]
    assert all("Скачать нельзя" in page and "Сделать снова" in page for page in pages)
    found = re.search(r'href="(/reports/profile\?[^"]*)"', pages[0])
    assert found is not None
    assert anna.get(unescape(found[1])).status_code == 200
    assert "/reports/profile?" not in pages[1]
    text = anna.get(f"/reports/made/{key_of(press(anna, keys[0], 'again'))}/file").text
    assert ("Квартира" in text, "Дача" in text) == (True, False)
    refused = press(anna, keys[1], "again")
    assert (refused.status_code, "больше не видите" in refused.text) == (422, True)


def test_a_contract_that_ended_later_takes_nothing_back(office: Office, anna: FlaskClient) -> None:
    key = key_of(ask(anna, **DAY))
    office.write(update(grant).where(grant.c.account == office.scene.viewer(s.CONSUMER).account).values(valid_to=s.NOW))
    assert anna.get(f"/reports/made/{key}/file").status_code == 200


def test_the_tenant_before_and_after_get_each_his_own_time(office: Office) -> None:
    point = str(office.scene.points[s.NEXT_DOOR])
    month = {"length": "month", "day": "2026-11-01", "point": point}
    for mail, has, lacks in ((s.FORMER, "04.11.2026", "06.11.2026"), (s.NEIGHBOUR, "06.11.2026", "04.11.2026")):
        client = person(office.app, mail)
        key = key_of(ask(client, **month))
        office.work()
        text = client.get(f"/reports/made/{key}/file").text
        assert has in text
        assert lacks not in text


def test_staff_who_look_through_a_cabinet_make_nothing(office: Office) -> None:
    client = person(office.app, s.OPERATOR)
    owner = office.scene.viewer(s.CONSUMER).account
    client.post(f"/console/people/{owner}/cabinet", data={"csrf_token": token(client, "/me")})
    assert ask(client, **DAY).status_code == 403
    with office.scene.engine.connect() as connection:
        assert connection.execute(select(report_file)).first() is None
    key = key_of(ask(person(office.app, s.CONSUMER), **YEAR))
    office.work()
    page = client.get("/reports/made").text
    assert f"/reports/made/{key}" in page, "they see what there is"
    assert "/remove" not in client.get(f"/reports/made/{key}").text
    assert "Отчёт готов" in client.get("/notices").text
    assert office.row(key).seen_at is None, "and he is still told of it"


def test_staff_make_files_of_points_that_they_name(office: Office) -> None:
    client = person(office.app, s.OPERATOR)
    key = key_of(ask(client, **DAY, point=str(office.scene.points[s.FLAT])))
    assert "Квартира" in client.get(f"/reports/made/{key}/file").text


# ---- what is kept


def test_a_file_that_was_changed_on_the_disk_is_told_and_not_given(office: Office, anna: FlaskClient) -> None:
    key = key_of(ask(anna, **DAY))
    (there,) = office.lying
    there.write_bytes(there.read_bytes().replace(b"0", b"9", 1))
    answer = anna.get(f"/reports/made/{key}/file")
    assert (answer.status_code, "изменился" in answer.text) == (404, True)
    there.unlink()
    answer = anna.get(f"/reports/made/{key}/file")
    assert (answer.status_code, "больше нет" in answer.text) == (404, True)


def test_after_thirty_days_the_file_goes_and_its_proof_stays(office: Office, anna: FlaskClient) -> None:
    key = key_of(ask(anna, **DAY))
    digest = office.row(key).sha256
    office.clock.now += KEPT - 1
    office.forget()
    assert len(office.lying) == 1
    office.clock.now += 1
    assert office.forget()["files"] == 1
    assert (office.lying, office.row(key).state, office.row(key).sha256) == ([], "gone", digest)
    anna = person(office.app, s.CONSUMER)
    assert "Файла больше нет" in anna.get(f"/reports/made/{key}").text
    office.clock.now += keeping.PROVED
    assert office.forget()["proofs"] == 1
    assert office.row(key) is None


def test_an_erased_person_leaves_neither_row_nor_file(office: Office, anna: FlaskClient) -> None:
    key, waiting = key_of(ask(anna, **DAY)), key_of(ask(anna, **YEAR))
    with writing(office.scene.engine).begin() as connection:
        erasing.erase(connection, office.scene.viewer(s.CONSUMER).account, s.NOW)
    assert (office.row(key), office.row(waiting)) == (None, None)
    office.work()
    (there,) = office.lying
    assert keeping.forget(office.scene.engine, office.folder, "", int(there.stat().st_mtime) + 60)["orphans"] == 0
    assert keeping.forget(office.scene.engine, office.folder, "", int(there.stat().st_mtime) + 3601)["orphans"] == 1
    assert office.lying == []


def test_a_sweep_takes_nothing_that_is_somebody_s(office: Office, anna: FlaskClient) -> None:
    ask(anna, **DAY)
    (there,) = office.lying
    os.utime(there, (1, 1))
    stray = office.folder / "ab" / ("ab" * 32)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"stray")
    os.utime(stray, (1, 1))
    assert office.forget()["orphans"] == 1
    assert office.lying == [there]


def test_a_file_that_two_rows_tell_of_goes_with_the_second(office: Office, anna: FlaskClient) -> None:
    first, second = key_of(ask(anna, **DAY)), key_of(ask(anna, **DAY))
    digest = office.row(first).sha256
    office.write(update(report_file).where(report_file.c.id == second).values(sha256=digest))
    press(anna, first, "remove")
    assert anna.get(f"/reports/made/{second}/file").status_code == 200
    press(anna, second, "remove")
    assert digest not in [one.name for one in office.lying]


def test_a_sweep_leaves_what_is_being_made_however_long_it_takes(office: Office, anna: FlaskClient) -> None:
    key, other = key_of(ask(anna, **YEAR)), 1000
    office.write(update(report_file).where(report_file.c.id == key).values(state="making"))
    office.folder.mkdir(parents=True, exist_ok=True)
    for number in (key, other):
        half = files.place(office.folder, number)
        half.write_bytes(b"half")
        os.utime(half, (1, 1))
    assert office.forget()["orphans"] == 1
    assert office.lying == [files.place(office.folder, key)]


def test_the_job_forget_does_it_too(office: Office, anna: FlaskClient) -> None:
    ask(anna, **DAY)
    office.clock.now += KEPT
    with writing(office.scene.engine).begin() as connection:
        connection.execute(
            job.insert().values(kind="forget", arguments={}, state="waiting", due_at=0, tries=0, made_at=0)
        )
    office.work()
    assert office.lying == []


def test_the_list_turns_its_pages(office: Office, anna: FlaskClient) -> None:
    keys = [key_of(ask(anna, **DAY)) for _time in range(21)]
    first, second = anna.get("/reports/made").text, anna.get("/reports/made?page=2").text
    assert f'"/reports/made/{keys[-1]}"' in first
    assert f'"/reports/made/{keys[0]}"' not in first
    assert f'"/reports/made/{keys[0]}"' in second
