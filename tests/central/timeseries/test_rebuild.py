"""What SQL is told when rows come by another way than the worker: tips, days, the inbox, the edges."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from central.figures.tables import dirty
from central.ingest.receive import Message, Receiver
from central.ingest.tables import State, ahead, edge_store, inbox, tip
from central.timeseries.base import DAY, LiveRow, LoadRow, RegisterRow
from central.timeseries.rebuild import Idle, ask_edges, give_inbox, remake_tips, wait_for_worker
from central.timeseries.rebuild import Sql as Around
from central.timeseries.sqlite import SqliteSeries
from central.worker import Worker
from protocol.messages import control
from protocol.messages.control import About
from protocol.messages.topics import EdgeTopic
from protocol.reading import Kind
from tests.central import scene as scenes
from tests.central.parts import CENTRAL, NOW, T0, Journal, NoFigures, database, load_body
from tests.central.sql import Sql


@pytest.fixture
def engine(sql: Sql, tmp_path: Path) -> Engine:
    return database(tmp_path, "A-1")


def load(end: int, meter: str = "A-1") -> LoadRow:
    return LoadRow(meter, end, 1800, 0, {"ap": 1})


def tips(engine: Engine) -> dict[tuple[str, str], int]:
    with engine.connect() as connection:
        return {(row.meter, row.kind): row.last for row in connection.execute(select(tip))}


def receive(engine: Engine, journal: Journal, *numbers: int) -> None:
    for number in numbers:
        while len(journal.rows) < number:
            journal.append(load_body((T0 + 1800 * len(journal.rows), len(journal.rows))))
        topic, body = journal.rows[number - 1]
        Receiver(engine, CENTRAL).take([Message(str(topic), body)], NOW)


def test_tips_are_raised_and_never_lowered(engine: Engine) -> None:
    around = Around(engine, NOW)
    around.before([load(T0), load(T0 + 1800), RegisterRow("A-1", T0, Kind.DAILY, 0, {"ap0": 1}), load(T0, "B-2")])
    around.before([load(T0 + 900), LiveRow("A-1", T0 + 5000, {"u_a": 1.0})])
    assert tips(engine) == {("A-1", "load"): T0 + 1800, ("A-1", "daily"): T0, ("B-2", "load"): T0}
    around.before([load(NOW + 2 * DAY)])
    assert tips(engine)["A-1", "load"] == T0 + 1800, "what lies in the future is always compared: it has no tip"


def test_tips_are_made_of_what_the_series_holds(engine: Engine, tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path / "series.sqlite")
    series.write([load(T0), load(T0 + 1800), load(NOW + 9 * DAY), RegisterRow("A-1", T0, Kind.NOW, 0, {"ap0": 1})])
    remake_tips(engine, series, NOW)
    assert tips(engine) == {("A-1", "load"): T0 + 1800, ("A-1", "now"): T0}
    series.close()


def test_the_days_of_the_rows_are_computed_anew(sql: Sql, tmp_path: Path) -> None:
    scene = scenes.build(tmp_path / "scene", days=3)
    meter = f"MIL-{scenes.FLAT}"
    Around(scene.engine, scene.now).after([load(scene.now, meter), load(scene.now - DAY, meter), load(scene.now, "x")])
    with scene.engine.connect() as connection:
        marked = {(row.point, row.day.isoformat()) for row in connection.execute(select(dirty))}
    point = scene.points[scenes.FLAT]
    assert marked == {(point, "2026-11-23"), (point, "2026-11-24")}
    scene.close()


def test_the_inbox_is_given_to_the_worker_once_more(engine: Engine, tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path / "series.sqlite")
    journal = Journal()
    receive(engine, journal, 1, 2, 3)
    worker = Worker(engine, series, NoFigures())
    assert worker.step(NOW) == 3
    assert give_inbox(engine, dry_run=True) == 3
    assert worker.step(NOW) == 0
    before = series.load("A-1", 0, NOW)
    series.erase()
    assert give_inbox(engine) == 3
    assert give_inbox(engine) == 0, "they wait already"
    with pytest.raises(Idle, match="3 messages wait and no worker takes them"):
        wait_for_worker(engine, lambda _: None, patience=0.1)
    assert worker.step(NOW) == 3
    wait_for_worker(engine, lambda _: None, patience=0.1)
    assert series.load("A-1", 0, NOW) == before
    series.close()


def test_edges_are_asked_for_all_that_they_hold(engine: Engine) -> None:
    journal = Journal()
    receive(engine, journal, 1, 2, 3, 5)
    assert ask_edges(engine, dry_run=True) == 1
    with engine.connect() as connection:
        assert connection.execute(select(edge_store.c.upto)).scalar_one() == 3
    assert ask_edges(engine) == 1
    with engine.connect() as connection:
        assert connection.execute(select(edge_store.c.upto, edge_store.c.sha)).one() == (0, "")
        assert connection.execute(select(ahead)).all() == []
    about = About(store="s1", low=1, next=6, central=CENTRAL, software="t", config="c", meters={})
    taken = Receiver(engine, CENTRAL).take([Message(str(EdgeTopic("edge-1", "about")), control.encode(about))], NOW)
    assert taken.acks["edge-1", "s1"].upto == 0, "the first answer after `about` sets the edge back"
    receive(engine, journal, 1, 2, 3, 4, 5)
    with engine.connect() as connection:
        assert connection.execute(select(edge_store.c.upto)).scalar_one() == 5
        assert len(connection.execute(select(inbox)).all()) == 5, "what it has already is not stored twice"


def test_a_journal_that_lost_its_front_is_asked_from_what_it_has(engine: Engine) -> None:
    journal = Journal()
    about = About(store="s1", low=3, next=6, central=CENTRAL, software="t", config="c", meters={})
    Receiver(engine, CENTRAL).take([Message(str(EdgeTopic("edge-1", "about")), control.encode(about))], NOW)
    receive(engine, journal, 3, 4, 5)
    ask_edges(engine)
    with engine.connect() as connection:
        assert connection.execute(select(edge_store.c.upto)).scalar_one() == 2


def test_what_is_quarantined_stays_there(engine: Engine) -> None:
    journal = Journal()
    journal.append(b"{")
    receive(engine, journal, 1)
    assert give_inbox(engine) == 0
    with engine.connect() as connection:
        assert connection.scalars(select(inbox.c.state)).all() == [State.QUARANTINED]
