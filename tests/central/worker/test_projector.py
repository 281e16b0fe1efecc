"""The worker: inbox into series, events, conflicts; nothing lost, nothing twice, whatever breaks in between."""

import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, func, select, text, update

from central.db import writing
from central.figures.tables import conflict
from central.ingest.bindings import bind
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.replay import Which, replay_messages
from central.ingest.retention import DAY
from central.ingest.tables import State, event, inbox, meter_seen, tip
from central.notices.tables import journal_mark
from central.timeseries.base import LoadRow, SeriesRefused, SeriesUnavailable
from central.timeseries.rows import AnyRow
from central.timeseries.sqlite import SqliteSeries
from central.worker import Worker
from protocol.messages import bodies
from protocol.reading import Event, Kind, Quality
from tests.central.parts import CENTRAL, NOW, T0, Journal, NoFigures, database, load_body
from tests.central.programs import until
from tests.central.sql import Sql


class Bench:
    """A database with two meters, a series, a journal, and a worker over them."""

    def __init__(self, folder: Path) -> None:
        self.engine: Engine = database(folder, "A-1", "B-2")
        self.series = SqliteSeries(folder / "series.sqlite")
        self.figures = NoFigures()
        self.journal = Journal()
        self.worker = Worker(self.engine, self.series, self.figures)

    def receive(self, body: bytes, name: str = "A-1", channel: str = "archive") -> None:
        topic, payload = self.journal.append(body, name, channel)
        Receiver(self.engine, CENTRAL).take([Message(str(topic), payload)], NOW)

    def work(self) -> int:
        return sum(iter(lambda: self.worker.step(NOW), 0))

    def states(self) -> list[tuple[str, str | None]]:
        return [
            (row.state, row.reason) for row in self.rows(select(inbox.c.state, inbox.c.reason).order_by(inbox.c.id))
        ]

    def rows(self, query: Any) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def load(self, meter: str = "A-1") -> dict[int, int]:
        return {row.end: row.values["ap"] for row in self.series.load(meter, 0, T0 + 10**8)}


