"""How fast readings come in: messages of 48 rows through mosquitto into SQL, rows from the inbox into both series.

    ./run bench ingest [messages]
Needs mosquitto and influxd on the machine. The edges are 20 plain publishers that heed no window: it is central that is
measured, on whatever disk the temporary folder lies on (each commit is synced).
"""

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, Table, delete, func, select, update

from central.config import load
from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.live import LiveWriter
from central.ingest.mqtt import Ingest
from central.ingest.receive import Message, Receiver
from central.ingest.tables import State, edge_store, inbox, stray
from central.migrations.command import prepare
from central.timeseries.base import Series
from central.timeseries.influx import InfluxSeries
from central.timeseries.sqlite import SqliteSeries
from central.worker import Worker
from protocol.messages import bodies
from protocol.messages.chain import GENESIS, link
from protocol.messages.topics import RowTopic
from protocol.reading import Kind, Readings, Row
from tests.central.parts import NoFigures
from tests.central.timeseries.influx_admin import ADMIN, make_admin
from tests.parts import InfluxDB, Mosquitto

EDGES = 20
ROWS = 48
T0 = 1_763_942_400
COLUMNS = ("active_import", "active_export", "reactive_import", "reactive_export")


def messages(count: int) -> list[tuple[RowTopic, bytes]]:
    """Days of half-hours, edge by edge, in order."""
    found: list[tuple[RowTopic, bytes]] = []
    for edge in range(EDGES):
        prev = GENESIS
        for seq in range(1, count // EDGES + 1):
            start = T0 + 86_400 * seq
            rows = tuple(Row(start + 1800 * n, 1800, 0, (412_350 + n * seq, 0, 11_000 + n, 0)) for n in range(ROWS))
            (body,) = bodies.encode_readings(Readings(Kind.LOAD, COLUMNS, rows), made=start, offset=180)
            found.append((RowTopic(f"edge-{edge}", "archive", f"M-{edge}", "s", seq, prev), body))
            prev = link(prev, body)
    return found


@contextmanager
def measured(what: str, count: int, unit: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    print(f"{what:<52}{count / seconds:>12,.0f} {unit}/s   ({count:,} in {seconds:.2f} s)", flush=True)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = tuple(f"edge-{edge}" for edge in range(EDGES))
        broker, influx = Mosquitto(folder / "mosquitto", ("central", *names)), InfluxDB(folder / "influxdb")
        broker.start()
        influx.start()
        try:
            _measure(folder, broker, influx, messages(count))
        finally:
            broker.stop()
            influx.stop()


def _measure(folder: Path, broker: Mosquitto, influx: InfluxDB, sent: list[tuple[RowTopic, bytes]]) -> None:
    access = 'username = "central"\npassword = "central"\n'
    (folder / "central.toml").write_text(f'[central]\ndata = "data"\n[mqtt]\nport = {broker.port}\n{access}')
    config = load(folder / "central.toml")
    central = prepare(config)
    engine = connect(config.sql_url)
    with writing(engine).begin() as connection:
        for edge in range(EDGES):
            bind(connection, f"edge-{edge}", f"M-{edge}", 0, None, T0)
    print(f"{len(sent):,} messages of {ROWS} rows, {len(sent[0][1]):,} bytes each, {EDGES} edges")

    receiver = Receiver(engine, central)
    with measured("receive alone (batches of 500, SQLite FULL)", len(sent), "messages"):
        for start in range(0, len(sent), 500):
            receiver.take([Message(str(topic), body) for topic, body in sent[start : start + 500]], T0)
    with writing(engine).begin() as connection:
        for table in (inbox, edge_store):
            connection.execute(delete(table))

    series = SqliteSeries(folder / "series.sqlite")
    live, stop = LiveWriter(engine, series), threading.Event()
    live.start()
    thread = threading.Thread(target=Ingest(config, Receiver(engine, central), live).run, args=(stop,))
    thread.start()
    watching = _client(broker.port, 0)
    watching.publish("uchet/1/edge-0/up/what", b"?", qos=1, retain=True)
    while not _count(engine, stray):  # ingest has subscribed
        time.sleep(0.02)
    watching.disconnect()
    watching.loop_stop()
    with measured("mosquitto -> ingest -> SQLite, PUBACK, ack", len(sent), "messages"):
        publishers = [_publish(broker.port, edge, sent) for edge in range(EDGES)]
        while _count(engine) < len(sent):
            time.sleep(0.02)
    stop.set()
    thread.join()
    live.stop()
    for publisher in publishers:
        publisher.disconnect()
        publisher.loop_stop()

    make_admin(influx.port)
    stores: list[tuple[str, Series]] = [
        ("SQLite", series),
        ("InfluxDB 1.6", InfluxSeries(f"http://127.0.0.1:{influx.port}", "uchet", username=ADMIN, password=ADMIN)),
    ]
    for what, store in stores:
        for again in ("first time", "again, compared"):
            with writing(engine).begin() as connection:
                connection.execute(update(inbox).values(state=State.NEW))
            worker = Worker(engine, store, NoFigures())
            if again == "first time":
                with writing(engine).begin() as connection:
                    connection.exec_driver_sql("DELETE FROM tip")
            with measured(f"projection into {what}, {again}", len(sent) * ROWS, "rows"):
                while worker.step(T0 + 86_400 * 10_000):
                    pass
        with measured(f"reading a meter's month from {what}", 1440, "rows"):
            rows = store.load("M-0", T0 + 86_400, T0 + 31 * 86_400)
        assert len(rows) == min(1440, len(sent) // EDGES * ROWS - 1)
        store.close()
    engine.dispose()


def _publish(port: int, edge: int, sent: list[tuple[RowTopic, bytes]]) -> paho.Client:
    client = _client(port, edge)
    for topic, body in sent:
        if topic.edge == f"edge-{edge}":
            client.publish(str(topic), body, qos=1)
    return client


def _client(port: int, edge: int) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"edge-{edge}")
    client.username_pw_set(f"edge-{edge}", f"edge-{edge}")
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def _count(engine: Engine, table: Table = inbox) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
