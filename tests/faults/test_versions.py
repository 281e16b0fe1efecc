"""Fault 37: an edge newer than central, an edge older than central. Mark: kept, replayed after the upgrade."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from central.cli import main
from central.db import writing
from central.ingest import projection
from central.ingest.bindings import bind
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.tables import edge, inbox, stray
from central.timeseries.sqlite import SqliteSeries
from central.worker import Worker
from protocol.messages import bodies
from protocol.messages.bodies import Body
from protocol.quantities import BY_NAME
from tests.central.parts import CENTRAL, NOW, T0, Journal, NoFigures, config, database, load_body
from tests.central.sql import Sql

GOOD = load_body((T0, 7))
LATER = 3600  # seconds between what the first and the second edge sent


def with_moonlight(stamp: int) -> bytes:
    """A reading with a column that we do not know."""
    body = load_body((stamp, 7)).replace(b'["active_import"]', b'["active_import","moonlight"]')
    return body.replace(b",0,7]", b",0,7,9]")


# what a newer edge sends: payload, then how it stands at a central that does not know it
NEWER = {
    "version 2": (GOOD.replace(b'"v":1', b'"v":2'), ("quarantined", "unknown_version")),
    "version 2 of another shape": (b'{"v":2,"blob":"AQID"}', ("quarantined", "unknown_version")),
    "a new kind": (GOOD.replace(b'"load"', b'"weekly"'), ("quarantined", "unreadable")),
    "a new column": (with_moonlight(T0), ("partial", "unknown_columns")),
    "a new field": (GOOD.replace(b'"v":1', b'"v":1,"weather":{"sun":[1,2]}'), ("done", None)),
    "new quality bits": (GOOD.replace(b",1800,0,7]", b",1800,128,7]"), ("done", None)),
}

# what an older edge sends, or a newer one beside what we know
ABOUT = {"store": "s1", "low": 1, "next": 1, "central": CENTRAL, "software": "1", "config": "c", "meters": {}}
HEALTH = {
    "time": "2025-11-24T16:00:00Z",
    "waiting": 3,
    "oldest": None,
    "days_left": None,
    "clock": "trusted",
    "meters": {},
}
ABOUT_EDGES = {
    "about without version": ("about", ABOUT),
    "about of a newer edge": ("about", {"v": 1, **ABOUT, "temperature": {"cpu": 51}}),
    "health without counts": ("health", {**HEALTH, "meters": {}}),
    "health of a newer edge": ("health", {"v": 1, **HEALTH, "meters": {}, "store": "s1", "counts": {}, "disk": "worn"}),
}


class Bench:
    """A central in this process, so that it can be «upgraded»; its commands read the same configuration."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "central.toml"
        self.settings = config(folder)
        self.engine = database(folder, "A-1")
        with writing(self.engine).begin() as connection:
            bind(connection, "edge-2", "A-1", 0, None, NOW)
        self.series = SqliteSeries(folder / "series.sqlite")
        self._receiver = Receiver(self.engine, CENTRAL)
        self._worker = Worker(self.engine, self.series, NoFigures())

    def receive(self, *messages: tuple[Any, bytes], now: int = NOW) -> Any:
        taken = self._receiver.take([Message(str(topic), payload) for topic, payload in messages], now)
        self.work()
        return taken

    def work(self) -> None:
        while self._worker.step(NOW):
            pass

    def replay(self, *arguments: str) -> str:
        """`uchet-central replay …`, and what the worker does then."""
        done = CliRunner().invoke(main, ["--config", str(self._file), "replay", *arguments])
        assert done.exit_code == 0, done.output
        self.work()
        return done.output

    def states(self, name: str = "edge-1") -> list[tuple[str, str | None]]:
        query = select(inbox).where(inbox.c.edge == name).order_by(inbox.c.seq)
        return [(row.state, row.reason) for row in self.rows(query)]

    def rows(self, query: Any) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def load(self) -> dict[int, dict[str, int]]:
        return {row.end: row.values for row in self.series.load("A-1", 0, T0 + 10**9)}


