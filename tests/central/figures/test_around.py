"""What the registers said on both sides of an act, field by field, wherever the meter stood."""

from datetime import date

from central.figures.around import readings_around
from central.metering.zones import midnight
from central.timeseries.base import RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.scene import Scene

METER = "NEW-1"
T0 = midnight(date(2026, 11, 18), s.TZ)


def test_the_newest_before_and_the_first_after_of_each_register(own: Scene) -> None:
    own.series.write(
        [
            RegisterRow(METER, T0 - 86_400, Kind.DAILY, 0, {"ap0": 90, "ap1": 40, "ap2": 50}),
            RegisterRow(METER, T0, Kind.DAILY, 0, {"ap0": 100, "ap1": 45, "ap2": 55}),
            RegisterRow(METER, T0 + 3000, Kind.NOW, 0, {"ap0": 102}),
            RegisterRow(METER, T0 + 3200, Kind.NOW, 0, {"ap0": 103}),
            RegisterRow(METER, T0 + 4000, Kind.NOW, 0, {"ap0": 104}),
            RegisterRow(METER, T0 + 86_400, Kind.DAILY, 0, {"ap0": 150, "ap1": 70, "ap2": 80}),
        ]
    )
    last, first = readings_around(own.source, METER, T0 + 3500)
    assert last == {"ap0": 103, "ap1": 45, "ap2": 55}
    assert first == {"ap0": 104}
    last, first = readings_around(own.source, METER, T0)
    assert last == {"ap0": 100, "ap1": 45, "ap2": 55}, "a snapshot of the moment itself was read before the act"
    assert first == {"ap0": 102}
    assert readings_around(own.source, METER, T0 + 80_000)[1] == {"ap0": 150, "ap1": 70, "ap2": 80}


def test_a_meter_without_readings_has_none_on_either_side(own: Scene) -> None:
    assert readings_around(own.source, "NEVER-1", T0) == ({}, {})
    own.series.write([RegisterRow(METER, T0, Kind.DAILY, 0, {"ap0": 1})])
    assert readings_around(own.source, METER, T0 - 60 * 86_400) == ({}, {}), "weeks later it says nothing of the act"
