"""A workbook through the console: sent, tried by the worker, told in words, entered when a person says so, undone."""

import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from central.config import CentralConfig
from central.db import writing
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import State as Ended
from central.jobs.tables import job
from central.registry import enter
from central.registry.changes import entering
from central.registry.exchange import uploads
from central.registry.exchange.opening import MOST_PACKED
from central.registry.exchange.tables import upload
from central.registry.tables import mounting, point, zone_scheme
from tests.central import scene as s
from tests.central.registry.exchange.books import book
from tests.central.scene import Scene, build
from tests.central.sql import Sql
from tests.central.web.forms import said, save
from tests.central.web.parts import make_app, person, settings, token

PATH = "/console/imports"
NAME = "Точки за ноябрь.xlsx"
HOUSE = {"code": "Н-1", "name": "Новый дом", "address": "ул. Полевая, 3", "tz": s.TZ}
METER = {"maker": "м", "type": "т", "serial": "77", "id": "NEW-77"}


@dataclass
class Office:
    """The console over a scene, and the worker behind it."""

    scene: Scene
    app: Flask
    config: CentralConfig
    folder: Path

    def book(self, **rows: list[dict[str, Any]]) -> bytes:
        return book(self.folder / "book.xlsx", **rows).read_bytes()

    def houses(self, *codes: str) -> bytes:
        with self.scene.engine.connect() as connection:
            scheme = connection.execute(select(zone_scheme.c.name)).scalars().first()
        return self.book(points=[HOUSE | {"code": code, "scheme": scheme} for code in codes])

    def work(self) -> None:
        """Does all that was asked for."""
        keeper = Keeper(self.scene.engine, "worker", wall=lambda: s.NOW)
        runner = Runner(self.config, keeper, self.scene.series, {"workbook": KINDS["workbook"]}, lambda: s.NOW)
        while runner.turn(threading.Event()):
            pass

    def one(self, query: Any) -> Any:
        with self.scene.engine.connect() as connection:
            return connection.execute(query).scalar()

    @property
    def files(self) -> int:
        return sum(path.is_file() for path in uploads.folder(self.config).rglob("*"))


@pytest.fixture(scope="module")
def office(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("imports")
    scene = build(folder, days=5)
    yield Office(scene, make_app(folder), settings(folder), folder)
    scene.close()


@pytest.fixture
def operator(office: Office) -> FlaskClient:
    return person(office.app, s.OPERATOR)


def bring(client: FlaskClient, content: bytes, name: str = NAME) -> TestResponse:
    data = {"csrf_token": token(client, PATH), "file": (io.BytesIO(content), name)}
    return client.post(PATH, data=data, content_type="multipart/form-data")


def page_of(answer: TestResponse) -> str:
    assert answer.status_code == 303, said(answer)
    return str(answer.headers["Location"])


def answer(client: FlaskClient, page: str, enter_it: bool = True) -> TestResponse:
    data = {"csrf_token": token(client, page)} | ({"enter": "1"} if enter_it else {})
    return client.post(f"{page}/answer", data=data)


def test_a_workbook_is_tried_told_entered_and_undone(office: Office, operator: FlaskClient) -> None:
    page = page_of(bring(operator, office.houses("Н-1", "Н-2")))
    assert "Книга проверяется" in operator.get(page).text
    assert office.files == 1
    office.work()
    told = operator.get(page).text
    assert "пока ничего не внесено" in told
    assert re.search(r"Точки учёта</th><td[^>]*>2</td><td[^>]*>0</td><td[^>]*>0</td>", told)
    assert office.one(select(point.c.id).where(point.c.code == "Н-1")) is None
    assert [page_of(answer(operator, page)) for _ in range(2)] == [page, page]  # two clicks
    assert "Книга вносится" in operator.get(page).text
    office.work()
    done = operator.get(page).text
    assert "Внесено" in done
    assert office.one(select(point.c.id).where(point.c.code == "Н-2")) is not None
    change = re.search(r"/console/changes/(\d+)", done)
    assert change is not None
    assert NAME in operator.get(change[0]).text
    save(operator, f"{change[0]}/undoing", {"reason": "проба"})
    assert office.one(select(point.c.id).where(point.c.code == "Н-2")) is None


def test_a_wrong_cell_is_a_sentence_beside_its_place_and_the_file_goes(office: Office, operator: FlaskClient) -> None:
    before = office.files
    page = page_of(bring(operator, office.book(points=[HOUSE | {"scheme": "нет такой"}])))
    assert office.files == before + 1
    office.work()
    told = operator.get(page).text
    assert "Ошибок: 1" in told
    row = re.search(r'Точки учёта <b[^>]*>(\w+)</b><small>([^<]+)</small></th><td class="said">([^<]+)', told)
    assert row is not None
    assert row[1].endswith("2")
    assert row[2] == "Тарифная схема"
    assert "нет такой" in row[3]
    assert 'name="enter"' not in told
    assert office.files == before
    assert "есть ошибки" in operator.get(PATH).text


def test_whose_figures_change_is_told_and_what_was_told_is_what_is_entered(
    office: Office, operator: FlaskClient
) -> None:
    at = datetime.fromtimestamp(s.NOW - 2 * 86_400)
    rows = {"meters": [METER], "mountings": [{"point": "Т-45", "meter": "NEW-77", "valid_from": at}]}
    page = page_of(bring(operator, office.book(**rows)))
    office.work()
    told = operator.get(page).text
    assert "Изменятся цифры" in told
    assert "Анна Петрова" in told
    # somebody corrects the registry between the look and the yes: what was told is no longer true
    key = office.scene.points[s.FLAT]
    with writing(office.scene.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        enter.hand_over(act, key, enter.add_contract(act, 1, "100-77", "Борис Иванов"), s.NOW - 86_400)
    answer(operator, page)
    office.work()
    again = operator.get(page).text
    assert "С тех пор кое-что изменилось" in again
    assert office.one(select(mounting.c.id).where(mounting.c.meter == "NEW-77")) is None
    answer(operator, page)
    office.work()
    assert "Внесено" in operator.get(page).text
    assert office.one(select(mounting.c.id).where(mounting.c.meter == "NEW-77")) is not None


def test_it_can_be_declined_and_the_same_again_changes_nothing(office: Office, operator: FlaskClient) -> None:
    content = office.houses("Н-5")
    page = page_of(bring(operator, content))
    office.work()
    answer(operator, page, enter_it=False)
    assert "Книга не внесена" in operator.get(page).text
    page = page_of(bring(operator, content))
    office.work()
    answer(operator, page)
    office.work()
    page = page_of(bring(operator, content))
    office.work()
    assert "Книга ничего не меняет" in operator.get(page).text


def test_sent_twice_while_it_is_checked_it_is_one(office: Office, operator: FlaskClient) -> None:
    content = office.houses("Н-6")
    assert page_of(bring(operator, content)) == page_of(bring(operator, content))
    office.work()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("", b"", "Выберите файл"),
        ("пусто.xlsx", b"", "пуст"),
        ("../../etc/passwd", b"PK", "содержит путь"),
        ("большой.xlsx", b"PK" + bytes(MOST_PACKED), "больше 50 МБ"),
    ],
)
def test_what_is_not_taken_says_why(
    office: Office, operator: FlaskClient, name: str, content: bytes, sentence: str
) -> None:
    assert sentence in said(bring(operator, content, name))["file"]


