"""The unit of systemd: it verifies, and waits for our word as the program gives it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.cli import COMMANDS

pytestmark = pytest.mark.quick

UNIT = Path(__file__).parents[2] / "systemd/uchet-edge.service"


def test_it_verifies(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        return  # a machine without systemd has nothing to verify with
    text = re.sub(r"/opt/uchet/\.venv/bin/\S+", "/bin/true", UNIT.read_text())
    (tmp_path / UNIT.name).write_text(re.sub(r"=uchet-edge$", "=root", text, flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", str(tmp_path / UNIT.name)], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []


def test_it_starts_a_command_that_there_is_and_has_a_watchdog() -> None:
    text = UNIT.read_text()
    (start,) = re.findall(r"^ExecStart=\S+ (\w+)", text, re.MULTILINE)
    assert start in COMMANDS
    assert "Type=notify" in text
    assert "WatchdogSec=" in text
