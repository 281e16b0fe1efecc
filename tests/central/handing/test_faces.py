"""What a person is asked to read, and what he is told of it: of his own time only."""

from datetime import date

from central import figures
from central.db import writing
from central.figures.meter_faces import MeterFace
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import contract_point, meter, meter_type
from central.timeseries.base import RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.scene import Scene

DAYS = 40
DAY = 86_400
KWH = 10**6


def faces(scene: Scene, mail: str, now: int = s.NOW) -> dict[str, MeterFace]:
    found = figures.meter_faces(scene.source, scene.viewer(mail), list(scene.points.values()), now)
    return {one.serial: one for one in found}


def test_each_sees_the_faces_of_his_own_meters_alone(town: Scene) -> None:
    assert faces(town, s.CONSUMER).keys() == {s.FLAT, s.DACHA}
    assert faces(town, s.NEIGHBOUR).keys() == {s.NEXT_DOOR}
    for mail in (s.FORMER, s.OPERATOR, s.AUDITOR, s.ADMINISTRATOR):
        assert faces(town, mail) == {}, mail


def test_a_register_a_tariff_with_what_is_known_of_it(town: Scene) -> None:
    face = faces(town, s.CONSUMER)[s.FLAT]
    assert [(one.field, one.zones) for one in face.registers] == [
        ("ap1", ("peak",)),
        ("ap2", ("night",)),
        ("ap3", ("half_peak",)),
    ]
    for one in face.registers:
        assert one.last is not None
        assert one.last.moment == s.NOW // 1800 * 1800
        assert one.daily is not None
        assert KWH < one.daily < 20 * KWH


def test_a_meter_that_has_no_zones_is_asked_for_its_total(town: Scene) -> None:
    """A simple one (Modbus) stands where the bill goes by zones; before its first word it is asked as it is billed,
    whatever the act names."""
    put = s.NOW - 3 * DAY
    with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="replacement") as change:
        simple = enter.add_meter(change, "EA-9", serial="9", type="SDM630", maker="Eastron")
        why = {"old_meter": f"MIL-{s.FLAT}", "act": "акт 77", "reason": "плановая замена", "reg_start": {"ap0": 0}}
        enter.replace_meter(change, town.points[s.FLAT], simple, put, **why)
    assert [one.field for one in faces(town, s.CONSUMER)["9"].registers] == ["ap1", "ap2", "ap3"]
    town.arrive(simple, RegisterRow(simple, put + DAY, Kind.DAILY, 0, {"ap0": 7 * KWH}))
    (asked,) = faces(town, s.CONSUMER)["9"].registers
    assert (asked.field, asked.zones, asked.last and asked.last.value) == ("ap0", (), 7 * KWH)


def test_the_digits_are_the_directory_s_else_the_meter_s(town: Scene) -> None:
    assert faces(town, s.CONSUMER)[s.FLAT].digits is None
    with writing(town.engine).begin() as connection:
        connection.execute(meter.update().values(register_end=10**5 * KWH))
    assert faces(town, s.CONSUMER)[s.FLAT].digits == 5
    with writing(town.engine).begin() as connection:
        connection.execute(meter_type.insert().values(maker="Милур", name="Милур 107S", digits=6))
    assert faces(town, s.CONSUMER)[s.FLAT].digits == 6


def test_the_reading_of_the_tenant_before_is_not_told(town: Scene) -> None:
    """The dacha changes hands while its meter is silent: its last reading is another's."""
    moved = midnight(date(2026, 11, 15), s.TZ)
    with writing(town.engine).begin() as connection:
        of_dacha = contract_point.update().where(contract_point.c.point == town.points[s.DACHA])
        connection.execute(of_dacha.values(valid_from=moved))
    face = faces(town, s.CONSUMER)[s.DACHA]
    assert face.known == {}
    assert {one.last for one in face.registers} == {None}
    assert {one.daily for one in face.registers} == {None}