def test_200_megabytes_are_refused_unread(office: Office, operator: FlaskClient) -> None:
    assert bring(operator, bytes(200 * 2**20)).status_code == 413


def test_what_is_no_workbook_is_told_by_the_worker(office: Office, operator: FlaskClient) -> None:
    page = page_of(bring(operator, b"PK nothing of the kind", "фото.xlsx"))
    office.work()
    told = operator.get(page).text
    assert "вся книга" in told
    assert "Excel" in told or "повреждён" in told


def test_a_check_that_the_worker_gave_up_is_told_and_can_be_put_away(office: Office, operator: FlaskClient) -> None:
    page = page_of(bring(operator, office.houses("Н-7")))
    with writing(office.scene.engine).begin() as connection:
        last = select(upload.c.job).order_by(upload.c.id.desc()).limit(1).scalar_subquery()
        connection.execute(update(job).where(job.c.id == last).values(state=Ended.DEAD))
    assert "Проверка прервалась" in operator.get(page).text
    answer(operator, page, enter_it=False)
    assert "Книга не внесена" in operator.get(page).text


def test_what_nobody_decides_about_goes_after_a_month(office: Office, operator: FlaskClient) -> None:
    page = page_of(bring(operator, office.houses("Н-8")))
    office.work()
    where = uploads.folder(office.config)
    assert uploads.forget(office.scene.engine, where, s.NOW + uploads.KEPT) == 0
    assert uploads.forget(office.scene.engine, where, s.NOW + uploads.KEPT + 1) > 0
    assert "Книга не внесена" in operator.get(page).text
    assert office.files == 0


def test_the_template_and_the_registry_come_down_as_workbooks(office: Office, operator: FlaskClient) -> None:
    for name in ("template", "registry"):
        sent = operator.get(f"{PATH}/{name}.xlsx")
        assert sent.headers["Content-Disposition"].startswith("attachment;")
        captions = load_workbook(io.BytesIO(sent.data), read_only=True).sheetnames
        assert {"Точки учёта", "Счётчики", "Установки"} <= set(captions)
    page = page_of(bring(operator, sent.data, "Реестр.xlsx"))
    office.work()
    assert "Книга ничего не меняет" in operator.get(page).text


def test_consumers_and_guests_find_no_door_here(office: Office) -> None:
    for mail in (s.CONSUMER, None):
        assert person(office.app, mail).get(PATH).status_code in (302, 403)
