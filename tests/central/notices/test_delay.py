"""How long telling takes is measured, and the doctor says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.notices.delay import Took, measured
from central.operation.doctor.findings import Patient
from central.operation.doctor.work import notices
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.notices.parts import DAY, HOUR, Town


@pytest.fixture
def town(copy_of: Copy, tmp_path: Path) -> Iterator[Town]:
    made = Town(copy_of(25, tmp_path / "scene"), tmp_path / "scene")
    made.known_for(20 * DAY)
    yield made
    made.scene.close()


def said(town: Town) -> tuple[str, str]:
    (found,) = notices(Patient(town.config, town.scene.engine, town.now))
    return found.what, found.do


def test_nothing_to_tell_is_said(town: Town) -> None:
    assert said(town) == ("за 30 суток рассказывать было не о чем", "")


def test_each_leg_of_the_way_is_measured(town: Town) -> None:
    town.come((s.NOW - 600, 4, 4))
    town.now += 40
    town.tell()
    town.come((town.now - HOUR, 2, 1), (town.now - 120, 2, 2))
    town.now += 20
    town.tell()
    with town.scene.engine.connect() as connection:
        found = measured(connection, s.NOW - DAY)
    assert found is not None
    assert found.cases == 2
    assert found.received == Took(600, 360), "a power cut can be told from its end on"
    assert found.shown == Took(40, 30)
    assert found.letter == Took(40, 30)
    assert found.whole == Took(640, 390)
    assert said(town) == (
        "случаев за 30 суток 2; до сервера обычно 6 мин, самое долгое 10 мин, до кабинета ещё обычно 30 с, "
        "самое долгое 40 с, до письма ещё обычно 30 с, самое долгое 40 с",
        "",
    )


def test_what_was_told_later_than_a_day_is_a_finding(town: Town) -> None:
    town.come((s.NOW - 2 * DAY, 4, 4))
    town.tell()
    assert said(town)[1] != ""