@pytest.fixture
def bench(sql: Sql, tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_rows_reach_the_series_and_the_days_are_marked(bench: Bench) -> None:
    bench.receive(load_body((T0, 1), (T0 + 1800, 2)))
    bench.receive(load_body((T0, 9), kind=Kind.DAILY), name="B-2")
    assert bench.work() == 2
    assert bench.series.load("A-1", 0, NOW) == [
        LoadRow("A-1", T0, 1800, 0, {"ap": 1}),
        LoadRow("A-1", T0 + 1800, 1800, 0, {"ap": 2}),
    ]
    assert bench.series.registers("B-2", [Kind.DAILY], 0, NOW)[0].values == {"ap0": 9}
    assert bench.states() == [("done", None), ("done", None)]
    assert sorted(bench.figures.marked) == [("A-1", [T0, T0 + 1800]), ("B-2", [T0])]
    seen = {row.meter: (row.last_stamp, row.last_received_at) for row in bench.rows(select(meter_seen))}
    assert seen == {"A-1": (T0 + 1800, NOW), "B-2": (T0, NOW)}


def test_the_same_stamp_with_another_value_is_a_conflict_and_the_first_stays(bench: Bench) -> None:
    bench.receive(load_body((T0, 1), (T0 + 1800, 2)))
    bench.work()
    for _ in range(2):
        bench.receive(load_body((T0, 7), (T0 + 1800, 2), (T0 + 3600, 3)))
        bench.work()
    bench.receive(load_body((T0, 8)))
    bench.receive(load_body((T0 + 1800, 2), (T0 + 1800, 4)))
    bench.work()
    assert bench.load() == {T0: 1, T0 + 1800: 2, T0 + 3600: 3}
    found = [(row.kind, row.stamp, row.kept, row.came) for row in bench.rows(select(conflict).order_by(conflict.c.id))]
    assert found == [
        ("load", T0, {"ap": 1}, {"ap": 7}),
        ("load", T0, {"ap": 1}, {"ap": 8}),
        ("load", T0 + 1800, {"ap": 2}, {"ap": 4}),
    ]
    assert {state for state, _ in bench.states()} == {"done"}


def test_a_conflict_inside_one_batch_is_seen_too(bench: Bench) -> None:
    bench.receive(load_body((T0, 1)))
    bench.receive(load_body((T0, 2)))
    bench.work()
    assert bench.load() == {T0: 1}
    assert len(bench.rows(select(conflict))) == 1


def test_a_conflict_inside_one_batch_is_seen_by_a_worker_that_knows_what_stands(bench: Bench) -> None:
    """It does not look into the series then: what was planned a moment ago must be enough."""
    bench.receive(load_body((T0, 1)))
    bench.work()
    bench.receive(load_body((T0 + 1800, 2)))
    bench.receive(load_body((T0 + 1800, 3)))
    bench.work()
    assert bench.load() == {T0: 1, T0 + 1800: 2}
    assert [(row.kept, row.came) for row in bench.rows(select(conflict))] == [({"ap": 2}, {"ap": 3})]


def test_a_late_row_does_not_make_the_worker_forget_what_is_newer(bench: Bench) -> None:
    for rows in ([(T0 + 3600, 3)], [(T0, 1)], [(T0 + 3600, 9)]):
        bench.receive(load_body(*rows))
        bench.work()
    assert bench.load() == {T0: 1, T0 + 3600: 3}
    assert [(row.kept, row.came) for row in bench.rows(select(conflict))] == [({"ap": 3}, {"ap": 9})]
    assert [row.last for row in bench.rows(select(tip))] == [T0 + 3600]
    assert [row.last_stamp for row in bench.rows(select(meter_seen))] == [T0 + 3600]


def test_new_fields_of_a_known_stamp_are_added(bench: Bench) -> None:
    bench.receive(load_body((T0, 1)))
    bench.work()
    bench.receive(load_body((T0, 5)).replace(b"active_import", b"active_export"))
    bench.work()
    assert bench.series.load("A-1", 0, NOW) == [LoadRow("A-1", T0, 1800, 0, {"ap": 1, "am": 5})]
    assert bench.rows(select(conflict)) == []


def test_repeated_stamps_are_intervals_of_their_own_however_often_they_come(bench: Bench) -> None:
    first = load_body((T0, 1))
    repeated = load_body((T0, 2), (T0, 2), (T0, 3), quality=Quality.REPEATED)
    for body in (first, repeated, repeated, first):
        bench.receive(body)
        bench.work()
    assert [(row.repeat, row.values["ap"]) for row in bench.series.load("A-1", 0, NOW)] == [
        (0, 1),
        (1, 2),
        (2, 2),
        (3, 3),
    ]
    assert bench.rows(select(conflict)) == []


def test_repeated_stamps_of_two_bodies_take_the_next_place(bench: Bench) -> None:
    for value in (2, 3):
        bench.receive(load_body((T0, value), quality=Quality.REPEATED))
    bench.work()
    assert [(row.repeat, row.values["ap"]) for row in bench.series.load("A-1", 0, NOW)] == [(1, 2), (2, 3)]


def test_unknown_columns_leave_the_message_partial(bench: Bench) -> None:
    bench.receive(
        load_body((T0, 1)).replace(b'"active_import"]', b'"moonlight","active_import"]').replace(b"0,1]", b"0,7,1]")
    )
    bench.work()
    assert bench.load() == {T0: 1}
    assert bench.states() == [("partial", "unknown_columns")]
    bench.work()
    assert replay_messages(bench.engine, Which(State.PARTIAL)).given == 1
    bench.work()
    assert bench.states() == [("partial", "unknown_columns")]


def test_a_column_whose_name_no_database_takes_does_not_stop_the_worker(bench: Bench) -> None:
    bench.receive(load_body((T0, 1)).replace(b"active_import", rb"of\u0000tomorrow"))
    bench.receive(load_body((T0, 2)))
    bench.work()
    assert bench.states() == [("partial", "unknown_columns"), ("done", None)]
    assert bench.load() == {T0: 2}


def test_a_register_in_a_load_profile_is_an_unknown_column(bench: Bench) -> None:
    bench.receive(load_body((T0, 1)).replace(b"active_import", b"active_import_t1"))
    bench.work()
    assert bench.states() == [("partial", "unknown_columns")]


def test_rows_before_the_meter_was_the_edges_wait_until_it_is_bound(bench: Bench) -> None:
    with writing(bench.engine).begin() as connection:
        bind(connection, "edge-1", "C-3", T0, None, NOW)
    bench.receive(load_body((T0 - 1800, 1), (T0, 2)), name="C-3")
    bench.receive(load_body((T0 - 3600, 3)), name="C-3")
    bench.work()
    assert bench.load("C-3") == {T0: 2}
    assert bench.states() == [("partial", "foreign_meter"), ("quarantined", "foreign_meter")]
    assert replay_messages(bench.engine, Which()).refused == {"foreign_meter": 1}
    with writing(bench.engine).begin() as connection:
        bind(connection, "edge-1", "C-3", 0, None, NOW)
    assert replay_messages(bench.engine, Which(), dry_run=True).given == 1
    assert bench.states()[1] == ("quarantined", "foreign_meter")
    assert replay_messages(bench.engine, Which()).given == 1
    assert replay_messages(bench.engine, Which(State.PARTIAL)).given == 1
    bench.work()
    assert bench.load("C-3") == {T0 - 3600: 3, T0 - 1800: 1, T0: 2}
    assert bench.states() == [("done", None), ("done", None)]


def test_replay_is_narrowed(bench: Bench) -> None:
    bench.receive(load_body((T0, 1)))
    bench.work()
    for which in (
        Which(State.DONE, edge="edge-2"),
        Which(State.DONE, since=NOW + 1),
        Which(State.DONE, until=NOW),
        Which(State.QUARANTINED),
    ):
        assert replay_messages(bench.engine, which).given == 0
    assert replay_messages(bench.engine, Which(State.DONE, edge="edge-1", since=NOW, until=NOW + 1)).given == 1


def test_the_series_can_be_wiped_and_made_again_from_the_inbox(bench: Bench) -> None:
    for n in range(20):
        bench.receive(load_body((T0 + 1800 * n, n)))
    bench.work()
    before = bench.load()
    bench.series.erase()
    replay_messages(bench.engine, Which(State.DONE))
    bench.work()
    assert bench.load() == before


def test_what_sql_will_never_take_is_set_aside_alone(sql: Sql, bench: Bench) -> None:
    """A last resort: the message would be driven for ever, and all others wait behind it."""
    if sql.kind != "postgresql":
        pytest.skip("SQLite takes any text and any integer")
    refuse = "'BEGIN IF NEW.code = 9 THEN RAISE EXCEPTION ''no'' USING ERRCODE = ''22003''; END IF; RETURN NEW; END'"
    with writing(bench.engine).begin() as connection:
        connection.execute(text(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS {refuse}"))
        connection.execute(text("CREATE TRIGGER refuse BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION refuse()"))
    bench.receive(load_body((T0, 1)))
    for code in (1, 9, 2):
        (body,) = bodies.encode_events([Event(T0 + code, 2, code)], made=NOW, offset=180)
        bench.receive(body, channel="event")
    bench.work()
    assert bench.states() == [("done", None), ("done", None), ("quarantined", "unreadable"), ("done", None)]
    assert [row.code for row in bench.rows(select(event.c.code).order_by(event.c.code))] == [1, 2]
    assert bench.load() == {T0: 1}


def test_events_are_kept_once(bench: Bench) -> None:
    (lines,) = bodies.encode_events([Event(T0, 3, 1, 77), Event(T0, 3, 1, 78), Event(T0, 3, 2)], made=NOW, offset=180)
    for _ in range(2):
        bench.receive(lines, channel="event")
        bench.receive(lines, channel="event", name="self")
        bench.work()
    rows = bench.rows(select(event).order_by(event.c.id))
    meters = [(row.edge, row.time, row.journal, row.code, row.uptime) for row in rows if row.meter == "A-1"]
    assert meters == [("", T0, 3, 1, 77), ("", T0, 3, 1, 78), ("", T0, 3, 2, -1)]
    assert [row.edge for row in rows if row.meter == "self"] == ["edge-1"] * 3
    assert {state for state, _ in bench.states()} == {"done"}


def test_a_line_of_a_case_leaves_a_mark_that_somebody_is_to_look(bench: Bench) -> None:
    """Whoever looks takes it away; lines that come again mark again, and a line of no case marks nothing."""

    def come(*lines: Event) -> None:
        (body,) = bodies.encode_events(lines, made=NOW, offset=180)
        bench.receive(body, channel="event")
        bench.receive(body, channel="event", name="self")
        bench.work()

    come(Event(T0, 3, 1))
    marks = select(journal_mark.c.meter, journal_mark.c.since)
    assert bench.rows(marks) == [("A-1", None)]
    come(Event(T0 + 60, 4, 4), Event(T0 + 30, 3, 2))
    assert bench.rows(marks) == [("A-1", T0 + 60)]
    come(Event(T0 + 90, 7, 1))
    assert bench.rows(marks) == [("A-1", T0 + 60)], "the older one stays"
    come(Event(T0 - 90, 2, 1))
    assert bench.rows(marks) == [("A-1", T0 - 90)]
    with writing(bench.engine).begin() as connection:
        connection.execute(journal_mark.update().values(since=None))
    come(Event(T0 + 60, 4, 4))
    assert bench.rows(marks) == [("A-1", T0 + 60)]


def test_one_stamp_of_2099_does_not_spoil_what_comes_after(bench: Bench) -> None:
    far = T0 + 74 * 365 * DAY
    bench.receive(load_body((far, 1)))
    bench.work()
    bench.receive(load_body((T0, 2)))
    bench.receive(load_body((far, 3)))
    bench.work()
    assert [(row.end, row.values["ap"]) for row in bench.series.load("A-1", 0, far)] == [(T0, 2), (far, 1)]
    assert len(bench.rows(select(conflict))) == 1
    assert bench.rows(select(meter_seen.c.last_stamp)) == [(T0,)]


class Breaking:
    """A series that fails as told, before or after it has written."""

    def __init__(self, series: SqliteSeries) -> None:
        self._series = series
        self.load, self.registers = series.load, series.registers
        self.failures: list[str] = []

    def write(self, rows: Sequence[AnyRow]) -> None:
        how = self.failures.pop(0) if self.failures else ""
        if how == "before":
            raise SeriesUnavailable("away")
        self._series.write(rows)
        if how == "after":
            raise SeriesUnavailable("the answer was lost")


def test_a_store_that_is_away_costs_time_only(bench: Bench) -> None:
    chance = random.Random(5)
    breaking = Breaking(bench.series)
    bench.worker = Worker(bench.engine, breaking, bench.figures)  # type: ignore[arg-type]
    expected = {}
    for n in range(40):
        expected[T0 + 1800 * n] = n
        bench.receive(load_body((T0 + 1800 * n, n)))
        breaking.failures = [chance.choice(["before", "after"])] * chance.randint(0, 2)
        while True:
            try:
                if not bench.worker.step(NOW):
                    break
            except SeriesUnavailable:
                assert bench.states()[-1] == ("new", None), "not done before the series said so"
    assert bench.load() == expected
    assert {state for state, _ in bench.states()} == {"done"}
    assert bench.rows(select(conflict)) == []


def test_a_first_value_stays_the_first_though_the_worker_died_between_series_and_sql(bench: Bench) -> None:
    bench.receive(load_body((T0, 1)))
    bench.work()
    bench.receive(load_body((T0 + 1800, 2)))
    breaking = Breaking(bench.series)
    breaking.failures = ["after"]
    with pytest.raises(SeriesUnavailable):
        Worker(bench.engine, breaking, bench.figures).step(NOW)  # type: ignore[arg-type]
    with writing(bench.engine).begin() as connection:  # the message itself is gone to the end of the queue
        connection.execute(update(inbox).where(inbox.c.state == State.NEW).values(id=100))
        connection.execute(update(inbox).where(inbox.c.id == 1).values(id=200))
    bench.receive(load_body((T0 + 1800, 3)))
    with writing(bench.engine).begin() as connection:
        connection.execute(update(inbox).where(inbox.c.seq == 3).values(id=50))
    Worker(bench.engine, bench.series, bench.figures).step(NOW)
    assert bench.load() == {T0: 1, T0 + 1800: 2}
    assert len(bench.rows(select(conflict))) == 1


def test_what_the_series_refuses_is_set_aside_alone(bench: Bench) -> None:
    class Refusing(Breaking):
        def write(self, rows: Sequence[AnyRow]) -> None:
            if any(row.values.get("ap") == 13 for row in rows):
                raise SeriesRefused("field type conflict")
            self._series.write(rows)

    for value in (12, 13, 14):
        bench.receive(load_body((T0 + 1800 * value, value)))
    Worker(bench.engine, Refusing(bench.series), bench.figures).step(NOW)  # type: ignore[arg-type]
    assert bench.states() == [("done", None), ("quarantined", "series_refused"), ("done", None)]
    assert sorted(bench.load().values()) == [12, 14]


def test_a_row_that_comes_while_it_runs_is_soon_in_the_series(bench: Bench) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=bench.worker.run, args=(stop,))
    thread.start()
    try:
        bench.receive(load_body((T0, 1)))
        until(bench.load)
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()


def test_every_kind_of_body_goes_through(bench: Bench) -> None:
    """Counters add up: what came is done, partial or quarantined, and nothing stays new."""
    chance = random.Random(11)
    columns = ["active_import", "active_import_total", "voltage_a", "x", "journal", "code", "uptime"]
    for _ in range(300):
        cols = chance.sample(columns, chance.randint(0, 4))
        body = {
            "v": 1,
            "made": "2025-11-24T16:00:00Z",
            "kind": chance.choice(["load", "daily", "monthly", "now", "event"]),
            "offset": 0,
            "t0": "2025-11-24T00:00:00Z",
            "cols": cols,
            "rows": [
                [chance.randint(-(10**10), 10**10), chance.choice([0, 1800]), chance.randrange(256)]
                + [chance.choice([None, 0, 2**63 - 1, -(2**63)]) for _ in cols]
                for _ in range(chance.randint(0, 3))
            ],
        }
        bench.receive(msgspec.json.encode(body), channel=chance.choice(["archive", "event"]))
    bench.work()
    counts = dict(bench.rows(select(inbox.c.state, func.count()).group_by(inbox.c.state)))
    assert sum(counts.values()) == 300
    assert counts.keys() == {"done", "partial", "quarantined"}
