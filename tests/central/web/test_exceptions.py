"""An operator looks at what the checks found, decides with a reason, and takes it back; limits by kind of point."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from central.faces import check_words
from central.figures.tables import decision, exception
from central.jobs.tables import job
from central.metering.checks.catalogue import CHECKS
from central.metering.zones import midnight
from central.timeseries.base import LoadRow
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene
from tests.central.web.forms import filled, said, send
from tests.central.web.parts import make_app, person, token

METER = f"MIL-{s.FLAT}"
NOON = midnight(date(2026, 11, 23), s.TZ) + 12 * 3600
BEFORE = NOON - 86_400
WILD = 90_000_000


@pytest.fixture
def office(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """Three days; yesterday at noon, and an hour before, the flat used what it cannot."""
    built = copy_of(3, tmp_path / "scene")
    values = {"ap": WILD, "am": 0, "rp": 0, "rm": 0}
    built.arrive(METER, *(LoadRow(METER, end, s.PERIOD, 0, values) for end in (NOON - 3600, NOON)))
    yield built
    built.close()


@pytest.fixture
def app(office: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def path(scene: Scene, name: str = "over_power", since: int | None = None) -> str:
    """Of the newest, or of the one that begins then."""
    query = select(exception.c.id).where(exception.c.name == name).order_by(exception.c.since.desc())
    with scene.engine.connect() as connection:
        key = connection.scalars(query if since is None else query.where(exception.c.since == since)).first()
    return f"/console/exceptions/{key}"


def decisions(scene: Scene) -> list[tuple[str, str, dict[str, int], bool]]:
    with scene.engine.connect() as connection:
        rows = connection.execute(select(decision).order_by(decision.c.id)).all()
    return [(row.kind, row.reason, row.energies, row.undone_at is not None) for row in rows]


@pytest.mark.quick
def test_every_check_has_its_words_and_every_limit() -> None:
    assert check_words.CHECKS.keys() == CHECKS.keys()
    assert check_words.LIMITS.keys() == {name for one in CHECKS.values() for name in one.limits}


def test_the_list_leads_by_cause_to_one_exception_with_what_was_seen(office: Scene, operator: FlaskClient) -> None:
    causes = operator.get("/console/exceptions").text
    assert "Больше разрешённой мощности" in causes
    listed = operator.get("/console/exceptions/list?name=over_power&edge=edge-1").text
    assert "Т-45" in listed
    assert path(office) in listed
    page = operator.get(path(office)).text
    assert "Проверьте Ki·Ku и разрешённую мощность точки" in page, "what to do"
    assert re.search(r"Разрешённая мощность, кВт</dt><dd>15,0", page)
    assert re.search(r"Значение, кВт·ч</dt><dd>90,000", page)


def test_nothing_is_decided_without_a_reason_and_what_was_typed_stays(office: Scene, operator: FlaskClient) -> None:
    answer = send(operator, path(office), {"kind": "substitute", "energy": "много"})
    assert answer.status_code == 422
    assert said(answer).keys() == {"energy", "reason"}
    assert 'value="много"' in answer.text
    assert send(operator, path(office), {"reason": "просто так"}).status_code == 422, "nor without a kind"
    below = send(operator, path(office), {"kind": "substitute", "energy": "-5", "reason": "а"})
    assert said(below) == {"energy": "Энергия за всё это время: Расход не бывает меньше нуля"}
    assert not decisions(office)


def test_a_value_is_put_in_the_place_of_another_and_taken_back(office: Scene, operator: FlaskClient) -> None:
    sheet = {"kind": "substitute", "energy": "0,25", "reason": "по акту осмотра 17"}
    assert send(operator, path(office), sheet).status_code == 303
    office.recompute()
    assert decisions(office) == [("substitute", "по акту осмотра 17", {str(NOON - s.PERIOD): 250_000}, False)]
    page = operator.get(path(office)).text
    assert "по акту осмотра 17" in page
    assert '<form class="sheet"' not in page, "it is decided"
    consumer = person(operator.application, s.CONSUMER)
    told = consumer.get(f"/explain?point={office.points[s.FLAT]}&by=profile&length=day&day=2026-11-23").text
    assert "подставлено, решение № 1: по акту осмотра 17" in told
    undo = f"{path(office)}/undo/1"
    assert send(operator, undo, {}).status_code == 422, "without a reason"
    assert send(operator, undo, {"reason": "ошибся точкой"}).status_code == 303
    office.recompute()
    assert decisions(office)[0][3]
    assert "ошибся точкой" in operator.get(path(office)).text
    assert "или оно уже отменено" in operator.get(undo).text
    told = consumer.get(f"/explain?point={office.points[s.FLAT]}&by=profile&length=day&day=2026-11-23").text
    assert "подставлено" not in told


def test_the_page_of_a_published_day_says_what_it_was_and_why_it_is_another_now(
    office: Scene, operator: FlaskClient
) -> None:
    row = LoadRow(METER, BEFORE, s.PERIOD, 0, {"ap": WILD, "am": 0, "rp": 0, "rm": 0})
    office.arrive(METER, row)
    office.recompute()
    first = path(office, since=BEFORE - s.PERIOD)
    assert send(operator, first, {"kind": "substitute", "energy": "0,25", "reason": "акт 18"}).status_code == 303
    office.recompute()
    page = person(operator.application, s.CONSUMER).get(
        f"/data?point={office.points[s.FLAT]}&length=day&day=2026-11-22"
    )
    told = re.search(r"Было ([\d,]+), стало ([\d,]+) кВт·ч\. Подставлено", re.sub("<[^>]+>", "", page.text))
    assert told is not None
    was, became = (float(one.replace(",", ".")) for one in told.groups())
    assert became - was == pytest.approx(0.25), "the doubtful value had been left out"


def test_what_somebody_has_decided_meanwhile_is_told(office: Scene, operator: FlaskClient) -> None:
    sheet = filled(operator, path(office), {"kind": "accept", "reason": "а"})
    assert operator.post(path(office), data=sheet).status_code == 303
    again = operator.post(path(office), data=sheet)
    assert again.status_code == 303
    assert "Исключение уже решено" in operator.get(again.headers["Location"]).text
    assert len(decisions(office)) == 1, "sent twice, it is one decision"


def test_many_are_decided_at_once(office: Scene, operator: FlaskClient) -> None:
    listed = "/console/exceptions/list"
    page = operator.get(listed).text
    chosen = re.findall(r'name="id" value="(\d+)"', page)
    assert len(chosen) == 2
    sent = {"csrf_token": token(operator, listed), "reason": "линия в ремонте"}
    nothing = operator.post(listed, data=sent | {"kind": "ask"})
    assert nothing.status_code == 422
    assert "Отметьте хотя бы одно" in nothing.text
    asked = operator.post(listed, data=sent | {"kind": "ask", "id": chosen})
    assert asked.status_code == 303
    with office.engine.connect() as connection:
        jobs = connection.scalars(select(job.c.kind).where(job.c.kind == "reread")).all()
    told = operator.get(asked.headers["Location"]).text
    assert f"Решено: {len(jobs)}" in told
    assert len(jobs) == 2
    assert {kind for kind, *_ in decisions(office)} == {"ask"}


def test_limits_are_set_by_kind_of_point_and_say_who_set_them(office: Scene, operator: FlaskClient) -> None:
    form = "/console/checks/limits?check=over_median&kind=company"
    assert filled(operator, form, {})["times"] == "10"
    for nonsense in ("-1", "0", "10001", "много", ""):
        assert send(operator, form, {"times": nonsense}).status_code == 422, nonsense
    assert send(operator, form, {"days": "367"}).status_code == 422, "a year at most"
    assert send(operator, form, {"times": "7"}).status_code == 303
    page = operator.get("/console/checks").text
    cell = re.search(r'data-check="over_median".*?data-kind="company">(.*?)</td>', page, re.DOTALL)
    assert cell is not None
    assert "7 раз" in cell[1]
    assert "Ольга Диспетчер" in cell[1]
    assert send(operator, form, {"which": "off"}).status_code == 303
    assert operator.get("/console/checks").text.count("выключена") > page.count("выключена")
    assert operator.get("/console/checks/limits?check=nothing&kind=company").status_code == 404


def test_a_consumer_comes_to_none_of_these_pages(office: Scene, app: Flask) -> None:
    consumer = person(app, s.CONSUMER)
    for address in ("/console/exceptions", "/console/exceptions/list", path(office), "/console/checks"):
        assert consumer.get(address).status_code == 403


def test_many_with_one_that_is_not_there_are_not_decided(office: Scene, operator: FlaskClient) -> None:
    listed = "/console/exceptions/list"
    there = path(office).rsplit("/", 1)[1]
    sent = {"csrf_token": token(operator, listed), "reason": "линия в ремонте", "kind": "accept"}
    for strange, answers in (("999999", 404), ("9" * 30, 303), ("9" * 5_000, 303)):  # what is no number is passed over
        assert operator.post(listed, data=sent | {"id": [there, strange]}).status_code == answers
        assert len(decisions(office)) == (answers == 303)


def test_a_file_tells_what_was_put_from_what_was_measured(office: Scene, operator: FlaskClient) -> None:
    sheet = {"kind": "substitute", "energy": "0", "reason": "акт 19"}
    assert send(operator, path(office), sheet).status_code == 303
    office.recompute()
    asked = {"point": str(office.points[s.FLAT]), "length": "day", "day": "2026-11-23", "step": "half_hour"}
    client = person(operator.application, s.CONSUMER)
    rows = client.get("/data/file", query_string=asked | {"form": "json"}).json
    assert rows is not None
    told = {row["start"][11:16]: row["state"] for row in rows["rows"]}
    assert told["11:30"] == "substituted"
    assert told["12:00"] == "measured"
