"""«Детализация потребления энергоресурса»: steps of each length, zones, the lines under a point, honest nothings."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import update

from central import figures
from central.db import writing
from central.faces.formats import kilo
from central.metering.terms import State
from central.metering.zones import local, midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import mounting
from central.reports.description import Mark, Role
from tests.central import scene as s
from tests.central.reports.parts import KWH, Table, hand_over, load, place, run
from tests.central.scene import Scene

WORD = "details"
DAY = date(2026, 11, 19)
T0 = midnight(DAY, s.TZ)
ONE_DAY = timedelta(days=1)
THE_DAY = {"length": "day", "day": DAY.isoformat()}
NOVEMBER = {"length": "month", "day": "2026-11-01"}
POINT = "M-1 Склад"


def by_zones(peak: int, night: int, half_peak: int) -> list[int]:
    """Of a day's half-hours: night 23–07, peak 07–10 and 17–21, half-peak the rest."""
    hours = [night] * 7 + [peak] * 3 + [half_peak] * 7 + [peak] * 4 + [half_peak] * 2 + [night]
    return [energy for energy in hours for _half in range(2)]


@pytest.fixture
def key(own: Scene) -> int:
    """3 kWh in a half-hour of the peak, 1 at night, 2 in the half-peak: 14·3 + 16·1 + 18·2 = 94 kWh of the 19th."""
    key = place(own, "M-1", T0)
    own.arrive("M-1", *load("M-1", DAY, by_zones(3 * KWH, KWH, 2 * KWH)))
    return key


def lines(table: Table, column: str) -> dict[Any, Any]:
    return {one.text["point"]: one.cells[column] for one in table.of(Role.LINE, POINT)}


class TestLines:
    def test_of_half_hours(self, own: Scene, key: int) -> None:
        table = run(own, s.CONSUMER, WORD, key, step="half_hour", **THE_DAY)
        assert len(table.rows) == table.document.of_rows == 48
        assert [one.cells["value"] for one in table.rows] == by_zones(3 * KWH, KWH, 2 * KWH)
        assert lines(table, "value") == {
            "Итого": 94 * KWH,
            "Максимум": 3 * KWH,
            "Минимум": KWH,
            "Среднее": 1_958_333,  # 94/48 = 1.958333… kWh
            "Коэффициент заполнения графика": Fraction(653, 1000),  # 1.958333/3 = 0.65278
        }

    def test_the_greatest_and_the_least_tell_when_and_open_their_day(self, own: Scene, key: int) -> None:
        table = run(own, s.CONSUMER, WORD, key, step="half_hour", **THE_DAY)
        most, least = table.line("Максимум", POINT), table.line("Минимум", POINT)
        assert (most.text["start"], most.text["end"]) == ("19.11.2026 07:00", "19.11.2026 07:30")
        assert least.text["start"] == "19.11.2026 00:00"
        assert most.row.opens["value"].query["day"] == "2026-11-19"
        assert table.line("Среднее", POINT).cells["start"] is None

    def test_of_hours(self, own: Scene, key: int) -> None:
        table = run(own, s.CONSUMER, WORD, key, step="hour", **THE_DAY)
        assert [one.cells["value"] // KWH for one in table.rows] == [2] * 7 + [6] * 3 + [4] * 7 + [6] * 4 + [4] * 2 + [
            2
        ]
        assert lines(table, "value")["Среднее"] == 3_916_667  # 94/24 = 3.916666…
        assert lines(table, "value")["Итого"] == 94 * KWH

    def test_by_zones(self, own: Scene, key: int) -> None:
        table = run(own, s.CONSUMER, WORD, key, step="day", **THE_DAY)
        (day,) = table.rows
        zones = {"zone_peak": 42 * KWH, "zone_night": 16 * KWH, "zone_half_peak": 36 * KWH}
        assert {name: day.cells[name] for name in zones} == zones
        assert {name: table.total.cells[name] for name in zones} == zones
        by_halves = run(own, s.CONSUMER, WORD, key, step="half_hour", **THE_DAY)
        assert {name: by_halves.total.cells[name] for name in zones} == zones
        assert [by_halves.rows[14].cells[name] for name in zones] == [3 * KWH, "", ""]
        assert not by_halves.document.notes  # an hour is of one zone: the others lack nothing

    def test_without_tariffs_there_are_no_zones(self, own: Scene, key: int) -> None:
        table = run(own, s.CONSUMER, WORD, key, tariffs="0", **THE_DAY)
        assert [column.name for column in table.document.columns] == ["point", "start", "value", "marks"]

    def test_a_sum_is_rounded_once(self, own: Scene) -> None:
        key = place(own, "M-1", T0)
        own.arrive("M-1", *load("M-1", DAY, [400_001] * 48))  # 19.200048 kWh
        whole = run(own, s.CONSUMER, WORD, key, step="half_hour", digits="0", **THE_DAY)
        assert {one.text["value"] for one in whole.rows} == {"0"}
        assert whole.total.text["value"] == "19"
        exact = run(own, s.CONSUMER, WORD, key, step="half_hour", digits="6", **THE_DAY)
        assert exact.total.plain["value"] == Decimal("19.200048") == sum(one.plain["value"] for one in exact.rows)


