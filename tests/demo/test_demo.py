"""`./run demo`: what it shows in the pages, how it ends, how it goes on, and what it refuses."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.seed import PEOPLE
from tests.parts import free_port

STARTED = "Ctrl-C ends all of it"
SECONDS = 300


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "demo", "--data", str(folder), *words]


def started(folder: Path, output: Path) -> "subprocess.Popen[bytes]":
    """A demo that has said where it is."""
    with open(output, "wb") as out:
        demo = subprocess.Popen(command(folder, "--port", str(free_port())), stdout=out, stderr=out)
    deadline = time.monotonic() + SECONDS
    while STARTED not in output.read_text():
        assert demo.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.1)
    return demo


def logins(text: str) -> dict[str, str]:
    return dict(re.findall(r"(\S+@example\.org)\s+(\S+)", text))


def test_check_sees_readings_of_both_kinds_in_the_pages(tmp_path: Path) -> None:
    done = subprocess.run(command(tmp_path / "data", "--check"), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DLMS: half-hours of yesterday" in done.stdout
    assert "Modbus: computed intervals of 60 s" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_second_start_goes_on_and_two_at_once_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    said = []
    for number in range(2):
        output = tmp_path / f"output{number}"
        demo = started(folder, output)
        second = subprocess.run(command(folder), capture_output=True, text=True, timeout=120)
        assert (second.returncode, "another demo works in" in second.stderr) == (1, True)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
        said.append(output.read_text())
    assert "Traceback" not in "".join(said)
    first, again = map(logins, said)
    assert len(first) == len(PEOPLE)
    assert again == first
    assert os.stat(folder / "logins.json").st_mode & 0o077 == 0


@pytest.mark.quick
def test_a_port_asked_for_and_taken_is_refused(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        words = command(tmp_path / "data", "--port", str(port))
        done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr
