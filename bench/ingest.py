"""How fast readings come in: decoding, broker to durable acknowledgement, growth, projection; each beside a bare loop.

    ./run bench ingest [messages]
Needs mosquitto, influxd and PostgreSQL 15 on the machine. A message is a day of half-hours of one meter
with four columns. Edges are 20 plain publishers in a process of their own that heed no window: it is central that is
measured, on whatever disk the temporary folder lies on (each commit is synced). The bare loop does the least that could
be called ingest: paho, orjson.loads, one INSERT of what has arrived (<= 500), commit, PUBACK.
"""

import gzip
import multiprocessing
import queue
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
import urllib3
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, update

from central.config import load
from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.live import LiveWriter
from central.ingest.mqtt import Ingest
from central.ingest.parcel import Message
from central.ingest.receive import Receiver, Taken
from central.ingest.tables import State, edge, edge_meter, inbox
from central.migrations.command import prepare
from central.timeseries.base import Series
from central.timeseries.influx import InfluxSeries
from central.timeseries.sqlite import SqliteSeries
from central.worker import Worker
from protocol.messages import bodies
from protocol.messages.chain import GENESIS, link
from protocol.messages.topics import UP_FILTER, RowTopic
from protocol.reading import Kind, Readings, Row
from tests.central.parts import NoFigures
from tests.central.sql import Databases
from tests.central.timeseries.influx_admin import ADMIN, make_admin
from tests.parts import InfluxDB, Mosquitto, PostgreSQL

EDGES = 20
ROWS = 48
BATCH = 500
T0 = 1_763_942_400
MADE = int(time.time())  # rows are of any days; they were read a moment ago
DAY = 86_400
COLUMNS = ("active_import", "active_export", "reactive_import", "reactive_export")
IN_FLIGHT = (20, 100, 500, 1000)

Sent = Sequence[tuple[str, bytes]]
child = multiprocessing.get_context("fork")


def body(start: int, number: int) -> bytes:
    """A day of half-hours, 2.2 KB."""
    rows = tuple(
        Row(start + 1800 * n, 1800, 0, (41_412_350 + number * 7731 + n, 12_345 + n, 11_411_000 + n * 333, 4411 + n))
        for n in range(ROWS)
    )
    (made,) = bodies.encode_readings(Readings(Kind.LOAD, COLUMNS, rows), made=MADE, offset=180)
    return made


