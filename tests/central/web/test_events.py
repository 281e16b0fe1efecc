"""«Журналы событий»: words first and code behind, by kind, journal and period, each viewer his own time."""

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO, StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import delete, update

from central.db import writing
from central.figures import recompute
from central.figures.events import Wanted, events
from central.ingest.tables import edge_meter, event
from central.metering.journals import EventKind, kind_of
from central.registry.tables import contract_point, mounting
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.notices.parts import DAY, HOUR, METER, Town
from tests.central.scene import build
from tests.central.web.parts import make_app, person, send

LINES = (  # seconds ago, journal, code
    (3 * HOUR, 1, 17),
    (9 * HOUR, 4, 3),
    (10 * HOUR, 2, 1),
    (10 * HOUR - 720, 2, 2),
    (10 * HOUR - 720, 7, 1),
    (30 * HOUR, 4, 1),
    (30 * HOUR - 49, 4, 2),
    (31 * HOUR, 3, 68),
    (100 * HOUR, 6, 1),
    (120 * HOUR, 2, 3),
    (150 * HOUR, 4, 200),
)


@pytest.fixture
def town(copy_of: Copy, tmp_path: Path) -> Iterator[Town]:
    made = Town(copy_of(25, tmp_path / "scene"), tmp_path / "scene")
    made.known_for(10 * DAY)
    made.come(*((s.NOW - ago, journal, code) for ago, journal, code in LINES))
    yield made
    made.scene.close()


@pytest.fixture
def anna(town: Town, tmp_path: Path) -> FlaskClient:
    return person(make_app(tmp_path / "scene"), s.CONSUMER)


def lines(page: str) -> list[tuple[int, int]]:
    """Journal and code of each, as the page has them."""
    found = re.findall(r'data-journal="(\d+)" data-code="(\d+)"', page)
    return [(int(journal), int(code)) for journal, code in found]


def test_words_stand_first_and_codes_behind(anna: FlaskClient) -> None:
    page = anna.get("/events").text
    assert lines(page)[0] == (1, 17), "the newest first"
    assert "Превышение тока любой фазы — начало" in page
    assert "журнал 1, код 17" in page
    assert "Событие изготовителя, код 200" in page
    assert "Вторник, 24 ноября 2026" in page


def test_the_five_cases_stand_out_with_why_and_what_to_do(anna: FlaskClient) -> None:
    page = anna.get("/events?kind=important").text
    assert lines(page) == [(4, 3), (2, 1), (4, 1), (2, 1)], "the start that the power explains is none of them"
    for told in ("Вскрыта крышка клемм", "Питание отключалось", "Воздействие магнитного поля", "12 мин", "49 с"):
        assert told in page
    assert page.count("Что делать.") == 4


@pytest.mark.parametrize("kind", list(EventKind))
def test_a_kind_is_the_lines_of_that_kind(town: Town, anna: FlaskClient, kind: EventKind) -> None:
    every = lines(anna.get("/events").text)
    assert lines(anna.get(f"/events?kind={kind}").text) == [one for one in every if kind_of(*one) is kind]


def test_a_journal_is_its_lines(anna: FlaskClient) -> None:
    assert {journal for journal, _ in lines(anna.get("/events?journal=4").text)} == {4}
    assert lines(anna.get("/events?journal=99").text) == []
    assert len(lines(anna.get("/events?journal=zzz&kind=zzz").text)) > 10, "what is not understood is not asked for"


def test_counts_stand_beside_the_filters(anna: FlaskClient) -> None:
    page = anna.get("/events").text
    counts = dict(re.findall(r">([^<>]+) <span>(\d+)</span></a>", page))
    assert int(counts["Все"]) == len(lines(page))
    assert int(counts["Важные"]) == 4
    assert counts["Управление"] == "1"


def test_the_period_cuts_the_list(anna: FlaskClient) -> None:
    assert lines(anna.get("/events?length=day&day=2026-11-24").text) == [(1, 17), (4, 3)]
    assert lines(anna.get("/events?length=day&day=2026-11-19").text) == [(2, 3)]
    assert "За этот период таких событий нет" in anna.get("/events?length=day&day=2026-11-21").text
    assert "За этот период для вас записей нет" in anna.get("/events?day=2001-01-01").text


def test_outages_of_the_year_are_told_with_their_lengths(anna: FlaskClient) -> None:
    page = anna.get("/events").text
    aside = page[page.index('id="outages"') :]
    assert "Отключения за 2026 год" in aside
    assert "1 ч 12 мин" in aside, "an hour of the scene and these twelve minutes"
    assert "отключений: 2" in aside


def outages(page: str) -> list[str]:
    """What the year's list says of each, the whole year first."""
    aside = page[page.index('id="outages"') :]
    return [" ".join(re.sub("<[^>]+>", " ", one).split()) for one in re.findall(r"<div[ >].*?</div>", aside)]


