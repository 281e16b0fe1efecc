"""The key pair of commands: made once by `migrate`, private half for its owner alone, public half for edge.toml."""

import re
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from central.commands import asking_now, keys
from central.commands.replies import replied
from central.commands.tables import command as table
from central.config import CentralConfig, ConfigError
from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.tables import edge
from central.migrations.command import command_key, prepare
from protocol.messages import command
from protocol.messages.command import Reply, Shown, Status
from tests.central.parts import NOW, config

pytestmark = pytest.mark.usefixtures("sql")


def central(settings: CentralConfig, *words: str) -> "subprocess.CompletedProcess[str]":
    run = [sys.executable, "-m", "central", "--config", str(Path(settings.folder) / "central.toml"), *words]
    return subprocess.run(run, capture_output=True, text=True, timeout=60)


def test_migrate_prints_the_lines_for_the_edges(tmp_path: Path) -> None:
    settings = config(tmp_path)
    said = central(settings, "migrate").stdout
    found = re.search(r'^central = "(\w+)"\ncommand_key = "(.+)"$', said, re.MULTILINE)
    assert found, said
    assert found[2] == command_key(settings) == command.public_of(keys.private_key(settings))
    assert central(settings, "migrate").stdout == said, "made once"
    assert stat.S_IMODE(keys.file(settings).stat().st_mode) == 0o600


def test_a_lost_private_key_is_made_anew_and_that_is_said(tmp_path: Path) -> None:
    settings = config(tmp_path)
    prepare(settings)
    before = command_key(settings)
    keys.file(settings).unlink()
    with pytest.raises(ConfigError, match="cannot read the key of commands"):
        command_key(settings)
    assert "the key of commands is another one" in central(settings, "migrate").stderr
    assert command_key(settings) != before
    engine = connect(settings.sql_url)
    with engine.connect() as connection:
        assert keys.public_key(connection) == command_key(settings)
    engine.dispose()


def test_the_command_line_sends_and_lists(tmp_path: Path) -> None:
    settings = config(tmp_path)
    prepare(settings)
    engine = connect(settings.sql_url)
    with writing(engine).begin() as connection:
        bind(connection, "edge-1", "A-1", 0, None, NOW)
    span = ("--from", "2026-11-01", "--to", "2026-11-02T12:00")
    asked = ("command", "backfill", "--meter", "A-1", "--kind", "load", *span, "--edge")
    id = central(settings, *asked, "edge-1").stdout.strip()
    with engine.connect() as connection:
        row = connection.execute(select(table)).one()
    order = command.verify(row.payload, command.key(command_key(settings)))
    assert (row.id, row.author, order.id) == (id, "cli", id)
    assert order.typed().until.isoformat() == "2026-11-02T12:00:00+00:00"
    listed = central(settings, "command", "list", "--open").stdout
    assert listed.startswith(f"{id}\tedge-1\tbackfill\t")
    assert listed.endswith("\tcli\t" + listed.split("\t")[5] + "\topen\t-\n")
    assert "no edge 'edge-9' is known" in central(settings, *asked, "edge-9").stderr
    empty = central(settings, *asked[:-1], "--to", "2026-10-01", "--edge", "edge-1")
    assert (empty.returncode, "--from must be before --to" in empty.stderr) == (2, True)
    engine.dispose()


def test_the_command_line_asks_a_meter_and_tells_each_step(tmp_path: Path) -> None:
    settings = config(tmp_path)
    prepare(settings)
    engine = connect(settings.sql_url)
    with writing(engine).begin() as connection:
        bind(connection, "edge-1", "A-1", 0, None, NOW)
    for meter, says in (("A-1", "edge-1 is not on line"), ("A-9", "no concentrator reads A-9 now")):
        refused = central(settings, "command", "read", meter)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert says in refused.stderr
    shown = Shown(time=datetime.now(UTC).replace(microsecond=0), values={"voltage_a": 230.5})
    now = int(time.time())
    with writing(engine).begin() as connection:
        connection.execute(update(edge).values(state="online", last_at=now))
        id = asking_now.ask(connection, "tests", "A-1", now).asking.id
        for status in (Status.WAITING, Status.DONE):
            told = None if status is Status.WAITING else shown
            replied(connection, "edge-1", Reply(v=1, id=id, status=status, at=shown.time, shown=told), now + 1)
    asked = central(settings, "command", "read", "A-1")
    assert asked.returncode == 0, asked.stderr
    assert msgspec.json.decode(asked.stdout, type=Shown) == shown
    steps = [line.split()[1] for line in asked.stderr.splitlines()]
    assert steps == ["less", "made", "taken", "told"], "it was asked a moment ago, by another"
    engine.dispose()