class TestNothings:
    def test_an_estimate_is_in_the_sum_and_in_no_maximum(self, scene: Scene) -> None:
        flat, night = scene.points[s.FLAT], s.LONG_ROW[0]
        table = run(scene, s.CONSUMER, WORD, flat, length="day", day=night.isoformat(), step="half_hour")
        house, origin = s.HOUSEHOLDS[0], midnight(night, s.TZ)
        energies = [house.energy(origin + 1800 * number) for number in range(48)]
        assert table.total.cells["value"] == sum(energies)
        assert [one.row.marks for one in table.rows] == [(Mark.ESTIMATED,)] * 14 + [()] * 34
        line = {one.text["point"]: one.cells["value"] for one in table.of(Role.LINE)}
        assert (line["Максимум"], line["Минимум"]) == (max(energies[14:]), min(energies[14:]))
        assert line["Среднее"] == round(Fraction(sum(energies[14:]), 34))
        assert any("по 34 строкам из 48" in note for note in table.document.notes)
        assert any(note.startswith("р — ") and "14 строк из 48" in note for note in table.document.notes)

    def test_an_hour_without_power_is_a_zero_with_its_mark(self, scene: Scene) -> None:
        day, since, _ = s.POWER_OFF
        table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], length="day", day=day.isoformat(), step="hour")
        row = table.rows[since]
        assert (row.cells["value"], row.text["marks"]) == (0, "о")
        assert table.line("Минимум", "Т-45 Квартира").cells["value"] == 0

    def test_a_gap_has_no_figure_and_the_sum_tells_that_it_lacks_it(self, own: Scene) -> None:
        key = place(own, "M-1", T0)
        own.arrive("M-1", *load("M-1", DAY, [None if number in (6, 7) else KWH for number in range(48)]))
        table = run(own, s.CONSUMER, WORD, key, step="half_hour", **THE_DAY)
        assert [table.rows[number].cells["value"] for number in (5, 6, 7, 8)] == [KWH, None, None, KWH]
        assert table.rows[6].text["marks"] == "нет"
        assert table.total.cells["value"] == 46 * KWH
        assert any("«A+»" in note and " 2 " in note for note in table.document.notes)
        hours = run(own, s.CONSUMER, WORD, key, step="hour", **THE_DAY)
        assert hours.rows[3].cells["value"] is None

    def test_a_day_that_lacks_something_is_neither_the_least_nor_in_the_mean(self, own: Scene) -> None:
        key = place(own, "M-1", T0 - 86_400)
        for number in (-1, 0, 1):
            lacks = range(40) if number == 1 else ()
            energies = [None if half in lacks else (2 + number) * KWH for half in range(48)]
            own.arrive("M-1", *load("M-1", DAY + number * ONE_DAY, energies))
        table = run(own, s.CONSUMER, WORD, key, length="own", day="2026-11-18", last="2026-11-20")
        assert [one.cells["value"] // KWH for one in table.rows] == [48, 96, 24]  # of the last 8 half-hours of 3 kWh
        assert [lines(table, "value")[name] for name in ("Итого", "Максимум", "Минимум", "Среднее")] == [
            168 * KWH,
            96 * KWH,
            48 * KWH,
            72 * KWH,
        ]
        assert lines(table, "value")["Коэффициент заполнения графика"] == Fraction(3, 4)

    def test_a_value_that_cannot_be_stands_beside_the_sum(self, own: Scene) -> None:
        key = place(own, "M-1", T0)
        own.arrive("M-1", *load("M-1", DAY, [-KWH, *[KWH] * 47]))
        table = run(own, s.CONSUMER, WORD, key, step="half_hour", **THE_DAY)
        assert (table.rows[0].cells["value"], table.rows[0].text["marks"]) == (None, "!; не вошло −1,00 кВт·ч")
        assert table.total.cells["value"] == 47 * KWH
        (day,) = run(own, s.CONSUMER, WORD, key, step="day", **THE_DAY).rows
        assert (day.cells["value"], day.text["marks"]) == (47 * KWH, "!; не вошло −1,00 кВт·ч")

    @pytest.mark.parametrize("step", ["half_hour", "day"])
    def test_a_channel_that_the_meter_has_not_is_told_so(self, own: Scene, key: int, step: str) -> None:
        table = run(own, s.CONSUMER, WORD, key, channel="reactive_import", step=step, **THE_DAY)
        assert {(one.cells["value"], one.row.marks, one.text["marks"]) for one in table.rows} == {
            (None, (), "счётчик этот канал не ведёт")
        }

    def test_a_point_of_which_there_is_nothing_is_told_by_name(self, own: Scene) -> None:
        place(own, "M-1", T0)
        own.arrive("M-1", *load("M-1", DAY, [KWH] * 48))
        table = run(own, s.CONSUMER, WORD, length="day", day="2026-11-18")
        assert table.document.notes[0] == "За это время ничего нет: M-1 Склад."
        assert not any("ничего нет" in note for note in run(own, s.CONSUMER, WORD, **THE_DAY).document.notes)

    def test_whole_months_may_be_compared_and_parts_of_them_not(self, scene: Scene) -> None:
        asked = {"length": "own", "day": "2026-10-01", "last": "2026-11-24", "step": "month"}
        table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], **asked)
        october = table.rows[0].cells["value"]
        assert [one.text["start"] for one in table.rows] == ["Октябрь 2026", "Ноябрь 2026, 1–24"]
        assert table.line("Максимум", "Т-45 Квартира").cells["value"] == october
        assert table.line("Среднее", "Т-45 Квартира").cells["value"] == october

    def test_what_is_not_due_is_not_missing(self, scene: Scene) -> None:
        table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], length="day", day="2026-11-24", step="half_hour")
        assert table.rows[-1].row.marks == (Mark.NOT_DUE,)
        assert all(Mark.MISSING not in one.row.marks for one in table.rows)


