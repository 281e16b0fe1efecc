"""The programs as they are started: `serve` does all three and leaves cleanly, whatever the signal."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from central import serve
from central.config import CentralConfig
from central.db import connect, writing
from central.ingest.bindings import bind
from central.migrations.command import prepare
from central.operation.watch import Watch
from central.timeseries.stores import open_series
from tests.central.parts import NOW, T0, config, load_body
from tests.central.programs import Program, until
from tests.central.publisher import Disk, Publisher
from tests.parts import Mosquitto, free_port


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
            return bool(answer.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


@pytest.mark.usefixtures("sql")
def test_serve_takes_readings_in_shows_pages_and_leaves(tmp_path: Path, mosquitto: Mosquitto) -> None:
    port = free_port()
    access = 'username = "central"\npassword = "central"\n'
    settings = config(tmp_path, f'[mqtt]\nport = {mosquitto.port}\n{access}[web]\nlisten = "127.0.0.1:{port}"\n')
    central = prepare(settings)
    with writing(connect(settings.sql_url)).begin() as connection:
        bind(connection, "edge-1", "A-1", 0, None, NOW)
    disk = Disk()
    disk.append(load_body((T0, 5)))
    program, publisher = Program(tmp_path, "serve"), Publisher(mosquitto.port, disk, central)
    program.start()
    try:
        publisher.run_until_acknowledged()
        series = open_series(settings)
        until(lambda: series.load("A-1", 0, T0))
        until(lambda: _answers(port))
        with socket.create_connection(("127.0.0.1", port), 30) as endless:
            endless.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000000\r\n\r\n")
            assert endless.recv(100).startswith(b"HTTP/1.1 413"), "nobody waits for it"
    finally:
        publisher.close()
        code = program.stop()
    assert code == 0
    assert "Traceback" not in program.log


@pytest.mark.usefixtures("sql")
@pytest.mark.parametrize("name", ["ingest", "worker", "serve"])
def test_a_program_on_an_empty_database_says_what_to_do(tmp_path: Path, name: str) -> None:
    config(tmp_path)
    command = [sys.executable, "-m", "central", "--config", str(tmp_path / "central.toml"), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "run `uchet-central migrate` first" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["ingest", "worker", "serve"])
def test_a_program_that_is_there_before_its_sql_waits_for_it(tmp_path: Path, mosquitto: Mosquitto, name: str) -> None:
    """As after a power cut of the machine, or while PostgreSQL plays its log back."""
    away = f"postgresql+psycopg://uchet@127.0.0.1:{free_port()}/uchet"
    (tmp_path / "central.toml").write_text(
        f'[central]\ndata = "data"\n[sql]\nurl = "{away}"\n[mqtt]\nport = {mosquitto.port}\n'
        f'[web]\nlisten = "127.0.0.1:{free_port()}"\n'
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data/secret").write_text("a secret of the tests, long enough to be one")
    program = Program(tmp_path, name)
    program.start()
    until(lambda: program.log.count("SQL does not answer yet") > 1)
    assert program.stop() == 0
    assert "Traceback" not in program.log


@pytest.mark.quick
@pytest.mark.parametrize("asked", [True, False])
def test_a_part_that_ends_by_itself_ends_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(serve.os, "kill", lambda pid, number: sent.append((pid, number)))
    stop = threading.Event()

    def part(_config: CentralConfig, stop: threading.Event, _watch: Watch) -> None:
        if asked:
            stop.set()

    died: list[str] = []
    serve._part(part, config(tmp_path), stop, Watch(), died)
    assert (sent, died) == (([], []) if asked else ([(os.getpid(), signal.SIGTERM)], ["part"]))
