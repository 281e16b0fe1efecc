"""A hand-made edge: a journal in memory and the session's rules, over a real broker. What a test tells it, it does."""

import threading
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from protocol.messages import control, topics
from protocol.messages.chain import GENESIS, link
from protocol.messages.control import WINDOW, About, Ack
from protocol.messages.topics import EdgeTopic, RowTopic

_stores = count(1)


@dataclass
class Disk:
    """What an image of the card would hold."""

    store: str = "store-0"
    rows: list[tuple[str, str, bytes]] = field(default_factory=list)  # meter, prev, body
    last: str = GENESIS
    upto: int = 0

    def append(self, body: bytes, meter: str = "A-1") -> None:
        self.rows.append((meter, self.last, body))
        self.last = link(self.last, body)

    def image(self) -> "Disk":
        return Disk(self.store, list(self.rows), self.last, self.upto)

    def hash_of(self, seq: int) -> str:
        return self.rows[seq][1] if seq < len(self.rows) else self.last


class Publisher:
    """`run_until_acknowledged` sends what the disk holds until central has acknowledged all of it."""

    def __init__(self, port: int, disk: Disk, central: str, edge: str = "edge-1") -> None:
        self.disk, self.edge = disk, edge
        self.renewed = 0
        self.acks: list[tuple[float, Ack]] = []
        self._port, self._central = port, central
        self._lock = threading.RLock()
        self._client: paho.Client | None = None
        self._open = False
        self._sent = 0
        self._about_at = 0.0
        self._first = True

    @property
    def pending(self) -> int:
        return len(self.disk.rows) - self.disk.upto

    def run_until_acknowledged(self, seconds: float = 60.0, patience: float = 2.0) -> None:
        """Reconnects as often as needed; says `about` again after `patience` without progress."""
        deadline = time.monotonic() + seconds
        while self.pending or not self._open:
            assert time.monotonic() < deadline, f"{self.pending} rows are still waiting for their acknowledgement"
            self.turn(patience)
            time.sleep(0.005)

    def turn(self, patience: float = 2.0) -> None:
        """Connects when it must, sends what may go."""
        with self._lock:
            if self._client is None or not self._client.is_connected():
                self._connect()
            elif time.monotonic() - self._about_at > patience:
                self._about()
            elif self._open:
                while self._sent < min(len(self.disk.rows), self.disk.upto + WINDOW):
                    self.send(self._sent + 1)
                    self._sent += 1

    def send(self, seq: int) -> None:
        assert self._client is not None
        meter, prev, body = self.disk.rows[seq - 1]
        topic = RowTopic(self.edge, "archive", meter, self.disk.store, seq, prev)
        self._client.publish(str(topic), body, qos=1)

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None
        self._open = False

    def _connect(self) -> None:
        self.close()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=self.edge, reconnect_on_failure=False)
        client.username_pw_set(self.edge, self.edge)
        ready = threading.Event()
        client.on_connect = lambda *_: client.subscribe(f"uchet/1/{self.edge}/down/#", qos=1)
        client.on_subscribe = lambda *_: ready.set()
        client.on_message = self._on_message
        try:
            client.connect("127.0.0.1", self._port, keepalive=10)
        except OSError:
            return
        client.loop_start()
        if ready.wait(20):
            self._client = client
            self._about()
        else:
            client.loop_stop()

    def _about(self) -> None:
        assert self._client is not None
        following = len(self.disk.rows) + 1
        about = About(
            store=self.disk.store,
            low=1 if self.disk.rows else following,
            next=following,
            central=self._central,
            software="test",
            config="c",
            meters={"A-1": 1800},
        )
        self._first, self._about_at, self._sent = True, time.monotonic(), self.disk.upto
        self._client.publish(str(EdgeTopic(self.edge, "about")), control.encode(about), qos=1, retain=True)

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if message.topic != topics.ack(self.edge):
            return
        ack = control.decode(message.payload, Ack)
        with self._lock:
            self.acks.append((time.monotonic(), ack))
            if client is not self._client or ack.store != self.disk.store or ack.central != self._central:
                return
            disk = self.disk
            if ack.upto > len(disk.rows) or (ack.upto > 0 and ack.sha and ack.sha != disk.hash_of(ack.upto)):
                disk.store, disk.upto = f"renewed-{next(_stores)}", 0
                self.renewed, self._open = self.renewed + 1, False
                self._about()
                return
            if ack.upto > disk.upto:
                self._about_at = time.monotonic()
            disk.upto = ack.upto if self._first else max(disk.upto, ack.upto)
            self._sent = max(self._sent, disk.upto) if not self._first else disk.upto
            self._open, self._first = True, False
