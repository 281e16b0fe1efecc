"""A meter is replaced: each counts in its own time with its own ratio, between the readings of its acts."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update

from central import figures
from central.db import writing
from central.metering.terms import State
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import THREE_ZONES
from central.registry.tables import mounting
from central.timeseries.base import LoadRow, RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.scene import Scene

DAY = date(2026, 11, 18)
T0 = midnight(DAY, s.TZ)
SWAP = T0 + 12 * 3600
OLD, NEW = f"MIL-{s.FLAT}", "NEW-1"
START = {f"ap{tariff}": 5_000_000 + tariff for tariff in (0, *THREE_ZONES.tariffs.values())}


@pytest.fixture
def swapped(own: Scene) -> Scene:
    """At noon: the act of the old meter holds what it showed, the new one begins with 5 kWh and a ratio of 20."""
    (before,) = own.series.registers(OLD, [Kind.DAILY], T0 - 1, T0)
    end = {field: value + 3_000_000 for field, value in before.values.items()}
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
        enter.add_meter(change, NEW, serial="новый", type="т", maker="м")
        connection.execute(update(mounting).where(mounting.c.meter == OLD).values(valid_to=SWAP, reg_end=end))
        enter.mount(change, own.points[s.FLAT], NEW, SWAP, ki=Decimal(20), reg_start=START, act="замена")
    own.arrive(
        NEW,
        RegisterRow(NEW, T0 + 86_400, Kind.DAILY, 0, {field: value + 100_000 for field, value in START.items()}),
        *(LoadRow(NEW, SWAP + 1800 * n, 1800, 0, {"ap": 1000}) for n in range(1, 25)),
    )
    return own


def test_consumption_is_the_sum_over_the_segments_each_with_its_k(swapped: Scene) -> None:
    view = figures.readings(
        swapped.source, swapped.viewer(s.CONSUMER), swapped.points[s.FLAT], T0, T0 + 86_400, swapped.now
    )
    found = view.directions[0].total
    assert found is not None
    old, new = found.terms
    assert (old.segment.meter, old.end.kind, old.end.moment, old.energy) == (OLD, "act", SWAP, 3_000_000)
    assert (new.segment.meter, new.start.kind, new.start.value) == (NEW, "act", 5_000_000)
    assert new.energy == 100_000 * 20
    assert found.energy == 5_000_000
    assert view.billed_by == "registers"


def test_the_intervals_change_their_meter_at_the_moment_of_the_act(swapped: Scene) -> None:
    view = figures.interval(
        swapped.source,
        swapped.viewer(s.CONSUMER),
        swapped.points[s.FLAT],
        T0,
        T0 + 86_400,
        "active_import",
        swapped.now,
    )
    assert [slot.parts[0].segment.meter for slot in view.slots] == [OLD] * 24 + [NEW] * 24
    assert {slot.energy for slot in view.slots[24:]} == {20_000}
    assert {slot.state for slot in view.slots} == {State.MEASURED}
    assert view.point.serial == "новый"
