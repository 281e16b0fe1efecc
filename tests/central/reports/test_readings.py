"""«Показания счетчиков и потребление энергоресурса»: its figures worked out by hand, and the pages they open."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from central import figures
from central.db import writing
from central.faces.formats import kilo
from central.metering.zones import local, midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import ONE_ZONE
from central.registry.tables import point_terms
from central.reports.description import Mark, Role
from central.reports.values import plain, text
from central.timeseries.base import RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.reports.running import opened, run
from tests.central.scene import HOUSEHOLDS, Household, Scene
from tests.central.web.parts import make_app, person

WEEK = {"length": "week", "day": "2026-11-09"}  # 9 to 15 November
SINCE, UNTIL = (midnight(day, s.TZ) for day in (date(2026, 11, 9), date(2026, 11, 16)))
BEGUN = midnight(date(2026, 11, 4), s.TZ)  # twenty days
HOURS = {"peak": (*range(7, 10), *range(17, 21)), "night": (23, *range(7)), "half_peak": (*range(10, 17), 21, 22)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "scene"


@pytest.fixture
def scene(copy_of: Copy, folder: Path) -> Iterator[Scene]:
    made = copy_of(20, folder)
    yield made
    made.close()


@pytest.fixture
def app(scene: Scene, folder: Path) -> Flask:
    return make_app(folder)


def register(house: Household, moment: int, hours: Sequence[int] = range(24), first: int = 1_400_000_000) -> int:
    """What one shows: it began with so much, counts in these hours, and has lost its last digits."""
    starts = range(BEGUN, moment, s.PERIOD)
    off = (
        {SINCE + half * s.PERIOD for half in range(26, 28)} if house.serial == s.FLAT else set()
    )  # 13 to 14 on the 9th
    used = sum(house.energy(at) for at in starts if local(at, s.TZ).hour in hours and at not in off)
    return (first + used) // s.RESOLUTION * s.RESOLUTION


def test_by_hand(scene: Scene) -> None:
    told = run(scene, "readings", s.CONSUMER, **WEEK, point=str(scene.points[s.FLAT]))
    flat, sum_of_rows = HOUSEHOLDS[0], 0
    for (row, cells), (zone, label, colour) in zip(
        told.of(Role.ROW),
        [("peak", "Т1 пик", "t1"), ("night", "Т2 ночь", "t2"), ("half_peak", "Т3 полупик", "t3")],
        strict=True,
    ):
        first, last = (register(flat, at, HOURS[zone]) for at in (SINCE, UNTIL))
        assert (cells["tariff"], row.zone, cells["ratio"]) == (label, colour, 1)
        assert cells["meter"] == f"Милур 107S № {s.FLAT}"
        assert (cells["start"], cells["end"]) == (first, last)
        assert cells["difference"] == cells["energy"] == last - first
        assert (row.marks, row.remark) == ((), "")
        sum_of_rows += last - first
    ((_, line),) = told.of(Role.LINE)
    ((_, total),) = told.of(Role.TOTAL)
    assert line["energy"] == total["energy"] == sum_of_rows
    assert total["difference"] is None
    assert told.notes == []


def test_a_ratio_by_hand_without_tariffs(scene: Scene) -> None:
    told = run(scene, "readings", s.NEIGHBOUR, **WEEK, tariffs="0")
    first, last = (register(HOUSEHOLDS[2], at, first=4_200_000_000) for at in (SINCE, UNTIL))
    ((row, cells),) = told.of(Role.ROW)
    assert (cells["ratio"], cells["start"], cells["end"]) == (30, first, last)
    assert (cells["difference"], cells["energy"]) == (last - first, (last - first) * 30)
    assert ("tariff" in cells, row.group, told.of(Role.LINE)) == (False, "", [])


def test_what_is_not_known_is_told_and_not_added(scene: Scene) -> None:
    told = run(scene, "readings", s.CONSUMER, **WEEK)
    known, lacking = told.of(Role.ROW)[:3], told.of(Role.ROW)[3:]
    assert [row.group for row, _ in lacking] == ["Т-46 Дача"] * 3
    for row, cells in lacking:
        assert row.marks == (Mark.MISSING,)
        assert cells["start"] is not None
        assert (cells["end"], cells["difference"], cells["energy"]) == (None, None, None)
    ((_, total),) = told.of(Role.TOTAL)
    assert total["energy"] == sum(int(str(cells["energy"])) for _, cells in known)
    assert any("3 строк из 6" in note for note in told.notes)


@pytest.mark.parametrize("digits", range(7))
def test_the_total_is_the_rounded_sum_of_what_stands_above(scene: Scene, digits: int) -> None:
    told = run(scene, "readings", s.CONSUMER, **WEEK, digits=str(digits))
    exact = sum(int(str(cells["energy"])) for _, cells in told.of(Role.ROW) if cells["energy"] is not None)
    ((_, total),) = told.of(Role.TOTAL)
    column = next(one for one in told.columns if one.name == "energy")
    assert total["energy"] == exact
    step = 10 ** (6 - digits)
    assert plain(total["energy"], column, digits) == Decimal((exact + step // 2) // step).scaleb(-digits)


END = {"ap0": 4_400_000_000, "ap1": 1_480_000_000, "ap2": 1_440_000_000, "ap3": 1_480_000_000}
START = {"ap0": 9_000_000, "ap1": 1_000_000, "ap2": 3_000_000, "ap3": 5_000_000}


class TestReplaced:
    """On the 12th at noon: K 1, then 20; the act says where both registers stood."""

    DAY = date(2026, 11, 12)
    TURN = midnight(DAY, s.TZ) + 43_200

    @pytest.fixture
    def swapped(self, scene: Scene) -> Scene:
        with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as act:
            enter.add_meter(act, "NEW-1", serial="555", type="СЕ 308", maker="м")
            said = {"old_meter": f"MIL-{s.FLAT}", "act": "акт 9", "reason": "поверка", "ki": Decimal(20)}
            registers = {"reg_end": END, "reg_start": START}
            enter.replace_meter(act, scene.points[s.FLAT], "NEW-1", self.TURN, **said, **registers)
        snapshot = {"ap0": 12_000_000, "ap1": 1_500_000, "ap2": 4_000_000, "ap3": 6_500_000}
        scene.arrive("NEW-1", RegisterRow("NEW-1", UNTIL, Kind.DAILY, 0, snapshot))
        return scene

    def test_with_replacements_each_meter_has_its_row_and_both_have_a_sum(self, swapped: Scene) -> None:
        told = run(swapped, "readings", s.CONSUMER, **WEEK, point=str(swapped.points[s.FLAT]), replaced="1")
        old, new, row = told.rows[:3]
        first = register(HOUSEHOLDS[0], SINCE, HOURS["peak"])
        assert [one.role for one, _ in told.rows[:3]] == [Role.PART, Role.PART, Role.ROW]
        assert [old[1][name] for name in ("meter", "ratio", "start", "end")] == [
            f"Милур 107S № {s.FLAT}",
            1,
            first,
            1_480_000_000,
        ]
        assert [new[1][name] for name in ("meter", "ratio", "start", "end")] == [
            "СЕ 308 № 555",
            20,
            1_000_000,
            1_500_000,
        ]
        assert (old[1]["energy"], new[1]["energy"]) == (1_480_000_000 - first, 500_000 * 20)
        assert (old[0].remark, new[0].remark) == ("до 12.11 12:00", "с 12.11 12:00")
        assert row[1]["meter"] == "вместе"
        assert [row[1][name] for name in ("ratio", "start", "end", "difference")] == [None] * 4
        assert row[1]["energy"] == 1_480_000_000 - first + 10_000_000
        assert (row[0].marks, row[0].remark) == ((Mark.REPLACED,), "замена 12.11")
        ((_, total),) = told.of(Role.TOTAL)
        assert total["energy"] == sum(int(str(cells["energy"])) for _, cells in told.of(Role.ROW))
        assert len(told.of(Role.ROW)) == 3

    def test_without_them_the_last_one_alone_and_a_warning(self, swapped: Scene) -> None:
        told = run(swapped, "readings", s.CONSUMER, **WEEK, point=str(swapped.points[s.FLAT]))
        rows = told.of(Role.ROW)
        assert [cells["energy"] for _, cells in rows] == [500_000 * 20, 1_000_000 * 20, 1_500_000 * 20]
        assert {cells["meter"] for _, cells in rows} == {"СЕ 308 № 555"}
        assert {(row.marks, row.remark) for row, _ in rows} == {((Mark.REPLACED,), "замена 12.11")}
        assert all("energy" not in row.opens for row, _ in rows), "no page shows a part of the period"
        assert told.of(Role.PART) == []

    def test_the_pages_show_it(self, swapped: Scene, app: Flask) -> None:
        client = person(app, s.CONSUMER)
        for replaced in ("1", "0"):
            told = run(swapped, "readings", s.CONSUMER, **WEEK, point=str(swapped.points[s.FLAT]), replaced=replaced)
            assert opened(app, client, told) >= {"start", "end"} | ({"energy"} if replaced == "1" else set())


def test_every_figure_opens_a_page_that_shows_it(scene: Scene, app: Flask) -> None:
    client = person(app, s.CONSUMER)
    assert opened(app, client, run(scene, "readings", s.CONSUMER, **WEEK)) == {"start", "end", "energy"}
    assert opened(app, client, run(scene, "readings", s.CONSUMER, **WEEK, tariffs="0")) == {"start", "end", "energy"}
    november = run(scene, "readings", s.CONSUMER, length="month", day="2026-11-01", point=str(scene.points[s.FLAT]))
    assert opened(app, client, november) == {"start", "end", "energy"}
    assert {row.remark for row, _ in november.of(Role.ROW)} == {"с 04.11; до 24.11"}
    assert {row.marks for row, _ in november.of(Role.ROW)} == {(Mark.NOT_DUE,)}
    assert opened(app, person(app, s.NEIGHBOUR), run(scene, "readings", s.NEIGHBOUR, **WEEK)) == {
        "start",
        "end",
        "energy",
    }


def test_a_reckoned_reading_is_marked_and_opens_how_it_was_reckoned(scene: Scene, app: Flask) -> None:
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as act:
        enter.add_meter(act, "MIL-9", serial="9", type="Милур 107S", maker="Милур")
        turn, ends = {"old_meter": f"MIL-{s.FLAT}", "act": "а", "reason": "п"}, {"ap0": 5_000_000_000}
        day = midnight(date(2026, 11, 10), s.TZ)
        enter.replace_meter(
            act, scene.points[s.FLAT], "MIL-9", day, **turn, reg_end=ends
        )  # nothing said of the new one
    rows = scene.series.load(f"MIL-{s.FLAT}", day, day + 5 * 86_400)
    moved = [type(row)("MIL-9", row.end, row.span, row.quality, row.values) for row in rows]
    fixed = {"ap0": 80_000_000, "ap1": 40_000_000, "ap2": 20_000_000, "ap3": 20_000_000}
    scene.arrive("MIL-9", *moved, RegisterRow("MIL-9", day + 4 * 86_400, Kind.DAILY, 0, fixed))
    words = {"length": "own", "day": "2026-11-10", "last": "2026-11-14", "point": str(scene.points[s.FLAT])}
    told = run(scene, "readings", s.CONSUMER, **words)
    used = {
        (name, days): sum(
            HOUSEHOLDS[0].energy(at)
            for at in range(day + days[0] * 86_400, day + days[1] * 86_400, s.PERIOD)
            if local(at, s.TZ).hour in hours
        )
        for name, hours in HOURS.items()
        for days in ((0, 4), (4, 5))
    }
    for (row, cells), (name, field) in zip(
        told.of(Role.ROW), (("peak", "ap1"), ("night", "ap2"), ("half_peak", "ap3")), strict=True
    ):
        assert cells["start"] == fixed[field] - used[name, (0, 4)]
        assert cells["end"] == fixed[field] + used[name, (4, 5)]
        assert cells["energy"] == used[name, (0, 4)] + used[name, (4, 5)]
        assert row.marks == (Mark.COMPUTED,)
    assert opened(app, person(app, s.CONSUMER), told) == {"start", "end"}
    strict = run(scene, "readings", s.CONSUMER, **words, fixed="1").of(Role.ROW)
    assert [(cells["start"], cells["energy"], row.marks) for row, cells in strict] == [
        (None, None, (Mark.MISSING,))
    ] * 3


def test_where_the_profile_bills_the_zones_are_its_own(scene: Scene, app: Flask) -> None:
    point = scene.points[s.FLAT]
    with scene.engine.begin() as connection:
        connection.execute(point_terms.update().where(point_terms.c.point == point).values(zone_source="profile"))
    told = run(scene, "readings", s.CONSUMER, **WEEK, point=str(point))
    (beside, cells), *rows = told.rows
    first, last = (register(HOUSEHOLDS[0], at, first=4_200_000_000) for at in (SINCE, UNTIL))
    assert (beside.role, cells["tariff"], cells["start"], cells["energy"]) == (Role.PART, "всего", first, last - first)
    assert beside.remark == "в итог не входит: расход по профилю"
    days = figures.days(
        scene.source, scene.viewer(s.CONSUMER), point, date(2026, 11, 9), date(2026, 11, 16), "active_import", scene.now
    )
    assert [of["energy"] for _, of in rows[:3]] == list(days.totals.zones.values())
    assert [(row.role, of["start"], of["ratio"]) for row, of in rows[:3]] == [(Role.ROW, None, None)] * 3
    ((_, total),) = told.of(Role.TOTAL)
    assert total["energy"] == days.totals.total
    assert any("по профилю" in note for note in told.notes)
    assert opened(app, person(app, s.CONSUMER), told) == {"start", "end", "energy"}
    for words in ({"fixed": "1"}, {"tariffs": "0"}):
        ((_, alone),) = run(scene, "readings", s.CONSUMER, **WEEK, point=str(point), **words).of(Role.ROW)
        assert alone["energy"] == last - first


def test_a_new_tenant_sees_his_own_time(scene: Scene, app: Flask) -> None:
    told = run(scene, "readings", s.NEIGHBOUR, length="month", day="2026-11-01")
    assert opened(app, person(app, s.NEIGHBOUR), told) == {"start", "end", "energy"}
    first = register(HOUSEHOLDS[2], midnight(s.HAND_OVER, s.TZ), range(7, 23))
    row, cells = told.of(Role.ROW)[0]
    assert (cells["start"], row.remark) == (first, "с 05.11; до 24.11")


class TestWhatIsSaidOfARow:
    """A small meter of Anna's with one zone: what its two readings are, and what comes of them."""

    def told(
        self, scene: Scene, first: int, last: int, *, manual: bool = False, whole: bool = False
    ) -> tuple[Any, ...]:
        """Marks, remark, energy."""
        kwh = 1_000_000
        with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as act:
            scheme = enter.add_scheme(
                act, "одна", ONE_ZONE, date(2013, 1, 1), billing_reading="whole_kwh" if whole else "exact"
            )
            enter.add_meter(act, "OWN-1", serial="77", type="т", maker="м", register_end=100_000 * kwh)
            about = {"name": "Своя", "address": "а", "tz": s.TZ, "scheme": scheme, "power_max": 15_000}
            point = enter.add_point(act, 1, "Т-99", **about)
            enter.mount(act, point, "OWN-1", SINCE)
            enter.attach(act, scene.accounts["100-1"], point, SINCE)
            if manual:
                enter.add_reading(act, point, "OWN-1", UNTIL, {"ap0": last})
        moments = {SINCE: first} if manual else {SINCE: first, UNTIL: last}
        scene.series.write([RegisterRow("OWN-1", at, Kind.DAILY, 0, {"ap0": value}) for at, value in moments.items()])
        ((row, cells),) = run(scene, "readings", s.CONSUMER, **WEEK, point=str(point)).of(Role.ROW)
        return row.marks, row.remark, cells["energy"]

    def test_a_register_that_fell(self, scene: Scene) -> None:
        assert self.told(scene, 9_000_000, 8_000_000) == ((Mark.SUSPECT,), "", None)

    def test_one_that_began_anew(self, scene: Scene) -> None:
        assert self.told(scene, 99_999_000_000, 1_000_000) == ((), "переход через ноль", 2_000_000)

    def test_what_a_person_read(self, scene: Scene) -> None:
        assert self.told(scene, 1_000_000, 8_000_000, manual=True) == ((Mark.MANUAL,), "", 7_000_000)

    def test_whole_kwh(self, scene: Scene) -> None:
        assert self.told(scene, 1_900_000, 8_100_000, whole=True) == ((), "разность по целым кВт·ч", 7_000_000)


def test_marked_rows_alone_have_a_sum_of_their_own(scene: Scene) -> None:
    told = run(scene, "readings", s.CONSUMER, **WEEK, only="marked")
    assert {row.group for row, _ in told.of(Role.ROW)} == {"Т-46 Дача"}


def test_texts_are_as_a_person_reads_them(scene: Scene) -> None:
    told = run(scene, "readings", s.CONSUMER, **WEEK, point=str(scene.points[s.FLAT]))
    _, cells = told.rows[0]
    by_name = {column.name: column for column in told.columns}
    shown = {name: text(cells[name], by_name[name], told.digits) for name in ("start", "energy", "ratio")}
    first, last = (register(HOUSEHOLDS[0], at, HOURS["peak"]) for at in (SINCE, UNTIL))
    assert shown == {"start": kilo(first, 2), "energy": kilo(last - first, 2), "ratio": "1"}
