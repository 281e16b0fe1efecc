"""«Месяц по сравнению с предыдущим»: two months side by side, their difference, both so far, and the chart."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from central import figures
from central.metering.zones import midnight
from central.reports.description import Mark
from tests.central import scene as s
from tests.central.reports.parts import KWH, load, place, run
from tests.central.scene import Scene

WORD = "months"
OCTOBER = {"length": "month", "day": "2026-10-01"}
NOVEMBER = {"length": "month", "day": "2026-11-01"}
FIGURES = ("this", "before", "delta", "percent", "so_far", "so_far_before")
FLAT = "Т-45 Квартира"


def told(found: Any) -> tuple[Any, ...]:
    return tuple(found.cells[name] for name in FIGURES)


@pytest.fixture
def key(own: Scene) -> int:
    """Half-hours of 0.5 kWh in September (24 a day, 30 days: 720), of 1 kWh in October (48 a day, 31 days: 1488)."""
    first = date(2026, 9, 1)
    key = place(own, "M-1", midnight(first, s.TZ))
    rows = []
    for number in range(61):
        day = first + timedelta(days=number)
        rows += load("M-1", day, [KWH if day.month == 10 else KWH // 2] * 48)
    own.arrive("M-1", *rows)
    return key


def test_each_day_beside_the_same_one_before(own: Scene, key: int) -> None:
    table = run(own, s.CONSUMER, WORD, key, **OCTOBER)
    assert [column.head for column in table.document.columns[2:4]] == ["Октябрь 2026, кВт·ч", "Сентябрь 2026, кВт·ч"]
    assert len(table.rows) == table.document.of_rows == 31
    assert told(table.rows[0]) == (48 * KWH, 24 * KWH, 24 * KWH, Fraction(1), 48 * KWH, 24 * KWH)
    assert told(table.rows[9])[4:] == (480 * KWH, 240 * KWH)
    assert table.rows[0].text["percent"] == "100,0"


def test_a_day_that_the_month_before_has_not_is_compared_with_nothing(own: Scene, key: int) -> None:
    last = run(own, s.CONSUMER, WORD, key, **OCTOBER).row("day", 31)
    assert told(last) == (48 * KWH, "", "", "", 1488 * KWH, "")
    assert last.row.marks == ()


def test_whole_months_are_compared_by_their_sums(own: Scene, key: int) -> None:
    table = run(own, s.CONSUMER, WORD, key, **OCTOBER)
    assert told(table.total) == (1488 * KWH, 720 * KWH, 768 * KWH, Fraction(768, 720), None, None)
    assert table.total.text["percent"] == "106,7"  # 768/720 = 1.0667
    assert told(table.line("Итого", "M-1 Склад")) == told(table.total)
    assert not any("В сумму" in note for note in table.document.notes)
    assert table.total.row.opens["this"].query["day"] == "2026-10-01"
    assert table.total.row.opens["before"].query["day"] == "2026-09-01"


def test_a_day_that_lacks_something_is_not_compared_nor_is_its_month(own: Scene, key: int) -> None:
    day = date(2026, 11, 2)
    for number, energies in enumerate(([KWH] * 48, [None] * 2 + [KWH] * 46, [2 * KWH] * 48)):
        own.arrive("M-1", *load("M-1", date(2026, 11, 1) + timedelta(days=number), energies))
    table = run(own, s.CONSUMER, WORD, key, **NOVEMBER)
    assert told(table.row("day", day.day)) == (46 * KWH, 48 * KWH, None, None, 94 * KWH, 96 * KWH)
    assert table.row("day", day.day).row.marks == (Mark.MISSING,)
    assert told(table.row("day", 3)) == (96 * KWH, 48 * KWH, 48 * KWH, Fraction(1), 190 * KWH, 144 * KWH)
    assert told(table.total) == (190 * KWH, 1488 * KWH, None, None, None, None)
    after = run(own, s.CONSUMER, WORD, key, length="month", day="2026-12-01", now=midnight(date(2026, 12, 4), s.TZ))
    assert after.row("day", 2).text["marks"] == "нет; прошлый месяц: нет"


def test_a_month_in_which_the_meter_came_is_not_compared(own: Scene) -> None:
    first = date(2026, 9, 10)
    key = place(own, "M-1", midnight(first, s.TZ))
    rows = [load("M-1", first + timedelta(days=number), [KWH] * 48) for number in range(52)]
    own.arrive("M-1", *(row for of_day in rows for row in of_day))
    table = run(own, s.CONSUMER, WORD, key, **OCTOBER)
    assert told(table.row("day", 9)) == (48 * KWH, "", None, None, 432 * KWH, None)
    assert told(table.row("day", 10)) == (48 * KWH, 48 * KWH, 0, Fraction(0), 480 * KWH, 48 * KWH)
    assert told(table.total) == (1488 * KWH, 21 * 48 * KWH, None, None, None, None)


def test_a_sum_is_rounded_once(own: Scene) -> None:
    key = place(own, "M-1", midnight(date(2026, 10, 1), s.TZ))
    for day in (date(2026, 10, 1), date(2026, 11, 1)):
        own.arrive("M-1", *load("M-1", day, [9_375] * 48))  # 0.45 kWh a day
    for day in (date(2026, 10, 2), date(2026, 11, 2)):
        own.arrive("M-1", *load("M-1", day, [9_375] * 47 + [9_376]))
    rounded = run(own, s.CONSUMER, WORD, key, digits="0", **NOVEMBER)
    assert [one.text["this"] for one in rounded.rows[:2]] == ["0", "0"]
    assert rounded.total.text["this"] == "1"
    exact = run(own, s.CONSUMER, WORD, key, digits="6", **NOVEMBER)
    assert exact.total.plain["this"] == Decimal("0.900001")
    assert exact.rows[1].plain["so_far"] == Decimal("0.900001")


def test_zero_before_gives_no_per_cent(own: Scene) -> None:
    key = place(own, "M-1", midnight(date(2026, 10, 1), s.TZ))
    own.arrive("M-1", *load("M-1", date(2026, 10, 1), [0] * 48), *load("M-1", date(2026, 11, 1), [KWH] * 48))
    first = run(own, s.CONSUMER, WORD, key, **NOVEMBER).rows[0]
    assert told(first)[:4] == (48 * KWH, 0, 48 * KWH, None)


class TestTheFlat:
    """November up to the 24th, beside October."""

    @pytest.fixture
    def table(self, scene: Scene) -> Any:
        return run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], **NOVEMBER)

    def test_both_are_what_the_cabinet_has(self, table: Any, scene: Scene) -> None:
        months = [(date(2026, 11, 1), date(2026, 12, 1)), (date(2026, 10, 1), date(2026, 11, 1))]
        viewer, flat = scene.viewer(s.CONSUMER), scene.points[s.FLAT]
        this, before = (
            figures.days(scene.source, viewer, flat, *month, "active_import", scene.now).totals.total
            for month in months
        )
        assert (table.total.cells["this"], table.total.cells["before"]) == (this, before)
        assert table.row("day", 24).cells["so_far"] == this
        assert table.row("day", 31).cells["so_far_before"] == before

    def test_what_is_to_come_is_awaited_and_what_never_comes_is_not(self, table: Any) -> None:
        today, tomorrow, never = (table.row("day", number) for number in (24, 25, 31))
        assert today.row.marks == (Mark.NOT_DUE,)
        assert today.cells["delta"] is None
        assert (tomorrow.cells["this"], tomorrow.cells["so_far"], tomorrow.text["marks"]) == (None, None, "ждём")
        assert (never.cells["this"], never.row.marks) == ("", ())

    def test_an_estimate_and_an_outage_are_compared_and_marked(self, table: Any) -> None:
        gap, off = table.row("day", s.GAP.day), table.row("day", s.POWER_OFF[0].day)
        assert gap.cells["delta"] == gap.cells["this"] - gap.cells["before"]
        assert (gap.text["marks"], off.text["marks"]) == ("р", "о")

    def test_the_month_that_is_not_over_is_not_compared(self, table: Any) -> None:
        assert (table.total.cells["delta"], table.total.cells["percent"]) == (None, None)
        assert [note for note in table.document.notes if note.startswith("В сумму")] == [
            "В сумму «Ноябрь 2026» не вошло 6 строк без значения."
        ]

    def test_every_figure_opens_its_days(self, table: Any) -> None:
        row = table.row("day", 10).row
        assert row.opens["this"].query["day"] == "2026-11-10"
        assert row.opens["before"].query["day"] == "2026-10-10"
        so_far = row.opens["so_far"].query
        assert (so_far["length"], so_far["day"], so_far["last"]) == ("own", "2026-11-01", "2026-11-10")

    def test_the_chart_has_the_same_days_and_those_before_over_them(self, table: Any) -> None:
        chart = table.document.chart
        assert chart is not None
        assert len(chart.bars) == 30
        for number in (1, 17, 24):
            row, bar = table.row("day", number), chart.bars[number - 1]
            assert sum(part.value for part in bar.parts) == pytest.approx(row.cells["this"] / 1e6)
            assert bar.before == pytest.approx(row.cells["before"] / 1e6)
        assert chart.bars[s.GAP.day - 1].parts[0].estimated


def test_who_took_over_in_the_month_has_his_days_alone(scene: Scene) -> None:
    new = run(scene, s.NEIGHBOUR, WORD, **NOVEMBER)
    assert [one.cells["this"] == "" for one in new.rows] == [*[True] * 4, *[False] * 26, True]
    assert {one.cells["before"] for one in new.rows} == {""}
    old = run(scene, s.FORMER, WORD, scene.points[s.NEXT_DOOR], **NOVEMBER)
    assert [one.cells["this"] == "" for one in old.rows] == [*[False] * 4, *[True] * 27]
    assert all(isinstance(one.cells["before"], int) for one in old.rows)
    assert not any(Mark.NOT_DUE in one.row.marks for one in old.rows)


def test_several_points_have_their_sums_and_one_of_all(scene: Scene) -> None:
    table = run(scene, s.CONSUMER, WORD, **NOVEMBER)
    groups = [FLAT, "Т-46 Дача"]
    each = [table.line("Итого", group).cells["this"] for group in groups]
    assert table.total.cells["this"] == sum(each)
    assert not table.total.row.opens
    bar = table.document.chart.bars[9]
    assert sum(part.value for part in bar.parts) == pytest.approx(
        sum(one.cells["this"] for one in table.rows if one.cells["day"] == 10) / 1e6
    )
