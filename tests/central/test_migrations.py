"""Migrations lead to exactly the schema that the program writes to, and make once what is made once."""

import re
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from central.config import ConfigError
from central.db import connect, metadata
from central.migrations.command import central_id, prepare, upgrade
from central.partitions import inbox_week, make, point_day_month
from tests.central import sql
from tests.central.parts import config

pytestmark = pytest.mark.usefixtures("sql")


def test_the_migrated_schema_is_that_of_the_metadata(tmp_path: Path) -> None:
    engine = connect(sql.url(tmp_path))
    upgrade(engine)
    make(engine, [inbox_week(2950), point_day_month(date(2026, 11, 1))])
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": _of_the_metadata}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def _of_the_metadata(_thing: object, name: str | None, kind: str, *_: object) -> bool:
    """All but what PostgreSQL alone has: partitions, and the week in the inbox's unique key."""
    partition = kind == "table" and re.fullmatch(r"inbox_w\d+|point_day_\d{4}_\d\d", name or "")
    return not partition and name != "uq_inbox_edge_store_seq_prev_sha"


def test_the_id_and_the_secret_are_made_once(tmp_path: Path) -> None:
    settings = config(tmp_path)
    first, secret = prepare(settings), settings.web_secret
    assert (prepare(settings), settings.web_secret) == (first, secret)
    assert len(first) == 16
    assert stat.S_IMODE(settings.secret_file.stat().st_mode) == 0o600
    assert central_id(connect(settings.sql_url)) == first


def test_a_program_on_an_empty_database_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="uchet-central migrate"):
        central_id(connect(config(tmp_path).sql_url))


def test_the_command_and_a_wrong_configuration(tmp_path: Path) -> None:
    config(tmp_path)
    command = [sys.executable, "-m", "central", "--config", str(tmp_path / "central.toml")]
    done = subprocess.run([*command, "migrate"], capture_output=True, text=True, check=True)
    assert "this is central" in done.stdout
    (tmp_path / "central.toml").write_text("[central]\n")
    wrong = subprocess.run([*command, "migrate"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "line 1: [central]: Object missing required field `data`" in wrong.stderr
    assert "Traceback" not in wrong.stderr
