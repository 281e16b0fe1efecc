"""The demo's programs: meters, broker, server, concentrator, as children of this process, with their settings and logs.

    with System(folder, web_port, real=False, say=print) as system:
        system.start(stop)        until all of it answers
        system.watch(stop)        until `stop`; Died when a child ends by itself

Ports but the web's are free ones, chosen anew at each start; data stays between starts. Leaving ends every child in
reverse order: SIGTERM, and SIGKILL after 10 s. Ctrl-C reaches nobody but us: each child has a session of its own, and
on Linux the kernel ends it when we die.
"""

import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from sqlalchemy import Engine, select

from central import config as central_config
from central.concentrators import safe, versions
from central.config import CentralConfig
from central.db import connect, writing
from central.ingest.tables import edge_line
from central.migrations.command import command_key, prepare
from central.registry import enter
from central.registry.changes import entering
from central.timeseries.stores import open_series
from demo import before, seed
from demo.broker import CENTRAL
from demo.meters.model import SpodesSite
from demo.site import CONCENTRATORS, GARDEN_STREET, SERVED, STANDS, Concentrator

HOST = "127.0.0.1"
SENDER = "Учёт <uchet@example.org>"
ACL = Path(__file__).parent.parent / "config/mosquitto/uchet.acl"
HEARD = tuple(one for one in CONCENTRATORS if one.heard)
CONFIGURED = tuple(one for one in HEARD if one is not GARDEN_STREET)
SCHEDULE = {"delay": 5, "daily": 300, "monthly": 300, "events": 60, "now": 60, "live": 60}  # seconds
START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOG_TAIL = 15  # lines shown of the log of a child that died
_LOOK = 0.1  # seconds between two looks
_PR_SET_PDEATHSIG = 1
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands before the loopback

Say = Callable[[str], None]


class Failed(Exception):
    """The demo cannot go on; the message is for the person who started it."""


