"""A client of the broker with somebody's account, for what no edge of ours would do."""

from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.parts import Mosquitto


def client_of(mosquitto: Mosquitto, user: str, protocol: Any = paho.MQTTv311) -> paho.Client:
    """Connected, or about to be, once; the password of each account is its name."""
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id=f"test-{user}", protocol=protocol, reconnect_on_failure=False
    )
    client.username_pw_set(user, user)
    client.max_inflight_messages_set(20)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    return client


def leave(client: paho.Client) -> None:
    client.disconnect()
    client.loop_stop()
