"""Faults 6 and 7 on a real broker, by the real ingest: repetition and disorder; poison."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.retention import forget
from central.ingest.tables import edge_store, inbox, stray
from central.migrations.command import prepare
from central.timeseries.stores import open_series
from protocol.messages import control, topics
from tests.central.parts import CENTRAL, NOW, T0, Journal, config, database, load_body
from tests.central.programs import Program, until
from tests.central.sql import Sql
from tests.faults.clients import client_of, leave
from tests.parts import Mosquitto

Sent = list[tuple[Any, bytes]]


class Central:
    """Ingest and worker as processes, a broker, and a client with an edge's name."""

    def __init__(self, folder: Path, mosquitto: Mosquitto) -> None:
        access = 'username = "central"\npassword = "central"\n'
        self.settings = config(folder, f"[mqtt]\nport = {mosquitto.port}\n{access}")
        prepare(self.settings)
        self.engine: Engine = connect(self.settings.sql_url)
        with writing(self.engine).begin() as connection:
            bind(connection, "edge-1", "A-1", 0, None, NOW)
        self.programs = [Program(folder, name) for name in ("ingest", "worker")]
        for program in self.programs:
            program.start()
        until(lambda: "connected to the broker" in self.programs[0].log)
        self.told = 0  # the last word to the edge
        self.client = client_of(mosquitto, "edge-1")
        self.client.on_message = self._hear
        self.client.subscribe(topics.ack("edge-1"), qos=1)

    def send(self, messages: Sent) -> None:
        for topic, payload in messages:
            self.client.publish(str(topic), payload, qos=1)

    def rows(self, query: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(query))

    def load(self) -> dict[int, int]:
        series = open_series(self.settings)
        try:
            return {row.end: row.values["ap"] for row in series.load("A-1", 0, T0 + 10**9)}
        finally:
            series.close()

    def _hear(self, _client: Any, _data: Any, message: Any) -> None:
        self.told = control.decode(message.payload, control.Ack).upto

    def upto(self) -> int:
        return max((row.upto for row in self.rows(select(edge_store))), default=0)

    def close(self) -> None:
        leave(self.client)
        codes = [program.stop() for program in self.programs]
        self.engine.dispose()
        assert codes == [0, 0]
        assert "Traceback" not in "".join(program.log for program in self.programs)


@pytest.fixture
def central(sql: Sql, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Central]:
    central = Central(tmp_path, mosquitto)
    yield central
    central.close()


@pytest.mark.parametrize("rows", [300, pytest.param(5000, marks=pytest.mark.long)])
def test_every_message_one_to_five_times_shuffled_is_stored_as_once_in_order(central: Central, rows: int) -> None:
    chance, journal = random.Random(6), Journal()
    for n in range(rows):
        journal.append(load_body((T0 + 1800 * n, n * n)))
    messages = [row for row in journal.rows for _ in range(chance.randint(1, 5))]
    chance.shuffle(messages)
    central.send(messages)
    until(lambda: central.upto() == rows)
    until(lambda: len(central.load()) == rows)
    assert central.load() == {T0 + 1800 * n: n * n for n in range(rows)}
    assert [row.seq for row in central.rows(select(inbox.c.seq).order_by(inbox.c.seq))] == list(range(1, rows + 1))
    assert central.rows(select(edge_store.c.sha)) == [(journal.sha,)]


def poison(chance: random.Random) -> tuple[bytes, str]:
    """A payload and the reason that it must get."""
    good = load_body((T0, 1))
    depth = b"[" * 1000 + b"]" * 1000
    return chance.choice(
        [
            (b"not json at all \xff\x00", "unreadable"),
            (b"x" * 66_000, "unreadable"),
            (good.replace(b"[[0,1800,0,1]]", depth), "unreadable"),
            (good.replace(b'"v":1', b'"v":1,"deep":' + depth), "unreadable"),
            (good.replace(b",0,1]]", b",0,NaN]]"), "unreadable"),
            (good.replace(b",0,1]]", b",0,-Infinity]]"), "unreadable"),
            (good.replace(b",0,1]]", b',0,"1"]]'), "unreadable"),
            (good.replace(b",0,1]]", b",0,1,2]]"), "unreadable"),
            (json.dumps([good.decode()]).encode(), "unreadable"),
            (good.replace(b'"v":1', b'"v":2'), "unknown_version"),
            (good.replace(b'"kind":"load"', b'"kind":"event"').replace(b"active_import", b"journal"), "unreadable"),
        ]
    )