def moscow(*when: int) -> int:
    return int(datetime(*when, tzinfo=ZoneInfo(s.TZ)).timestamp())  # type: ignore[arg-type]


def test_an_outage_over_the_new_year_is_cut_at_midnight_in_both(copy_of: Copy, tmp_path: Path) -> None:
    town = Town(build(tmp_path / "scene", now=moscow(2027, 1, 20, 9), days=40), tmp_path / "scene")
    town.now = town.scene.now
    town.come(*((moscow(*when), 2, code) for code, *when in ((1, 2026, 12, 31, 21, 30), (2, 2027, 1, 1, 2, 10))))
    app = make_app(tmp_path / "scene", clock=lambda: town.now)
    client = person(app, s.CONSUMER)
    assert outages(client.get("/events?length=day&day=2026-12-31").text)[0] == "всего за год отключений: 1 2 ч 30 мин"
    assert outages(client.get("/events?length=day&day=2027-01-01").text)[0] == "всего за год отключений: 1 2 ч 10 мин"
    town.scene.close()


def test_the_total_of_the_year_says_that_one_goes_on(town: Town, anna: FlaskClient) -> None:
    before = outages(anna.get("/events").text)[0]
    town.come((s.NOW - 600, 2, 1))
    assert before.endswith("отключений: 2 1 ч 12 мин")
    assert "отключений: 3, без того, чему конца ещё не было 1 ч 12 мин" in outages(anna.get("/events").text)[0]


def test_power_that_is_away_for_months_is_told_and_counted(town: Town, anna: FlaskClient) -> None:
    """A house that is closed for the winter."""
    with writing(town.scene.engine).begin() as connection:
        begun = moscow(2025, 10, 1)
        connection.execute(update(mounting).where(mounting.c.meter == METER).values(valid_from=begun))
        connection.execute(update(contract_point).where(contract_point.c.valid_from > begun).values(valid_from=begun))
        connection.execute(delete(event).where(event.c.journal == 2))
    off, on = moscow(2025, 11, 1, 12), moscow(2026, 11, 24, 8)
    town.come((off, 2, 1))
    town.tell()
    town.come((on, 2, 2))
    town.tell()
    assert [(one.since, one.until) for one in town.notices() if one.kind == "switched_off"] == [(off, on)]
    assert outages(anna.get("/events").text)[0] == "всего за год отключений: 1 327 сут 8 ч"


def test_what_was_without_power_as_it_was_taken_down_is_so_no_longer(town: Town, anna: FlaskClient) -> None:
    taken_down = s.NOW - HOUR
    town.come((taken_down - 600, 2, 1))
    with writing(town.scene.engine).begin() as connection:
        connection.execute(update(mounting).where(mounting.c.meter == METER).values(valid_to=taken_down))
    assert "конца ещё не было" not in (found := outages(anna.get("/events").text))[1]
    assert found[1].endswith("10 мин")


def test_pages_are_turned(town: Town, anna: FlaskClient) -> None:
    town.come(*((s.NOW - 40 * HOUR - n, 0, 9) for n in range(120)))
    first, second, third = (lines(anna.get(f"/events?page={number}").text) for number in (1, 2, 3))
    assert (len(first), len(second)) == (50, 50)
    assert len(third) == 120 + len(LINES) + 3 - 100  # the scene's outage, and a line of a meter that is known
    assert lines(anna.get("/events?page=99").text) == third, "beyond the last is the last"


