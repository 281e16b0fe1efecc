"""A month beside the one before it, and what it will come to: only what is of the same time of both."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import update

from central import figures
from central.db import writing
from central.figures.views import Concern, MonthBeside
from central.metering.rounding import half_away
from central.metering.terms import State
from central.metering.zones import midnight
from central.registry.tables import contract_point, mounting
from central.timeseries.base import LoadRow
from protocol.reading import Quality
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene

NOVEMBER, OCTOBER, SEPTEMBER, AUGUST = (date(2026, month, 1) for month in (11, 10, 9, 8))


@pytest.fixture
def long(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """From the middle of July: August, September and October are whole."""
    made = copy_of(130, tmp_path / "scene")
    yield made
    made.close()


def beside(scene: Scene, month: date) -> MonthBeside:
    viewer = scene.viewer(s.CONSUMER)
    return figures.consumption(scene.source, viewer, scene.points[s.FLAT], month, scene.now)


def test_a_month_that_is_over_is_compared_with_all_of_a_longer_one(long: Scene) -> None:
    """September has a day less than August."""
    found = beside(long, SEPTEMBER)
    assert found.previous is not None
    assert found.previous_same == found.previous
    assert found.previous.totals == beside(long, AUGUST).month.totals


def test_a_month_in_which_the_meter_came_is_not_compared(long: Scene) -> None:
    with writing(long.engine).begin() as connection:
        of_flat = mounting.c.point == long.points[s.FLAT]
        connection.execute(update(mounting).where(of_flat).values(valid_from=midnight(date(2026, 10, 20), s.TZ)))
    found = beside(long, NOVEMBER)
    assert found.month.whole
    assert (found.previous_same, found.previous) == (None, None)
    assert not beside(long, OCTOBER).month.whole


def test_a_month_ends_where_the_meter_was_taken_away_and_is_not_foretold(long: Scene) -> None:
    gone = midnight(date(2026, 11, 20), s.TZ)
    assert beside(long, NOVEMBER).forecast is not None
    with writing(long.engine).begin() as connection:
        of_flat = mounting.c.point == long.points[s.FLAT]
        connection.execute(update(mounting).where(of_flat).values(valid_to=gone))
    found = beside(long, NOVEMBER)
    assert found.month.until == gone
    assert found.previous_same is not None
    assert found.previous_same.until == midnight(date(2026, 10, 20), s.TZ)
    assert found.forecast is None
    summary = figures.summary(long.source, long.viewer(s.CONSUMER), long.points[s.FLAT], long.now)
    assert summary.heard is None
    assert [(one.concern, one.since) for one in summary.troubles][:1] == [(Concern.NO_METER, gone)]


def test_days_after_a_contract_that_will_end_are_not_foretold(long: Scene) -> None:
    whole = beside(long, NOVEMBER).forecast
    with writing(long.engine).begin() as connection:
        of_flat = contract_point.c.point == long.points[s.FLAT]
        connection.execute(update(contract_point).where(of_flat).values(valid_to=midnight(date(2026, 11, 26), s.TZ)))
    found = beside(long, NOVEMBER)
    assert whole is not None
    assert found.forecast is not None
    assert found.month.totals.total is not None
    to_come = found.forecast.energy - found.month.totals.total
    assert 0 < to_come < (whole.energy - found.month.totals.total) / 2


def test_intervals_under_suspicion_are_counted_in_a_view_by_days(long: Scene) -> None:
    """Half-hours above what the point can take are in no sum, and the day says so."""
    day, point = date(2026, 11, 18), long.points[s.FLAT]
    since = midnight(day, s.TZ)
    meter = f"MIL-{s.FLAT}"
    with writing(long.engine).begin() as connection:
        connection.exec_driver_sql("UPDATE point_terms SET power_max = 400")
    long.arrive(meter, LoadRow(meter, since + 1800, 1800, Quality(0), {"ap": 90_000}, repeat=1))
    viewer = long.viewer(s.CONSUMER)
    slots = figures.interval(long.source, viewer, point, since, since + 86_400, "active_import", long.now)
    by_day = figures.days(long.source, viewer, point, day, date(2026, 11, 19), "active_import", long.now).days[0]
    assert 0 < slots.completeness.suspect < slots.completeness.received
    assert by_day.completeness.suspect == slots.completeness.suspect
    line = figures.line(long.source, viewer, point, date(2026, 9, 1), date(2026, 11, 20), "active_import", long.now)
    run = next(one for one in line.runs if one.start == since)
    assert run.state is State.SUSPECT
    known = slots.completeness.received - slots.completeness.suspect
    assert slots.totals.total is not None
    assert run.mean == half_away(Fraction(slots.totals.total, known))
