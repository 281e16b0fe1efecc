"""The programs of central as processes that a test may kill."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from tests.parts import child


class Program:
    """`uchet-central NAME` with the configuration of this folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._log = folder / f"{name}.log"
        self._command = [sys.executable, "-m", "central", "--config", str(folder / "central.toml"), name]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = child(self._command, self._log)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        try:
            return process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(60)


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits until it holds; an assertion otherwise."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come true in time"
        sleep(0.02)
