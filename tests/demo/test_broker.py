"""The demo's broker keeps the rules of the real one: the same tries against both end the same way."""

import contextlib
import queue
import subprocess
import sys
from collections.abc import Iterator

import paho.mqtt.client as mqtt
import pytest

from tests.parts import Mosquitto, free_port, wait_for_port


@pytest.fixture(params=["amqtt", "mosquitto"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    if request.param == "mosquitto":
        broker: Mosquitto = request.getfixturevalue("mosquitto")
        yield broker.port
        return
    number = free_port()
    process = subprocess.Popen([sys.executable, "-m", "demo.broker", "--port", str(number)])
    wait_for_port(number)
    yield number
    process.terminate()
    assert process.wait(10) == 0


class Peer:
    """A connected client that keeps what it hears."""

    def __init__(self, port: int, name: str, topics: tuple[str, ...] = ()) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.granted: queue.Queue[list[bool]] = queue.Queue()
        connected: queue.Queue[bool] = queue.Queue()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, clean_session=True)
        self.client.username_pw_set(name, name)
        self.client.on_connect = lambda _c, _u, _f, reason, _p: connected.put(not reason.is_failure)
        self.client.on_message = lambda _c, _u, message: self.heard.put((message.topic, message.payload))
        self.client.on_subscribe = lambda _c, _u, _m, reasons, _p: self.granted.put([not r.is_failure for r in reasons])
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert connected.get(timeout=10)
        for topic in topics:
            self.client.subscribe(topic, 1)
            self.granted.get(timeout=10)

    def say(self, topic: str, payload: bytes) -> None:
        self.client.publish(topic, payload, 1).wait_for_publish(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_each_hears_what_is_meant_for_it_and_nothing_else(port: int) -> None:
    central = Peer(port, "central", ("uchet/1/+/up/#",))
    one = Peer(port, "edge-1", ("uchet/1/edge-1/down/#", "uchet/1/edge-2/down/#"))
    two = Peer(port, "edge-2", ("uchet/1/edge-2/down/#", "uchet/1/+/up/#"))
    try:
        for topic in ("uchet/1/edge-2/up/health", "uchet/1/edge-2/down/ack"):
            forger = Peer(port, "edge-1")
            with contextlib.suppress(RuntimeError):  # mosquitto hangs up on a forger, amqtt does not
                forger.say(topic, b"forged")
            forger.close()
        one.say("uchet/1/edge-1/up/health", b"true")
        assert central.heard.get(timeout=10) == ("uchet/1/edge-1/up/health", b"true")
        central.say("uchet/1/edge-2/down/ack", b"for two")
        central.say("uchet/1/edge-1/down/ack", b"for one")
        assert one.heard.get(timeout=10) == ("uchet/1/edge-1/down/ack", b"for one")
        assert two.heard.get(timeout=10) == ("uchet/1/edge-2/down/ack", b"for two")
        assert one.heard.empty()
        assert two.heard.empty()
        assert central.heard.empty()
    finally:
        for peer in (central, one, two):
            peer.close()