class TestMeters:
    def test_intervals_longer_than_the_step_stay_whole(self, own: Scene) -> None:
        key = place(own, "M-1", T0, period=3600)
        own.arrive("M-1", *load("M-1", DAY, [KWH] * 24, period=3600))
        table = run(own, s.CONSUMER, WORD, key, step="half_hour", **THE_DAY)
        assert len(table.rows) == table.document.of_rows == 24
        assert (table.rows[0].text["end"], table.total.cells["value"]) == ("19.11.2026 01:00", 24 * KWH)

    def test_shorter_ones_are_added_up(self, own: Scene) -> None:
        key = place(own, "M-1", T0, period=300)
        own.arrive("M-1", *load("M-1", DAY, [1000 * number for number in range(288)], period=300))
        table = run(own, s.CONSUMER, WORD, key, step="half_hour", **THE_DAY)
        assert [one.cells["value"] for one in table.rows[:2]] == [15_000, 51_000]  # 0+1+…+5, 6+7+…+11 Wh
        assert table.total.cells["value"] == 1000 * 287 * 288 // 2

    def test_the_meter_that_came_counts_with_its_own_ratio_from_the_act_on(self, own: Scene) -> None:
        swap, flat = T0 + 12 * 3600, own.points[s.FLAT]
        with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
            enter.add_meter(change, "NEW-1", serial="новый", type="т", maker="м")
            gone = update(mounting).where(mounting.c.meter == f"MIL-{s.FLAT}")
            connection.execute(gone.values(valid_to=swap))
            enter.mount(change, flat, "NEW-1", swap, ki=Decimal(20), act="замена")
        own.arrive("NEW-1", *load("NEW-1", DAY, dict.fromkeys(range(24, 48), 1000)))
        table = run(own, s.CONSUMER, WORD, flat, step="half_hour", **THE_DAY)
        house = s.HOUSEHOLDS[0]
        assert [one.cells["value"] for one in table.rows] == [
            *(house.energy(T0 + 1800 * number) for number in range(24)),
            *[20_000] * 24,
        ]

        channel = run(own, s.CONSUMER, WORD, flat, step="half_hour", channel="reactive_import", **THE_DAY)
        assert channel.rows[23].cells["value"] == house.energy(T0 + 23 * 1800) // 5
        assert {one.text["marks"] for one in channel.rows[:24]} == {""}
        assert {one.text["marks"] for one in channel.rows[24:]} == {"счётчик этот канал не ведёт"}

    def test_a_meter_of_minutes_that_stood_there_before_is_read_in_pieces(self, own: Scene) -> None:
        since = T0 - 20 * 86_400
        key = place(own, "M-1", since, period=60)
        with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
            enter.add_meter(change, "M-2", serial="2", type="т", maker="м")
            connection.execute(update(mounting).where(mounting.c.meter == "M-1").values(valid_to=T0))
            enter.mount(change, key, "M-2", T0, period=1800)
        own.arrive("M-1", *load("M-1", DAY - ONE_DAY, [1000] * 1440, period=60))
        own.arrive("M-2", *load("M-2", DAY, [30_000] * 48))
        table = run(own, s.CONSUMER, WORD, key, length="own", day="2026-10-30", last="2026-11-19", step="half_hour")
        assert len(table.rows) == 21 * 48
        assert [one.cells["value"] for one in table.rows[-96:]] == [30_000] * 96

    @pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
    def test_the_day_of_a_change_to_or_from_summer_time_has_its_own_hours(
        self, own: Scene, day: date, count: int
    ) -> None:
        tz = "Europe/Berlin"
        key = place(own, "M-1", midnight(day, tz), tz=tz)
        own.arrive("M-1", *load("M-1", day, [KWH] * 2 * count, tz=tz))
        table = run(own, s.CONSUMER, WORD, key, length="day", day=day.isoformat(), step="hour")
        assert [one.cells["value"] for one in table.rows] == [2 * KWH] * count
        (whole,) = run(own, s.CONSUMER, WORD, key, length="day", day=day.isoformat(), step="day").rows
        assert whole.cells["value"] == 2 * count * KWH
        moments = [one.cells["start"] for one in table.rows]
        assert moments == [local(midnight(day, tz) + 3600 * number, tz) for number in range(count)]


