"""The console's «Аудит»: days, meters of a day, messages of a meter; gaps, findings, quarantine; empty and wrong."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from central.audits import ledger, views
from central.audits.tables import finding, gap, traffic
from central.db import writing
from central.ingest.tables import inbox
from central.ingest.weeks import Weeks
from tests.central import scene as s
from tests.central.scene import Scene, build
from tests.central.sql import Sql
from tests.central.web.beside import second_company
from tests.central.web.parts import make_app, person

DAY = 86_400
TODAY = s.NOW // DAY
MANY = 60  # meters of one edge: more than a page
METER = "MIL-0000"


def iso(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


@pytest.fixture(scope="module")
def kept(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Path]]:
    folder = tmp_path_factory.mktemp("audit")
    made = build(folder, days=2)
    yield made, folder
    made.close()
    sql.forget(folder)


@pytest.fixture(scope="module")
def full(kept: tuple[Scene, Path]) -> FlaskClient:
    """An operator before a central where something differs on each step."""
    scene, folder = kept
    Weeks(scene.engine).open(s.NOW)
    with writing(scene.engine).begin() as connection:
        for day in range(TODAY - 3, TODAY + 1):
            for number in range(MANY):
                lost = number == MANY - 1 and day == TODAY - 2
                told: dict[str, int | None] = {"read": 48, "journal": 48, "sent": 48, "told_at": s.NOW}
                if number == 5:
                    told = dict.fromkeys(told)
                connection.execute(
                    traffic.insert().values(
                        day=day,
                        edge="edge-1",
                        store="s1",
                        meter=f"MIL-{number:04}",
                        received=48,
                        projected=45 if lost else 48,
                        void=0,
                        last_seq=1,
                        received_at=s.NOW - 60,
                        verdict=0,
                        **told,
                    )
                )
        for seq in range(1, 56):
            held = seq == 7
            connection.execute(
                inbox.insert().values(
                    edge="edge-1",
                    store="s1",
                    seq=seq,
                    prev="0" * 16,
                    sha=f"{seq:016}",
                    channel="archive",
                    name=METER,
                    body=b"{}",
                    received_at=s.NOW,
                    state="quarantined" if held else "done",
                    reason="foreign_meter" if held else None,
                    detail="<b>not its meter</b>" if held else None,
                    day=TODAY - 1,
                    entries=0,
                    projected=0,
                )
            )
        for state, deadline in (("open", 30), ("asked", 3), ("lost", -1)):
            connection.execute(
                gap.insert().values(
                    meter=f"MIL-{state}",
                    kind="load",
                    since=s.NOW - 5 * DAY,
                    until=s.NOW - 4 * DAY,
                    missing=48,
                    deadline_at=s.NOW + deadline * DAY,
                    state=state,
                    asked=1,
                    found_at=s.NOW,
                )
            )
        found = {"inbox_rows": 48, "inbox_total": 9, "series_rows": 46, "series_total": 7, "missing": 2, "differing": 0}
        connection.execute(
            finding.insert().values(
                meter=METER, kind="load", day=TODAY - 1, state="open", found_at=s.NOW, seen_at=s.NOW, **found
            )
        )
    ledger.recount(scene.engine, TODAY - 3, TODAY, s.NOW)
    return person(make_app(folder), s.OPERATOR)


def marks(text: str, name: str) -> list[str]:
    """Values of an attribute, in the order of the page."""
    return re.findall(rf'data-{name}="([^"]*)"', text)


def test_days_that_differ_come_first_then_the_newest(full: FlaskClient) -> None:
    page = full.get("/console/audit").text
    assert marks(page, "day") == [iso(TODAY - 2), *[iso(TODAY - back) for back in (0, 1, 3)]]
    assert "расходится: 1" in page
    assert "без счёта концентратора: 1" in page
    assert "подсчитано" in page


def test_gaps_findings_and_quarantine_are_told(full: FlaskClient) -> None:
    page = full.get("/console/audit").text
    gaps = page.split('id="gaps"')[1].split("</section>")[0]
    assert re.findall(r"MIL-(\w+)</a>", gaps) == ["asked", "open", "lost"], "by deadline, what is lost at the end"
    assert "ждут запроса: 1 · запрошено: 1 · утрачено: 1" in gaps
    assert len(marks(page, "finding")) == 1
    assert marks(page, "reason") == ["foreign_meter"]


def test_a_day_leads_to_its_meters_those_that_differ_first_page_by_page(full: FlaskClient) -> None:
    page = full.get(f"/console/audit?day={iso(TODAY - 2)}").text
    first = marks(page, "meter")
    assert first[0] == f"MIL-{MANY - 1:04}"
    assert "потеряно в центре: получено и не дошло до ряда: 3" in page
    assert "концентратор не ведёт счёта" in page
    (following,) = re.findall(r'href="([^"]*after=[^"]*)"', page)
    second = marks(full.get(following.replace("&amp;", "&")).text, "meter")
    assert sorted({*first, *second}) == [f"MIL-{number:04}" for number in range(MANY)]
    assert len(first) == views.ROWS + 1


def test_a_meters_day_leads_to_its_messages(full: FlaskClient) -> None:
    page = full.get(f"/console/audit?day={iso(TODAY - 1)}&meter={METER}").text
    assert len(marks(page, "message")) == views.ROWS
    assert "счётчик не закреплён за концентратором" in page
    assert "&lt;b&gt;not its meter" in page
    (following,) = re.findall(r'href="([^"]*after=[^"]*)"', page)
    assert len(marks(full.get(following.replace("&amp;", "&")).text, "message")) == 5


def test_a_concentrator_or_a_meter_narrows_it(full: FlaskClient) -> None:
    page = full.get(f"/console/audit?meter=MIL-{MANY - 1:04}").text
    assert marks(page, "day")[0] == iso(TODAY - 2)
    assert marks(page, "gap") == []
    assert "Сверять пока нечего" in full.get("/console/audit?edge=edge-9").text
    assert "За эти сутки показаний нет" in full.get(f"/console/audit?day={iso(TODAY)}&edge=edge-9").text
    assert "от этого счётчика ничего нет" in full.get(f"/console/audit?day={iso(TODAY)}&meter=none").text


@pytest.mark.parametrize("asked", ["day=24.11", "day=2026-02-30", "day=0000-00-00"])
def test_a_wrong_date_is_told_and_all_days_are_shown(full: FlaskClient, asked: str) -> None:
    page = full.get(f"/console/audit?{asked}").text
    assert "Такой даты нет" in page
    assert len(marks(page, "day")) == 4


@pytest.mark.parametrize("after", ["x", "-1", "///", "9" * 40, "a/b/c/d"])
def test_nonsense_in_the_address_is_no_error(full: FlaskClient, after: str) -> None:
    for more in ("", f"&meter={METER}"):
        assert full.get(f"/console/audit?day={iso(TODAY)}&after={after}{more}").status_code == 200


def test_an_empty_central_says_so(sql: Sql, tmp_path: Path) -> None:
    scene = build(tmp_path, days=1)
    page = person(make_app(tmp_path), s.OPERATOR).get("/console/audit").text
    scene.close()
    assert "Сверять пока нечего" in page
    assert "Пропусков нет" in page
    assert "Ряд не расходится" in page
    assert "В карантине ничего нет" in page


def test_two_companies_on_a_server_do_not_see_each_others(sql: Sql, tmp_path: Path) -> None:
    scene = build(tmp_path, days=1)
    second_company(scene, tmp_path)
    operator = person(make_app(tmp_path), s.OPERATOR)
    page = operator.get("/console/audit")
    scene.close()
    assert "На этом сервере несколько компаний" in page.text
    assert "edge-secret" not in page.text
