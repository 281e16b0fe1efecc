"""One MQTT connection: a NEW paho client with a clean session, since paho pours its in-flight rows out again when the
same client reconnects. paho runs in its own thread; what happens comes as events into an asyncio queue.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.config import Tls, Uplink

log = logging.getLogger("edge.uplink")

CONNECT_SECONDS = 20.0
KEEPALIVE = 60
INFLIGHT = 20  # twice as quick as 1,000 was


class NotConnected(Exception):
    """The broker was not reached, or refused us; the message says what was seen."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The connection ended."""

    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A message for us."""

    topic: str
    payload: bytes


Event = Gone | Heard


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish; retained."""

    topic: str
    payload: bytes


class Connection:
    def __init__(self, uplink: Uplink, name: str, will: Will) -> None:
        """`name` = the edge's: MQTT client id and, where no other is set, the user name."""
        five = uplink.protocol == "5"
        self._uplink = uplink
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            clean_session=None if five else True,
            protocol=mqtt.MQTTv5 if five else mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.max_inflight_messages_set(INFLIGHT)
        self._client.connect_timeout = CONNECT_SECONDS / 2
        self._client.username_pw_set(uplink.username or name, uplink.secret)
        self._client.will_set(will.topic, will.payload, qos=1, retain=True)
        if uplink.tls is not None:
            _encrypt(self._client, uplink.tls)
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self._filters: tuple[str, ...] = ()
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect

    async def open(self, *subscriptions: str) -> None:
        """Returns when the broker has taken us and the subscriptions; raises NotConnected."""
        self._filters = subscriptions
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.to_thread(self._connect)
                await self._ready
        except TimeoutError:
            raise NotConnected(f"no answer within {CONNECT_SECONDS:.0f} s") from None
        except (OSError, ValueError) as error:
            raise NotConnected(str(error)) from None

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Handed to paho; that it arrived is known only from central."""
        self._client.publish(topic, payload, qos=qos, retain=retain)

    async def close(self, *messages: tuple[str, bytes]) -> None:
        """Say the last words (retained), wait for them a moment, and go."""
        sent = [self._client.publish(topic, payload, qos=1, retain=True) for topic, payload in messages]
        await asyncio.to_thread(self._finish, sent)

    # ---- in other threads

    def _connect(self) -> None:
        start = True if self._uplink.protocol == "5" else mqtt.MQTT_CLEAN_START_FIRST_ONLY
        self._client.connect(self._uplink.host, self._uplink.port, keepalive=KEEPALIVE, clean_start=start)
        self._client.loop_start()

    def _finish(self, sent: list[mqtt.MQTTMessageInfo]) -> None:
        for message in sent:
            if self._client.is_connected():
                message.wait_for_publish(2)
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._fail(f"the broker refused: {reason}")
        else:
            client.subscribe([(subscription, 1) for subscription in self._filters])

    def _on_subscribe(self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        if refused:
            self._fail(f"the broker refused a subscription of {', '.join(self._filters)}: {refused[0]}")
        else:
            self._call(self._be_ready)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._tell(Heard(message.topic, bytes(message.payload)))

    def _on_disconnect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._fail(f"disconnected: {reason}")
        self._tell(Gone(str(reason)))

    def _fail(self, reason: str) -> None:
        self._call(lambda: self._be_refused(reason))

    # ---- in the loop again

    def _be_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _be_refused(self, reason: str) -> None:
        if not self._ready.done():
            self._ready.set_exception(NotConnected(reason))

    def _tell(self, event: Event) -> None:
        self._call(lambda: self.events.put_nowait(event))

    def _call(self, call: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)


def _encrypt(client: mqtt.Client, tls: Tls) -> None:
    client.tls_set(ca_certs=tls.ca, certfile=tls.cert, keyfile=tls.key)
