"""«Акт учета перетоков»: flows both ways of small meters, worked out by hand, and the balance."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from central.db import writing
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.tables import point_terms
from central.reports.catalogue import reports
from central.reports.description import Mark, Role
from central.timeseries.base import LoadRow, RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.reports.running import opened, run
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person

FIRST, TURN_DAY, LAST = date(2026, 11, 16), date(2026, 11, 19), date(2026, 11, 23)
SINCE, TURN, UNTIL = (midnight(day, s.TZ) for day in (FIRST, TURN_DAY, LAST))
WEEK = {"length": "week", "day": FIRST.isoformat()}
KWH = 1_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "scene"


@pytest.fixture
def town(copy_of: Copy, folder: Path) -> Iterator[Scene]:
    """A point with two zones, Ki 20, of Anna; in them a sun that gives back by day."""
    made = copy_of(11, folder)
    with writing(made.engine).begin() as connection, entering(connection, at=made.now, kind="test") as act:
        _put_up(act, made)
    yield made
    made.close()


def _put_up(act: Change, scene: Scene) -> None:
    enter.add_meter(act, "SUN-1", serial="77", type="СЕ 308", maker="м")
    told = {"name": "Ферма", "address": "а", "tz": s.TZ, "scheme": scene.schemes["two"], "power_max": 900_000}
    scene.points["SUN-1"] = enter.add_point(act, 1, "Т-90", **told)
    enter.mount(act, scene.points["SUN-1"], "SUN-1", SINCE - 86_400, ki=Decimal(20))
    enter.attach(act, scene.accounts["100-1"], scene.points["SUN-1"], SINCE - 86_400)


def froze(scene: Scene, moment: int, meter: str = "SUN-1", **kwh: int) -> None:
    scene.series.write([RegisterRow(meter, moment, Kind.DAILY, 0, {name: value * KWH for name, value in kwh.items()})])


def both_ways(scene: Scene) -> None:
    froze(scene, SINCE, ap0=150, ap1=100, ap2=50, am0=7, am1=7, am2=0)
    froze(scene, UNTIL, ap0=173, ap1=112, ap2=61, am0=37, am1=36, am2=1)


def asked(scene: Scene, **words: Any) -> Any:
    return run(scene, "flows", s.CONSUMER, **WEEK, point=str(scene.points["SUN-1"]), **words)


def test_both_ways_by_zone_and_their_balance(town: Scene, folder: Path) -> None:
    both_ways(town)
    told = asked(town)
    day, night = told.of(Role.ROW)
    names = "ratio", "in_start", "in_end", "in_difference", "in_energy"
    assert [day[1][name] for name in names] == [20, 100 * KWH, 112 * KWH, 12 * KWH, 240 * KWH]
    assert [day[1][f"out_{name}"] for name in ("start", "end", "difference", "energy")] == [
        7 * KWH,
        36 * KWH,
        29 * KWH,
        580 * KWH,
    ]
    assert [night[1][name] for name in ("in_energy", "out_energy", "balance")] == [220 * KWH, 20 * KWH, 200 * KWH]
    assert day[1]["balance"] == -340 * KWH
    assert [(row.zone, row.group) for row, _ in (day, night)] == [("t1", "Т-90 Ферма"), ("t2", "Т-90 Ферма")]
    ((_, total),) = told.of(Role.TOTAL)
    assert [total[name] for name in ("in_energy", "out_energy", "balance")] == [460 * KWH, 600 * KWH, -140 * KWH]
    assert any(note.startswith("Сальдо") for note in told.notes)
    pages = {"in_start", "in_end", "in_energy", "out_start", "out_end", "out_energy"}
    assert opened(make_app(folder), person(make_app(folder), s.CONSUMER), told) == pages


def test_without_tariffs_by_the_total_registers(town: Scene) -> None:
    both_ways(town)
    told = asked(town, tariffs="0")
    ((_, cells),) = told.of(Role.ROW)
    assert [cells[name] for name in ("in_energy", "out_energy", "balance")] == [460 * KWH, 600 * KWH, -140 * KWH]
    assert told.of(Role.LINE) == []


def test_a_meter_that_does_not_count_what_goes_out_has_none(town: Scene) -> None:
    froze(town, SINCE, ap0=150, ap1=100, ap2=50)
    froze(town, UNTIL, ap0=173, ap1=112, ap2=61)
    for words in ({}, {"fixed": "1"}):
        told = asked(town, **words)
        for (row, cells), energy in zip(told.of(Role.ROW), (240 * KWH, 220 * KWH), strict=True):
            assert (cells["in_energy"], cells["out_energy"], cells["balance"]) == (energy, "", energy)
            assert row.marks == ()
        ((_, total),) = told.of(Role.TOTAL)
        assert (total["out_energy"], total["balance"]) == (None, 460 * KWH)


def test_what_goes_out_by_the_profile_alone(town: Scene) -> None:
    """Half a kWh in each half-hour by day: 32 of them, K 20, seven days."""
    froze(town, SINCE, ap0=150, ap1=100, ap2=50)
    froze(town, UNTIL, ap0=173, ap1=112, ap2=61)
    ends = range(SINCE + s.PERIOD, UNTIL + 1, s.PERIOD)
    by_day = {end for end in ends if 7 * 3600 <= (end - s.PERIOD - SINCE) % 86_400 < 23 * 3600}
    rows = [LoadRow("SUN-1", end, s.PERIOD, 0, {"ap": 0, "am": KWH // 2 if end in by_day else 0}) for end in ends]
    town.arrive("SUN-1", *rows)
    told = asked(town)
    day, night = told.of(Role.ROW)
    assert (day[1]["out_start"], day[1]["out_energy"]) == (None, 16 * 20 * 7 * KWH)
    assert (night[1]["out_energy"], night[1]["balance"]) == (0, 220 * KWH)
    assert day[1]["balance"] == 240 * KWH - 2240 * KWH
    assert day[0].remark == "отдача по профилю"
    ((_, strict),) = (one for one in asked(town, fixed="1").of(Role.ROW) if one[0].zone == "t1")
    assert (strict["out_energy"], strict["in_energy"]) == ("", 240 * KWH)


def test_a_side_that_is_not_known_leaves_no_balance(town: Scene) -> None:
    froze(town, SINCE, ap0=150, ap1=100, ap2=50, am0=7, am1=7, am2=0)
    froze(town, UNTIL, ap0=173, ap1=112, ap2=61)
    told = asked(town)
    for (row, cells), energy in zip(told.of(Role.ROW), (240 * KWH, 220 * KWH), strict=True):
        assert (cells["in_energy"], cells["out_energy"], cells["balance"]) == (energy, None, None)
        assert row.marks == (Mark.MISSING,)


def test_with_replacements_each_meter_flows_both_ways(town: Scene) -> None:
    froze(town, SINCE, ap0=150, ap1=100, ap2=50, am0=7, am1=7, am2=0)
    ends = {"ap0": 160, "ap1": 105, "ap2": 55, "am0": 17, "am1": 16, "am2": 1}
    begins = dict.fromkeys(ends, 1)
    with writing(town.engine).begin() as connection, entering(connection, at=town.now, kind="test") as act:
        enter.add_meter(act, "SUN-2", serial="78", type="СЕ 308", maker="м")
        said = {"old_meter": "SUN-1", "act": "акт", "reason": "п", "ki": Decimal(40)}
        registers = {
            name: {field: value * KWH for field, value in of.items()}
            for name, of in (("reg_end", ends), ("reg_start", begins))
        }
        enter.replace_meter(act, town.points["SUN-1"], "SUN-2", TURN + 3600, **said, **registers)
    froze(town, UNTIL, "SUN-2", ap0=5, ap1=4, ap2=2, am0=3, am1=3, am2=1)
    told = asked(town, replaced="1")
    old, new, day = told.rows[:3]
    assert [row.role for row, _ in (old, new, day)] == [Role.PART, Role.PART, Role.ROW]
    assert [old[1][name] for name in ("ratio", "in_energy", "out_energy", "balance")] == [
        20,
        5 * 20 * KWH,
        9 * 20 * KWH,
        -80 * KWH,
    ]
    assert [new[1][name] for name in ("ratio", "in_energy", "out_energy", "balance")] == [
        40,
        3 * 40 * KWH,
        2 * 40 * KWH,
        40 * KWH,
    ]
    assert [day[1][name] for name in ("ratio", "in_start", "in_energy", "out_energy", "balance")] == [
        None,
        None,
        220 * KWH,
        260 * KWH,
        -40 * KWH,
    ]
    assert (day[0].marks, day[0].remark) == ((Mark.REPLACED,), f"замена {TURN_DAY:%d.%m}")
    for name in ("in_energy", "out_energy", "balance"):
        rows = [cells[name] for _, cells in told.of(Role.ROW)]
        assert told.of(Role.TOTAL)[0][1][name] == sum(rows)
    last = asked(town).of(Role.ROW)[0]
    assert (last[1]["in_energy"], last[1]["out_energy"]) == (120 * KWH, 80 * KWH)


def test_where_the_profile_bills_the_registers_stand_before_it_and_in_no_sum(town: Scene) -> None:
    both_ways(town)
    with town.engine.begin() as connection:
        ours = point_terms.c.point == town.points["SUN-1"]
        connection.execute(point_terms.update().where(ours).values(zone_source="profile"))
    ends = range(SINCE + s.PERIOD, UNTIL + 1, s.PERIOD)
    town.arrive("SUN-1", *(LoadRow("SUN-1", end, s.PERIOD, 0, {"ap": 1000, "am": 3000}) for end in ends))
    told = asked(town)
    beside, day, night = told.rows[:3]
    assert [row.role for row, _ in (beside, day, night)] == [Role.PART, Role.ROW, Role.ROW]
    assert [beside[1][name] for name in ("tariff", "in_energy", "out_energy")] == ["всего", 460 * KWH, 600 * KWH]
    used = 7 * 20 * 1000
    assert [day[1][name] for name in ("in_energy", "out_energy")] == [32 * used, 3 * 32 * used]
    assert [night[1][name] for name in ("in_energy", "out_energy")] == [16 * used, 3 * 16 * used]
    ((_, total),) = told.of(Role.TOTAL)
    assert total["balance"] == -2 * 48 * used


def test_two_sign_it_and_its_paper_lies_on_its_side(town: Scene) -> None:
    flows = reports()["flows"]
    assert (len(flows.signatures), flows.wide) == (2, True)
    assert [str(one.over) for one in asked(town).columns if one.over] == ["Прием"] * 4 + ["Отдача"] * 4
