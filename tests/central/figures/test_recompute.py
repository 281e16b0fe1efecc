"""Dirty days: no mark is lost, nothing changes by computing again, what is published gets a new version."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from central import figures
from central.db import writing
from central.figures import dirty, recompute
from central.figures.tables import dirty as marks
from central.figures.tables import point_day
from central.ingest.tables import event
from central.metering.terms import State
from central.metering.zones import day_of, midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.look import segments_of
from central.registry.tables import mounting
from central.timeseries.base import LoadRow, RegisterRow, SeriesUnavailable
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.scene import Household, Scene

A = "active_import"
METER = f"MIL-{s.FLAT}"
YESTERDAY = date(2026, 11, 23)


def at(day: date, hour: float = 0) -> int:
    return midnight(day, s.TZ) + int(hour * 3600)


def dirty_days(scene: Scene, point: int) -> list[date]:
    with scene.engine.connect() as connection:
        return list(connection.scalars(select(marks.c.day).where(marks.c.point == point).order_by(marks.c.day)))


def mark(scene: Scene, *stamps: int, meter: str = METER) -> None:
    with writing(scene.engine).begin() as connection:
        dirty.mark(connection, {meter: stamps})


def versions(scene: Scene, day: date, serial: str = s.FLAT) -> list[Any]:
    with scene.engine.connect() as connection:
        query = select(point_day).where(point_day.c.point == scene.points[serial], point_day.c.day == day)
        return list(connection.execute(query.order_by(point_day.c.version)))


def test_a_stamp_at_midnight_concerns_the_day_that_ends_and_the_one_that_begins(own: Scene) -> None:
    point = own.points[s.FLAT]
    mark(own, at(YESTERDAY, 12))
    assert dirty_days(own, point) == [YESTERDAY]
    own.recompute()
    mark(own, at(YESTERDAY))
    assert dirty_days(own, point) == [YESTERDAY - timedelta(days=1), YESTERDAY]


def test_many_stamps_mark_the_days_that_each_would(own: Scene) -> None:
    """A month of half-hours with gaps, over a change of the month; days between that no stamp concerns stay clean."""
    chance = random.Random(4)
    half_hours = [at(YESTERDAY - timedelta(days=40)) + 1800 * n for n in range(48 * 40)]
    stamps = [moment for moment in half_hours if chance.random() < 0.02 or moment == half_hours[48 * 7]]
    mark(own, *stamps)
    each = {day_of(moment, s.TZ) for stamp in stamps for moment in (stamp - 1, stamp)}
    assert dirty_days(own, own.points[s.FLAT]) == sorted(each)
    assert len(each) < 40


def test_a_stamp_at_the_end_of_a_tenure_is_still_of_it(own: Scene) -> None:
    point, end = own.points[s.FLAT], at(YESTERDAY, 12)
    with writing(own.engine).begin() as connection:
        connection.execute(update(mounting).where(mounting.c.point == point).values(valid_to=end))
    mark(own, end + 1)
    assert dirty_days(own, point) == []
    mark(own, end)
    assert dirty_days(own, point) == [YESTERDAY]


def test_a_meter_of_no_point_marks_nothing(own: Scene) -> None:
    mark(own, at(YESTERDAY), meter="UNKNOWN-1")
    mark(own)
    assert recompute.run(own.engine, own.series, own.now) == 0


def test_a_day_marked_again_while_it_is_computed_stays_dirty(own: Scene) -> None:
    mark(own, at(YESTERDAY, 12))
    with writing(own.engine).begin() as connection:
        taken = dirty.take(connection, 10)
        dirty.mark(connection, {METER: [at(YESTERDAY, 13)]})
        dirty.clear(connection, taken)
    assert dirty_days(own, own.points[s.FLAT]) == [YESTERDAY]
    own.recompute()
    assert dirty_days(own, own.points[s.FLAT]) == []


def test_computing_again_changes_nothing(own: Scene) -> None:
    before = versions(own, YESTERDAY)
    mark(own, *(at(YESTERDAY, hour) for hour in range(24)))
    own.recompute(own.now + 5 * 86_400)
    assert versions(own, YESTERDAY) == before


def test_a_limit_is_kept_and_the_newest_day_comes_first(own: Scene) -> None:
    mark(own, at(YESTERDAY, 12), at(YESTERDAY, -12))
    assert recompute.run(own.engine, own.series, own.now, limit=1) == 1
    assert dirty_days(own, own.points[s.FLAT]) == [YESTERDAY - timedelta(days=1)]


def test_who_waits_for_the_worker_waits_for_one_day_not_for_all(own: Scene) -> None:
    noons = [at(YESTERDAY - timedelta(days=n), 12) for n in range(3)]
    mark(own, *noons)
    left = [run(own, spell=0) for _ in range(4)]
    assert left == [1, 1, 1, 0]
    mark(own, *noons)
    assert run(own, spell=60) == 3


def run(scene: Scene, spell: float) -> int:
    return recompute.run(scene.engine, scene.series, scene.now, spell=spell)


def test_a_store_that_is_away_leaves_the_marks(own: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments: object) -> None:
        raise SeriesUnavailable("away")

    mark(own, at(YESTERDAY, 12))
    monkeypatch.setattr(own.series, "load", away)
    with pytest.raises(SeriesUnavailable):
        recompute.run(own.engine, own.series, own.now)
    assert dirty_days(own, own.points[s.FLAT]) == [YESTERDAY]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(11.99, [(1, "first")]), (12, [(1, "first"), (2, "late data")])],
)
def test_until_12_of_the_next_day_in_place_from_then_on_a_new_version(
    own: Scene, hours: float, expected: list[tuple[int, str]]
) -> None:
    today = date(2026, 11, 24)
    noon = at(today + timedelta(days=1), hours)
    own.arrive(METER, LoadRow(METER, at(today, 20), 1800, 0, {"ap": 999}), now=noon)
    assert [(row.version, row.cause) for row in versions(own, today)] == expected


def test_the_history_of_a_day_tells_what_was_and_what_became(own: Scene) -> None:
    viewer, point = own.viewer(s.CONSUMER), own.points[s.FLAT]
    rows = [LoadRow(METER, at(s.GAP) + 1800 * n, 1800, 0, {"ap": 1000}) for n in range(1, 49)]
    own.arrive(METER, *rows)
    first, second = figures.day_history(own.source, viewer, point, s.GAP, A)
    assert abs((first.total or 0) - versions(own, s.GAP)[0].registers[A]) < 4 * s.RESOLUTION
    assert (first.version, second.version, second.total) == (1, 2, 48_000)
    assert (second.cause, second.author, second.made_at) == ("late data", "worker", own.now)
    (day,) = figures.days(own.source, viewer, point, s.GAP, s.GAP + timedelta(days=1), A, own.now).days
    assert (day.version, day.totals.total) == (2, 48_000)


def test_a_change_of_the_registry_is_the_cause_whatever_comes_beside_it(own: Scene) -> None:
    point = own.points[s.FLAT]
    stands = versions(own, YESTERDAY)[0]
    with writing(own.engine).begin() as connection:
        dirty.mark(connection, {METER: [at(YESTERDAY, 3)]})
        with entering(connection, at=own.now, kind="mounting_correction", reason="Ki был 1") as act:
            found = segments_of(connection, point, at(YESTERDAY), at(YESTERDAY) + 1)
            enter.correct_mounting(act, found[0].mounting, ki=Decimal(2))
            change = act.id
        dirty.mark(connection, {METER: [at(YESTERDAY, 4)]})
    own.recompute(now=own.now + 86_400)
    last = versions(own, YESTERDAY)[-1]
    assert (last.version, last.cause) == (stands.version + 1, f"change {change}")
    viewer = own.viewer(s.CONSUMER)
    first, *rest = figures.revisions(own.source, viewer, point, s.GAP, YESTERDAY + timedelta(days=1), A)
    assert first.after.change == (change, "mounting_correction")
    assert first.after.total == 2 * (first.before.total or 0)
    assert {one.after.change for one in rest} == {(change, "mounting_correction")}
    days = sorted(one.day for one in (first, *rest))
    assert days == [s.GAP + timedelta(days=n) for n in range(7)]


def test_the_register_after_an_outage_of_days_decides_on_all_of_them(own: Scene) -> None:
    meter, point = f"MIL-{s.DACHA}", own.points[s.DACHA]
    begun = date(2026, 11, 13)  # the first day of this scene: the dacha has been silent before
    ap = {"ap0": 5_000_000}
    end = begun + timedelta(days=4)
    own.arrive(meter, RegisterRow(meter, at(begun), Kind.DAILY, 0, ap))
    with writing(own.engine).begin() as connection:
        told = {"meter": meter, "edge": "", "journal": 2, "uptime": -1, "received_at": own.now}
        for moment, code in ((at(begun, -2), 1), (at(end, -1), 2)):
            connection.execute(event.insert().values(**told, time=moment, code=code))
    middle = begun + timedelta(days=2)
    span = (middle, middle + timedelta(days=1), A, own.now)
    (before,) = figures.days(own.source, own.viewer(s.CONSUMER), point, *span).days
    assert (before.completeness.missing, before.completeness.off) == (48, 0)
    own.arrive(meter, RegisterRow(meter, at(end), Kind.DAILY, 0, ap))
    (after,) = figures.days(own.source, own.viewer(s.CONSUMER), point, *span).days
    assert (after.completeness.missing, after.completeness.off, after.totals.total) == (0, 48, 0)


def test_two_silent_weeks_are_closed_by_similar_days_that_are_read_week_by_week(
    own: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flat is silent from the morning of the 24th on; then a register comes."""
    begun, end = date(2026, 11, 24), date(2026, 12, 8)
    (before,) = own.series.registers(METER, [Kind.DAILY], at(begun) - 1, at(begun))
    load, asked = own.series.load, []

    def counted(meter: str, since: int, until: int) -> list[LoadRow]:
        asked.append((since, until))
        return load(meter, since, until)

    monkeypatch.setattr(own.series, "load", counted)
    register = RegisterRow(METER, at(end), Kind.DAILY, 0, {"ap0": before.values["ap0"] + 200_000_000})
    own.arrive(METER, register, now=at(end, 6))
    assert len(asked) <= 12 * 15  # days
    flat = Household(s.FLAT, 5)
    similar = {  # the complete ones: on the 20th one row was a night, of the 17th nothing came
        False: [date(2026, 11, day) for day in (23, 19, 18, 16)],
        True: [date(2026, 11, day) for day in (22, 21, 15, 14)],
    }
    span = (at(begun), at(end), A, at(end, 6))
    slots = figures.interval(own.source, own.viewer(s.CONSUMER), own.points[s.FLAT], *span).slots
    gap = [slot for slot in slots if slot.state is State.ESTIMATED]
    assert [slot.start for slot in gap] == list(range(at(begun, 9), at(end), 1800))
    weights = []
    for slot in gap:
        day = day_of(slot.start, s.TZ)
        since_midnight = slot.start - at(day)
        weights.append(sum(flat.energy(at(other) + since_midnight) for other in similar[day.weekday() >= 5]))
    rest = 200_000_000 - sum(slot.energy or 0 for slot in slots if slot.state is State.MEASURED)
    for slot, weight in zip(gap, weights, strict=True):
        assert abs((slot.energy or 0) - rest * weight / sum(weights)) < 1, slot


def test_rows_of_a_time_without_a_calendar_stop_no_other_day(own: Scene) -> None:
    with own.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE mounting SET valid_from = 0")
    own.arrive(METER, LoadRow(METER, 3600, 1800, 0, {"ap": 1}), LoadRow(METER, at(YESTERDAY, 3), 1800, 0, {"ap": 7}))
    assert dirty_days(own, own.points[s.FLAT]) == []
