"""The law: Σ (measured + computed + estimates closed by registers) = Σ register differences·K, whatever happened.

A point lives some days under random losses, partial and too long rows, repeated stamps, outages, a replacement or a
change of ratio, a register that rolls over; what its days hold is compared with what its registers counted.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from central.db import writing
from central.figures import dirty, recompute
from central.figures.tables import point_day
from central.ingest.tables import event
from central.metering.terms import State
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.look import calendar_of
from central.registry.schemes import THREE_ZONES
from central.timeseries.base import LoadRow, RegisterRow
from central.timeseries.sqlite import SqliteSeries
from protocol.reading import Kind, Quality
from tests.central.parts import database
from tests.central.sql import Sql

TZ = "Europe/Moscow"
FIRST, DAYS = date(2026, 11, 2), 5
BEGUN, END = midnight(FIRST, TZ), midnight(FIRST + timedelta(days=DAYS), TZ)
NOW = END + 2 * 86_400
PERIOD, DIGIT, TOP = 1800, 10_000, 10**11
RATIOS = (Decimal(1), Decimal(30), Decimal("1.333333"))


class World:
    """A company with one scheme; each life adds a point of its own."""

    def __init__(self, engine: Engine, series: SqliteSeries) -> None:
        self.engine, self.series, self.lives = engine, series, 0
        with writing(engine).begin() as connection, entering(connection, at=NOW, kind="test") as act:
            self.company = enter.add_organisation(act, "Энергосеть")
            self.scheme = enter.add_scheme(act, "три зоны", THREE_ZONES, date(2013, 1, 1))
            self.calendar = calendar_of(connection, self.scheme)


@pytest.fixture(scope="module")
def world(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("law")
    engine, series = database(folder), SqliteSeries(folder / "series.sqlite")
    yield World(engine, series)
    series.close()
    engine.dispose()


class Meter:
    """Counts as a meter does: exactly inside, shown cut to its last digit, from the top to zero again."""

    def __init__(self, world: World, name: str, start: int) -> None:
        self.world, self.name = world, name
        self.inside = [start] * 4  # total, T1 … T3

    def count(self, moment: int, energy: int) -> None:
        tariff = THREE_ZONES.tariffs[self.world.calendar.zone(moment, TZ)]
        self.inside[0] += energy
        self.inside[tariff] += energy

    def shown(self) -> dict[str, int]:
        return {f"ap{n}": value // DIGIT * DIGIT % TOP for n, value in enumerate(self.inside)}


class Life:
    """What happened at one point: rows, acts, what its registers counted (primary), how far sums may differ from it."""

    def __init__(self, world: World, chance: random.Random) -> None:
        world.lives += 1
        self.world, self.chance, self.number = world, chance, world.lives
        self.turn = chance.choice([None, BEGUN + PERIOD * chance.randrange(20, 48 * DAYS - 20)])
        if self.turn is not None and chance.random() < 0.7:
            self.turn += chance.randrange(1, PERIOD)  # inside an interval
        self.swapped = self.turn is not None and chance.random() < 0.6
        self.ratios = [chance.choice(RATIOS), chance.choice(RATIOS)]
        start = TOP - chance.randrange(10**9) if chance.random() < 0.3 else chance.randrange(10**10)
        self.meters = [Meter(world, f"L{self.number}A", start)]
        self.acts = [self.meters[0].shown()]
        self.since = self.meters[0].shown()["ap0"]
        self.counted, self.permitted = Fraction(0), Fraction(0)
        self.off = range(0)
        if chance.random() < 0.5:
            first = chance.randrange(48 * DAYS - 10)
            self.off = range(first, first + chance.randrange(1, 9))
        self.rows: list[LoadRow | RegisterRow] = []
        self.held: list[int] = []  # energies of intervals that one long row will tell of
        for number in range(48 * DAYS):
            self._interval(number)
        self._close(self.ratios[0 if self.turn is None else 1])
        self.rows.append(RegisterRow(self.meters[-1].name, END, Kind.DAILY, 0, self.meters[-1].shown()))

    def _close(self, ratio: Decimal) -> None:
        """A tenure ends."""
        k, shown = Fraction(ratio), self.meters[-1].shown()
        self.counted += ((shown["ap0"] - self.since) % TOP) * k
        # last digits of the total at both ends, of three tariffs and the total of each closed day; rounded rows
        self.permitted += (2 + 4 * DAYS) * DIGIT * k + Fraction(48 * DAYS, 2) * k
        self.acts.append(shown)

    def _turn(self) -> None:
        self._close(self.ratios[0])
        if self.swapped:
            self.meters.append(Meter(self.world, f"L{self.number}B", self.chance.randrange(10**10)))
            self.acts.append(self.meters[-1].shown())
        self.since = self.meters[-1].shown()["ap0"]

    def _interval(self, number: int) -> None:
        chance, moment = self.chance, BEGUN + PERIOD * number
        if number % 48 == 0 and (number == 0 or chance.random() < 0.75):
            self.rows.append(RegisterRow(self.meters[-1].name, moment, Kind.DAILY, 0, self.meters[-1].shown()))
        energy = 0 if number in self.off else chance.randrange(3_000_000)
        if self.turn is not None and moment < self.turn < moment + PERIOD:
            first = chance.randrange(energy + 1)
            self.meters[-1].count(moment, first)
            self._turn()
            self.meters[-1].count(moment, energy - first)
            if self.swapped:
                energy += chance.randrange(10**6) - first  # with what it counted on the bench
        else:
            self.meters[-1].count(moment, energy)
        if number not in self.off:
            self._row(number, moment + PERIOD, energy)
        if self.turn == moment + PERIOD:
            self.held = []
            self._turn()
        if number + 1 in self.off:
            self.held = []

    def _row(self, number: int, end: int, energy: int) -> None:
        """As the meter records it and the concentrator reads it: or not at all."""
        chance, name = self.chance, self.meters[-1].name
        near = self.turn is not None and abs(end - PERIOD - self.turn) <= 2 * PERIOD
        if near:
            self.held = []
        if self.held or (chance.random() < 0.03 and not near):
            self.held.append(energy)
            if chance.random() < 0.4:
                span = PERIOD * len(self.held)
                self.rows.append(LoadRow(name, end, span, int(Quality.CATCH_UP), {"ap": sum(self.held)}))
                self.held = []
        elif chance.random() < 0.05 and not near:
            cut = chance.randrange(energy + 1)
            self.rows.append(LoadRow(name, end - 1200, 600, int(Quality.PARTIAL), {"ap": cut}))
            self.rows.append(LoadRow(name, end, 1200, int(Quality.PARTIAL), {"ap": energy - cut}))
        elif chance.random() < 0.03 and not near:
            cut = chance.randrange(energy + 1)
            self.rows.append(LoadRow(name, end, PERIOD, 0, {"ap": cut}))
            self.rows.append(LoadRow(name, end, PERIOD, int(Quality.REPEATED), {"ap": energy - cut}, repeat=1))
        elif chance.random() > 0.1:
            self.rows.append(LoadRow(name, end, PERIOD, 0, {"ap": energy}))


def live(world: World, chance: random.Random) -> tuple[int, Fraction, Fraction]:
    """Returns the point, what its registers counted (primary), and how far the sums may differ."""
    life = Life(world, chance)
    turn, meters, acts = life.turn, life.meters, life.acts
    world.series.write(life.rows)
    with writing(world.engine).begin() as connection:
        with entering(connection, at=NOW, kind="test") as act:
            code = f"Л-{life.number}"
            point = enter.add_point(
                act, world.company, code, name="Дом", address="ул.", tz=TZ, scheme=world.scheme, power_max=1_000_000
            )
            for meter in meters:
                enter.add_meter(act, meter.name, serial=meter.name, type="т", maker="м", register_end=TOP)
            first = {"reg_start": acts[0], "reg_end": acts[1] if turn else None, "act": "1"}
            enter.mount(act, point, meters[0].name, BEGUN, turn, ki=life.ratios[0], **first)
            if turn is not None:
                start = acts[2 if life.swapped else 1]
                enter.mount(act, point, meters[-1].name, turn, ki=life.ratios[1], reg_start=start, act="2")
        if life.off:
            told = {"meter": meters[0].name, "edge": "", "journal": 2, "uptime": -1, "received_at": NOW}
            for at, word in ((life.off.start, 1), (life.off.stop, 2)):
                connection.execute(event.insert().values(**told, time=BEGUN + PERIOD * at, code=word))
        dirty.mark_days(connection, point, [FIRST + timedelta(days=n) for n in range(DAYS)])
    while recompute.run(world.engine, world.series, NOW):
        pass
    return point, life.counted, life.permitted


def holds(world: World, seed: int) -> None:
    point, counted, permitted = live(world, random.Random(seed))
    with world.engine.connect() as connection:
        found = connection.execute(select(point_day).where(point_day.c.point == point)).all()
    assert len(found) == DAYS
    assert sum(row.missing for row in found) == 0
    total, states = 0, set()
    for row in found:
        for zone in row.energies["active_import"].values():
            states |= zone.keys()
            total += sum(energy for state, energy in zone.items())
    assert not states & {State.SUSPECT, State.ESTIMATED_OPEN}
    assert abs(total - counted) <= permitted, (seed, total, counted, permitted)


def test_a_row_over_a_midnight_does_not_spoil_the_gap_beside_its_register(world: World) -> None:
    """10 Wh before midnight and 3 kWh after it come as one row; half an hour of 100 Wh is lost later that night."""
    world.lives += 1
    name, second = f"L{world.lives}A", midnight(FIRST + timedelta(days=1), TZ)
    meter, rows = Meter(world, name, 10**9), []
    for number in range(48 * 2):
        moment, end = BEGUN + PERIOD * number, BEGUN + PERIOD * (number + 1)
        if number % 48 == 0:
            rows.append(RegisterRow(name, moment, Kind.DAILY, 0, {"ap0": meter.shown()["ap0"]}))
        energy = {47: 10_000, 48: 3_000_000}.get(number, 100_000)
        meter.count(moment, energy)
        if number == 48:
            rows.append(LoadRow(name, end, 2 * PERIOD, int(Quality.CATCH_UP), {"ap": 3_010_000}))
        elif number not in (47, 52):
            rows.append(LoadRow(name, end, PERIOD, 0, {"ap": energy}))
    rows.append(RegisterRow(name, second + 86_400, Kind.DAILY, 0, {"ap0": meter.shown()["ap0"]}))
    world.series.write(rows)
    with writing(world.engine).begin() as connection:
        with entering(connection, at=NOW, kind="test") as act:
            code = f"Л-{world.lives}"
            point = enter.add_point(act, world.company, code, name="Дом", address="ул.", tz=TZ, scheme=world.scheme)
            enter.add_meter(act, name, serial=name, type="т", maker="м")
            enter.mount(act, point, name, BEGUN, act="1")
        dirty.mark_days(connection, point, [FIRST, FIRST + timedelta(days=1)])
    while recompute.run(world.engine, world.series, NOW):
        pass
    with world.engine.connect() as connection:
        found = connection.execute(select(point_day).where(point_day.c.point == point)).all()
    totals = [sum(sum(zone.values()) for zone in row.energies["active_import"].values()) for row in found]
    assert [row.missing for row in found] == [0, 0]
    assert sum(totals) == 93 * 100_000 + 3_010_000 + 100_000


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_and_nothing_is_counted_twice(world: World, seed: int) -> None:
    holds(world, seed)


@pytest.mark.long
@given(st.integers(0, 2**32))
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_over_many_lives(world: World, seed: int) -> None:
    holds(world, seed)
