"""The doctor with real parts: well when all is well, and with each part killed it says which, and what to do."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult
from sqlalchemy import Engine, text, update

from central.backup import make
from central.config import load
from central.db import connect, writing
from central.ingest.receive import Message, Receiver
from central.ingest.tables import edge, inbox
from central.jobs.asking import enqueue
from central.jobs.tables import job
from central.migrations.command import central_id, prepare
from protocol.messages.control import Health, State, encode
from protocol.messages.topics import EdgeTopic
from tests.central import sql as kit
from tests.central.parts import Journal, load_body
from tests.central.programs import Program, until
from tests.central.timeseries.influx_admin import ADMIN, make_admin, statement
from tests.parts import InfluxDB, Mosquitto, PostgreSQL, free_port

PASSWORDS = ("mail-hush", "mqtt-hush")


@dataclass
class Said:
    """What the doctor found, part by part."""

    code: int
    text: str

    @property
    def all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.text)
        return found

    @property
    def wrong(self) -> dict[str, str]:
        """Part -> what, of what is wrong. Each of them says what to do."""
        assert all(one["do"] for one in self.all if not one["well"])
        return {one["part"]: one["what"] for one in self.all if not one["well"]}

    def what(self, part: str) -> str:
        return " · ".join(one["what"] for one in self.all if one["part"] == part)


class House:
    """A central with its settings; the backup is fresh."""

    def __init__(self, folder: Path, sections: str) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "central.toml").write_text(
            f'[central]\ndata = "data"\n[backup]\nfolder = "backup"\n[metrics]\nserve = "127.0.0.1:{self.port}"\n'
            f'[web]\nlisten = "127.0.0.1:{free_port()}"\n[worker]\nlease = 2.0\n{sections}'
        )
        self.config = load(folder / "central.toml")
        prepare(self.config)
        self.engine: Engine = connect(self.config.sql_url)
        self._program = Program(folder, "serve")

    def back_up(self) -> None:
        make.make(self.config, self.config.path("backup"), int(time.time()), lambda _: None)

    def start(self) -> None:
        """Until the doctor finds all well."""
        self._program.start()
        deadline = time.monotonic() + 90
        while wrong := self.ask().wrong:
            assert time.monotonic() < deadline, wrong

    def stop(self) -> None:
        self._program.stop()
        self.engine.dispose()

    def ask(self) -> Said:
        return asked(self.folder)

    def take(self, *messages: tuple[object, bytes]) -> None:
        receiver = Receiver(self.engine, central_id(self.engine))
        receiver.take([Message(str(topic), body) for topic, body in messages], int(time.time()))


def asked(folder: Path, *options: str) -> Said:
    command = [sys.executable, "-m", "central", "--config", str(folder / "central.toml"), "doctor"]
    done = subprocess.run([*command, *(options or ["--json"])], capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    assert not [word for word in PASSWORDS if word in done.stdout + done.stderr]
    return Said(done.returncode, done.stdout)


def mqtt(port: int, user: str = "central", password: str = "central") -> str:
    return f'[mqtt]\nport = {port}\nusername = "{user}"\npassword = "{password}"\n'


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """One of its own, to be killed."""
    made = PostgreSQL()
    made.start()
    yield made
    made.close()


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    """The smallest: SQLite for both."""
    made = House(tmp_path, mqtt(mosquitto.port))
    made.back_up()
    yield made
    made.stop()


def test_all_is_well_and_then_each_part_is_killed(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB, server: PostgreSQL
) -> None:
    make_admin(influxdb.port)
    url = kit.Databases(server).url(tmp_path)
    post = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    post.start()
    made = House(
        tmp_path,
        f'[sql]\nurl = "{url}"\n{mqtt(mosquitto.port)}[series]\nkind = "influxdb"\n'
        f'url = "http://127.0.0.1:{influxdb.port}"\nusername = "{ADMIN}"\npassword = "{ADMIN}"\n'
        f'[mail]\nhost = "127.0.0.1"\nport = {post.port}\nsecurity = "none"\nsender = "u@example.org"\ntimeout = 3.0\n',
    )
    try:
        made.back_up()
        made.start()
        said = made.ask()
        assert said.code == 0
        assert "PostgreSQL 15" in said.what("база SQL")
        assert "InfluxDB 1.6.7" in said.what("ряды")
        assert said.what("разделы").startswith("входящих по неделям: ")
        assert "работает 1, вся работа распределена" in said.what("worker")
        assert said.what("программы") == "serve работает"

        mosquitto.kill()
        until(lambda: "broker: not connected" in made.ask().wrong.get("программы", ""))
        assert set(made.ask().wrong) == {"брокер", "программы"}
        mosquitto.start()
        influxdb.kill()
        until(lambda: set(made.ask().wrong) == {"ряды", "программы"})
        influxdb.start()
        post.stop()
        until(lambda: set(made.ask().wrong) == {"почта"})
        post = Controller(Sink(), hostname="127.0.0.1", port=post.port)
        post.start()
        server.kill()
        until(lambda: set(made.ask().wrong) == {"база SQL", "программы"})
        assert made.ask().code == 1
        server.start()
        until(lambda: made.ask().wrong == {})
        made._program.kill()
        until(lambda: set(made.ask().wrong) == {"программы", "worker"})
        assert made.ask().wrong["программы"] == "serve не отвечает"
    finally:
        post.stop()
        made.stop()


def test_a_frozen_database_costs_the_doctor_seconds(tmp_path: Path, mosquitto: Mosquitto, server: PostgreSQL) -> None:
    made = House(tmp_path, f'[sql]\nurl = "{kit.Databases(server).url(tmp_path)}"\n{mqtt(mosquitto.port)}')
    server.freeze()
    began = time.monotonic()
    try:
        assert made.ask().wrong["база SQL"] == "не отвечает 5 с"
        assert time.monotonic() - began < 20
    finally:
        server.thaw()
        made.stop()


def test_it_speaks_to_people_too(house: House) -> None:
    said = asked(house.folder, "--")
    assert said.code == 1
    assert "в порядке  база SQL: отвечает, SQLite" in said.text
    assert "ПЛОХО      программы: serve не отвечает\n           что делать: запустите" in said.text
    assert said.text.endswith("требуют внимания: 2\n"), "the program and its worker"


def test_a_wrong_setting_is_the_only_finding(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text('[central]\ndata = "x"\n[mqtt]\npassword = ["mqtt-hush"]\n')
    said = asked(tmp_path, "--")
    assert said.code == 1
    assert "ПЛОХО      настройки: " in said.text


def test_before_migrate_it_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text('[central]\ndata = "data"\n')
    assert {"база SQL", "данные", "брокер", "копия"} <= set(asked(tmp_path).wrong)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["central.toml"]


def test_the_brokers_account_and_rules(house: House, mosquitto: Mosquitto) -> None:
    file = house.folder / "central.toml"
    own = file.read_text()
    file.write_text(own.replace('password = "central"', 'password = "mqtt-hush"'))
    assert "refused: Not authorized" in house.ask().wrong["брокер"]
    account = 'username = "central"\npassword = "central"'
    file.write_text(own.replace(account, account.replace("central", "edge-2")))
    assert "брокер" not in house.ask().wrong, "without an edge there is nothing to be heard"
    state = State(state="online", since=datetime.now(UTC))
    house.take((EdgeTopic("edge-1", "state"), encode(state)))
    assert "сообщения не приходят" in house.ask().wrong["брокер"]


def test_a_mail_server_that_refuses_the_login(tmp_path: Path, mosquitto: Mosquitto) -> None:
    refuse = lambda *_: AuthResult(success=False, handled=False)  # noqa: E731
    post = Controller(
        Sink(), hostname="127.0.0.1", port=free_port(), authenticator=refuse, auth_require_tls=False, auth_required=True
    )
    post.start()
    made = House(
        tmp_path,
        f'{mqtt(mosquitto.port)}[mail]\nhost = "127.0.0.1"\nport = {post.port}\nsecurity = "none"\nusername = "u"\n'
        'password = "mail-hush"\nsender = "u@example.org"\ntimeout = 3.0\n',
    )
    try:
        assert "вход не принят (535)" in made.ask().wrong["почта"]
    finally:
        post.stop()
        made.stop()


def test_influxdb_that_may_not_be_written_or_forgets_too_early(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB
) -> None:
    make_admin(influxdb.port)
    for said in (
        'CREATE DATABASE "uchet" WITH DURATION 90d NAME "autogen"',
        "CREATE USER reader WITH PASSWORD 'reader'",
        'GRANT READ ON "uchet" TO "reader"',
    ):
        statement(influxdb.port, said, ADMIN)
    series = f'[series]\nkind = "influxdb"\nurl = "http://127.0.0.1:{influxdb.port}"\n'
    made = House(tmp_path, f'{mqtt(mosquitto.port)}{series}username = "{ADMIN}"\npassword = "{ADMIN}"\n')
    try:
        assert made.ask().wrong["срок хранения"] == "autogen: 90 сут, задано 1830 сут"
        file = tmp_path / "central.toml"
        file.write_text(file.read_text().replace(f'"{ADMIN}"', '"reader"'))
        assert "403" in made.ask().wrong["ряды"]
    finally:
        made.stop()


def test_what_waits(house: House) -> None:
    journal = Journal()
    journal.append(load_body((1_764_000_000, 5)))  # nobody bound its meter
    now = int(time.time())
    house.take(*journal.rows, ("uchet/1/nothing", b"x"))
    with writing(house.engine).begin() as connection:
        number = enqueue(connection, "mail", {}, now)
        enqueue(connection, "mail", {}, now)
        connection.execute(update(job).where(job.c.id == number).values(state="dead"))
    said = house.ask()
    assert said.what("карантин") == "чужого счётчика: 1 (foreign_meter) · непонятных сообщений: 1"
    assert said.wrong["задания"] == "не выполнено 1 (mail)"
    assert said.wrong["почта"] == "писем в очереди: 1"
    with writing(house.engine).begin() as connection:
        connection.execute(update(inbox).values(state="new", received_at=now - 7200))
    assert house.ask().wrong["входящие"] == "ждут 1, старшее 120 мин"


def test_the_clocks_of_the_edges_judge_ours(house: House) -> None:
    now = int(time.time())

    def says(name: str, ahead: float, clock: str = "trusted") -> None:
        time_ = datetime.fromtimestamp(now + ahead, UTC)
        health = Health(time=time_, waiting=0, oldest=None, days_left=9.0, clock=clock, meters={})  # type: ignore[arg-type]
        house.take((EdgeTopic(name, "health"), encode(health)))
        with writing(house.engine).begin() as connection:
            connection.execute(update(edge).where(edge.c.name == name).values(health_at=now))

    for name, ahead in (("e-1", 0), ("e-2", 1), ("e-3", 400)):
        says(name, ahead)
    assert house.ask().wrong["часы"] == "отстают или спешат концентраторы: e-3"
    says("e-3", 99_999, "untrusted")
    assert "часы" not in house.ask().wrong
    for name in ("e-1", "e-2"):
        says(name, 3600)
    assert house.ask().wrong["часы"] == "часы сервера и 2 концентраторов расходятся на -3600 с"


def test_files_that_are_damaged_open_or_gone(house: House) -> None:
    data = house.config.data
    (data / "secret").chmod(0o644)
    (data / "command.key").unlink()
    said = house.ask()
    assert said.what("данные") == f"файл secret читают и другие пользователи · нет файла {data / 'command.key'}"
    assert "cannot read the key of commands" in said.wrong["ключ команд"]
    (data / "series.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert set(house.ask().wrong) >= {"целостность", "ряды"}


def test_a_schema_of_another_program(house: House) -> None:
    with writing(house.engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert house.ask().wrong["схема"].startswith("0001, а нужна ")
    with writing(house.engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert house.ask().wrong["схема"] == "9999: эта программа её не знает"


def test_a_backup_that_is_old_or_missing(house: House) -> None:
    (made,) = (house.config.path("backup")).glob("*Z")
    manifest = made / "manifest.json"
    whole = manifest.read_text()
    year = str(datetime.now(UTC).year)
    manifest.write_text(whole.replace(f'"made": "{year}', f'"made": "{int(year) - 1}'))
    assert "ч назад" in house.ask().wrong["копия"]
    manifest.unlink()
    assert "нет ни одной целой копии" in house.ask().wrong["копия"]
