"""What lacks of reactive energy and of export is told of that channel itself, whatever came of active import; what a
meter does not count is no gap and no estimate."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from central.db import writing
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.reports.description import Mark
from central.timeseries.base import LoadRow, RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.reports.parts import KWH, Table, place, run
from tests.central.scene import Scene

DAY = date(2026, 11, 18)
NEXT = DAY + timedelta(days=1)
WEEK = {"length": "own", "day": "2026-11-16", "last": "2026-11-20"}
REACTIVE = {"channel": "reactive_import"}


def at(day: date) -> int:
    return midnight(day, s.TZ)


def rows(meter: str, first: date, until: date, values: Mapping[str, int], lacks: range = range(0)) -> list[LoadRow]:
    """Of half-hours; `lacks`: places after the first midnight of which active import alone came."""
    found = []
    for number, end in enumerate(range(at(first) + s.PERIOD, at(until) + 1, s.PERIOD)):
        told = {"ap": values["ap"]} if number in lacks else values
        found.append(LoadRow(meter, end, s.PERIOD, 0, told))
    return found


def told(scene: Scene, key: int, word: str = "details", **words: str) -> Table:
    return run(scene, s.CONSUMER, word, key, **{**WEEK, **REACTIVE, **words})


@pytest.fixture
def holed(own: Scene) -> int:
    """1 kWh and 2 kvarh each half-hour from the 16th to the 20th; of the 18th three hours of reactive energy lack."""
    key = place(own, "M-1", at(date(2026, 11, 16)))
    both = {"ap": KWH, "rp": 2 * KWH}
    own.arrive("M-1", *rows("M-1", date(2026, 11, 16), DAY, both))
    own.arrive("M-1", *rows("M-1", DAY, date(2026, 11, 21), both, lacks=range(6, 12)))
    return key


def test_a_day_lacks_what_lacks_of_its_own_channel(own: Scene, holed: int) -> None:
    table = told(own, holed, step="day")
    marks = {row.cells["start"]: row.row.marks for row in table.rows}
    assert marks == {date(2026, 11, day): (Mark.MISSING,) if day == 18 else () for day in range(16, 21)}
    assert table.row("start", DAY).cells["value"] == 42 * 2 * KWH
    assert table.line("Минимум", "M-1 Склад").cells["value"] == 48 * 2 * KWH, "of whole days"
    assert "нет — данных не хватает: 1 строка из 5" in table.document.notes
    assert any(note.startswith("Максимум, минимум и среднее — по 4") for note in table.document.notes)
    assert all(row.row.marks == () for row in told(own, holed, step="day", channel="active_import").rows)


def test_so_does_a_month_and_what_is_compared_with_it(own: Scene, holed: int) -> None:
    (month,) = told(own, holed, step="month").rows
    assert month.row.marks == (Mark.MISSING,)
    (all_points,) = told(own, holed, "together", step="month").rows
    assert all_points.row.marks == (Mark.MISSING,)
    days = told(own, holed, "months", length="month", day="2026-11-01").rows
    assert [row.row.marks for row in days[15:20]] == [(), (), (Mark.MISSING,), (), ()]


def test_it_is_the_same_by_half_hours(own: Scene, holed: int) -> None:
    table = told(own, holed, step="half_hour")
    lacking = [row.text["start"] for row in table.rows if row.row.marks == (Mark.MISSING,)]
    assert (len(lacking), lacking[0], lacking[-1]) == (6, "18.11.2026 03:00", "18.11.2026 05:30")


@pytest.fixture
def without(own: Scene) -> int:
    """A meter of active import alone; the 18th did not come, and its registers close it."""
    key = place(own, "M-1", at(date(2026, 11, 16)))
    for first, until in ((date(2026, 11, 16), DAY), (NEXT, date(2026, 11, 21))):
        own.arrive("M-1", *rows("M-1", first, until, {"ap": KWH}))
    own.arrive(
        "M-1",
        *(RegisterRow("M-1", at(day), Kind.DAILY, 0, {"ap0": energy}) for day, energy in ((DAY, 0), (NEXT, 48 * KWH))),
    )
    return key


@pytest.mark.parametrize("step", ["half_hour", "day", "month"])
def test_what_a_meter_does_not_count_is_no_gap_and_no_estimate(own: Scene, without: int, step: str) -> None:
    assert any(Mark.ESTIMATED in row.row.marks for row in told(own, without, step=step, channel="active_import").rows)
    table = told(own, without, step=step)
    assert {(row.row.marks, row.row.remark) for row in table.rows} == {((), "счётчик этот канал не ведёт")}
    assert not any(note.startswith(("р ", "нет ")) for note in table.document.notes)


def test_of_a_meter_of_which_nothing_came_it_is_not_said_that_it_counts_nothing(own: Scene) -> None:
    key = place(own, "M-1", at(date(2026, 11, 16)))
    for step in ("half_hour", "day"):
        assert {(row.row.marks, row.row.remark) for row in told(own, key, step=step).rows} == {((Mark.MISSING,), "")}


@pytest.mark.parametrize("hour", [0, 12])
def test_a_sum_lacks_the_time_of_a_meter_that_does_not_count_the_channel(own: Scene, hour: int) -> None:
    key, moment = place(own, "M-1", at(date(2026, 11, 16))), at(NEXT) + 3600 * hour
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
        enter.add_meter(change, "M-2", serial="M-2", type="т", maker="м")
        enter.replace_meter(change, key, "M-2", moment, old_meter="M-1", act="а", reason="п")
    before = rows("M-1", date(2026, 11, 16), date(2026, 11, 21), {"ap": KWH, "rp": KWH})
    own.arrive("M-1", *(row for row in before if row.end <= moment))
    after = rows("M-2", date(2026, 11, 16), date(2026, 11, 21), {"ap": KWH})
    own.arrive("M-2", *(row for row in after if row.end > moment))
    for meter, day in (("M-1", 16), ("M-2", 21)):  # of active import alone: of the other channel the profile tells
        own.arrive(meter, RegisterRow(meter, at(date(2026, 11, day)), Kind.DAILY, 0, {"ap0": 0}))
    (month,) = told(own, key, step="month").rows
    assert (month.cells["value"], month.row.marks) == ((3 * 48 + 2 * hour) * KWH, (Mark.MISSING,))
    last = told(own, key, step="day").row("start", date(2026, 11, 20))
    assert (last.row.marks, last.row.remark) == ((), "счётчик этот канал не ведёт")
    if hour:
        assert told(own, key, step="day").row("start", NEXT).row.marks == (Mark.MISSING,)
    (readings,) = told(own, key, "readings", tariffs="0", replaced="1").rows
    assert readings.cells["energy"] == month.cells["value"]
    assert set(readings.row.marks) == {Mark.MISSING, Mark.REPLACED}
