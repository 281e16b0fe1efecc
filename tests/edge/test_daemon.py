"""`uchet-edge run` whole: a real process, a real meter, broker and ingest. And what status and doctor say of it."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from protocol.messages import bodies, control, topics
from protocol.messages.topics import EdgeTopic, RowTopic
from tests.central.programs import until
from tests.edge.programs import House, Meter
from tests.parts import Mosquitto, free_port


class Ear:
    """Hears everything that any edge says."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[RowTopic | EdgeTopic, bytes, bool]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set("central", "central")
        self._client.on_connect = lambda client, *_: client.subscribe(topics.UP_FILTER, qos=1)
        self._client.on_message = lambda _client, _data, m: self.heard.append(
            (topics.parse_up(m.topic), bytes(m.payload), m.retain)
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def about(self, what: str) -> list[bytes]:
        return [payload for topic, payload, _ in self.heard if isinstance(topic, EdgeTopic) and topic.what == what]

    @property
    def states(self) -> list[str]:
        return [control.decode(payload, control.State).state for payload in self.about("state")]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    yield house
    house.close()


@pytest.fixture
def ear(house: House) -> Iterator[Ear]:
    ear = Ear(house.broker)
    yield ear
    ear.close()


def test_it_reads_publishes_and_says_goodbye(house: House, ear: Ear) -> None:
    edge = house.edge()
    edge.start()
    until(lambda: edge.delivered(91))
    until(lambda: ear.about("live") and ear.about("health"))
    about = control.decode(ear.about("about")[0], control.About)
    assert (about.central, about.meters, about.low) == (house.central, {"A-1": 1800}, 1)
    assert control.decode(ear.about("live")[0], control.Live).values["voltage_a"] > 100
    assert control.decode(ear.about("health")[0], control.Health).clock == "trusted"
    rows = [(topic, payload) for topic, payload, _ in ear.heard if isinstance(topic, RowTopic)]
    assert {bodies.decode(payload).kind for _, payload in rows} == {"load", "daily", "monthly", "now", "event"}
    assert {(topic.channel, topic.name) for topic, _ in rows} == {("archive", "A-1"), ("event", "A-1")}
    assert edge.stop() == 0
    until(lambda: ear.states[-1] == "offline")
    assert ear.states[0] == "online"


def test_a_killed_edge_is_lost_to_the_broker(house: House, ear: Ear) -> None:
    edge = house.edge()
    edge.start()
    until(lambda: "online" in ear.states)
    edge.kill()
    until(lambda: ear.states[-1] == "lost")


def test_over_mqtt_5_it_is_the_same(house: House, ear: Ear) -> None:
    edge = house.edge()
    file = edge.folder / "edge.toml"
    file.write_text(
        file.read_text().replace("[page]", 'protocol = "5"\n\n[page]').replace("\n\nprotocol", "\nprotocol")
    )
    edge.start()
    until(lambda: edge.delivered(6))
    edge.kill()


def test_a_modbus_meter_comes_too(house: House, ear: Ear, tmp_path: Path) -> None:
    meter = Meter(tmp_path, "sdm630")
    edge = house.edge()
    with open(edge.folder / "edge.toml", "a") as file:
        file.write(
            f'\n[[line]]\nname = "B"\nurl = "tcp://127.0.0.1:{meter.port}"\n\n'
            '[[meter]]\nid = "B-1"\nline = "B"\ndriver = "modbus"\ntemplate = "eastron-sdm630"\nperiod = 60\n'
        )
    edge.start()
    until(lambda: {"A-1", "B-1"} <= {topic.name for topic, *_ in ear.heard if isinstance(topic, RowTopic)})
    edge.kill()
    meter.stop()


def test_a_wrong_password_of_the_broker_is_told_and_reading_goes_on(house: House) -> None:
    edge = house.edge()
    file = edge.folder / "edge.toml"
    file.write_text(file.read_text().replace('password = "edge-1"', 'password = "wrong"'))
    edge.start()
    until(lambda: edge.state is not None and edge.state["uplink"]["trouble"] and edge.state["journal"]["rows"] > 5)
    assert edge.state is not None
    assert "refused" in edge.state["uplink"]["trouble"]
    assert edge.stop() == 0


def test_a_certificate_that_cannot_be_used_does_not_stop_the_reading(house: House) -> None:
    edge = house.edge()
    file = edge.folder / "edge.toml"
    (edge.folder / "ca.crt").write_text("no certificate")
    file.write_text(file.read_text().replace("[page]", f'[uplink.tls]\nca = "{edge.folder}/ca.crt"\n\n[page]'))
    edge.start()
    until(lambda: edge.state is not None and edge.state["uplink"]["trouble"] and edge.state["journal"]["rows"] > 5)
    assert edge.state is not None
    assert edge.state["uplink"]["trouble"].startswith("credentials: ")
    assert edge.stop() == 0


def test_a_second_program_on_one_journal_does_not_start(house: House) -> None:
    edge = house.edge()
    edge.start()
    until(lambda: edge.state is not None)
    second = command("run", "--config", str(edge.folder / "edge.toml"))
    assert (second.returncode, "another uchet-edge works" in second.stderr) == (1, True)


def test_it_notifies_systemd(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.settimeout(20)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    edge = house.edge()
    edge.start()
    assert {manager.recv(100) for _ in range(4)} == {b"READY=1", b"WATCHDOG=1"}
    edge.stop()
    said = set()
    while b"STOPPING=1" not in said:
        said.add(manager.recv(100))
    manager.close()


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "edge", *words], capture_output=True, text=True, timeout=60)


def test_status_and_doctor_say_how_it_is(house: House) -> None:
    edge = house.edge()
    config = str(edge.folder / "edge.toml")
    down = command("status", "--config", config)
    assert (down.returncode, "is it running?" in down.stderr) == (1, True)
    asleep = command("doctor", "--config", config)
    assert asleep.returncode == 1
    assert "systemctl start uchet-edge" in asleep.stdout
    edge.start()
    until(lambda: edge.waiting() == 0 and edge.state["meters"][0]["last_success"], 40)  # type: ignore[index]
    status = command("status", "--config", config)
    assert status.returncode == 0
    assert "central  answers" in status.stdout
    assert "A-1" in status.stdout
    well = command("doctor", "--config", config)
    assert "journal.db: sound" in well.stdout
    assert "line A: 127.0.0.1" in well.stdout
    edge.stop()


def test_doctor_names_the_port_that_is_closed(house: House) -> None:
    edge = house.edge()
    file, port = edge.folder / "edge.toml", free_port()
    file.write_text(file.read_text().replace(f"tcp://127.0.0.1:{house.meter.port}", f"tcp://127.0.0.1:{port}"))
    found = command("doctor", "--config", str(file))
    assert f"WRONG  line A: 127.0.0.1:{port}: " in found.stdout
    assert "is the converter powered" in found.stdout
    assert found.returncode == 1
