"""Months are closed from the console; the consumer reads what was closed, what was corrected, and why."""

import csv
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from central.accounts.tables import audit
from central.db import writing
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import State, job
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import contract
from central.timeseries.base import RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.closed import correct
from tests.central.conftest import Copy
from tests.central.figures.reckoner import reckon, shown
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person, settings, token

MONTH = "/console/months/month?month=2026-10"
POINT = "/console/points/1/month?month=2026-10"
UNDO = "/console/points/1/month/undo?month=2026-10"
NOVEMBER = date(2026, 11, 1)


@dataclass
class Office:
    scene: Scene
    folder: Path
    app: Flask

    def work(self) -> None:
        keeper = Keeper(self.scene.engine, "worker-1", wall=lambda: s.NOW)
        runner = Runner(
            settings(self.folder), keeper, self.scene.series, {"close_month": KINDS["close_month"]}, lambda: s.NOW
        )
        while runner.turn(threading.Event()):
            pass

    def late(self, kwh: int) -> None:
        """The register at the end of October says more than it said, and the correction is found."""
        values = self._at_the_end(s.FLAT)
        self._read(s.FLAT, values | {name: values[name] + kwh * 10**6 for name in ("ap0", "ap1")})
        self.correct()

    def falls(self, serial: str) -> None:
        """A register at the end of October is below what it was at its beginning."""
        self._read(serial, self._at_the_end(serial) | {"ap1": 5})

    def _at_the_end(self, serial: str) -> dict[str, int]:
        end = midnight(NOVEMBER, s.TZ)
        rows = self.scene.series.registers(f"MIL-{serial}", (Kind.DAILY,), end - 1, end)
        return dict(next(row.values for row in rows if "ap1" in row.values))

    def _read(self, serial: str, values: dict[str, int]) -> None:
        meter = f"MIL-{serial}"
        self.scene.arrive(meter, RegisterRow(meter, midnight(NOVEMBER, s.TZ), Kind.DAILY, 0, values))

    def correct(self) -> None:
        correct(self.scene)


@pytest.fixture
def office(copy_of: Copy, tmp_path: Path) -> Iterator[Office]:
    folder = tmp_path / "town"
    scene = copy_of(56, folder)
    yield Office(scene, folder, make_app(folder))
    scene.close()


@pytest.fixture
def operator(office: Office) -> FlaskClient:
    return person(office.app, s.OPERATOR)


def post(client: FlaskClient, path: str, **given: str) -> tuple[int, str]:
    answer = client.post(path, data={"csrf_token": token(client, MONTH), **given})
    return answer.status_code, answer.text