class Stopped(Exception):
    """Asked to stop while starting."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def open_port(port: int) -> Callable[[], bool]:
    """Is there somebody who listens?"""

    def answers() -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex((HOST, port)) == 0

    return answers


def page(port: int, path: str) -> Callable[[], bool]:
    """Is this page there?"""

    def answers() -> bool:
        try:
            with _direct.open(f"http://{HOST}:{port}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    return answers


class Child:
    """One program with its log."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._begin = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, preexec_fn=_with_us
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises Failed when it is no more, with the end of its log."""
        code = self._process.poll()
        if code is not None:
            with open(self.log, "rb") as log:
                log.seek(self._begin)
                tail = log.read().decode(errors="replace").splitlines()[-LOG_TAIL:]
            raise Failed(
                "\n".join(
                    (f"{self.name} ended by itself with {code}; its log {self.log} ends:", *map("  {}".format, tail))
                )
            )

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _with_us() -> None:
    """In the child, before its program: SIGTERM when the parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class System:
    """`folder` holds everything; `real`: mosquitto and InfluxDB of the machine instead of amqtt and SQLite series."""

    def __init__(self, folder: Path, web_port: int, *, real: bool, say: Say) -> None:
        self.folder = folder.absolute()
        self.web_port = web_port
        self.logins = seed.logins(self.folder / "logins.json")
        self._real = real
        self._say = say
        self._children: list[Child] = []
        self._logs = self.folder / "logs"
        self._logs.mkdir(exist_ok=True)
        self._broker_port = free_port()
        self._smtp_port, self._post_port = free_port(), free_port()
        self._page_ports = {one.name: free_port() for one in HEARD}
        self._meter_ports = {line.name: free_port() for line in SERVED}
        self._engine: Engine | None = None

    def __enter__(self) -> "System":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._children):
            child.stop()
        if self._engine is not None:
            self._engine.dispose()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.web_port}/"

    @property
    def edge_page(self) -> str:
        return f"http://{HOST}:{self._page_ports[seed.EDGE]}/"

    @property
    def post_page(self) -> str:
        return f"http://{HOST}:{self._post_port}/"

    @property
    def incidents(self) -> Path:
        """What happens to the meters: `./run incident`."""
        return self.folder / "incidents.txt"

    @property
    def journal(self) -> Path:
        return self.folder / seed.EDGE / "journal.db"

    @property
    def engine(self) -> Engine:
        assert self._engine is not None, "it was not started"
        return self._engine

    def start(self, stop: threading.Event) -> None:
        """Returns when all of it answers. Raises Failed, Stopped."""
        self._say(f"… {sum(len(line.stands) for line in SERVED)} meters")
        ports = [text for port in self._meter_ports.values() for text in ("--port", str(port))]
        incidents = ["--incidents", str(self.incidents)]
        meters = self._run("meters", [sys.executable, "-m", "demo.site", *incidents, *ports])
        self._say(f"… the broker ({'mosquitto' if self._real else 'embedded'})")
        broker = self._run("broker", self._mosquitto() if self._real else self._amqtt())
        ports = [str(port) for pair in (("--smtp", self._smtp_port), ("--page", self._post_port)) for port in pair]
        folder = str(self.folder / "letters")
        post = self._run("post", [sys.executable, "-m", "demo.post", *ports, "--folder", folder])
        series = self._influx(stop) if self._real else '[series]\nkind = "sqlite"\n'
        self._say("… the server's database")
        config = self._central_toml(series)
        settings = central_config.load(config)
        central = prepare(settings)
        self._engine = connect(central_config.load(config).sql_url)
        seed.seed(self._engine, self.logins, int(time.time()))
        self._tell_the_registry(settings)
        past = open_series(settings)
        before.write(past, STANDS, int(time.time()))
        past.close()
        for port in self._meter_ports.values():
            self._wait(meters, open_port(port), stop)
        self._wait(broker, open_port(self._broker_port), stop)
        self._wait(post, page(self._post_port, "/"), stop)
        self._say("… the server")
        server = self._run("central", [sys.executable, "-m", "central", "--config", str(config), "serve"])
        self._wait(server, page(self.web_port, "/health"), stop)
        self._say(f"… {len(HEARD)} concentrators of {len(CONCENTRATORS)}: one is silent")
        run_edge = [sys.executable, "-c", "from edge.cli import main; main()", "run"]
        for one in HEARD:
            file = self._edge_toml(one, central, command_key(settings))
            edge = self._run(one.name, [*run_edge, "--config", str(file)])
            self._wait(edge, page(self._page_ports[one.name], "/state.json"), stop)

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`. Raises Failed when a child ends by itself."""
        while not stop.wait(_LOOK * 2):
            self.check()

    def check(self) -> None:
        """Raises Failed when a child is no more."""
        for child in self._children:
            child.check()

    @property
    def children(self) -> dict[str, int]:
        """Name -> process id."""
        return {child.name: child.pid for child in self._children}

    def _run(self, name: str, command: list[str]) -> Child:
        child = Child(name, command, self._logs / f"{name}.log")
        self._children.append(child)
        return child

    def _wait(self, child: Child, ready: Callable[[], bool], stop: threading.Event) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise Failed(f"{child.name} does not answer after {START_SECONDS:.0f} s; its log is {child.log}")
            if stop.wait(_LOOK):
                raise Stopped

    # --- settings

    def _central_toml(self, series: str) -> Path:
        return self._write(
            "central.toml",
            f'[central]\ndata = "central"\npublic_url = "{self.url.rstrip("/")}"\n\n'
            f'[mqtt]\nhost = "{HOST}"\nport = {self._broker_port}\nusername = "{CENTRAL}"\npassword = "{CENTRAL}"\n\n'
            f'{series}\n[web]\nlisten = "{HOST}:{self.web_port}"\nstaff_second_factor = "optional"\n'
            "components = true\n\n"
            f'[mail]\nhost = "{HOST}"\nport = {self._smtp_port}\nsecurity = "none"\nsender = "{SENDER}"\n\n'
            '[push]\ncontact = "mailto:uchet@example.org"\n',
        )

    def _tell_the_registry(self, settings: CentralConfig) -> None:
        """Where the meters listen this time, and their passwords: the concentrators that it configures are told."""
        now = int(time.time())
        with writing(self.engine).begin() as connection:
            with entering(connection, at=now, kind="demo", reason="порты этого запуска") as change:
                for row in connection.execute(select(edge_line)).all():
                    if row.name in self._meter_ports:
                        enter.correct(change, edge_line, row.id, url=self._url(row.name))
            for stand in (stand for one in CONFIGURED for stand in one.stands):
                if isinstance(stand.site, SpodesSite):
                    safe.put(connection, settings, stand.id, stand.site.password, "demo", now)
            for one in CONFIGURED:
                versions.refresh(connection, one.name, now, "demo")

    def _url(self, line: str) -> str:
        return f"tcp://{HOST}:{self._meter_ports[line]}"

    def _edge_toml(self, one: Concentrator, central: str, key: str) -> Path:
        """Brisk: each minute the registers and the moment's values, so that one sees it live.

        The first concentrator has its lines and meters here; the others are told by central.
        """
        uplink = {"host": HOST, "port": self._broker_port, "central": central, "command_key": key}
        text = "\n".join(
            (
                _table("[edge]", {"name": one.name, "title": one.title, "data": str(self.folder / one.name)}),
                _table("[uplink]", {**uplink, "username": one.name, "password": one.name}),
                _table("[page]", {"listen": f"{HOST}:{self._page_ports[one.name]}"}),
                _table("[schedule]", SCHEDULE if one not in CONFIGURED else SCHEDULE | {"depth": 40}),
            )
        )
        for line in one.lines if one not in CONFIGURED else ():
            text += "\n" + _table("[[line]]", {"name": line.name, "url": self._url(line.name)})
            for stand in line.stands:
                site = stand.site
                values: dict[str, object] = {
                    "id": stand.id,
                    "title": f"{stand.name}, {stand.address}",
                    "line": line.name,
                    "serial": site.serial,
                    "offset": site.offset,
                    "period": stand.period,
                }
                if isinstance(site, SpodesSite):
                    server = "/".join(map(str, site.address))
                    values |= {"driver": "spodes", "link": line.link, "server": server, "password": site.password}
                else:
                    values |= {"driver": "modbus", "template": "eastron-sdm630", "framing": "tcp", "device": 1}
                text += "\n" + _table("[[meter]]", values)
        return self._write(f"{one.name}.toml", text)

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(0o600)
        path.write_text("# Written at each start of the demo.\n" + text)
        return path

    # --- the broker and the series

    def _amqtt(self) -> list[str]:
        return [sys.executable, "-m", "demo.broker", "--port", str(self._broker_port)]

    def _mosquitto(self) -> list[str]:
        folder = self.folder / "mosquitto"
        folder.mkdir(exist_ok=True)
        passwords = folder / "passwords"
        passwords.unlink(missing_ok=True)
        passwords.touch(0o600)
        passwords.write_text("".join(f"{user}:{user}\n" for user in (CENTRAL, *(one.name for one in CONCENTRATORS))))
        hash_them = [_program("mosquitto_passwd"), "-U", str(passwords)]
        subprocess.run(hash_them, check=True, capture_output=True)  # noqa: S603 - our own file
        user = "user root\n" if os.geteuid() == 0 else ""
        conf = folder / "mosquitto.conf"
        conf.write_text(
            f"listener {self._broker_port} {HOST}\nallow_anonymous false\n{user}password_file {passwords}\n"
            f"acl_file {ACL}\nmax_packet_size 70000\nmax_inflight_messages 500\nmax_queued_messages 0\n"
            f"max_queued_bytes 67108864\npersistence true\npersistence_location {folder}/\n"
        )
        return [_program("mosquitto"), "-c", str(conf)]

    def _influx(self, stop: threading.Event) -> str:
        """Starts it, makes its user the first time; the section [series]."""
        self._say("… InfluxDB")
        folder, port = self.folder / "influxdb", free_port()
        folder.mkdir(exist_ok=True)
        conf = folder / "influxdb.conf"
        conf.write_text(
            f'reporting-disabled = true\nbind-address = "{HOST}:{free_port()}"\n'
            f'[meta]\n  dir = "{folder}/meta"\n[data]\n  dir = "{folder}/data"\n  wal-dir = "{folder}/wal"\n'
            '  wal-fsync-delay = "0s"\n  index-version = "tsi1"\n  max-series-per-database = 0\n'
            f'[http]\n  bind-address = "{HOST}:{port}"\n  auth-enabled = true\n  log-enabled = false\n'
            "[monitor]\n  store-enabled = false\n"
        )
        self._wait(self._run("influxdb", [_program("influxd"), "-config", str(conf)]), open_port(port), stop)
        password = folder / "password"
        if not password.exists():
            password.touch(0o600)
            password.write_text(secrets.token_hex(16))
            asked = f"CREATE USER uchet WITH PASSWORD '{password.read_text()}' WITH ALL PRIVILEGES"
            data = urllib.parse.urlencode({"q": asked}).encode()
            _direct.open(f"http://{HOST}:{port}/query", data, timeout=10).close()
        return (
            f'[series]\nkind = "influxdb"\nurl = "http://{HOST}:{port}"\nusername = "uchet"\n'
            'password_file = "influxdb/password"\n'
        )


def _table(header: str, values: Mapping[str, object]) -> str:
    """A TOML table; JSON's texts and numbers are TOML's too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join((header, *lines, ""))


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")
    if path is None:
        raise Failed(f"{name} is not on this machine: `./run demo --real` installs it, or says how")
    return path
