"""Real parts for the tests: mosquitto, InfluxDB, PostgreSQL as child processes on free ports, in temporary folders.

They are started, killed and started again by the tests; nothing is left running. Their programs come by `./run test`.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

ACL = Path(__file__).parent.parent / "config/mosquitto/uchet.acl"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 60.0) -> None:
    """Until something listens there; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port} after {seconds} s")


def child(command: list[str], log: Path, **more: Any) -> "subprocess.Popen[bytes]":
    """What it says goes to this file. It never outlives the tests, whatever became of the one that started it."""
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, **more)
    atexit.register(process.kill)  # nothing is killed that has ended
    return process


class Part:
    """A child process that can be killed and started again on the same port with the same folder."""

    who: dict[str, Any] = {}  # noqa: RUF012 - as whom it runs: arguments of Popen; {} = as the tests do

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        self._process = child(self.command(), self.folder / "log", cwd=self.folder, **self.who)
        wait_for_port(self.port)

    def kill(self) -> None:
        """kill -9: nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP, and until it has taken effect: a thread on another core may first answer one more request."""
        for pid in self._processes():
            with suppress(ProcessLookupError):  # one of a connection that is gone
                os.kill(pid, signal.SIGSTOP)
                _wait_until_stopped(pid)

    def thaw(self) -> None:
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """Its own id and those of its children; none when it does not run."""
        if self._process is None:
            return []
        pid = self._process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(60)
            self._process = None


def _wait_until_stopped(pid: int, seconds: float = 60.0) -> None:
    """None of its threads runs; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while _runs(pid):
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} still runs {seconds} s after SIGSTOP")
        time.sleep(0.001)


def _runs(pid: int) -> bool:
    for thread in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
            if thread.read_text().rpartition(") ")[2][0] not in "TZX":
                return True
    return False


def _find(name: str) -> str:
    places = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/postgresql/15/bin"
    path = shutil.which(name, path=places)
    if path is None:
        raise FileNotFoundError(f"{name} is not on this machine: `./run test` installs it")
    return path


class Mosquitto(Part):
    """The broker with our rules. Users are «central» and any edge's name; the password of each is its name."""

    def __init__(self, folder: Path, users: tuple[str, ...] = ("central", "edge-1", "edge-2")) -> None:
        super().__init__(folder)
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{user}:{user}\n" for user in users))
        subprocess.run([_find("mosquitto_passwd"), "-U", str(passwords)], check=True, capture_output=True)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\nuser root\n"
            f"password_file {passwords}\nacl_file {ACL}\n"
            "max_packet_size 70000\nmax_inflight_messages 500\nmax_queued_messages 0\nmax_queued_bytes 67108864\n"
            f"persistence true\npersistence_location {folder}/\n"
        )

    def command(self) -> list[str]:
        return [_find("mosquitto"), "-c", str(self.folder / "mosquitto.conf")]


class InfluxDB(Part):
    """InfluxDB 1.6.7 of Debian, with authentication on and every write synced."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._backup_port = free_port()
        (folder / "influxdb.conf").write_text(
            "reporting-disabled = true\n"
            f'bind-address = "127.0.0.1:{self._backup_port}"\n'
            f'[meta]\n  dir = "{folder}/meta"\n'
            f'[data]\n  dir = "{folder}/data"\n  wal-dir = "{folder}/wal"\n  wal-fsync-delay = "0s"\n'
            '  index-version = "tsi1"\n  max-series-per-database = 0\n  max-values-per-tag = 0\n'
            f'[http]\n  bind-address = "127.0.0.1:{self.port}"\n  auth-enabled = true\n  log-enabled = false\n'
            "[monitor]\n  store-enabled = false\n"
        )

    def command(self) -> list[str]:
        return [_find("influxd"), "-config", str(self.folder / "influxdb.conf")]


class PostgreSQL(Part):
    """PostgreSQL 15 of Debian in a folder of its own, since it refuses root: a folder that its own user can reach.

    `durable` = it syncs as in production; otherwise it is quick, and a power cut would break it (kill -9 does not).
    `close` when it is not needed any more.
    """

    def __init__(self, durable: bool = False) -> None:
        folder = Path(tempfile.mkdtemp(prefix="uchet-postgresql-"))
        super().__init__(folder)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self.who = {"user": "postgres", "group": "postgres", "extra_groups": []}
        make = [_find("initdb"), "-D", str(folder / "data"), "-U", "uchet", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([*make, "--locale=C.UTF-8"], check=True, capture_output=True, cwd=folder, **self.who)
        self._sync = [] if durable else ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]

    def command(self) -> list[str]:
        where = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        settings = [*where, "max_connections=200", "timezone=UTC", *self._sync]
        options = [part for setting in settings for part in ("-c", setting)]
        return [_find("postgres"), "-D", str(self.folder / "data"), *options]

    def start(self) -> None:
        """Until it takes connections: after a kill it first plays its log back."""
        super().start()
        deadline = time.monotonic() + 30
        while True:
            try:
                return self.run("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def kill(self) -> None:
        """kill -9 of the server and of each of its processes: they would end by themselves, but a little later."""
        children = self._processes()[1:]
        super().kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGINT)  # does not wait for connections that somebody left open

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://uchet@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str) -> None:
        """Outside a transaction, as CREATE DATABASE wants it."""
        where = f"host=127.0.0.1 port={self.port} user=uchet dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]
