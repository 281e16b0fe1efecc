"""Many edges behind few connections: each has the real rules of the session over a journal in memory.

One account speaks for all of them, so the broker's own patterns are not what is tried here. A budget of messages a
second is shared by all; what is not sent now is sent later.
"""

import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import count

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge.journal.rows import Entry
from edge.uplink.session import Action, SendAbout, Session
from protocol.errors import Garbled
from protocol.messages import control, topics
from protocol.messages.chain import GENESIS, link
from protocol.messages.control import About, Ack
from protocol.messages.topics import EdgeTopic, RowTopic

ACCOUNT = "soak"
ACL = f"user {ACCOUNT}\ntopic write uchet/1/+/up/#\ntopic read uchet/1/+/down/#\n"
_stores = count(1)


@dataclass
class Memory:
    """A journal in memory, as `edge.uplink.session.Rows` wants it."""

    meter: str
    store: str = field(default_factory=lambda: f"store-{next(_stores)}")
    rows: list[Entry] = field(default_factory=list)
    upto: int = 0
    low: int = 1

    @property
    def next(self) -> int:
        return len(self.rows) + 1

    @property
    def last(self) -> str:
        return self.rows[-1].sha if self.rows else GENESIS

    def append(self, body: bytes) -> None:
        prev = self.last
        self.rows.append(Entry(self.next, self.meter, "load", prev, body, link(prev, body)))

    def entries(self, after: int, limit: int) -> list[Entry]:
        return self.rows[after : after + limit]

    def hash_of(self, seq: int) -> str | None:
        return self.rows[seq - 1].sha if seq else GENESIS

    def cursor(self, _central: str) -> int:
        return self.upto

    def set_cursor(self, _central: str, upto: int) -> None:
        self.upto = upto

    def renew(self) -> str:
        raise AssertionError(f"{self.store}: nothing was rolled back, yet central holds another chain")


class Edge:
    def __init__(self, number: int, central: str, chance: random.Random) -> None:
        self.name, self.memory = f"edge-{number}", Memory(f"M-{number}")
        self.session = Session(self.memory, central, chance.random)
        self._central = central

    def publish(self, client: paho.Client, action: Action) -> None:
        if isinstance(action, SendAbout):
            about = About(
                store=action.store, low=action.low, next=action.next, central=self._central, software="soak",
                config="c", meters={self.memory.meter: 1800},
            )  # fmt: skip
            client.publish(str(EdgeTopic(self.name, "about")), control.encode(about), qos=1, retain=True)
        else:
            row = action.entry
            topic = RowTopic(self.name, "archive", row.meter, action.store, row.seq, row.prev)
            client.publish(str(topic), row.payload, qos=1)


class Carrier:
    """One connection and the edges behind it; a lost one is made anew by `turn`, as a new client."""

    def __init__(self, number: int, port: int, edges: list[Edge]) -> None:
        self.edges = edges
        self._by_name = {edge.name: edge for edge in edges}
        self._number, self._port = number, port
        self._client: paho.Client | None = None
        self._actions: deque[tuple[Edge, Action]] = deque()
        self._lock = threading.Lock()

    def turn(self, now: float, budget: int) -> int:
        """Sends at most so many messages; returns how many."""
        if self._client is None or not self._client.is_connected():
            self._connect(now)
            return 0
        with self._lock:
            for edge in self.edges:
                self._actions += [(edge, action) for action in edge.session.due(now)]
                if len(self._actions) < budget:
                    self._actions += [(edge, action) for action in edge.session.rows(now, 4)]
            sent = min(budget, len(self._actions))
            for _ in range(sent):
                edge, action = self._actions.popleft()
                edge.publish(self._client, action)
        return sent

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _connect(self, now: float) -> None:
        self.close()
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"{ACCOUNT}-{self._number}", reconnect_on_failure=False
        )
        client.username_pw_set(ACCOUNT, ACCOUNT)
        ready = threading.Event()
        filters = [(topics.ack(edge.name), 1) for edge in self.edges]
        client.on_connect = lambda *_: client.subscribe(filters)
        client.on_subscribe = lambda *_: ready.set()
        client.on_message = self._heard
        try:
            client.connect("127.0.0.1", self._port, keepalive=20)
        except OSError:
            return
        client.loop_start()
        self._client = client
        if not ready.wait(20):
            self.close()
            return
        with self._lock:
            self._actions.clear()
            for edge in self.edges:
                edge.session.gone()
                self._actions += [(edge, action) for action in edge.session.connected(now)]

    def _heard(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        edge = self._by_name[message.topic.split("/")[2]]
        try:
            ack = control.decode(message.payload, Ack)
        except Garbled as error:
            raise AssertionError(f"central says what nobody understands: {error}") from None
        with self._lock:
            if client is self._client:
                answers = edge.session.acknowledged(ack, time.monotonic())
                self._actions += [(edge, action) for action in answers]
