"""Ingest: the broker on one side, SQL on the other. A message is acknowledged after its commit, never before.

Each connection is a new client with a clean session: neither the broker nor paho keeps anything that the edges'
journals do not hold. paho's thread reads into the intake; this thread commits what has arrived, acknowledges it, and
tells the edges. When SQL does not answer, nothing is acknowledged and the intake fills: reading stops, memory is
bounded.
"""

import logging
import random
import secrets
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sqlalchemy.exc import DBAPIError

from central.config import CentralConfig
from central.ingest.acks import Acks
from central.ingest.intake import Arrival, Intake
from central.ingest.live import LiveWriter
from central.ingest.parcel import Message
from central.ingest.receive import Receiver, Taken
from central.logs import about, told
from central.operation.alarms import Alarm
from central.operation.metrics import ingest as metrics
from central.operation.pulse import Pulse
from central.sparingly import Sparingly
from protocol.messages import control, topics

log = logging.getLogger(__name__)

BATCH = 500
KEEPALIVE = 30  # seconds
PATIENCE = 10.0  # for the broker to answer, seconds
LONGEST_PAUSE = 15.0  # between two attempts, seconds
TAKEOVERS, TAKEOVER_SECONDS = 5, 600

Wall = Callable[[], float]


class Outgoing(Protocol):
    @property
    def topic(self) -> str: ...

    @property
    def payload(self) -> bytes: ...


class Outbox(Protocol):
    """What is to go out to the edges, from SQL. Raises DBAPIError."""

    def due(self, now: int, moment: float) -> Sequence[Outgoing]:
        """That whose turn it is; `moment` monotonic. Most calls cost nothing."""

    def open_for(self, edges: Collection[str], now: int) -> Sequence[Outgoing]:
        """All that these edges, which have just said `about`, have not answered."""


class Ingest:
    """`run` returns when `stop` is set; what was not committed then was not acknowledged.

    `outboxes` = commands and configurations to the edges; without them none is sent. `pulse` hears each turn of the
    loop.
    """

    def __init__(
        self,
        config: CentralConfig,
        receiver: Receiver,
        live: LiveWriter,
        wall: Wall = time.time,
        outboxes: Sequence[Outbox] = (),
        pulse: Pulse | None = None,
    ) -> None:
        self._config = config
        self._receiver = receiver
        self._live = live
        self._wall = wall
        self._outboxes = outboxes
        self._sparingly = Sparingly()
        self._acks = Acks()
        self._takeovers = Takeovers()
        self._counts: Counter[str] = Counter()
        self._pulse = pulse or Pulse()
        self.connected = False  # the subscription stands
        metrics.CONNECTED.set_function(lambda: self.connected)

    def run(self, stop: threading.Event) -> None:
        pause = 0.5
        while not stop.is_set():
            self._pulse.beat("ingest")
            connection = Connection(self._config)
            try:
                connection.open()
            except (OSError, ConnectionRefusedError) as error:
                level = logging.WARNING if pause == 0.5 else logging.DEBUG
                log.log(level, "no broker: %s", error, extra=about(Alarm.BROKER_AWAY))
                stop.wait(pause * random.uniform(0.7, 1.3))  # noqa: S311 - spreads load, guards nothing
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            log.info("connected to the broker")
            pause, self.connected = 0.5, True
            metrics.intake(connection.intake)
            try:
                self._serve(connection, stop)
            finally:
                self.connected = False
                connection.close()
        log.info("stopped: %s", dict(self._counts))

    def _serve(self, connection: "Connection", stop: threading.Event) -> None:
        """Until the connection is lost or `stop`."""
        while not stop.is_set() and connection.alive:
            self._pulse.beat("ingest")
            arrivals = connection.intake.take(BATCH, timeout=self._acks.wait(time.monotonic(), longest=0.5))
            if arrivals:
                taken = self._commit([arrival.message for arrival in arrivals], stop)
                if taken is None:
                    return
                for arrival in arrivals:
                    connection.acknowledge(arrival)
                self._after(taken)
                if taken.asked:
                    self._command(connection, taken.asked)
            self._command(connection, ())
            for edge, ack in self._acks.due(time.monotonic()):
                connection.publish(topics.ack(edge), control.encode(ack))
                metrics.ACKS.inc()
        if not stop.is_set():
            log.warning("the broker is gone: %s", connection.reason, extra=about(Alarm.BROKER_AWAY))

    def _command(self, connection: "Connection", asked: Collection[str]) -> None:
        """Publishes what is open for the edges that said `about`; asked by none, that whose turn it is."""
        now = int(self._wall())
        try:
            for outbox in self._outboxes:
                for outgoing in outbox.open_for(asked, now) if asked else outbox.due(now, time.monotonic()):
                    connection.publish(outgoing.topic, outgoing.payload)
        except DBAPIError as error:
            if self._sparingly.may_say("commands", now):
                log.error("commands wait: SQL does not answer: %s", told(error))

    def _commit(self, messages: list[Message], stop: threading.Event) -> Taken | None:
        """Tries until SQL takes the batch; None when told to stop first."""
        pause = 0.2
        while not stop.is_set():
            self._pulse.beat("ingest")
            try:
                with metrics.COMMIT.time():
                    taken = self._receiver.take(messages, int(self._wall()))
            except DBAPIError as error:
                metrics.REFUSED.inc()
                level = logging.ERROR if pause == 0.2 else logging.DEBUG
                log.log(level, "SQL takes nothing: %s", told(error), extra=about(Alarm.SQL_REFUSES))
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if pause > 0.2:
                    log.info("SQL takes messages again")
                metrics.count(len(messages), taken.counts)
                return taken
        return None

    def _after(self, taken: Taken) -> None:
        self._counts.update(taken.counts)
        for (edge, _), ack in taken.acks.items():
            self._acks.note(edge, ack, at_once=edge in taken.asked)
        for edge in taken.connects:
            if self._takeovers.too_many(edge, time.monotonic()):
                log.warning(
                    "an edge connected %d times in 10 minutes: two devices with one name, or a line that breaks",
                    TAKEOVERS,
                    extra=about(Alarm.TWO_DEVICES, edge=edge),
                )
        self._live.offer(taken.live)


