"""What the meter showed at a moment: fixed then, or reckoned from the nearest reading by a whole profile, or none."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from central import figures
from central.db import writing
from central.figures.views import NotFound, ReadingAt, RegisterAt
from central.metering.consumption import moved
from central.metering.terms import Segment
from central.metering.workings import Rule, as_data
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.timeseries.base import LoadRow, RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.figures.reckoner import reckon, shown
from tests.central.scene import HOUSEHOLDS, RESOLUTION, Scene

A = "active_import"
DAY = date(2026, 11, 15)
MIDNIGHT = midnight(DAY, s.TZ)
FLAT = HOUSEHOLDS[0]


def asked(scene: Scene, moment: int, serial: str = s.FLAT, mail: str = s.OPERATOR) -> ReadingAt:
    return figures.reading_at(scene.source, scene.viewer(mail), scene.points[serial], moment, scene.now)


def register(found: ReadingAt, tariff: int = 0, meter: int = 0) -> RegisterAt:
    return next(one for one in found.meters[meter][1] if one.channel == A and one.tariff == tariff)


def used(start: int, end: int) -> int:
    return sum(FLAT.energy(at) for at in range(start, end, s.PERIOD))


def value(one: RegisterAt) -> int:
    assert one.working is not None
    return int(str(one.working.value))


def test_what_the_meter_fixed_at_that_moment_is_the_reading(scene: Scene) -> None:
    found = asked(scene, MIDNIGHT)
    (snapshot,) = scene.series.registers(FLAT.meter, (Kind.DAILY,), MIDNIGHT - 1, MIDNIGHT)
    ((segment, registers),) = found.meters
    assert segment.serial == s.FLAT
    assert [(one.zone, one.tariff) for one in registers] == [(None, 0), ("peak", 1), ("night", 2), ("half_peak", 3)]
    for one in registers:
        assert one.working is not None
        assert (one.working.rule, value(one)) == (Rule.READING, snapshot.values[f"ap{one.tariff}"])
    assert found.origins.keys() == {(FLAT.meter, "daily", MIDNIGHT)}


@pytest.mark.parametrize("hours", [1, 10, 13.5, 23.5])
def test_between_it_is_reckoned_along_the_profile_from_the_nearest(scene: Scene, hours: float) -> None:
    moment = MIDNIGHT + int(hours * 3600)
    fixed = MIDNIGHT if hours < 12 else MIDNIGHT + 86_400
    (snapshot,) = scene.series.registers(FLAT.meter, (Kind.DAILY,), fixed - 1, fixed)
    one = register(asked(scene, moment))
    between = used(fixed, moment) if fixed < moment else -used(moment, fixed)
    assert one.working is not None
    assert one.working.rule is Rule.MOVED
    assert one.working.parts[0].facts["time"] == fixed
    assert value(one) == snapshot.values["ap0"] + between


def test_each_tariff_moves_by_its_zone_alone(scene: Scene) -> None:
    found = asked(scene, MIDNIGHT + 9 * 3600)
    total, *zones = found.meters[0][1]
    before = asked(scene, MIDNIGHT).meters[0][1]
    moves = [value(one) - value(other) for one, other in zip(zones, before[1:], strict=True)]
    assert sum(moves) == value(total) - value(before[0])
    by_zone = {one.zone: move for move, one in zip(moves, zones, strict=True)}
    assert by_zone["night"] == used(MIDNIGHT, MIDNIGHT + 7 * 3600), "23:00 to 07:00"
    assert by_zone["peak"] == used(MIDNIGHT + 7 * 3600, MIDNIGHT + 9 * 3600)
    assert by_zone["half_peak"] == 0


def test_its_explanation_gives_it(scene: Scene) -> None:
    for hours in (0, 5, 20):
        for one in asked(scene, MIDNIGHT + hours * 3600).meters[0][1]:
            assert one.working is not None
            tree = as_data(one.working)
            assert reckon(tree) == shown(tree)


def test_where_the_profile_is_not_whole_there_is_no_reading(scene: Scene) -> None:
    noon = midnight(s.GAP, s.TZ) + 12 * 3600
    assert [one.working for one in asked(scene, noon).meters[0][1]] == [None] * 4
    assert register(asked(scene, midnight(s.GAP, s.TZ))).working is not None, "fixed in the gap's own night"
    assert register(asked(scene, midnight(s.GAP, s.TZ) - 3600)).working is not None, "from the other side"
    silent = midnight(s.SILENT_SINCE, s.TZ) + 86_400
    assert all(one.working is None for _, of in asked(scene, silent, s.DACHA).meters for one in of)


def test_an_hour_without_power_is_no_gap(scene: Scene) -> None:
    day, since, until = s.POWER_OFF
    off, back = (midnight(day, s.TZ) + hour * 3600 for hour in (since, until))
    assert value(register(asked(scene, off))) == value(register(asked(scene, back)))


def test_nothing_is_told_of_what_has_not_come(scene: Scene) -> None:
    assert all(one.working is None for _, of in asked(scene, scene.now + 3600).meters for one in of)


def test_a_sample_of_a_few_seconds_beside_counts_as_fixed(own: Scene) -> None:
    noon = midnight(date(2026, 11, 20), s.TZ) + 12 * 3600
    own.series.write([RegisterRow(FLAT.meter, noon + 5, Kind.NOW, 0, {"ap0": 77})])
    one = register(asked(own, noon))
    assert one.working is not None
    assert (one.working.rule, value(one), one.working.facts["kind"]) == (Rule.READING, 77, "now")
    own.series.write([RegisterRow(FLAT.meter, noon + 3606, Kind.NOW, 0, {"ap0": 78})])
    later = register(asked(own, noon + 3600))
    assert later.working is not None
    assert later.working.rule is Rule.MOVED, "six seconds are another moment"


def test_at_a_replacement_both_meters_show_what_the_act_says(own: Scene) -> None:
    moment = midnight(date(2026, 11, 20), s.TZ) + 10 * 3600
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as act:
        enter.add_meter(act, "MIL-1", serial="1", type="Милур 107S", maker="Милур")
        ends, begins = {"ap0": 4_900_000_000}, {"ap0": 10_000_000}
        point = own.points[s.FLAT]
        said = {"old_meter": FLAT.meter, "act": "акт 9", "reason": "поверка", "reg_end": ends, "reg_start": begins}
        enter.replace_meter(act, point, "MIL-1", moment, **said)
    own.series.write([LoadRow("MIL-1", moment + s.PERIOD, s.PERIOD, 0, {"ap": 123_000})])
    found = asked(own, moment)
    assert [segment.serial for segment, _ in found.meters] == [s.FLAT, "1"]
    assert [value(register(found, meter=number)) for number in (0, 1)] == [4_900_000_000, 10_000_000]
    later = asked(own, moment + s.PERIOD)
    assert [segment.serial for segment, _ in later.meters] == ["1"]
    assert value(register(later)) == 10_123_000


def test_a_ratio_does_not_touch_what_the_meter_shows(scene: Scene) -> None:
    house = HOUSEHOLDS[2]
    one = register(asked(scene, MIDNIGHT + 3600, s.NEXT_DOOR))
    (snapshot,) = scene.series.registers(house.meter, (Kind.DAILY,), MIDNIGHT - 1, MIDNIGHT)
    between = house.energy(MIDNIGHT) + house.energy(MIDNIGHT + s.PERIOD)
    assert value(one) == snapshot.values["ap0"] + between


def test_the_moment_of_a_hand_over_is_of_both_and_reckons_from_no_foreign_reading(scene: Scene) -> None:
    at = midnight(s.HAND_OVER, s.TZ)
    same = {value(register(asked(scene, at, s.NEXT_DOOR, mail))) for mail in (s.FORMER, s.NEIGHBOUR)}
    assert len(same) == 1
    with pytest.raises(NotFound):
        asked(scene, at - 60, s.NEXT_DOOR, s.NEIGHBOUR)
    with pytest.raises(NotFound):
        asked(scene, at + 60, s.NEXT_DOOR, s.FORMER)
    late = register(asked(scene, at - 3600, s.NEXT_DOOR, s.FORMER))
    assert late.working is not None
    assert late.working.parts[0].facts["time"] == at, "the nearest, and his"


def test_a_reading_by_hand_is_one_and_says_whose(own: Scene) -> None:
    noon = midnight(s.GAP, s.TZ) + 12 * 3600
    entered = {"at": own.now, "kind": "test", "reason": "обход"}
    with writing(own.engine).begin() as connection, entering(connection, **entered) as act:
        enter.add_reading(act, own.points[s.FLAT], FLAT.meter, noon, {"ap0": 4_500_000_000})
    found = asked(own, noon)
    assert value(register(found)) == 4_500_000_000
    assert [one.reason for one in found.noted.values()] == ["обход"]


def test_past_its_end_a_register_begins_anew() -> None:
    segment = Segment(1, "M", "1", 0, None, Fraction(1), Fraction(1), False, 1800, RESOLUTION, register_end=1_000)
    assert moved(segment, 990, 15) == 5
    assert moved(segment, 5, -15) == 990
    assert moved(replace(segment, register_end=None), 5, -15) == -10