@pytest.mark.parametrize("rows", [200, pytest.param(5000, marks=pytest.mark.long)])
def test_poison_among_good_messages_stops_nothing_and_is_kept_with_its_reason(central: Central, rows: int) -> None:
    chance, journal = random.Random(7), Journal()
    expected: dict[int, str] = {}
    for n in range(rows):
        if chance.random() < 0.25:
            payload, expected[n + 1] = poison(chance)
            journal.append(payload)
        elif chance.random() < 0.1:
            expected[n + 1] = "foreign_meter"
            journal.append(load_body((T0, n)), name="Z-9")
        else:
            journal.append(load_body((T0 + 1800 * n, n)))
    for number, row in enumerate(journal.rows):
        central.send([row])
        if number % 10 == 0:
            central.send([("uchet/1/edge-1/up/what/is/this", b"%d" % number), ("uchet/1/edge-1/up/about", b"{}")])
    until(lambda: central.upto() == rows)
    until(lambda: central.told == rows)
    until(lambda: len(central.load()) == rows - len(expected))
    kept = central.rows(select(inbox.c.seq, inbox.c.reason, inbox.c.body).where(inbox.c.state == "quarantined"))
    assert {row.seq: row.reason for row in kept} == expected
    assert all(row.body == journal.rows[row.seq - 1][1] for row in kept)
    assert len(central.rows(select(stray))) == len(range(0, rows, 10)) + 1, "the same `about` is kept once"


LARGE = b'{"v":1,"rows":"' + b"x" * 10_000_000 + b'"}'


def test_ten_megabytes_end_at_the_broker_and_nobody_else_notices(central: Central, mosquitto: Mosquitto) -> None:
    """The broker hangs up on who sends more than its limit; all others go on."""
    other, journal, gone = client_of(mosquitto, "edge-2"), Journal(), list[bool]()
    until(other.is_connected)
    other.on_disconnect = lambda *_: gone.append(True)
    for number in range(50):
        central.send([journal.append(load_body((T0 + 1800 * number, number)))])
        if number == 25:
            other.publish(str(Journal("edge-2").append(LARGE)[0]), LARGE, qos=1)
    until(lambda: gone)
    leave(other)
    until(lambda: central.told == 50 and len(central.load()) == 50)
    assert central.rows(select(inbox.c.edge).distinct()) == [("edge-1",)]
    assert central.programs[0].log.count("connected to the broker") == 1


def test_ten_megabytes_past_the_broker_are_kept_whole_until_someone_resolves_them(sql: Sql, tmp_path: Path) -> None:
    engine, journal = database(tmp_path, "A-1"), Journal()
    journal.append(load_body((T0, 1)))
    journal.append(LARGE)
    journal.append(load_body((T0 + 1800, 1)))
    taken = Receiver(engine, CENTRAL).take([Message(str(topic), payload) for topic, payload in journal.rows], NOW)
    (ack,) = taken.acks.values()
    assert (ack.upto, ack.sha) == (3, journal.sha)
    forget(engine, NOW + 10 * 365 * 86_400)
    with engine.connect() as connection:
        kept = connection.execute(select(inbox).where(inbox.c.state == "quarantined")).one()
    assert (kept.reason, kept.body) == ("unreadable", LARGE)
    assert kept.detail == f"too large: {len(LARGE)} bytes, at most 65536"
    engine.dispose()
