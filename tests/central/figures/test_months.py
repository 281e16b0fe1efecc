"""The company closes a month of all its points by a job: what can be is closed, the rest is told with its reasons."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from central.db import writing
from central.figures import closing, months
from central.figures.closed import all_closings, closings
from central.figures.months import Month
from central.figures.tables import period_check, period_close, period_correction
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import State, job
from central.metering.zones import midnight
from central.registry.refusals import Refused
from central.timeseries.base import RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.parts import config
from tests.central.scene import Scene, build, copied
from tests.central.sql import Sql

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
NOW = int(datetime.fromisoformat("2026-12-03T10:00+03:00").timestamp())
WHOLE = int(datetime.fromisoformat("2026-12-02T14:00+03:00").timestamp())  # readings come until then


@dataclass
class Office:
    scene: Scene
    folder: Path

    def turn(self) -> None:
        """The worker does all that it is asked to."""
        keeper = Keeper(self.scene.engine, "worker-1", wall=lambda: NOW)
        kinds = {name: KINDS[name] for name in ("close_month", "correct_months")}
        runner = Runner(config(self.folder), keeper, self.scene.series, kinds, lambda: NOW)
        while runner.turn(threading.Event()):
            pass

    def ask(self, *, closing_too: bool, month: date = NOVEMBER) -> None:
        with writing(self.scene.engine).begin() as connection:
            closing.ask(connection, self.scene.viewer(s.OPERATOR), month, NOW, closing=closing_too)

    def month(self, month: date = NOVEMBER) -> Month:
        with self.scene.engine.connect() as connection:
            return months.one(connection, self.scene.viewer(s.OPERATOR), month)

    def left(self, *, free: bool) -> list[tuple[str, str | None, list[str]]]:
        with self.scene.engine.connect() as connection:
            found = months.unclosed(connection, self.scene.viewer(s.OPERATOR), NOVEMBER, 1, 50, free=free)
        return [(one.code, one.number, [hindered.what.value for hindered in one.hindrances]) for one in found]


@pytest.fixture(scope="module")
def kept(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, Path]:
    folder = tmp_path_factory.mktemp("kept")
    made = build(folder, now=WHOLE, days=32)
    made.close()
    return made, folder


@pytest.fixture
def office(kept: tuple[Scene, Path], tmp_path: Path) -> Iterator[Office]:
    made = Office(copied(*kept, tmp_path / "town"), tmp_path)
    yield made
    made.scene.close()


def test_a_look_tells_what_can_be_closed_and_what_cannot_and_why_and_closes_nothing(office: Office) -> None:
    office.ask(closing_too=False)
    assert office.month().run is not None
    assert office.month().run.going  # type: ignore[union-attr]
    office.turn()
    found = office.month()
    assert (found.closed, found.free, found.hindered) == (0, 3, 1)
    assert found.run is not None
    assert (found.run.going, found.run.stuck, found.run.done, found.run.points) == (False, False, 3, 3)
    assert (found.run.closing, found.run.who, found.run.finished_at) == (False, "Ольга Диспетчер", NOW)
    assert office.left(free=False) == [("Т-46", "100-1", ["boundary"])]
    assert office.left(free=True) == [("Т-45", "100-1", []), ("Т-47", "100-2", []), ("Т-47", "100-3", [])]


def test_closing_closes_all_that_can_be_and_leaves_the_rest_with_its_reason(office: Office) -> None:
    office.ask(closing_too=False)
    office.turn()
    office.ask(closing_too=True)
    office.turn()
    found = office.month()
    assert (found.closed, found.free, found.hindered) == (3, 0, 1)
    with office.scene.engine.connect() as connection:
        rows = closings(connection, connection.execute(all_closings()).all())
    assert {(one.number, one.author, one.made_at, one.reason) for one in rows} == {
        (number, "Ольга Диспетчер", NOW, None) for number in ("100-1", "100-2", "100-3")
    }
    assert (found.energy, found.total) == (sum(one.energy for one in rows), sum(one.total for one in rows))
    assert found.total.as_tuple().exponent == -2
    office.turn()
    assert office.month().closed == 3


def test_run_again_from_the_beginning_it_closes_nothing_twice(office: Office) -> None:
    office.ask(closing_too=True)
    office.turn()
    with writing(office.scene.engine).begin() as connection:
        again = update(job).where(job.c.kind == "close_month")
        connection.execute(again.values(state=State.WAITING, result=None, finished_at=None))
    office.turn()
    with office.scene.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(period_close)).scalar_one() == 3
        assert connection.execute(select(func.count()).select_from(period_check)).scalar_one() == 1


def test_what_is_being_done_is_not_asked_for_twice(office: Office) -> None:
    for _ in range(2):
        office.ask(closing_too=True)
    with office.scene.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(job)).scalar_one() == 1
    with writing(office.scene.engine).begin() as connection:
        connection.execute(update(job).values(state=State.DEAD))
    run = office.month().run
    assert run is not None
    assert run.stuck, "the worker gave it up"
    office.ask(closing_too=True)
    office.turn()
    assert office.month().closed == 3


def test_closing_is_refused_while_it_only_looks(office: Office) -> None:
    office.ask(closing_too=False)
    with pytest.raises(Refused):
        office.ask(closing_too=True)
    office.turn()
    office.ask(closing_too=True)
    office.turn()
    assert office.month().closed == 3


def test_the_job_of_corrections_finds_them_and_the_company_lists_them_by_the_month_they_are_charged_in(
    office: Office,
) -> None:
    scene = office.scene
    office.ask(closing_too=True)
    office.turn()
    end, meter = midnight(DECEMBER, s.TZ), f"MIL-{s.FLAT}"
    (row,) = [row for row in scene.series.registers(meter, (Kind.DAILY,), end - 1, end) if "ap1" in row.values]
    more = {name: row.values[name] + 2_000_000 for name in ("ap0", "ap1")}
    scene.arrive(meter, RegisterRow(meter, end, Kind.DAILY, 0, dict(row.values) | more), now=NOW)
    assert office.month().rechecks == 3, "each closing is looked at once more, this one is among them"
    with writing(scene.engine).begin() as connection:
        connection.execute(job.insert().values(**WAITING))
    office.turn()
    assert office.month().rechecks == 0
    found = office.month(DECEMBER)
    assert (found.corrections, found.charged) == (1, Decimal("16.84"))
    with scene.engine.connect() as connection:
        viewer = scene.viewer(s.OPERATOR)
        (made,) = months.charged(connection, viewer, DECEMBER, 1, 50)
        assert list(months.all_charged(connection, viewer, DECEMBER)) == [made]
        assert connection.execute(select(period_correction.c.made_at)).scalar_one() == NOW
    assert (made.code, made.contract, made.month, made.energy) == ("Т-45", "100-1", NOVEMBER, 2_000_000)


WAITING = {
    "kind": "correct_months",
    "key": "now",
    "arguments": {},
    "state": State.WAITING,
    "due_at": NOW,
    "tries": 0,
    "made_at": NOW,
}


def test_the_last_months_are_told_the_newest_first(office: Office) -> None:
    with office.scene.engine.connect() as connection:
        found = months.months(connection, office.scene.viewer(s.OPERATOR), date(2027, 1, 15), 3)
    assert [one.month for one in found] == [date(2027, 1, 1), DECEMBER, NOVEMBER]
