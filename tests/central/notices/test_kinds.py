"""What a journal does not say: a high use, days on which readings are taken, what became of a reading."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from central.accounts.people import add_account
from central.accounts.tables import account, grant
from central.db import writing
from central.figures.tables import point_day
from central.handing.tables import hand_in, handed_in
from central.ingest.tables import meter_seen
from central.notices import use
from central.notices.choices import Choice, choices, choose
from central.notices.kinds import LONG_OUTAGE, Kind
from central.registry.tables import contract_point, mounting, organisation
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.notices.parts import DAY, HOUR, Town
from tests.central.web.parts import make_app, person

KWH = 10**6
YESTERDAY = date(2026, 11, 23)


@pytest.fixture
def town(copy_of: Copy, tmp_path: Path) -> Iterator[Town]:
    made = Town(copy_of(25, tmp_path / "scene"), tmp_path / "scene")
    made.known_for(20 * DAY)
    yield made
    made.scene.close()


@pytest.fixture
def app(town: Town, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene", clock=lambda: float(town.now))


def test_a_long_cut_is_an_outage_and_told_once(town: Town) -> None:
    for begun, seconds in ((s.NOW - 8 * HOUR, LONG_OUTAGE - 1), (s.NOW - 4 * HOUR, LONG_OUTAGE)):
        town.come((begun, 2, 1), (begun + seconds, 2, 2), (begun + seconds, 7, 1))
    town.tell()
    town.now += DAY
    town.tell()
    assert town.kinds() == ["switched_off", "switched_off"], "both are a case of the decree"
    told = "".join(letter["text"] for letter in town.letters())
    assert told.count("Питание отключалось") == 1
    assert told.count("Долго не было питания") == 1


def test_who_wants_outages_and_no_blinks_gets_those_alone(town: Town) -> None:
    viewer = town.scene.viewer(s.CONSUMER)
    with writing(town.scene.engine).begin() as connection:
        wanted = {**choices(connection, viewer.account), Kind.SWITCHED_OFF: Choice(False, False, False)}
        choose(connection, viewer, wanted)
    town.come((s.NOW - 2 * HOUR, 2, 1), (s.NOW - 2 * HOUR + 60, 2, 2))
    town.tell()
    assert town.letters() == []
    town.come((s.NOW - HOUR, 2, 1), (s.NOW - HOUR + 1200, 2, 2))
    town.tell()
    (letter,) = town.letters()
    assert "Долго не было питания" in letter["subject"]


def used(town: Town, days: dict[date, int], serial: str = s.FLAT, **more: int) -> None:
    """Days of the point as they were measured; kWh."""
    key = town.scene.points[serial]
    values = {"expected": 48, "got": 48, "off": 0, "estimated": 0, "missing": 0, "suspect": 0} | more
    with writing(town.scene.engine).begin() as connection:
        connection.execute(point_day.delete().where(point_day.c.point == key, point_day.c.day.in_(days)))
        rows = [
            {
                "point": key, "day": day, "version": 1, "registers": {}, "cause": "", "author": "", "made_at": s.NOW,
                "energies": {"active_import": {"all": {"measured": kwh * KWH}}},
            }
            | values
            for day, kwh in days.items()
        ]  # fmt: skip
        connection.execute(point_day.insert(), rows)


def month(last: int, before: int = 10, day: date = YESTERDAY, back: int = 28) -> dict[date, int]:
    return {day - timedelta(days=number): before for number in range(1, back + 1)} | {day: last}


def contract_since(town: Town, moment: int, serial: str = s.FLAT) -> None:
    with writing(town.scene.engine).begin() as connection:
        its = contract_point.c.point == town.scene.points[serial]
        connection.execute(update(contract_point).where(its).values(valid_from=moment))


def noon(town: Town, day: date = YESTERDAY) -> None:
    here = datetime(day.year, day.month, day.day, 12, 30, tzinfo=ZoneInfo(s.TZ)) + timedelta(days=1)
    town.now = int(here.timestamp())


def look(town: Town) -> None:
    use.run(town.context("notices_use"), {})


def test_a_day_of_twice_the_usual_is_told_with_both_figures_once_a_month(town: Town, app: Flask) -> None:
    contract_since(town, 0)
    october = date(2026, 10, 31)
    used(town, month(50, day=october))
    noon(town, october)
    look(town)
    used(town, month(31))
    noon(town)
    for _ in range(2):
        look(town)
    assert town.kinds() == ["high_use"] * 2, "one of October, one of November"
    page = person(app, s.CONSUMER).get("/notices").text.replace("\u00a0", " ")
    assert "За сутки 31,00 кВт·ч, обычно 10,00." in page
    assert "23.11.2026" in page
    assert "length=day" in page
    town.tell()
    assert "31,00" in "".join(letter["text"] for letter in town.letters())
    used(town, {date(2026, 11, 24): 50})
    noon(town, date(2026, 11, 24))
    look(town)
    assert town.kinds() == ["high_use"] * 2, "November has had its own"


@pytest.mark.parametrize("flaw", ["estimated", "missing", "suspect", "got"])
def test_of_a_day_that_was_not_measured_as_a_whole_nothing_is_told(town: Town, flaw: str) -> None:
    contract_since(town, 0)
    used(town, month(31))
    used(town, {YESTERDAY: 31}, **{flaw: 47 if flaw == "got" else 1})
    noon(town)
    look(town)
    assert town.kinds() == []


def test_what_was_published_anew_is_what_counts(town: Town) -> None:
    contract_since(town, 0)
    used(town, month(31))
    with writing(town.scene.engine).begin() as connection:
        key = town.scene.points[s.FLAT]
        row = connection.execute(select(point_day).where(point_day.c.point == key, point_day.c.day == YESTERDAY)).one()
        again = {**row._asdict(), "version": 2, "energies": {"active_import": {"all": {"measured": 12 * KWH}}}}
        connection.execute(point_day.insert().values(**again))
    noon(town)
    look(town)
    assert town.kinds() == []


def test_a_new_tenant_learns_nothing_of_what_the_old_one_used(town: Town, app: Flask) -> None:
    """Boris has had his flat since the 5th: too few of his days say what is usual, and those before are another's."""
    used(town, month(31), s.NEXT_DOOR)
    noon(town)
    look(town)
    assert town.kinds() == []
    assert person(app, s.NEIGHBOUR).get("/notices").text.count("Расход больше обычного") == 0


