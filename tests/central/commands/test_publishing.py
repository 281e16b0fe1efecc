"""Ingest over a real broker: a new command goes out at once, one that is not at its end again at each `about`."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from central.commands.outbox import Outbox
from central.commands.sending import send
from central.db import writing
from central.ingest.live import LiveWriter
from central.ingest.mqtt import Ingest
from central.ingest.receive import Receiver
from central.timeseries.sqlite import SqliteSeries
from protocol.messages import command, control, topics
from protocol.messages.command import Reply, Status
from protocol.messages.control import About
from protocol.messages.topics import EdgeTopic
from tests.central.commands.test_commands import ASKED, AT, KEY
from tests.central.parts import CENTRAL, Journal, config, database
from tests.central.programs import until
from tests.parts import Mosquitto

pytestmark = pytest.mark.usefixtures("sql")

ABOUT = About(store="s1", low=1, next=9, central=CENTRAL, software="t", config="c", meters={"A-1": 1800})


class Edge:
    """Hears what is meant for edge-1."""

    def __init__(self, port: int) -> None:
        self.heard: list[str] = []
        ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="edge-1")
        self._client.username_pw_set("edge-1", "edge-1")
        self._client.on_connect = lambda client, *_: client.subscribe(topics.command("edge-1", "+"), qos=1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda _client, _data, message: self.heard.append(message.topic)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(10)

    def say(self, topic: object, payload: bytes) -> None:
        self._client.publish(str(topic), payload, qos=1).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def edge(mosquitto: Mosquitto) -> Iterator[Edge]:
    edge = Edge(mosquitto.port)
    yield edge
    edge.close()


def test_a_command_goes_out_at_once_and_at_about_until_its_last_word(
    tmp_path: Path, mosquitto: Mosquitto, edge: Edge
) -> None:
    access = 'username = "central"\npassword = "central"\n'
    settings = config(tmp_path, f"[mqtt]\nport = {mosquitto.port}\n{access}")
    engine = database(tmp_path, "A-1")
    live = LiveWriter(engine, SqliteSeries(tmp_path / "series.sqlite"))
    stop = threading.Event()
    ingest = Ingest(settings, Receiver(engine, CENTRAL), live, outboxes=[Outbox(engine, lambda: KEY)])
    thread = threading.Thread(target=ingest.run, args=(stop,))
    thread.start()
    try:
        with writing(engine).begin() as connection:
            id = send(connection, KEY, "edge-1", ASKED, "tests", int(time.time()), 3600)
        until(lambda: edge.heard == [topics.command("edge-1", id)], 10)
        journal = Journal()
        for status, heard in ((Status.WAITING, 2), (Status.DONE, 2)):
            edge.say(*journal.append(command.encode_reply(Reply(v=1, id=id, status=status, at=AT)), id, "reply"))
            edge.say(EdgeTopic("edge-1", "about"), control.encode(ABOUT))
            until(lambda: len(edge.heard) >= heard, 10)  # noqa: B023 it is asked at once
        time.sleep(1.5)  # longer than a look: nothing more may come
        assert len(edge.heard) == 2
    finally:
        stop.set()
        thread.join(10)
        engine.dispose()
