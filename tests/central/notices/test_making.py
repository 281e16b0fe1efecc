"""Each case of the decree is told once, to who saw the point then, at its hour."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from central.accounts.people import add_account
from central.accounts.tables import account, grant
from central.db import writing
from central.notices.choices import Choice, choices, choose
from central.notices.keeping import RESTING
from central.notices.kinds import Kind
from central.notices.making import SETTLE
from central.notices.tables import journal_mark
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.notices.parts import DAY, HOUR, METER, Town


@pytest.fixture
def town(copy_of: Copy, tmp_path: Path) -> Iterator[Town]:
    made = Town(copy_of(25, tmp_path / "scene"), tmp_path / "scene")
    made.known_for(20 * DAY)
    yield made
    made.scene.close()


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([(0, 4, 4)], "opened"),
        ([(0, 4, 3)], "opened"),
        ([(0, 4, 1), (60, 4, 2)], "magnet"),
        ([(0, 7, 5)], "failure"),
        ([(0, 6, 4)], "failure"),
        ([(0, 2, 1), (600, 2, 2), (600, 7, 1)], "switched_off"),
        ([(0, 7, 1)], "restarted"),
    ],
)
def test_each_case_is_kept_and_goes_by_letter(town: Town, lines: list[tuple[int, int, int]], kind: str) -> None:
    begun = s.NOW - 2 * HOUR
    town.come(*((begun + after, journal, code) for after, journal, code in lines))
    town.tell()
    (one,) = town.notices()
    assert (one.kind, one.since, one.meter, one.point) == (kind, begun, METER, town.scene.points[s.FLAT])
    (letter,) = town.letters()
    assert letter["to"] == s.CONSUMER
    assert "Почему пишем." in letter["text"]
    assert "Что делать." in letter["text"]
    assert "04217795" in letter["text"]
    assert "/me/notices" in letter["text"]


def test_replays_and_backfills_repeat_nothing(town: Town) -> None:
    lines = (s.NOW - HOUR, 4, 4), (s.NOW - 1800, 4, 1)
    town.come(*lines)
    town.tell()
    for _ in range(3):
        town.now += HOUR
        town.come(*lines)
        town.tell()
    assert town.kinds() == ["opened", "magnet"]
    assert len(town.letters()) == 1, "both were due together"


def test_the_end_that_comes_later_is_written_and_told_to_nobody_again(town: Town) -> None:
    town.come((s.NOW - HOUR, 4, 1))
    town.tell()
    assert town.notices()[0].until is None
    town.now += 600
    town.come((s.NOW - HOUR + 49, 4, 2))
    town.tell()
    (one,) = town.notices()
    assert one.until == one.since + 49
    assert len(town.letters()) == 1


def test_a_power_cut_is_told_when_the_power_is_back(town: Town) -> None:
    town.come((s.NOW - HOUR, 2, 1))
    town.tell()
    assert town.kinds() == []
    town.now += 2 * HOUR
    town.come((s.NOW + HOUR, 2, 2), (s.NOW + HOUR, 7, 1))
    town.tell()
    town.now += SETTLE
    town.tell()
    assert town.kinds() == ["switched_off"], "the start that it explains is no case of its own"
    (one,) = town.notices()
    assert one.until - one.since == 2 * HOUR
    assert one.received_at == s.NOW + 2 * HOUR, "of the line that it was told by"


def test_a_start_waits_for_the_line_that_would_explain_it(town: Town) -> None:
    town.come((s.NOW - 60, 7, 1))
    town.tell()
    assert town.kinds() == []
    town.now += 900
    town.come((s.NOW - 3600, 2, 1), (s.NOW - 60, 2, 2))
    town.tell()
    town.now += SETTLE
    town.tell()
    assert town.kinds() == ["switched_off"]


def test_a_start_that_nothing_explains_is_told_when_it_has_waited(town: Town) -> None:
    town.come((s.NOW - 60, 7, 1))
    town.tell()
    town.now += SETTLE
    town.tell()
    assert town.kinds() == ["restarted"]
    with town.scene.engine.connect() as connection:
        assert connection.scalar(select(journal_mark.c.since).where(journal_mark.c.meter == METER)) is None


def test_the_past_of_a_meter_that_is_met_makes_no_letter(copy_of: Copy, tmp_path: Path) -> None:
    town = Town(copy_of(25, tmp_path / "fresh"), tmp_path / "fresh")
    town.come((s.NOW - 5 * DAY, 4, 4), (s.NOW - HOUR, 4, 3))
    town.tell()
    assert town.kinds() == ["opened", "opened"]
    assert [row.notice for row in town.readers()] == [town.notices()[1].id], "only what is of its own time is new"
    (letter,) = town.letters()
    assert "Вскрыта крышка клемм" in letter["subject"]
    town.scene.close()


def test_what_comes_days_late_of_a_known_meter_is_told(town: Town) -> None:
    town.come((s.NOW - 5 * DAY, 4, 4))
    town.tell()
    assert len(town.letters()) == 1


def test_a_stamp_of_the_future_is_told_to_nobody(town: Town) -> None:
    town.come((s.NOW + 30 * DAY, 4, 4))
    town.tell()
    assert town.kinds() == []


def test_who_saw_the_point_then_is_told_and_nobody_else(town: Town) -> None:
    before, after = (int(datetime(2026, 11, day, 12, tzinfo=ZoneInfo(s.TZ)).timestamp()) for day in (3, 6))
    next_door = f"MIL-{s.NEXT_DOOR}"
    town.known_for(22 * DAY, next_door)
    town.come((before, 4, 4), meter=next_door)
    town.tell()
    assert [letter["to"] for letter in town.letters()] == [s.FORMER]
    town.come((after, 4, 3), meter=next_door)
    town.tell()
    assert [letter["to"] for letter in town.letters()] == [s.FORMER, s.NEIGHBOUR]


def test_whom_the_owner_lets_look_is_told_too_until_he_takes_it_back(town: Town) -> None:
    with writing(town.scene.engine).begin() as connection:
        son = add_account(
            connection, s.CHEAP, organisation=1, mail="son@example.org", name="Сын", password=s.PASSWORD,
            role="consumer", now=s.NOW,
        )  # fmt: skip
        owner = connection.scalar(select(account.c.id).where(account.c.mail == s.CONSUMER))
        values = {"contract": town.scene.accounts["100-1"], "role": "reader", "valid_from": 0, "given_by": owner}
        connection.execute(grant.insert().values(account=son, ends_at=s.NOW + 30 * DAY, **values))
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    assert sorted(letter["to"] for letter in town.letters()) == [s.CONSUMER, "son@example.org"]
    with writing(town.scene.engine).begin() as connection:
        connection.execute(grant.update().where(grant.c.account == son).values(ends_at=s.NOW))
    town.come((s.NOW - 1800, 4, 1))
    town.now += RESTING
    town.tell()
    assert [letter["to"] for letter in town.letters()[2:]] == [s.CONSUMER]


def test_what_one_does_not_want_does_not_come(town: Town) -> None:
    viewer = town.scene.viewer(s.CONSUMER)
    with writing(town.scene.engine).begin() as connection:
        wanted = {**choices(connection, viewer.account), Kind.OPENED: Choice(letter=False, cabinet=True)}
        choose(connection, viewer, wanted)
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    assert town.kinds() == ["opened"]
    assert town.letters() == []
    town.come((s.NOW - 1800, 4, 1))
    town.tell()
    assert len(town.letters()) == 1


def test_at_night_only_danger_comes(town: Town) -> None:
    night = datetime(2026, 11, 24, 3, 0, tzinfo=ZoneInfo(s.TZ))
    town.now = int(night.timestamp())
    town.come((town.now - HOUR, 2, 1), (town.now - 600, 2, 2))
    town.tell()
    assert town.kinds() == ["switched_off"]
    assert town.letters() == []
    town.come((town.now - 60, 4, 4))
    town.tell()
    assert len(town.letters()) == 1
    town.now = int(night.replace(hour=8).timestamp()) - 1
    town.tell()
    assert len(town.letters()) == 1
    town.now += 1
    town.tell()
    assert ["Вскрыт" in letter["subject"] for letter in town.letters()] == [True, False]


def test_what_is_switched_off_before_the_morning_does_not_come_in_it(town: Town) -> None:
    night = datetime(2026, 11, 24, 3, 0, tzinfo=ZoneInfo(s.TZ))
    town.now = int(night.timestamp())
    town.come((town.now - 900, 2, 1), (town.now - 600, 2, 2))
    town.tell()
    viewer = town.scene.viewer(s.CONSUMER)
    with writing(town.scene.engine).begin() as connection:
        choose(connection, viewer, {**choices(connection, viewer.account), Kind.SWITCHED_OFF: Choice(letter=False)})
    town.now = int(night.replace(hour=9).timestamp())
    town.tell()
    assert town.letters() == []
    town.now += DAY
    assert town.tell()["letters"] == 0


def test_what_flaps_is_told_together(town: Town) -> None:
    for after in range(0, 3 * HOUR, 600):
        town.now = s.NOW + after
        town.come((town.now - 30, 4, 1), (town.now - 10, 4, 2))
        town.tell()
    assert len(town.letters()) == 1
    town.now = s.NOW + RESTING
    town.tell()
    assert len(town.letters()) == 2
    assert "17" in town.letters()[1]["subject"]
    assert len(town.kinds()) == 18


def test_a_blocked_person_gets_no_letter(town: Town) -> None:
    with writing(town.scene.engine).begin() as connection:
        connection.execute(account.update().where(account.c.mail == s.CONSUMER).values(state="blocked"))
    town.come((s.NOW - HOUR, 4, 4))
    town.tell()
    assert town.letters() == []
    assert town.kinds() == ["opened"]


def test_a_meter_that_stood_nowhere_tells_nobody(town: Town) -> None:
    town.come((s.NOW - HOUR, 4, 4), meter="MIL-unknown")
    town.tell()
    assert town.kinds() == []