def window(town: Town, first: int | None, last: int | None) -> None:
    with writing(town.scene.engine).begin() as connection:
        connection.execute(update(organisation).values(reading_first_day=first, reading_last_day=last))


def opens(town: Town) -> list[str]:
    """Codes of the meters whose people are told that readings are taken."""
    return [row.meter for row in town.notices() if row.kind == "readings_open"]


def test_the_days_of_readings_are_told_once_a_month_where_nobody_reads_the_meter(town: Town, app: Flask) -> None:
    """The dacha's meter has been silent for twelve days, the others speak."""
    window(town, 23, 26)
    for days in (-2, 0, 1, 2, 3):
        town.now = s.NOW + days * DAY
        with writing(town.scene.engine).begin() as connection:
            speak = meter_seen.c.meter != f"MIL-{s.DACHA}"
            connection.execute(update(meter_seen).where(speak).values(last_stamp=town.now - HOUR))
        town.look_ahead()
    assert opens(town) == [f"MIL-{s.DACHA}"]
    page = person(app, s.CONSUMER).get("/notices").text
    assert "Пора передать показания" in page
    assert "по 26.11.2026" in page
    assert 'href="/entry"' in page
    town.now = s.NOW + 30 * DAY
    town.look_ahead()
    assert opens(town).count(f"MIL-{s.DACHA}") == 2, "of December"


@pytest.mark.parametrize(("first", "last"), [(None, None), (1, 5), (25, 28)])
def test_on_other_days_and_where_any_day_is_good_nothing_is_told(
    town: Town, first: int | None, last: int | None
) -> None:
    window(town, first, last)
    town.look_ahead()
    assert opens(town) == []


def test_who_has_handed_in_is_not_asked_to(town: Town) -> None:
    window(town, 23, 26)
    owner, key = town.scene.viewer(s.CONSUMER).account, town.scene.points[s.DACHA]
    with writing(town.scene.engine).begin() as connection:
        connection.execute(hand_in.insert().values(id=1, account=owner, token="1" * 32, made_at=s.NOW))
        stands = connection.scalar(select(mounting.c.id).where(mounting.c.point == key))
        line = {"hand_in": 1, "point": key, "mounting": stands, "meter": f"MIL-{s.DACHA}", "read_at": s.NOW}
        line |= {"registers": {"ap1": 1}, "warnings": {}, "month": date(2026, 11, 1), "enters_at": s.NOW, "reason": ""}
        connection.execute(handed_in.insert().values(**line, state="accepted"))
    town.look_ahead()
    assert opens(town) == []
    with writing(town.scene.engine).begin() as connection:
        connection.execute(update(handed_in).values(state="declined"))
    town.look_ahead()
    assert len(opens(town)) == 1


def test_whom_the_owner_lets_look_is_not_asked_to_read(town: Town, app: Flask) -> None:
    window(town, 23, 26)
    with writing(town.scene.engine).begin() as connection:
        son = add_account(
            connection, s.CHEAP, organisation=1, mail="son@example.org", name="Сын", password=s.PASSWORD,
            role="consumer", now=s.NOW,
        )  # fmt: skip
        owner = connection.scalar(select(account.c.id).where(account.c.mail == s.CONSUMER))
        for number in ("100-1", "100-2"):
            if number in town.scene.accounts:
                values = {"contract": town.scene.accounts[number], "role": "reader", "valid_from": 0, "given_by": owner}
                connection.execute(grant.insert().values(account=son, ends_at=s.NOW + 30 * DAY, **values))
    town.look_ahead()
    assert len(opens(town)) == 1
    assert "Пора передать" in person(app, s.CONSUMER).get("/notices").text
    assert "Пора передать" not in person(app, "son@example.org").get("/notices").text
