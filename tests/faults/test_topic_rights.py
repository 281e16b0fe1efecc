"""Fault 20: each topic by each wrong identity, on the real broker with our rules. Mark: all refused.

In MQTT 5 the broker says so; in 3.1.1 it says that all is well and drops the message, so what arrives is what counts:
a witness, whose account is added to our rules, hears all.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.central.programs import until
from tests.faults.clients import client_of, leave
from tests.parts import ACL, Mosquitto

CENTRAL, EDGE, OTHER, STRANGER, WITNESS = "central", "edge-1", "edge-2", "stranger", "witness"
CROOKED = ("+", "edge-+")  # names that would widen a pattern
IDENTITIES = (CENTRAL, EDGE, OTHER, STRANGER, *CROOKED)
CHAIN = "s1/1/0000000000000000"
UP = ("state", "about", "health", "live/A-1", f"archive/A-1/{CHAIN}", f"event/self/{CHAIN}", f"reply/c1/{CHAIN}")
DOWN = ("ack", "command/c1", "config")
TOPICS = (
    *(f"uchet/1/{EDGE}/up/{tail}" for tail in (*UP, f"void/A-1/{CHAIN}", "anything/else")),
    *(f"uchet/1/{EDGE}/down/{tail}" for tail in DOWN),
    "uchet/1/to/subscriber/point",
    "uchet/1/to/up/about",
    f"uchet/2/{EDGE}/up/about",
    f"{EDGE}/up/about",
    "uchet/1//up/about",
    "elsewhere",
)
VERSIONS = pytest.mark.parametrize("version", [paho.MQTTv311, paho.MQTTv5], ids=["3.1.1", "5"])


def may_write(who: str, topic: str) -> bool:
    """The contract, in words of its own: an edge speaks up under its name; central speaks down, and to subscribers."""
    root, version, *path = [*topic.split("/"), "", ""][:6]
    if (root, version) != ("uchet", "1"):
        return False
    if who == CENTRAL and path[0] == "to":
        return True
    return (path[1] == "up" and path[0] == who) or (path[1] == "down" and who == CENTRAL)


def may_read(who: str, topic: str) -> bool:
    """An edge hears what goes down to it, central what comes up; what goes to a subscriber is nobody else's."""
    root, version, *path = [*topic.split("/"), "", ""][:6]
    if (root, version) != ("uchet", "1"):
        return False
    return (path[1] == "down" and path[0] == who) or (path[1] == "up" and who == CENTRAL)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "mosquitto", (*IDENTITIES, WITNESS))
    conf, rules = tmp_path / "mosquitto/mosquitto.conf", tmp_path / "mosquitto/acl"
    rules.write_text(f"{ACL.read_text()}\nuser {WITNESS}\ntopic readwrite #\n")
    conf.write_text(conf.read_text().replace(str(ACL), str(rules)))
    broker.start()
    yield broker
    broker.stop()


@dataclass
class Ear:
    """Subscribes to everything there is; notes topic and payload of what it is given."""

    client: paho.Client
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        ready = threading.Event()
        self.client.on_message = lambda _client, _data, said: self.heard.append((said.topic, said.payload))
        self.client.on_subscribe = lambda *_: ready.set()
        until(self.client.is_connected)
        self.client.subscribe("#", qos=1)
        assert ready.wait(60)


def write(broker: Mosquitto, who: str, version: Any, topic: str) -> bool:
    """Whether the broker says that it took it. A connection each: it hangs up on who writes what is not his."""
    answers: list[bool] = []
    client = client_of(broker, who, version)
    client.on_publish = lambda _client, _data, _mid, code, _properties: answers.append(not code.is_failure)
    until(client.is_connected)
    client.publish(topic, who.encode(), qos=1)
    until(lambda: answers)
    leave(client)
    return answers[0]


@VERSIONS
def test_nobody_writes_what_is_not_his(broker: Mosquitto, version: Any) -> None:
    witness = Ear(client_of(broker, WITNESS, version))
    for who in IDENTITIES:
        answers = {topic: write(broker, who, version, topic) for topic in TOPICS}
        allowed = {topic: may_write(who, topic) for topic in TOPICS}
        if version == paho.MQTTv5:
            assert answers == allowed, who
        witness.client.publish("mark", who.encode(), qos=1)
        until(lambda: ("mark", who.encode()) in witness.heard)  # noqa: B023 - called here and now
        arrived = {topic for topic, payload in witness.heard if payload == who.encode()} - {"mark"}
        assert arrived == {topic for topic in TOPICS if allowed[topic]}, who
    assert sum(may_write(who, topic) for who in IDENTITIES for topic in TOPICS) == 9 + 5, "the table is not empty"
    leave(witness.client)


@VERSIONS
@pytest.mark.parametrize("retain", [False, True], ids=["as it passes", "retained"])
def test_nobody_hears_what_is_not_for_him(broker: Mosquitto, version: Any, retain: bool) -> None:
    speaker = client_of(broker, WITNESS, version)
    if retain:
        for topic in TOPICS:
            speaker.publish(topic, b"x", qos=1, retain=True).wait_for_publish(5)
    ears = {who: Ear(client_of(broker, who, version)) for who in IDENTITIES}
    if not retain:
        for topic in TOPICS:
            speaker.publish(topic, b"x", qos=1)
    last = {who: f"uchet/1/{who}/down/last" for who in (EDGE, OTHER, STRANGER)} | {CENTRAL: "uchet/1/e/up/last"}
    for topic in last.values():
        speaker.publish(topic, b"last", qos=1)
    until(lambda: all((topic, b"last") in ears[who].heard for who, topic in last.items()))
    for who, ear in ears.items():
        found = {topic for topic, payload in ear.heard if payload != b"last"}
        assert found == {topic for topic in TOPICS if may_read(who, topic)}, who
        leave(ear.client)
    leave(speaker)


@VERSIONS
@pytest.mark.parametrize(("user", "password"), [(None, None), (EDGE, "wrong"), (EDGE, ""), ("nobody", "nobody")])
def test_who_is_not_known_is_not_let_in(
    broker: Mosquitto, version: Any, user: str | None, password: str | None
) -> None:
    answers: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=version, reconnect_on_failure=False)
    client.username_pw_set(user, password)
    client.on_connect = lambda _client, _data, _flags, code, _properties: answers.append(not code.is_failure)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    until(lambda: answers)
    leave(client)
    assert answers == [False]
