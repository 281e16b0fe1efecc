"""The guide of the first hour: its files are right, its commands are there, and the two languages say the same."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from central.cli import COMMANDS, main
from central.config import CentralConfig
from edge.cli import main as edge

pytestmark = pytest.mark.quick

DOCS = Path(__file__).parents[1] / "docs/admin"
GUIDES = (DOCS / "first-hour.md", DOCS / "first-hour.en.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(guide: Path, kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall(guide.read_text()) if found == kind]


def test_both_languages_give_the_same_files_and_commands() -> None:
    russian, english = (
        [line.split("  #")[0].rstrip() for text in BLOCK.findall(guide.read_text()) for line in text[1].splitlines()]
        for guide in GUIDES
    )
    assert [line.replace("реестр", "registry") for line in russian] == [
        line.split(" # ")[0].rstrip() for line in english
    ]
    assert len(russian) > 60


def test_its_settings_are_taken(tmp_path: Path) -> None:
    central, concentrator = (tomllib.loads(text) for text in blocks(GUIDES[0], "toml"))
    found = msgspec.convert(central, CentralConfig)
    assert found.mqtt.username == "central"
    file = tmp_path / "edge.toml"
    password = tmp_path / "mqtt-edge"
    password.write_text("x")
    text = blocks(GUIDES[0], "toml")[1].replace("/etc/uchet/mqtt-edge", str(password))
    file.write_text(text)
    result = CliRunner().invoke(edge, ["config", "check", str(file)])
    assert result.exit_code == 0, result.output
    assert concentrator["edge"]["name"] == "sad-1"


def test_its_commands_are_there() -> None:
    told = {
        tuple(words)
        for words in re.findall(r"-u uchet uchet-central (\w+)(?: (\w+))?", "\n".join(blocks(GUIDES[0], "")))
    }
    assert len(told) > 7
    for command, below in told:
        assert command in COMMANDS
        if below in ("add", "template", "import", "secret", "show"):
            result = CliRunner().invoke(main, [command, below, "--help"])
            assert result.exit_code == 0, (command, below)


def test_its_units_are_there() -> None:
    for name in re.findall(r"`(uchet-\w+)`", GUIDES[0].read_text()):
        assert (DOCS.parents[1] / "systemd" / f"{name}.service").is_file(), name