class TestWhose:
    def test_the_new_tenant_and_the_old_one_have_their_own_parts(self, scene: Scene) -> None:
        new = run(scene, s.NEIGHBOUR, WORD, **NOVEMBER)
        old = run(scene, s.FORMER, WORD, scene.points[s.NEXT_DOOR], **NOVEMBER)
        whole = figures.days(
            scene.source,
            scene.viewer(s.OPERATOR),
            scene.points[s.NEXT_DOOR],
            date(2026, 11, 1),
            date(2026, 12, 1),
            "active_import",
            scene.now,
        )
        assert [one.cells["start"].day for one in old.rows] == [1, 2, 3, 4]
        assert new.rows[0].cells["start"] == s.HAND_OVER
        assert old.total.cells["value"] + new.total.cells["value"] == whole.totals.total

    def test_of_a_day_in_which_it_changed_hands_each_has_his_half_hours(self, own: Scene, key: int) -> None:
        hand_over(own, key, "100-3", T0 + 10 * 3600 + 600)
        tables = [run(own, mail, WORD, key, **THE_DAY) for mail in (s.CONSUMER, s.NEIGHBOUR)]
        assert [table.total.cells["value"] // KWH for table in tables] == [14 + 18 + 2, 26 + 24 + 8 + 2]
        assert sum(table.total.cells["value"] for table in tables) == 94 * KWH
        halves = [run(own, mail, WORD, key, step="half_hour", **THE_DAY) for mail in (s.CONSUMER, s.NEIGHBOUR)]
        assert [len(table.rows) for table in halves] == [21, 27]
        assert [table.total.cells["value"] for table in halves] == [table.total.cells["value"] for table in tables]

    def test_zones_of_a_scheme_that_is_no_more_are_told_beside(self, own: Scene) -> None:
        since = T0 - 86_400
        place(own, "M-1", since, contract="100-3")
        own.arrive("M-1", *load("M-1", DAY - ONE_DAY, by_zones(3 * KWH, KWH, 2 * KWH)))
        with own.engine.connect() as connection:
            (key,) = connection.exec_driver_sql("SELECT id FROM point WHERE code = 'M-1'").one()
        with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
            enter.set_terms(change, key, DAY, scheme=own.schemes["two"])
        own.recompute()
        table = run(own, s.NEIGHBOUR, WORD, length="day", day=(DAY - ONE_DAY).isoformat())
        (day,) = (one for one in table.rows if one.row.group == POINT)
        assert [column.name for column in table.document.columns if column.name.startswith("zone_")] == [
            "zone_day",
            "zone_night",
        ]
        assert (day.cells["value"], day.cells["zone_night"]) == (94 * KWH, 16 * KWH)
        assert day.text["marks"] == "по прежним зонам 78,00 кВт·ч"


class TestMonths:
    def test_by_months_it_is_the_sum_of_their_days(self, scene: Scene) -> None:
        flat = scene.points[s.FLAT]
        asked = {"length": "own", "day": "2026-10-10", "last": "2026-11-20", "step": "month"}
        table = run(scene, s.CONSUMER, WORD, flat, **asked)
        house = s.HOUSEHOLDS[0]
        spans = ((date(2026, 10, 10), date(2026, 11, 1)), (date(2026, 11, 1), date(2026, 11, 21)))
        for told, (first, until) in zip(table.rows, spans, strict=True):
            view = figures.days(scene.source, scene.viewer(s.CONSUMER), flat, first, until, "active_import", scene.now)
            assert told.cells["value"] == view.totals.total
            assert told.row.opens["value"].query["last"] == (until - ONE_DAY).isoformat()
        october = range(midnight(spans[0][0], s.TZ), midnight(spans[0][1], s.TZ), 1800)
        assert table.rows[0].cells["value"] == sum(map(house.energy, october))
        assert [one.text["start"] for one in table.rows] == ["Октябрь 2026, 10–31", "Ноябрь 2026, 1–20"]
        assert table.line("Максимум", "Т-45 Квартира").cells["value"] is None  # neither is a whole month
        assert {State.ESTIMATED, State.POWER_OFF} <= set(view.totals.states)
        assert table.rows[1].row.marks == (Mark.ESTIMATED, Mark.POWER_OFF)
        estimated = kilo(view.totals.states[State.ESTIMATED])  # and not all of the month
        (note,) = (one for one in table.document.notes if one.startswith("р — "))
        assert note.endswith(f"1 строка из 2, {estimated} кВт·ч")