def text(client: FlaskClient, path: str) -> str:
    """What a person reads of a page."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    body = answer.text.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " ").replace("\u202f", " "))


class TestTheCompany:
    def test_checks_a_month_then_closes_all_that_can_be(self, office: Office, operator: FlaskClient) -> None:
        assert "Месяц ещё не проверяли" in text(operator, MONTH)
        assert post(operator, "/console/months/run?month=2026-10")[0] == 303
        assert "Месяц проверяется" in text(operator, MONTH)
        assert "data-going" in operator.get("/console/months").text
        office.work()
        page = text(operator, MONTH)
        assert "Закрыть всё, что можно: 3" in page
        assert "Последняя проверка: Ольга Диспетчер" in page
        assert post(operator, "/console/months/run?month=2026-10", close="1")[0] == 303
        office.work()
        assert "закрыт" in text(operator, MONTH)
        row = re.search(r'<tr data-month="2026-10".*?</tr>', operator.get("/console/months").text, re.DOTALL)
        assert row is not None
        assert re.findall(r'<td class="num">\s*(\d+)\s*</td>', row[0])[:3] == ["3", "0", "0"]

    def test_says_what_hinders_a_bill_and_closes_it_with_a_reason_alone(
        self, office: Office, operator: FlaskClient
    ) -> None:
        meter, end = f"MIL-{s.FLAT}", midnight(NOVEMBER, s.TZ)
        (row,) = [
            row for row in office.scene.series.registers(meter, (Kind.DAILY,), end - 1, end) if "ap1" in row.values
        ]
        office.scene.arrive(meter, RegisterRow(meter, end, Kind.DAILY, 0, dict(row.values) | {"ap1": 5}))
        page = text(operator, POINT)
        assert "Закрыть можно только с причиной" in page
        assert "Есть недостоверные значения" in page
        status, refused = post(operator, POINT, contract="1", **{"why-close-1": " "})
        assert status == 422
        assert "Данные неполные" in refused
        assert post(operator, POINT, contract="1", **{"why-close-1": "по акту от 2.11"})[0] == 303
        assert "Причина: по акту от 2.11" in text(operator, POINT)
        post(operator, "/console/months/run?month=2026-10")
        office.work()
        assert "Нельзя закрыть 0" in text(operator, MONTH)

    def test_shows_why_the_others_are_left(self, office: Office, operator: FlaskClient) -> None:
        with writing(office.scene.engine).begin() as connection:
            connection.execute(update(contract).where(contract.c.number == "100-1").values(holder="<b>Анна</b>"))
        meter, end = f"MIL-{s.DACHA}", midnight(NOVEMBER, s.TZ)
        (row,) = [
            row for row in office.scene.series.registers(meter, (Kind.DAILY,), end - 1, end) if "ap1" in row.values
        ]
        office.scene.arrive(meter, RegisterRow(meter, end, Kind.DAILY, 0, dict(row.values) | {"ap1": 5}))
        post(operator, "/console/months/run?month=2026-10", close="1")
        office.work()
        page = operator.get(MONTH).text
        assert "&lt;b&gt;Анна&lt;/b&gt;" in page
        assert 'data-point="2"' in page
        assert "Есть недостоверные значения" in page
        assert "закрыт не весь" in page

    def test_opens_a_month_again_with_a_reason(self, office: Office, operator: FlaskClient) -> None:
        post(operator, POINT, contract="1")
        assert post(operator, UNDO, closing="1")[0] == 422
        undone = POINT.replace("month?", "month/undo?").replace("points/1", "points/2")
        assert post(operator, undone, closing="1", **{"why-open-1": "x"})[0] == 404, "it is another point's"
        assert (
            post(operator, POINT.replace("month?", "month/undo?"), closing="1", **{"why-open-1": "не тот тариф"})[0]
            == 303
        )
        page = text(operator, POINT)
        assert "Отменённые закрытия" in page
        assert "не тот тариф" in page
        assert "Можно закрыть" in page
        with office.scene.engine.connect() as connection:
            actions = list(connection.scalars(select(audit.c.action).where(audit.c.action.like("month%"))))
        assert actions == ["month closed", "month opened"]

    def test_lists_the_corrections_of_a_month_and_sends_them_as_a_file(
        self, office: Office, operator: FlaskClient
    ) -> None:
        post(operator, POINT, contract="1")
        office.late(3)
        assert "+25,26" in text(operator, "/console/months/corrections?month=2026-11")
        assert "+25,26" in text(operator, POINT)
        answer = operator.get("/console/months/corrections.csv?month=2026-11")
        assert answer.headers["Content-Disposition"] == "attachment; filename=corrections-2026-11.csv"
        head, row = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
        told = dict(zip(head, row, strict=True))
        assert (told["Точка"], told["Договор"], told["За месяц"], told["Начислено в"]) == (
            "Т-45",
            "100-1",
            "2026-10",
            "2026-11",
        )
        assert (told["Зона"], told["Разность, кВт·ч"], told["Разность, ₽"]) == ("Пик", "3", "25,26")
        assert told["Причина"] == "пришли данные, которых не было"

    def test_another_company_s_month_and_points_are_not_there(self, office: Office, operator: FlaskClient) -> None:
        consumer = person(office.app, s.CONSUMER)
        for path in ("/console/months", MONTH, POINT, "/console/months/corrections.csv"):
            assert consumer.get(path).status_code == 403
        assert post(operator, POINT, contract="3")[0] == 404, "a contract that the point is not in"
        assert post(operator, POINT, contract="x")[0] == 404
        for nonsense in ("2026-13", "'", "9999-12", "0001-01"):
            assert operator.get("/console/months/month", query_string={"month": nonsense}).status_code == 200


class TestTheConsumer:
    def query(self) -> str:
        return "point=1&length=month&day=2026-10-01"

    def test_reads_that_the_month_is_closed_and_the_bill_as_it_was(self, office: Office, operator: FlaskClient) -> None:
        client = person(office.app, s.CONSUMER)
        before = text(client, f"/readings?{self.query()}")
        assert "Закрыт" not in before
        post(operator, POINT, contract="1")
        after = text(client, f"/readings?{self.query()}")
        assert "Закрыт 24.11.2026 09:12: счёт больше не меняется." in after
        assert re.search(r"Итого ([\d ]+,\d\d) ([\d ]+,\d\d)", before)[0] in after  # type: ignore[index]

    def test_reads_what_was_corrected_what_it_was_what_it_is_and_why(
        self, office: Office, operator: FlaskClient
    ) -> None:
        client = person(office.app, s.CONSUMER)
        before = re.search(r"Итого ([\d ]+,\d\d) ([\d ]+,\d\d)", text(client, f"/readings?{self.query()}"))
        assert before is not None
        post(operator, POINT, contract="1")
        office.late(3)
        page = text(client, f"/readings?{self.query()}")
        was = Decimal(before[2].replace(" ", "").replace(",", "."))
        assert before[0] in page, "the bill is as it was closed"
        told = re.search(r"Было ([\d ]+,\d\d) ₽, стало ([\d ]+,\d\d) ₽: пришли данные, которых не было", page)
        assert told is not None
        sums = [Decimal(one.replace(" ", "").replace(",", ".")) for one in told.groups()]
        assert sums == [was, was + Decimal("25.26")]
        assert "Уточнено 24.11.2026 09:12" in page
        assert "Разность +25,26 ₽ начислена за ноябрь 2026." in page
        november = text(client, "/readings?point=1&length=month&day=2026-11-05")
        assert "Начислены в этом месяце: +25,26 ₽." in november
        assert "за октябрь 2026 (+3,00 кВт·ч)" in november

    def test_opens_the_closed_figure_not_what_it_would_be_now(self, office: Office, operator: FlaskClient) -> None:
        client = person(office.app, s.CONSUMER)
        post(operator, POINT, contract="1")
        kept = client.get(f"/explain.json?{self.query()}").json
        with writing(office.scene.engine).begin() as connection, entering(connection, at=s.NOW, kind="price") as act:
            enter.set_price(act, office.scene.schemes["three"], "night", Decimal("4.36"), date(2026, 10, 16))
        office.late(3)
        told = client.get(f"/explain.json?{self.query()}").json
        assert kept is not None
        assert told is not None
        for name in ("energy", "cost"):
            assert told[name] == kept[name]
            assert reckon(told[name]) == shown(told[name]), "and whoever reckons it anew comes to it"
        assert told["closed"]["total"] == told["cost"]["value"]
        (one,) = told["closed"]["corrections"]
        assert {line["before"]["zone"] if line["before"] else line["after"]["zone"] for line in one["lines"]} == {
            "peak",
            "night",
        }
        assert sum(Decimal(line["amount"]) for line in one["lines"]) == Decimal(one["amount"])
        page = text(client, f"/explain?{self.query()}")
        assert "Месяц закрыт 24.11.2026 09:12: ниже расчёт, по которому он закрыт." in page
        assert "Было и стало по строкам" in page

    def test_a_month_billed_by_its_profile_opens_into_the_days_as_they_stood(
        self, office: Office, operator: FlaskClient
    ) -> None:
        with writing(office.scene.engine).begin() as connection, entering(connection, at=s.NOW, kind="terms") as act:
            enter.set_terms(act, 1, date(2026, 10, 1), scheme=office.scene.schemes["three"], zone_source="profile")
        office.scene.recompute()
        client = person(office.app, s.CONSUMER)
        kept = client.get(f"/explain.json?{self.query()}").json
        post(operator, POINT, contract="1")
        told = client.get(f"/explain.json?{self.query()}").json
        assert kept is not None
        assert told is not None
        assert (told["energy"], told["cost"]) == (kept["energy"], kept["cost"])
        assert client.get(f"/explain?{self.query()}").text.count("data-day=") == 31

    def test_the_former_tenant_and_the_new_one_each_read_their_own(self, office: Office, operator: FlaskClient) -> None:
        post(operator, "/console/points/3/month?month=2026-10", contract="2")
        former, new = person(office.app, s.FORMER), person(office.app, s.NEIGHBOUR)
        query = "/readings?point=3&length=month&day=2026-10-01"
        assert "Закрыт" in text(former, query)
        assert "Закрыт" not in text(new, query)


def test_a_run_that_the_worker_gave_up_says_so(office: Office, operator: FlaskClient) -> None:
    post(operator, "/console/months/run?month=2026-10", close="1")
    with writing(office.scene.engine).begin() as connection:
        connection.execute(update(job).values(state=State.DEAD))
    assert "Работа прервалась" in text(operator, MONTH)
    assert "Проверить заново" in text(operator, MONTH)
