"""The units of systemd: they verify, are hardened alike, and start what there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from central.cli import COMMANDS

pytestmark = pytest.mark.quick

FOLDER = Path(__file__).parent.parent.parent / "systemd"
UNITS = ("uchet-ingest.service", "uchet-worker.service", "uchet-web.service", "uchet-central.service")


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_verifies(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        return  # a machine without systemd has nothing to verify with
    text = re.sub(r"/opt/uchet/\.venv/bin/\S+", "/bin/true", (FOLDER / unit).read_text())
    (tmp_path / unit).write_text(text.replace("User=uchet", "User=root").replace("Group=uchet", "Group=root"))
    done = subprocess.run(["systemd-analyze", "verify", str(tmp_path / unit)], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if unit in line] == []


def test_all_are_hardened_alike() -> None:
    hardening = []
    for unit in UNITS:
        hardening.append((FOLDER / unit).read_text().partition("NoNewPrivileges")[2])
    assert hardening[0]
    assert set(hardening) == {hardening[0]}


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_starts_a_command_that_there_is(unit: str) -> None:
    (start,) = re.findall(r"^ExecStart=(.*)$", (FOLDER / unit).read_text(), re.MULTILINE)
    command = start.split()
    assert command[0].endswith("gunicorn") or command[1] in COMMANDS
