"""Any sequence of mountings, replacements, corrections and undoings: one meter a point at each moment, and the figures
are those of the same tenures entered in order, once only the days that were marked are computed anew."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from central.db import writing
from central.figures.checking import settings_of
from central.figures.recompute import compute, places_of, store
from central.figures.tables import dirty
from central.ingest.tables import meter_seen
from central.metering.zones import days, midnight
from central.partitions import make, point_day_month
from central.registry import enter
from central.registry.changes import entering
from central.registry.look import act_readings, segments_of
from central.registry.refusals import Refused
from central.registry.schemes import ONE_ZONE
from central.registry.tables import change as changes
from central.registry.tables import mounting
from central.registry.undo import undo
from central.timeseries.base import LoadRow, RegisterRow
from central.timeseries.sqlite import SqliteSeries
from protocol.reading import Kind
from tests.central.parts import database
from tests.central.sql import Sql

TZ = "Europe/Moscow"
FIRST, COUNT = date(2026, 11, 1), 8  # days that have readings
LAST = FIRST + timedelta(days=COUNT)
BEGUN, NOW = midnight(FIRST, TZ), midnight(LAST, TZ)
PERIOD = 6 * 3600
METERS = ("A-1", "B-2", "C-3")
POINTS = (1, 2)
FIGURES = ("energies", "expected", "got", "missing", "registers")

moments = st.integers(0, COUNT * 8).map(lambda number: BEGUN + number * 3 * 3600)  # half of them inside an interval
ratios = st.sampled_from([Decimal(1), Decimal(30), Decimal(40)])
acts = st.one_of(
    st.tuples(st.just("mount"), st.sampled_from(POINTS), st.sampled_from(METERS), moments, st.none() | moments, ratios),
    st.tuples(st.just("replace"), st.sampled_from(POINTS), st.sampled_from(METERS), st.sampled_from(METERS), moments),
    st.tuples(st.just("ratio"), st.sampled_from(POINTS), st.sampled_from(METERS), moments, ratios),
    st.tuples(st.just("dismount"), st.sampled_from(POINTS), st.sampled_from(METERS), moments),
    st.tuples(st.just("correct"), st.integers(0, 5), st.sampled_from(["valid_from", "valid_to"]), moments),
    st.tuples(st.just("correct"), st.integers(0, 5), st.just("ki"), ratios),
    st.tuples(st.just("remove"), st.integers(0, 5)),
    st.tuples(st.just("undo"), st.integers(0, 5)),
)


class World:
    """Two points and three meters that count all the time, each its own."""

    def __init__(self, engine: Engine, series: SqliteSeries) -> None:
        self.engine, self.series = engine, series
        rows: list[LoadRow | RegisterRow] = []
        for number, meter in enumerate(METERS, 1):
            for slot in range(COUNT * 4):
                end = BEGUN + (slot + 1) * PERIOD
                rows.append(LoadRow(meter, end, PERIOD, 0, {"ap": number * 1_000 + slot}))
            for day in range(COUNT + 1):
                value = number * 10**6 + sum(number * 1_000 + slot for slot in range(day * 4))
                rows.append(RegisterRow(meter, BEGUN + day * 86_400, Kind.DAILY, 0, {"ap0": value}))
        series.write(rows)
        make(engine, [point_day_month(FIRST)])
        with writing(engine).begin() as connection, entering(connection, at=NOW, kind="test") as change:
            company = enter.add_organisation(change, "Энергосеть")
            scheme = enter.add_scheme(change, "одна зона", ONE_ZONE, date(2013, 1, 1))
            for code in ("Т-1", "Т-2"):
                enter.add_point(change, company, code, name="Дом", address="ул.", tz=TZ, scheme=scheme)
            for meter in METERS:
                enter.add_meter(change, meter, serial=meter[-1], type="т", maker="м")
            connection.execute(meter_seen.insert(), [{"meter": meter, "last_stamp": NOW} for meter in METERS])

    def figures(self, connection: Connection, point: int, day: date) -> dict[str, Any]:
        place, settings = places_of(connection, {point})[point], settings_of(connection, {point})[point]
        found = compute(connection, self.series, place, settings, day, NOW).figures
        store(connection, place, day, found, NOW)
        return found


@pytest.fixture
def world(sql: Sql, tmp_path: Path) -> Iterator[World]:
    engine, series = database(tmp_path), SqliteSeries(tmp_path / "series.sqlite")
    yield World(engine, series)
    series.close()
    engine.dispose()


def perform(connection: Connection, act: tuple[Any, ...]) -> None:
    """One act, in the words of `enter`; what cannot be is refused and leaves nothing."""
    word, *given_ = act
    text = {"act": "акт", "reason": "причина"}
    with connection.begin_nested(), entering(connection, at=NOW, kind=word) as change:
        if word == "mount":
            point, meter, since, until, ki = given_
            enter.mount(change, point, meter, since, until, ki=ki, period=PERIOD, act="акт")
        elif word == "replace":
            point, old, new, at = given_
            enter.replace_meter(change, point, new, at, old_meter=old, **text)
        elif word == "ratio":
            point, meter, at, ki = given_
            enter.change_ratio(change, point, at, meter_id=meter, ki=ki, ku=Decimal(1), **text)
        elif word == "dismount":
            point, meter, at = given_
            enter.dismount(change, point, at, meter_id=meter, **text)
        elif word == "undo":
            ids = connection.scalars(select(changes.c.id).where(changes.c.id != change.id).order_by(changes.c.id)).all()
            if len(ids) > 1:
                undo(change, ids[1:][given_[0] % len(ids[1:])])
        else:
            rows = connection.execute(select(mounting).order_by(mounting.c.id)).all()
            if rows and word == "remove":
                enter.remove_mounting(change, rows[given_[0] % len(rows)].id)
            elif rows:
                enter.correct_mounting(change, rows[given_[0] % len(rows)].id, **{given_[1]: given_[2]})


def tenures(connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute(select(mounting).order_by(mounting.c.valid_from, mounting.c.point)).mappings()
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def alone(rows: list[dict[str, Any]], column: str) -> None:
    for key in {row[column] for row in rows}:
        held = [(row["valid_from"], row["valid_to"]) for row in rows if row[column] == key]
        assert all(until is not None and until <= since for (_, until), (since, _) in pairwise(held)), (column, held)


def check(world: World, done: list[tuple[Any, ...]]) -> None:
    everywhere = [(point, day) for point in POINTS for day in days(FIRST, LAST)]
    with writing(world.engine).connect() as connection, connection.begin() as transaction:
        shown = {key: world.figures(connection, *key) for key in everywhere}
        for act in done:
            try:
                perform(connection, act)
            except Refused:
                continue
            found = tenures(connection)
            alone(found, "point")
            alone(found, "meter")
            for key in connection.execute(select(dirty.c.point, dirty.c.day)).all():
                if tuple(key) in shown:
                    shown[tuple(key)] = world.figures(connection, *key)
            connection.execute(dirty.delete())
        whole = {key: world.figures(connection, *key) for key in everywhere}
        assert shown == whole, "a day that changed was not marked"
        found, figures = tenures(connection), segments(connection)
        connection.execute(mounting.delete())
        with entering(connection, at=NOW, kind="in order") as change:
            for row in found:
                rest = {name: value for name, value in row.items() if name not in ("point", "meter")}
                enter.mount(change, row["point"], row["meter"], **rest)
        assert tenures(connection) == found
        assert segments(connection) == figures
        assert {key: world.figures(connection, *key) for key in everywhere} == whole
        transaction.rollback()


def segments(connection: Connection) -> list[Any]:
    """What metering sees, without the numbers of rows."""
    seen = []
    for point in POINTS:
        for one in segments_of(connection, point, 0, 2**40):
            at_act = act_readings(connection, [one])
            readings = sorted((moment, sorted(found)) for (_, moment), found in at_act.items())
            seen.append((point, one.meter, one.since, one.until, one.k, one.period, readings))
    return seen


usual = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@usual
@given(done=st.lists(acts, min_size=1, max_size=10))
def test_one_meter_at_a_time_and_the_figures_of_the_order(world: World, done: list[tuple[Any, ...]]) -> None:
    check(world, done)


@pytest.mark.long
@settings(usual, max_examples=5000)
@given(done=st.lists(acts, min_size=1, max_size=25))
def test_the_same_of_long_histories(world: World, done: list[tuple[Any, ...]]) -> None:
    check(world, done)


def test_figures_are_told_apart(world: World) -> None:
    """The property means something: another tenure gives other figures."""
    day = (1, FIRST + timedelta(days=3))
    with writing(world.engine).connect() as connection, connection.begin() as transaction:
        seen = []
        for act in (("mount", 1, "A-1", BEGUN, None, Decimal(1)), ("replace", 1, "A-1", "B-2", BEGUN + 2 * 86_400)):
            perform(connection, act)
            seen.append(world.figures(connection, *day))
        assert seen[0]["energies"] != seen[1]["energies"]
        assert set(FIGURES) <= set(seen[0])
        transaction.rollback()
