"""The programs as they are started: alive and ready, or alive and not ready, or hung; and what they count."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from central.db import connect, writing
from central.ingest import receive
from central.ingest.bindings import bind
from central.migrations.command import prepare
from central.operation import pulse
from central.operation.watch import Watch
from central.serve import Heart, run_ingest
from tests.central import sql as kit
from tests.central.operation.ask import figures, get, health
from tests.central.parts import NOW, T0, config, load_body
from tests.central.programs import Program, until
from tests.central.publisher import Disk, Publisher
from tests.parts import Mosquitto, PostgreSQL, child, free_port


class House:
    """A configured central whose programs listen."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.folder, self.broker = folder, broker
        self.ports = {name: free_port() for name in ("ingest", "worker", "web", "serve")}
        self.site = free_port()
        listens = "".join(f'{name} = "127.0.0.1:{port}"\n' for name, port in self.ports.items())
        self.config = config(
            folder,
            f'[mqtt]\nport = {broker.port}\nusername = "central"\npassword = "central"\n'
            f'[web]\nlisten = "127.0.0.1:{self.site}"\n[metrics]\n{listens}[worker]\nlease = 2.0\n',
        )
        self.central = prepare(self.config)
        self._programs: list[Program] = []

    def start(self, *names: str) -> None:
        for name in names:
            program = Program(self.folder, name)
            self._programs.append(program)
            program.start()
        for name in names:
            until(lambda name=name: self.says(name, "ready") == (200, []), 30)  # type: ignore[misc]

    def says(self, name: str, what: str) -> tuple[int, list[str]]:
        return health(self.ports[name], what)

    def publish(self, disk: Disk, edge: str = "edge-1") -> None:
        publisher = Publisher(self.broker.port, disk, self.central, edge)
        try:
            publisher.run_until_acknowledged(patience=60)  # nothing is said twice: it is counted
        finally:
            publisher.close()

    def stop(self) -> None:
        for program in self._programs:
            program.stop()


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    made = House(tmp_path, mosquitto)
    yield made
    made.stop()


@pytest.mark.usefixtures("sql")
def test_what_came_is_counted_on_its_way(house: House) -> None:
    with writing(connect(house.config.sql_url)).begin() as connection:
        bind(connection, "edge-1", "A-1", 0, None, NOW)
    house.start("ingest", "worker")
    disk = Disk()
    for number in range(3):
        disk.append(load_body((T0 + 1800 * number, number)))
    disk.append(load_body((T0, 5)), meter="B-2")  # nobody's
    house.publish(disk)
    until(lambda: figures(house.ports["worker"])["uchet_worker_rows_total"] == 3)
    taken = figures(house.ports["ingest"])
    assert taken["uchet_ingest_rows_total"] == 4
    assert taken["uchet_ingest_quarantined_total"] == 1
    assert taken["uchet_ingest_connected"] == 1
    assert taken["uchet_ingest_intake_messages"] == 0
    assert taken["uchet_ingest_acks_total"] >= 1
    assert taken["uchet_ingest_commit_seconds_count"] == taken["uchet_ingest_batch_messages_count"] > 0
    assert "uchet_worker_rows_total" not in taken
    until(lambda: figures(house.ports["worker"])["uchet_leases_held"] == 17)
    worked = figures(house.ports["worker"])
    assert worked["uchet_worker_messages_total"] == 3
    assert worked['uchet_inbox_aside{reason="foreign_meter"}'] == 1
    assert (worked["uchet_sql_up"], worked["uchet_workers"], worked["uchet_worker_leases"]) == (1, 1, 17)
    assert worked["uchet_inbox_waiting"] == worked["uchet_inbox_oldest_seconds"] == 0


def test_serve_shows_all_on_one_port_and_nothing_on_the_site(house: House) -> None:
    house.start("serve")
    until(lambda: get(house.site, "/health")[0] == 200)
    until(
        lambda: 'uchet_web_requests_total{code="200",endpoint="health",method="GET"}' in figures(house.ports["serve"])
    )
    shown = figures(house.ports["serve"])
    assert {"uchet_ingest_connected", "uchet_worker_leases", "uchet_inbox_waiting"} <= set(shown)
    assert get(house.site, "/metrics")[0] == 404
    assert get(house.site, "/health/ready")[0] == 404
    assert get(house.ports["web"], "/metrics")[0] == 0


def test_without_its_broker_ingest_lives_and_is_not_ready(house: House) -> None:
    house.start("ingest")
    house.broker.kill()
    until(lambda: house.says("ingest", "ready") == (503, ["broker: not connected"]))
    assert house.says("ingest", "live") == (200, [])
    house.broker.start()
    until(lambda: house.says("ingest", "ready") == (200, []))


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """One of its own, to be killed."""
    made = PostgreSQL()
    made.start()
    kit.use(kit.Databases(made))
    yield made
    made.close()


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_dead_database_is_no_frozen_program(
    tmp_path: Path, mosquitto: Mosquitto, server: PostgreSQL, how: str
) -> None:
    house = House(tmp_path, mosquitto)
    names = ("ingest", "worker", "web")
    try:
        house.start(*names)
        if how == "killed":
            server.kill()
        else:
            server.freeze()
        for name in names:
            until(lambda name=name: house.says(name, "ready")[0] == 503, 30)  # type: ignore[misc]
            _, reasons = house.says(name, "ready")
            assert any(reason.startswith("sql: ") for reason in reasons), reasons
            assert house.says(name, "live") == (200, [])
        assert figures(house.ports["worker"])["uchet_sql_up"] == 0
        if how == "killed":
            server.start()
        else:
            server.thaw()
        for name in names:
            until(lambda name=name: house.says(name, "ready") == (200, []), 60)  # type: ignore[misc]
    finally:
        house.stop()


