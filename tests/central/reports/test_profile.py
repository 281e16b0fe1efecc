"""«Профиль нагрузки»: intervals of the meter's own channels, what each is, their sums, and the chart."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from central import figures
from central.db import writing
from central.figures.source import FIELDS
from central.metering.zones import local, midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import mounting
from central.reports.description import Mark
from central.timeseries.base import LoadRow
from tests.central import scene as s
from tests.central.reports.parts import KWH, load, place, run
from tests.central.scene import Scene

WORD = "profile"
DAY = date(2026, 11, 19)
T0 = midnight(DAY, s.TZ)
THE_DAY = {"length": "day", "day": DAY.isoformat()}
NOVEMBER = {"length": "month", "day": "2026-11-01"}


def told(found: Any) -> tuple[Any, ...]:
    return tuple(found.cells[channel] for channel in FIELDS)


def test_an_interval_is_what_the_meter_counted_in_it(scene: Scene) -> None:
    table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], length="day", day="2026-11-10")
    house, origin = s.HOUSEHOLDS[0], midnight(date(2026, 11, 10), s.TZ)
    energies = [house.energy(origin + 1800 * number) for number in range(48)]
    assert [told(one) for one in table.rows] == [(energy, 0, energy // 5, 0) for energy in energies]
    assert told(table.total) == (sum(energies), 0, sum(energy // 5 for energy in energies), 0)
    assert (table.rows[0].text["start"], table.rows[0].text["end"]) == ("10.11.2026 00:00", "10.11.2026 00:30")
    assert {one.text["state"] for one in table.rows} == {"измерено"}


def test_an_hour_without_power_is_told_as_such(scene: Scene) -> None:
    day, since, _ = s.POWER_OFF
    table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], length="day", day=day.isoformat())
    for row in table.rows[2 * since : 2 * since + 2]:
        assert (row.cells["active_import"], row.text["state"], row.text["marks"]) == (0, "отключено", "о")


@pytest.mark.parametrize("channel", FIELDS)
def test_the_sum_is_that_of_the_cabinet(scene: Scene, channel: str) -> None:
    month = date(2026, 11, 1), date(2026, 12, 1)
    view = figures.days(scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], *month, channel, scene.now)
    table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], **NOVEMBER)
    assert table.total.cells[channel] == view.totals.total
    assert table.total.row.opens[channel].query["day"] == "2026-11-01"


def test_a_sum_is_rounded_once(own: Scene) -> None:
    key = place(own, "M-1", T0)
    own.arrive("M-1", *load("M-1", DAY, [400_001] * 48))
    assert run(own, s.CONSUMER, WORD, key, digits="0", **THE_DAY).total.text["active_import"] == "19"
    exact = run(own, s.CONSUMER, WORD, key, digits="6", **THE_DAY)
    assert exact.total.plain["active_import"] == Decimal("19.200048")


def test_channels_that_the_meter_has_not_are_empty_and_lack_nothing(own: Scene) -> None:
    key = place(own, "M-1", T0)
    own.arrive("M-1", *load("M-1", DAY, [KWH] * 48))
    table = run(own, s.CONSUMER, WORD, key, **THE_DAY)
    assert {told(one) for one in table.rows} == {(KWH, None, None, None)}
    assert {one.row.marks for one in table.rows} == {()}
    assert set(table.rows[0].row.opens) == {"active_import"}
    assert table.document.notes == []


def test_a_channel_that_did_not_come_with_the_others_is_missing(scene: Scene) -> None:
    night = s.LONG_ROW[0]  # the long row told of A+ alone
    table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], length="day", day=night.isoformat())
    assert table.rows[0].cells["active_export"] is None
    assert table.rows[0].row.marks == (Mark.ESTIMATED, Mark.MISSING)
    assert table.rows[14].row.marks == ()


def test_the_meter_that_came_without_reactive_channels_lacks_none(own: Scene) -> None:
    swap, flat = T0 + 12 * 3600, own.points[s.FLAT]
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
        enter.add_meter(change, "NEW-1", serial="новый", type="т", maker="м")
        gone = update(mounting).where(mounting.c.meter == f"MIL-{s.FLAT}")
        connection.execute(gone.values(valid_to=swap))
        enter.mount(change, flat, "NEW-1", swap, ki=Decimal(20), act="замена")
    own.arrive("NEW-1", *load("NEW-1", DAY, dict.fromkeys(range(24, 48), 1000)))
    table = run(own, s.CONSUMER, WORD, flat, **THE_DAY)
    house = s.HOUSEHOLDS[0]
    assert told(table.rows[23])[:3] == (house.energy(T0 + 23 * 1800), 0, house.energy(T0 + 23 * 1800) // 5)
    assert {told(one) for one in table.rows[24:]} == {(20_000, None, None, None)}
    assert [set(one.row.opens) for one in table.rows[23:25]] == [set(FIELDS), {"active_import"}]
    assert {one.row.marks for one in table.rows} == {()}


def test_a_value_that_cannot_be_is_told_beside_and_not_added(own: Scene) -> None:
    key = place(own, "M-1", T0)
    own.arrive("M-1", *load("M-1", DAY, [-KWH, *[KWH] * 47]))
    table = run(own, s.CONSUMER, WORD, key, **THE_DAY)
    first = table.rows[0]
    assert (first.cells["active_import"], first.row.marks) == (None, (Mark.SUSPECT,))
    assert (first.text["marks"], first.text["state"]) == ("!; не вошло A+ −1,00 кВт·ч", "под сомнением")
    assert table.total.cells["active_import"] == 47 * KWH


@pytest.mark.parametrize(("period", "count"), [(300, 288), (3600, 24)])
def test_a_meter_of_other_intervals_has_its_own(own: Scene, period: int, count: int) -> None:
    key = place(own, "M-1", T0, period=period)
    own.arrive("M-1", *load("M-1", DAY, [1000] * count, period=period))
    table = run(own, s.CONSUMER, WORD, key, **THE_DAY)
    assert len(table.rows) == table.document.of_rows == count
    assert table.total.cells["active_import"] == 1000 * count
    assert table.document.chart is not None
    assert len(table.document.chart.bars) == {300: 96, 3600: 24}[period]  # of 5 minutes there would be too many


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 46), (date(2026, 10, 25), 50)])
def test_the_day_of_a_change_to_or_from_summer_time(own: Scene, day: date, count: int) -> None:
    tz = "Europe/Berlin"
    key = place(own, "M-1", midnight(day, tz), tz=tz)
    own.arrive("M-1", *load("M-1", day, [KWH] * count, tz=tz))
    table = run(own, s.CONSUMER, WORD, key, length="day", day=day.isoformat())
    assert [one.cells["start"] for one in table.rows] == [
        local(midnight(day, tz) + 1800 * number, tz) for number in range(count)
    ]
    assert table.total.cells["active_import"] == count * KWH
    assert table.document.chart is not None
    assert sum(part.value for bar in table.document.chart.bars for part in bar.parts) == pytest.approx(count)


def test_of_a_hand_over_each_has_his_part(scene: Scene) -> None:
    old = run(scene, s.FORMER, WORD, scene.points[s.NEXT_DOOR], **NOVEMBER)
    new = run(scene, s.NEIGHBOUR, WORD, **NOVEMBER)
    cut = midnight(s.HAND_OVER, s.TZ)
    assert (old.rows[-1].cells["end"], new.rows[0].cells["start"]) == (local(cut, s.TZ), local(cut, s.TZ))
    assert len(old.rows) == 4 * 48


class TestChart:
    @pytest.mark.parametrize(
        ("asked", "count"),
        [
            (THE_DAY, 48),
            ({"length": "week", "day": "2026-11-16"}, 168),  # 336 half-hours are too many: hours
            (NOVEMBER, 30),
            ({"length": "year", "day": "2026-01-01"}, 12),
        ],
    )
    def test_has_bars_that_can_be_drawn(self, scene: Scene, asked: dict[str, str], count: int) -> None:
        table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], **asked)
        chart = table.document.chart
        assert chart is not None
        assert len(chart.bars) == count
        drawn = sum(part.value for bar in chart.bars for part in bar.parts)
        assert drawn == pytest.approx(table.total.cells["active_import"] / 1e6)

    def test_is_of_all_points_together(self, scene: Scene) -> None:
        table = run(scene, s.CONSUMER, WORD, length="day", day="2026-11-10")
        chart = table.document.chart
        assert chart is not None
        first = [one.cells["active_import"] for one in table.rows if one.text["start"] == "10.11.2026 12:00"]
        assert len(first) == 2
        assert sum(part.value for part in chart.bars[24].parts) == pytest.approx(sum(first) / 1e6)

    def test_is_not_made_of_points_of_several_clocks(self, own: Scene) -> None:
        keys = place(own, "M-1", T0), place(own, "M-2", T0, tz="Asia/Yekaterinburg")
        own.arrive("M-1", LoadRow("M-1", T0 + 1800, 1800, 0, {"ap": 1}))
        assert run(own, s.CONSUMER, WORD, *keys, **THE_DAY).document.chart is None
