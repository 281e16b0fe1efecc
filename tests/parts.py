"""Real parts for the tests: mosquitto and InfluxDB as child processes on free ports, in temporary folders.

They are started, killed and started again by the tests; nothing is left running. Their programs come by `./run test`.
"""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ACL = Path(__file__).parent.parent / "config/mosquitto/uchet.acl"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 10.0) -> None:
    """Until something listens there; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port} after {seconds} s")


class Part:
    """A child process that can be killed and started again on the same port with the same folder."""

    program: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        wait_for_port(self.port)

    def kill(self) -> None:
        """kill -9: nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(20)
            self._process = None


def _find(name: str) -> str:
    path = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin")
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
