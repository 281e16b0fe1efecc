"""A reading that a person entered bills where the meter was silent, closes its gap, and replaces nothing it said."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from central import figures
from central.db import writing
from central.figures.around import readings_around
from central.figures.views import DaysView, ReadingsView
from central.metering.terms import MANUAL, State
from central.metering.workings import as_data
from central.metering.zones import midnight
from central.registry.changes import entering
from central.registry.enter import add_reading
from central.registry.refusals import Refused
from central.registry.undo import undo
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.figures.reckoner import nodes, reckon, shown
from tests.central.scene import Scene

A = "active_import"
METER = f"MIL-{s.DACHA}"
SINCE, UNTIL = s.SILENT_SINCE, date(2026, 11, 20)
USED = {"ap0": 90_000_000, "ap1": 40_000_000, "ap2": 20_000_000, "ap3": 30_000_000}  # mWh in the silent days
DIGITS = 4 * s.RESOLUTION


@pytest.fixture
def village(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """Twenty days; the dacha fell silent on the 12th."""
    made = copy_of(20, tmp_path / "scene")
    yield made
    made.close()


def moment(day: date, hours: float = 0) -> int:
    return midnight(day, s.TZ) + int(hours * 3600)


def read(scene: Scene, at: int = moment(UNTIL), **more: int) -> int:
    """The registers as somebody read them; the number of the change."""
    last = readings_around(scene.source, METER, at)[0]
    values = {name: value + USED[name] for name, value in last.items()} | more
    with writing(scene.engine).begin() as connection:
        with entering(connection, at=scene.now, kind="reading", reason="снял мастер") as change:
            add_reading(change, scene.points[s.DACHA], METER, at, values, last=last)
        made = change.id
    scene.recompute()
    return made


def days(scene: Scene, first: date = SINCE, until: date = UNTIL) -> DaysView:
    return figures.days(scene.source, scene.viewer(s.OPERATOR), scene.points[s.DACHA], first, until, A, scene.now)


def bill(scene: Scene, first: date, until: date) -> ReadingsView:
    span = moment(first), moment(until)
    return figures.readings(scene.source, scene.viewer(s.OPERATOR), scene.points[s.DACHA], *span, scene.now)


def test_the_silent_days_are_estimated_up_to_it(village: Scene) -> None:
    assert days(village).totals.total is None
    read(village)
    closed = days(village)
    assert closed.totals.total is not None
    assert abs(closed.totals.total - USED["ap0"]) <= DIGITS
    assert set(closed.totals.states) == {State.ESTIMATED}
    assert {day.completeness.estimated for day in closed.days} == {48}
    for zone, register in (("peak", "ap1"), ("night", "ap2"), ("half_peak", "ap3")):
        assert abs(closed.totals.zones[zone] - USED[register]) <= DIGITS, "each zone by its own register"
    assert days(village, UNTIL, date(2026, 11, 23)).totals.total is None, "beyond it nothing is known"


def test_the_bill_reaches_to_it_and_says_that_a_person_read(village: Scene) -> None:
    before = bill(village, date(2026, 11, 6), UNTIL)
    read(village)
    after = bill(village, date(2026, 11, 6), UNTIL)
    assert after.taken is not None
    assert after.taken.until == moment(UNTIL)
    assert before.taken is not None
    assert before.taken.until < after.taken.until
    (peak,) = after.zones["peak"]
    assert peak.terms[-1].end.kind == MANUAL
    told = figures.explain_bill(
        village.source,
        village.viewer(s.OPERATOR),
        village.points[s.DACHA],
        moment(date(2026, 11, 6)),
        moment(UNTIL),
        village.now,
    )
    assert told.cost is not None
    (noted,) = told.noted.values()
    assert noted.reason == "снял мастер"
    for node in nodes(as_data(told.cost)):
        assert reckon(node) == shown(node)


def test_what_the_meter_said_itself_stays(village: Scene) -> None:
    noted = bill(village, date(2026, 11, 5), date(2026, 11, 10))
    read(
        village,
        moment(date(2026, 11, 10)),
        ap0=readings_around(village.source, METER, moment(date(2026, 11, 10)))[0]["ap0"],
    )
    again = bill(village, date(2026, 11, 5), date(2026, 11, 10))
    assert again.zones == noted.zones
    assert again.taken == noted.taken


def test_it_is_of_the_beginning_of_its_interval(village: Scene) -> None:
    read(village, moment(UNTIL, 10.4))
    assert days(village, UNTIL, date(2026, 11, 21)).days[0].completeness.estimated == 20, "until 10:00"


def test_undone_it_leaves_nothing(village: Scene) -> None:
    made = read(village)
    with (
        writing(village.engine).begin() as connection,
        entering(connection, at=village.now, kind="undo", reason="не тот счётчик", undoes=made) as change,
    ):
        undo(change, made)
    village.recompute()
    assert days(village).totals.total is None


def test_it_is_not_below_what_the_meter_said_and_stands_once(village: Scene) -> None:
    with pytest.raises(Refused) as refused:
        read(village, ap0=1)
    assert refused.value.field == "reg_end.ap0"
    read(village)
    with pytest.raises(Refused, match="уже внесено"):
        read(village, moment(UNTIL, 0.2))
    with pytest.raises(Refused, match="ещё не наступило"):
        read(village, village.now + 7200)
    with pytest.raises(Refused, match="здесь не стоял"):
        read(village, moment(date(2026, 10, 1)), ap0=5)
