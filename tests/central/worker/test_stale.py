"""A worker that stood still in the middle of a turn writes nothing when it goes on: another has worked meanwhile."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from central.db import writing
from central.figures import dirty, recompute
from central.figures.tables import dirty as marks
from central.figures.tables import point_day
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.tables import inbox
from central.jobs.leases import PROJECTION, SLICE, Hold, Keeper, LeaseLost
from central.metering.zones import midnight
from central.timeseries.base import LoadRow
from central.timeseries.rows import AnyRow
from central.timeseries.sqlite import SqliteSeries
from central.worker import Worker
from central.worker.figures import PointDays
from tests.central import scene as s
from tests.central.parts import CENTRAL, NOW, T0, Journal, NoFigures, database, load_body
from tests.central.scene import Scene
from tests.central.sql import Sql

SECONDS = 20


class Hooked:
    """A series in whose first call, `load` or `write`, something else happens first, or (`after`) last."""

    def __init__(self, series: SqliteSeries, call: str, then: Callable[[], object], after: bool = False) -> None:
        self._series, self._call, self._then, self._after = series, call, then, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._series, name)
        if name != self._call:
            return found
        self._call = ""

        def hooked(*arguments: Any) -> Any:
            if not self._after:
                self._then()
            answer = found(*arguments)
            if self._after:
                self._then()
            return answer

        return hooked


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def held(keeper: Keeper, names: Sequence[str]) -> Hold:
    keeper.beat()
    found = keeper.hold(names)
    assert found is not None
    return found


@pytest.fixture
def clock() -> Clock:
    found = Clock()
    found.now = float(NOW)
    return found


def test_the_projection(sql: Sql, tmp_path: Path, clock: Clock) -> None:
    """It stops after the series took its rows: the other has projected them and what came later."""
    engine, series, journal = database(tmp_path, "A-1"), SqliteSeries(tmp_path / "series.sqlite"), Journal()
    first, second = (Keeper(engine, name, SECONDS, clock, clock) for name in ("first", "second"))
    figures, others = NoFigures(), NoFigures()

    def receive(value: int) -> None:
        topic, body = journal.append(load_body((T0, value)))
        Receiver(engine, CENTRAL).take([Message(str(topic), body)], NOW)

    def another_works() -> None:
        receive(2)
        clock.now += SECONDS
        other = Worker(engine, series, others)
        assert other.step(NOW, held(second, [PROJECTION])) == 2

    receive(1)
    late = Worker(engine, Hooked(series, "write", another_works, after=True), figures)  # type: ignore[arg-type]
    with pytest.raises(LeaseLost):
        late.step(NOW, held(first, [PROJECTION]))
    assert (figures.marked, others.marked) == ([], [("A-1", [T0])])
    with engine.connect() as connection:
        assert connection.execute(select(inbox.c.state)).all() == [("done",)] * 2
    assert series.load("A-1", 0, NOW) == [LoadRow("A-1", T0, 1800, 0, {"ap": 1})]


def test_it_does_not_even_ask_the_series_to_write_when_its_time_is_over(sql: Sql, tmp_path: Path, clock: Clock) -> None:
    engine, series, journal = database(tmp_path, "A-1"), SqliteSeries(tmp_path / "series.sqlite"), Journal()
    topic, body = journal.append(load_body((T0, 1)))
    Receiver(engine, CENTRAL).take([Message(str(topic), body)], NOW)

    def write(_rows: Sequence[AnyRow]) -> None:
        raise AssertionError("it was late")

    def stands_still() -> None:
        clock.now += SECONDS

    hooked = Hooked(series, "load", stands_still)
    hooked.write = write
    worker = Worker(engine, hooked, NoFigures())  # type: ignore[arg-type]
    with pytest.raises(LeaseLost):
        worker.step(NOW, held(Keeper(engine, "first", SECONDS, clock, clock), [PROJECTION]))


def test_the_figures(own: Scene, clock: Clock) -> None:
    """It stops while it computes: the other has the newer rows, and its figures stay."""
    first, second = (Keeper(own.engine, name, SECONDS, clock, clock) for name in ("first", "second"))
    meter, day = f"MIL-{s.FLAT}", s.GAP
    row = LoadRow(meter, midnight(day, s.TZ) + 1800, 1800, 0, {"ap": 5_000_000})

    def state() -> Sequence[Any]:
        with own.engine.connect() as connection:
            return connection.execute(select(point_day).order_by(*point_day.primary_key.columns)).all()

    def another_works() -> None:
        own.series.write([row])
        with writing(own.engine).begin() as connection:
            dirty.mark(connection, {meter: [row.end]})
        clock.now += SECONDS
        figures = PointDays(own.engine, own.series)
        while figures.recompute(own.now, held(second, SLICE)):
            pass
        seen.append(state())

    seen: list[Sequence[Any]] = []
    with writing(own.engine).begin() as connection:
        dirty.mark(connection, {meter: [row.end]})
    before = state()
    late = PointDays(own.engine, Hooked(own.series, "load", another_works, after=True))  # type: ignore[arg-type]
    with pytest.raises(LeaseLost):
        late.recompute(own.now, held(first, SLICE))
    assert seen == [state()]
    assert before != state()
    with own.engine.connect() as connection:
        assert connection.execute(select(marks)).all() == []


def test_slices_are_parts_of_the_points(own: Scene, clock: Clock) -> None:
    """What one worker computes is not the other's, and together it is all."""
    with writing(own.engine).begin() as connection:
        connection.execute(delete(point_day))
        for point in own.points.values():
            dirty.mark_days(connection, point, [s.GAP])
    for number in range(len(SLICE)):
        done = recompute.run(own.engine, own.series, own.now, slices=[number])
        with own.engine.connect() as connection:
            found = set(connection.scalars(select(point_day.c.point)))
        assert (done > 0) is any(point % len(SLICE) == number for point in own.points.values())
        assert found == {point for point in own.points.values() if point % len(SLICE) <= number}