class Takeovers:
    """Counts connections of each edge: two devices with one name throw each other out for ever."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def too_many(self, edge: str, now: float) -> bool:
        """True at the connection that makes them too many; then counting begins anew."""
        times = self._times.setdefault(edge, deque())
        times.append(now)
        while times[0] < now - TAKEOVER_SECONDS:
            times.popleft()
        if len(times) < TAKEOVERS:
            return False
        times.clear()
        return True


class Connection:
    """One client, used once."""

    def __init__(self, config: CentralConfig) -> None:
        self._settings = config.mqtt
        self.intake = Intake()
        self.reason = "closed"
        self._ready = threading.Event()
        self._lost = threading.Event()
        self._client = self._make(config)

    @property
    def alive(self) -> bool:
        return not self._lost.is_set()

    def open(self) -> None:
        """Returns when the subscription stands. Raises OSError."""
        self._client.connect(self._settings.host, self._settings.port, keepalive=KEEPALIVE)
        self._client.loop_start()
        if not self._ready.wait(PATIENCE) or not self.alive:
            self.close()
            raise ConnectionRefusedError(self.reason if self._lost.is_set() else "the broker does not answer")

    def close(self) -> None:
        self.intake.close()
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, arrival: Arrival) -> None:
        """PUBACK; on a lost connection nothing: the broker gives it again, or its edge does."""
        if self.alive:
            self._client.ack(arrival.mid, arrival.qos)

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def _make(self, config: CentralConfig) -> paho.Client:
        settings, five = config.mqtt, config.mqtt.protocol == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"uchet-ingest-{secrets.token_hex(6)}",
            clean_session=None if five else True,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if settings.username:
            client.username_pw_set(settings.username, config.secret(settings.password, settings.password_file))
        if settings.tls:
            certificate, key = settings.tls.certificate, settings.tls.key
            client.tls_set(
                ca_certs=str(config.path(settings.tls.ca)),
                certfile=str(config.path(certificate)) if certificate else None,
                keyfile=str(config.path(key)) if key else None,
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    # paho's thread

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._fail(f"refused: {code}")
        else:
            client.subscribe(topics.UP_FILTER, qos=1)

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, codes: list[Any], _properties: Any) -> None:
        if any(code.is_failure for code in codes):
            self._fail(f"subscription refused: {codes[0]}")
        self._ready.set()

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        self._fail(str(code))

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # never from a broker that keeps to the standard
            topic = repr(message._topic)
        came = Message(topic, bytes(message.payload), bool(message.retain))
        self.intake.put(Arrival(came, client, message.mid, message.qos))

    def _fail(self, reason: str) -> None:
        if not self._lost.is_set():
            self.reason = reason
            self._lost.set()
        self._ready.set()