def messages(count: int, edges: int = EDGES) -> list[tuple[str, bytes]]:
    """Days of half-hours, edge by edge, in order."""
    found: list[tuple[str, bytes]] = []
    for number in range(edges):
        prev = GENESIS
        for seq in range(1, count // edges + 1):
            made = body(T0 + DAY * seq, seq)
            found.append((str(RowTopic(f"edge-{number}", "archive", f"M-{number}", "s", seq, prev)), made))
            prev = link(prev, made)
    return found


def say(what: str, rate: float, unit: str, more: str = "") -> None:
    print(f"{what:<58}{rate:>12,.0f} {unit}/s   {more}", flush=True)


# ---- decoding


def decoding() -> None:
    payload = body(T0, 7)

    def quickest(call: Callable[[bytes], object]) -> float:
        found = []
        for _ in range(7):
            began = time.perf_counter()
            for _ in range(3000):
                call(payload)
            found.append((time.perf_counter() - began) / 3000)
        return min(found)

    bare, ours = quickest(orjson.loads), quickest(bodies.decode)
    say(f"orjson.loads of {len(payload):,} bytes", 1 / bare, "messages")
    say("decoded and checked", 1 / ours, "messages", f"{bare / ours:.2f} of it (mark: 0.55)")


# ---- from the broker to the durable acknowledgement


@dataclass(frozen=True, slots=True)
class Run:
    """`cpu` seconds of the subscriber's process, `peak` its memory in MB."""

    seconds: float
    cpu: float
    peak: float


def publishing(port: int, count: int, begin: Any, done: Any) -> None:
    """A process: the edges."""
    sent = messages(count)
    clients = []
    for number in range(EDGES):
        clients.append(_client(port, f"edge-{number}"))  # paho has 20 of each in flight
    begin.wait()
    for topic, payload in sent:
        clients[int(topic.split("/")[2].removeprefix("edge-"))].publish(topic, payload, qos=1)
    done.wait()
    for client in clients:
        client.disconnect()
        client.loop_stop()


def bare(folder: str, port: int, count: int, ready: Any, result: Any) -> None:
    """A process: the least that could be called ingest."""
    db = sqlite3.connect(Path(folder) / "bare.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, topic TEXT, body BLOB)")
    arrived: queue.SimpleQueue[paho.MQTTMessage] = queue.SimpleQueue()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", manual_ack=True)
    client.username_pw_set("central", "central")
    client.on_connect = lambda *_: client.subscribe(UP_FILTER, qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _client, _data, message: arrived.put(message)
    client.connect("127.0.0.1", port)
    client.loop_start()
    taken, clock = 0, _Clock()
    while taken < count:
        batch = [arrived.get()]
        clock.start()
        while len(batch) < BATCH and not arrived.empty():
            batch.append(arrived.get())
        rows = [(message.topic, message.payload) for message in batch if orjson.loads(message.payload)]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO message (topic, body) VALUES (?, ?)", rows)
        db.execute("COMMIT")
        for message in batch:
            client.ack(message.mid, message.qos)
        taken += len(batch)
    result.put(astuple(clock.stop()))
    client.disconnect()
    client.loop_stop()


def ours(folder: str, port: int, count: int, ready: Any, result: Any) -> None:
    """A process: ingest as it is."""
    config = load(Path(folder) / "central.toml")
    engine, series = connect(config.sql_url), SqliteSeries(Path(folder) / "live.sqlite")
    stop, clock = threading.Event(), _Clock()

    class Counting(Receiver):
        taken = 0

        def take(self, messages: Sequence[Message], now: int) -> Taken:
            clock.start()
            taken = super().take(messages, now)
            self.taken += taken.counts["rows"] - taken.counts["repeated"]
            if taken.counts["strays"]:
                ready.set()  # the message that the parent sends until somebody hears it
            if self.taken >= count:
                stop.set()
            return taken

    live = LiveWriter(engine, series)
    live.start()
    Ingest(config, Counting(engine, "c" * 16), live).run(stop)
    result.put(astuple(clock.stop()))
    live.stop()
    engine.dispose()


class _Clock:
    def start(self) -> None:
        if not hasattr(self, "_began"):
            self._began, self._cpu = time.perf_counter(), time.process_time()

    def stop(self) -> Run:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return Run(time.perf_counter() - self._began, time.process_time() - self._cpu, peak)


def broker_run(folder: Path, subscriber: Callable[..., None], count: int, in_flight: int, url: str = "") -> Run:
    """Both processes on a broker of their own, over an empty database."""
    folder.mkdir()
    broker = Mosquitto(folder / "mosquitto", ("central", *(f"edge-{number}" for number in range(EDGES))))
    conf = folder / "mosquitto/mosquitto.conf"
    conf.write_text(conf.read_text().replace("max_inflight_messages 500", f"max_inflight_messages {in_flight}"))
    broker.start()
    sql = f'[sql]\nurl = "{url}"\n' if url else ""
    access = 'username = "central"\npassword = "central"\n'
    (folder / "central.toml").write_text(f'[central]\ndata = "data"\n{sql}[mqtt]\nport = {broker.port}\n{access}')
    if subscriber is ours:
        _prepare(folder)
    ready, begin, done, result = child.Event(), child.Event(), child.Event(), child.Queue()
    taking = child.Process(target=subscriber, args=(str(folder), broker.port, count, ready, result))
    giving = child.Process(target=publishing, args=(broker.port, count, begin, done))
    taking.start()
    giving.start()
    try:
        while not ready.wait(0.2):
            _knock(broker.port)
        begin.set()
        return Run(*result.get(timeout=120))
    finally:
        done.set()
        giving.join(20)
        taking.join(20)
        broker.stop()


def _prepare(folder: Path) -> None:
    config = load(folder / "central.toml")
    prepare(config)
    engine = connect(config.sql_url)
    with writing(engine).begin() as connection:
        for number in range(EDGES):
            bind(connection, f"edge-{number}", f"M-{number}", 0, None, T0)
    engine.dispose()


def _knock(port: int) -> None:
    """Ingest has no other way to say that it listens than to take something."""
    client = _client(port, "edge-0")
    client.publish("uchet/1/edge-0/up/what", b"?", qos=1).wait_for_publish(2)
    client.disconnect()
    client.loop_stop()


def _client(port: int, name: str) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name)
    client.username_pw_set(name, name)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def acknowledging(folder: Path, count: int, postgresql: str) -> None:
    rates: dict[str, float] = {}
    for number, in_flight in enumerate(IN_FLIGHT):
        run = broker_run(folder / f"bare-{number}", bare, count, in_flight)
        rates[f"bare {in_flight}"] = count / run.seconds
        say(f"bare loop, {in_flight} in flight", count / run.seconds, "messages", f"{count / run.cpu:,.0f} a core")
        run = broker_run(folder / f"ours-{number}", ours, count, in_flight)
        share = count / run.seconds / rates[f"bare {in_flight}"]
        more = f"{count / run.cpu:,.0f} a core, {run.peak:.0f} MB; {share:.2f} of the bare loop (mark: 0.7)"
        say(f"ingest into SQLite, {in_flight} in flight", count / run.seconds, "messages", more)
    run = broker_run(folder / "postgresql", ours, count, 500, postgresql)
    say("ingest into PostgreSQL, 500 in flight", count / run.seconds, "messages", f"{count / run.cpu:,.0f} a core")


# ---- growth


def growth(folder: Path, sizes: Sequence[int] = (1_000, 10_000, 100_000), count: int = 6_000) -> None:
    """Receiver alone, messages of random meters, 100 meters an edge; the median of batches of 500."""
    (folder / "central.toml").write_text('[central]\ndata = "data"\n')
    config = load(folder / "central.toml")
    central = prepare(config)
    engine = connect(config.sql_url)
    chance, first = random.Random(4), 0
    prevs: dict[int, tuple[int, str]] = {}
    costs = []
    for size in sizes:
        _grow(engine, first // 100, size // 100)
        first = size
        receiver, taken = Receiver(engine, central), []
        for _ in range(count // BATCH):
            batch = []
            for _ in range(BATCH):
                meter = chance.randrange(size)
                seq, prev = prevs.get(meter // 100, (0, GENESIS))
                made = body(T0 + DAY * (seq + 1), meter)
                topic = RowTopic(f"edge-{meter // 100}", "archive", f"M-{meter}", "s", seq + 1, prev)
                prevs[meter // 100] = seq + 1, link(prev, made)
                batch.append(Message(str(topic), made))
            began = time.perf_counter()
            receiver.take(batch, MADE)
            taken.append((time.perf_counter() - began) / BATCH)
        costs.append(statistics.median(taken))
        say(f"taken, of {size:,} meters", 1 / costs[-1], "messages", f"cost × {costs[-1] / costs[0]:.2f} (mark: 1.2)")
    engine.dispose()


def _grow(engine: Engine, have: int, want: int) -> None:
    edges = [{"name": f"edge-{number}", "first_at": 0, "last_at": 0} for number in range(have, want)]
    bound = [
        {"edge": f"edge-{number}", "meter": f"M-{number * 100 + meter}", "valid_from": 0}
        for number in range(have, want)
        for meter in range(100)
    ]
    with writing(engine).begin() as connection:
        connection.execute(edge.insert(), edges)
        connection.execute(edge_meter.insert(), bound)


# ---- projection


def projecting(folder: Path, influx: InfluxDB, count: int) -> None:
    (folder / "central.toml").write_text('[central]\ndata = "data"\n')
    config = load(folder / "central.toml")
    receiver, engine = Receiver(connect(config.sql_url), prepare(config)), connect(config.sql_url)
    _prepare(folder)
    sent = messages(count)
    for start in range(0, len(sent), BATCH):
        receiver.take([Message(topic, payload) for topic, payload in sent[start : start + BATCH]], MADE)
    make_admin(influx.port)
    rows = len(sent) * ROWS
    alone = _bare_writing(influx.port, sent)
    say("bare client, the same lines to /write", rows / alone, "rows")
    stores: list[tuple[str, Series]] = [
        ("InfluxDB 1.6", InfluxSeries(f"http://127.0.0.1:{influx.port}", "uchet", username=ADMIN, password=ADMIN)),
        ("SQLite", SqliteSeries(folder / "series.sqlite")),
    ]
    for what, store in stores:
        with writing(engine).begin() as connection:
            connection.execute(update(inbox).values(state=State.NEW))
            connection.exec_driver_sql("DELETE FROM tip")
        for again in ("first time", "again, compared"):
            with writing(engine).begin() as connection:
                connection.execute(update(inbox).values(state=State.NEW))
            worker = Worker(engine, store, NoFigures())
            began = time.perf_counter()
            while worker.step(T0 + DAY * 10_000):
                pass
            seconds = time.perf_counter() - began
            share = f"{alone / seconds:.2f} of the bare client (mark: 0.5)" if store is stores[0][1] else ""
            say(f"projection into {what}, {again}", rows / seconds, "rows", share)
        store.close()
    engine.dispose()


def _bare_writing(port: int, sent: Sent) -> float:
    """Seconds to send the same lines in requests of 5,000, gzip, the lines made by an f-string from orjson."""
    pool = urllib3.PoolManager()
    headers = urllib3.make_headers(basic_auth=f"{ADMIN}:{ADMIN}")
    base = f"http://127.0.0.1:{port}"
    pool.request("POST", f"{base}/query", fields={"q": "CREATE DATABASE bare"}, headers=headers)
    began, lines = time.perf_counter(), []
    for number, (topic, payload) in enumerate(sent, 1):
        meter, found = topic.split("/")[5], orjson.loads(payload)
        t0 = T0 + DAY * int(topic.split("/")[7])
        lines += [
            f"load,meter={meter} ap={ap}i,am={am}i,rp={rp}i,rm={rm}i,span={span}i,q={q}i {(t0 + end) * 1000}"
            for end, span, q, ap, am, rp, rm in found["rows"]
        ]
        if len(lines) >= 4900 or number == len(sent):
            packed = gzip.compress("\n".join(lines).encode(), 1)
            answer = pool.request(
                "POST",
                f"{base}/write?db=bare&precision=ms",
                body=packed,
                headers={**headers, "Content-Encoding": "gzip"},
            )
            assert answer.status == 204, answer.data
            lines = []
    return time.perf_counter() - began


@contextmanager
def started(part: Any) -> Iterator[Any]:
    part.start()
    try:
        yield part
    finally:
        part.stop()


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("growth", "projection"):
            (folder / part).mkdir()
        print(f"{count:,} messages of {ROWS} rows × {len(COLUMNS)} columns, {EDGES} edges")
        decoding()
        server = PostgreSQL(durable=True)
        server.start()
        try:
            acknowledging(folder, count, Databases(server).url(folder))
        finally:
            server.close()
        growth(folder / "growth")
        with started(InfluxDB(folder / "influxdb")) as influx:
            projecting(folder / "projection", influx, min(count, 4000))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