@pytest.fixture
def bench(sql: Sql, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.series.close()
    bench.engine.dispose()


def second(stamp: int, value: int) -> bytes:
    """A body of version 2, as a next release may have it: a list of readings by name."""
    return json.dumps({"v": 2, "blocks": [{"end": stamp, "active_import": value}]}).encode()


def upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this central knows version 2 and one column more."""
    first = bodies.decode

    def decode(payload: bytes) -> Body:
        try:
            said = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            return first(payload)
        if not isinstance(said, dict) or said.get("v") != 2 or "blocks" not in said:
            return first(payload)
        (block,) = said["blocks"]
        return first(load_body((block["end"], block["active_import"])))

    monkeypatch.setattr(bodies, "decode", decode)
    monkeypatch.setattr(projection, "BY_NAME", {**BY_NAME, "moonlight": BY_NAME["active_export"]})


@pytest.mark.parametrize("what", NEWER)
def test_what_a_newer_edge_sends_is_acknowledged_and_kept_whole(bench: Bench, what: str) -> None:
    payload, state = NEWER[what]
    journal = Journal()
    for body in (load_body((T0 - 1800, 1)), payload, load_body((T0 + 1800, 2))):
        journal.append(body)
    (ack,) = bench.receive(*journal.rows).acks.values()
    assert (ack.upto, ack.sha) == (3, journal.sha), "the edge goes on"
    assert bench.states() == [("done", None), state, ("done", None)]
    assert [bytes(row.body) for row in bench.rows(select(inbox.c.body).where(inbox.c.seq == 2))] == [payload]
    known = {T0: {"ap": 7}} if state[0] != "quarantined" else {}
    assert bench.load() == {T0 - 1800: {"ap": 1}, **known, T0 + 1800: {"ap": 2}}, "what is known of it is taken"


@pytest.mark.parametrize("what", ABOUT_EDGES)
def test_what_edges_of_other_versions_say_of_themselves_is_heard(
    bench: Bench, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    topic, said = ABOUT_EDGES[what]
    payload = json.dumps(said).encode()
    with caplog.at_level(logging.WARNING):
        taken = bench.receive((f"uchet/1/edge-1/up/{topic}", payload))
    assert caplog.text == ""
    assert bench.rows(select(stray)) == []
    assert bench.rows(select(edge.c[topic]).where(edge.c.name == "edge-1")) == [(payload,)]
    assert (("edge-1", "s1") in taken.acks) == (topic == "about")


def test_after_the_upgrade_what_waited_is_replayed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second_edge = Journal("edge-1"), Journal("edge-2")
    for number in range(3):
        first.append(second(T0 + 1800 * number, number))
        second_edge.append(second(T0 + 1800 * (10 + number), number))
    first.append(with_moonlight(T0 + 1800 * 5))
    first.append(b"never to be read")
    bench.receive(*first.rows)
    bench.receive(*second_edge.rows, now=NOW + LATER)
    waiting = [("quarantined", "unknown_version")] * 3
    before = [*waiting, ("partial", "unknown_columns"), ("quarantined", "unreadable")]
    assert (bench.states(), bench.states("edge-2")) == (before, waiting)

    assert bench.replay() == "0 messages go to the worker again\n6 stay: unknown_version\n1 stay: unreadable\n"
    assert bench.states() == before, "the same central says the same"

    upgrade(monkeypatch)
    assert bench.replay("--dry-run") == "6 messages would go to the worker again\n1 stay: unreadable\n"
    assert (bench.states(), bench.states("edge-2")) == (before, waiting), "nothing was changed"
    assert bench.replay("--reason", "unreadable") == "0 messages go to the worker again\n1 stay: unreadable\n"
    early = ("--reason", "unknown_version", "--to", "2025-11-24T16:30:00")  # the second edge's came later
    assert bench.replay(*early) == "3 messages go to the worker again\n"
    assert bench.states()[:3] == [("done", None)] * 3
    assert bench.states("edge-2") == waiting
    assert bench.replay("--edge", "edge-1", "--from", "2025-11-24T16:30:00") == "0 messages go to the worker again\n"
    assert bench.replay("--edge", "edge-2") == "3 messages go to the worker again\n"
    assert bench.replay("--state", "partial", "--reason", "unknown_columns") == "1 messages go to the worker again\n"
    assert bench.states() == [("done", None)] * 4 + [("quarantined", "unreadable")]
    expected = {T0 + 1800 * (at + number): {"ap": number} for at in (0, 10) for number in range(3)}
    assert bench.load() == expected | {T0 + 1800 * 5: {"ap": 7, "am": 9}}
    assert bench.replay() == "0 messages go to the worker again\n1 stay: unreadable\n", (
        "what nobody can read still waits"
    )
