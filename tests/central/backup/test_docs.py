"""The administrator's guide names every option and setting of series and backups, and none that is not there."""

import re
from pathlib import Path

import click
import msgspec
import pytest

from central.backup.commands import backup, restore
from central.config import Backup, Series
from central.timeseries.commands import series

pytestmark = pytest.mark.quick

GUIDE = (Path(__file__).parent.parent.parent.parent / "docs/admin/series.md").read_text()
COMMANDS: dict[str, click.Command] = {
    "backup": backup,
    "restore": restore,
    **{f"series {name}": found for name, found in series.commands.items()},
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_there_with_its_options(name: str) -> None:
    assert f"uchet-central {name}" in GUIDE
    for option in COMMANDS[name].params:
        if isinstance(option, click.Option):
            assert f"`{option.opts[0]}" in GUIDE or f" {option.opts[0]}" in GUIDE, option.opts[0]


def test_no_option_is_told_that_is_not_there() -> None:
    known = {text for command in COMMANDS.values() for option in command.params for text in option.opts}
    assert set(re.findall(r"--[a-z][a-z-]+", GUIDE)) - known == {"--reason"}, "that one is replay's"


def test_settings_that_an_administrator_chooses_are_explained() -> None:
    settings = {field.name for kind in (Series, Backup) for field in msgspec.structs.fields(kind)}
    unsaid = {name for name in settings if f"`{name}" not in GUIDE and f" {name}" not in GUIDE}
    assert unsaid == {"database", "password", "password_file", "timeout"}, "config/central.toml tells these"