def test_the_file_has_all_of_what_is_asked_for(town: Town, anna: FlaskClient) -> None:
    town.come(*((s.NOW - 40 * HOUR - n, 0, 9) for n in range(120)))
    answer = anna.get("/events/file?form=csv&kind=network&page=2")
    rows = list(csv.reader(StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    head = next(number for number, row in enumerate(rows) if row[0] == "Время")
    assert len(rows) - head - 1 == 121
    book = load_workbook(BytesIO(anna.get("/events/file?form=xlsx&kind=important").data))
    sheet = list(book.active.values)  # type: ignore[union-attr]
    assert "Вскрыта крышка клемм" in {row[5] for row in sheet if len(row) > 5}
    assert anna.get("/events/file?form=exe").status_code == 404


def test_a_meter_of_modbus_is_said_to_have_no_journals(town: Town, anna: FlaskClient) -> None:
    dacha = town.scene.points[s.DACHA]
    assert "Журналов этого счётчика ещё нет" in anna.get(f"/events?point={dacha}").text
    with writing(town.scene.engine).begin() as connection:
        its = edge_meter.c.meter == f"MIL-{s.DACHA}"
        connection.execute(edge_meter.update().where(its).values(driver="modbus"))
    assert "Этот счётчик не ведёт журналов" in anna.get(f"/events?point={dacha}").text


def test_a_silent_meter_is_said_to_be_silent(town: Town, anna: FlaskClient) -> None:
    town.come((s.NOW - 14 * DAY, 4, 4), meter=f"MIL-{s.DACHA}")
    page = anna.get(f"/events?point={town.scene.points[s.DACHA]}").text
    assert "Счётчик не на связи" in page
    assert "Вскрыт корпус счётчика" in page


def test_each_tenant_sees_the_lines_of_his_own_time(town: Town, tmp_path: Path) -> None:
    before, after = (int(datetime(2026, 11, day, 12, tzinfo=ZoneInfo(s.TZ)).timestamp()) for day in (3, 6))
    town.come((before, 4, 4), (before + 60, 2, 1), (after, 4, 3), (after + 60, 2, 2), meter=f"MIL-{s.NEXT_DOOR}")
    key = town.scene.points[s.NEXT_DOOR]
    app = make_app(tmp_path / "scene")
    seen = {mail: lines(person(app, mail).get(f"/events?point={key}").text) for mail in (s.FORMER, s.NEIGHBOUR)}
    assert seen == {s.FORMER: [(2, 1), (4, 4)], s.NEIGHBOUR: [(2, 2), (4, 3)]}
    for mail, expected in ((s.FORMER, "Вскрыт корпус"), (s.NEIGHBOUR, "Вскрыта крышка")):
        page = person(app, mail).get(f"/events?point={key}&kind=important").text
        assert expected in page
        assert page.count("Вскрыт") == page.count(expected) + page.count("Вскрытие и поле"), mail
    assert person(app, s.CONSUMER).get(f"/events?point={key}").status_code == 404
    assert person(app, s.CONSUMER).get(f"/events/file?point={key}").status_code == 404


def test_a_meter_tells_only_of_the_time_when_it_stood_there(town: Town) -> None:
    viewer, point = town.scene.viewer(s.OPERATOR), town.scene.points[s.FLAT]
    town.come((s.NOW - 60 * DAY, 4, 4))  # before it was mounted: at another place, perhaps
    view = events(town.scene.source, viewer, point, 0, s.NOW, Wanted(journal=4), s.NOW)
    assert all(line.time > s.NOW - 26 * DAY for line in view.lines)
    assert view.count == 4


def test_staff_open_it_and_look_through(town: Town, tmp_path: Path) -> None:
    operator = person(make_app(tmp_path / "scene"), s.OPERATOR)
    assert "Вскрыта крышка клемм" in operator.get(f"/events?point={town.scene.points[s.FLAT]}").text
    send(operator, f"/console/people/{town.scene.viewer(s.CONSUMER).account}/cabinet")
    assert "Вскрыта крышка клемм" in operator.get("/events").text
    assert operator.get("/events/file").status_code == 200


def test_lines_of_a_journal_are_told_in_english(anna: FlaskClient) -> None:
    send(anna, "/language", language="en", back="/events")
    assert "<h3>Time correction</h3>" in anna.get("/events").text
    assert ";Terminal cover opened (electronic seal);" in anna.get("/events/file").text


def test_values_of_that_time_are_marked_and_stay_in_the_sum(town: Town, anna: FlaskClient) -> None:
    point = town.scene.points[s.FLAT]
    day = f"point={point}&length=day&day=2026-11-24"
    before = re.findall(r'data-mwh="(\d+)"', anna.get(f"/data?{day}").text)
    page = anna.get(f"/data?{day}").text
    assert "в это время: вскрытие счётчика" in page
    assert page.count('class="noted" href') == 1
    assert '<svg class="noted"' in page
    while recompute.run(town.scene.engine, town.scene.series, s.NOW):
        pass
    assert re.findall(r'data-mwh="(\d+)"', anna.get(f"/data?{day}").text) == before
    rows = csv.reader(StringIO(anna.get(f"/data/file?{day}").text.lstrip("\ufeff")), delimiter=";")
    assert [row[-1] for row in rows if row[-1].startswith("в это время")] == ["в это время: вскрытие счётчика"]
    told = anna.get(f"/data/file?form=json&{day}").json
    assert told is not None
    assert [row["meanwhile"] for row in told["rows"] if row["meanwhile"]] == [["opened"]]
    assert "В это время:" in anna.get(f"/readings?{day}").text


def test_what_is_not_of_ones_time_marks_nothing(town: Town, tmp_path: Path) -> None:
    before = int(datetime(2026, 11, 3, 12, tzinfo=ZoneInfo(s.TZ)).timestamp())
    town.come((before, 4, 1), meter=f"MIL-{s.NEXT_DOOR}")  # a magnet that nobody ever took away
    key = town.scene.points[s.NEXT_DOOR]
    boris = person(make_app(tmp_path / "scene"), s.NEIGHBOUR)
    assert "магнитное поле" not in boris.get(f"/data?point={key}&length=month").text