def test_a_schema_that_is_not_this_programs_is_not_ready(house: House) -> None:
    house.start("ingest")
    with writing(connect(house.config.sql_url)).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    status, reasons = house.says("ingest", "ready")
    assert status == 503
    assert reasons[0].startswith("sql: the schema is 0001, this program's is ")


class Inside:
    """Ingest in a thread of this process, with the clock of its pulse set by hand, and an edge that speaks to it."""

    def __init__(self, house: House) -> None:
        self.now = 0.0
        self.watch = Watch(pulse.Pulse(lambda: self.now), ("ingest",))
        self.publisher = Publisher(house.broker.port, Disk(), house.central)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=run_ingest, args=(house.config, self._stop, self.watch))
        self._thread.start()
        until(lambda: self.watch.ready() == [])

    def speak_until(self, condition: Callable[[], object]) -> None:
        until(lambda: (self.publisher.turn(patience=0.2), condition())[1])

    def stop(self) -> None:
        self.publisher.close()
        self._stop.set()
        self._thread.join()


def test_a_frozen_loop_is_not_alive_while_its_database_is_well(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop hangs in our own code, with the database answering."""
    free, hangs = threading.Event(), threading.Event()
    own = receive.Receiver.take

    def frozen(*arguments: object) -> object:
        hangs.set()
        free.wait(60)
        return own(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(receive.Receiver, "take", frozen)
    inside = Inside(house)
    try:
        inside.speak_until(hangs.is_set)
        assert inside.watch.live() == []
        inside.now += pulse.TURN + 1
        assert inside.watch.live() == ["ingest: no turn for 61 s"]
        assert inside.watch.ready() == ["ingest: no turn for 61 s"], "SQL and the broker are well"
        free.set()
        until(lambda: inside.watch.live() == [])
    finally:
        free.set()
        inside.stop()


def test_a_loop_whose_database_is_frozen_is_alive(tmp_path: Path, mosquitto: Mosquitto, server: PostgreSQL) -> None:
    """The same silence, but the loop waits for SQL: no reason to start it again, until it lasts very long."""
    inside = Inside(House(tmp_path, mosquitto))
    try:
        server.freeze()
        loop = inside.watch.pulse._loops
        inside.speak_until(lambda: loop["ingest"].asked is not None and inside.publisher._client is not None)
        inside.now += pulse.TURN + 1
        assert inside.watch.live() == []
        assert inside.watch.ready()[0] == "ingest: waits for SQL for 61 s"
        inside.now += pulse.ASKING
        assert inside.watch.live() == ["ingest: waits for SQL for 661 s"]
        server.thaw()
        until(lambda: inside.watch.ready() == [])
    finally:
        server.thaw()
        inside.stop()


def test_a_frozen_web_is_not_alive(house: House) -> None:
    hand = SimpleNamespace(now=0.0)
    watch = Watch(pulse.Pulse(lambda: hand.now))
    heart = Heart(watch)
    assert not heart.readable()
    assert not heart.writable()
    hand.now += pulse.TURN + 1
    assert watch.live() == ["web: no turn for 61 s"]
    house.start("web")
    assert house.says("web", "live") == (200, [])


def test_processes_of_gunicorn_add_up_on_one_port_that_is_not_the_sites(house: House) -> None:
    shared = house.folder / "figures"
    shared.mkdir()
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "2"]
    environment = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(shared),
        "UCHET_CENTRAL_CONFIG": str(house.folder / "central.toml"),
    }
    listening = [*command, "--bind", f"127.0.0.1:{house.site}", "central.serve:app()"]
    process = child(listening, house.folder / "gunicorn.log", env=environment)
    try:
        until(lambda: get(house.ports["web"], "/metrics")[0] == 200)  # a question to the site itself would be counted
        asked = 0
        with ThreadPoolExecutor(8) as pool:  # at once, so that both processes have something to do
            while not asked or len(list(shared.glob("counter_*"))) < 2:
                answers = list(pool.map(lambda _: get(house.site, "/health", 60), range(16)))
                asked += sum(status == 200 for status, _ in answers)
                assert asked < 2000, "one of them never worked"
        name = 'uchet_web_requests_total{code="200",endpoint="health",method="GET"}'
        for _ in range(10):  # whichever of them answers
            assert figures(house.ports["web"])[name] == asked
        assert house.says("web", "ready") == (200, [])
        assert get(house.site, "/metrics")[0] == 404
    finally:
        process.terminate()
        process.wait(60)
