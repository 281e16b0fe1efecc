"""Migrations lead to exactly the schema that the program writes to, and make once what is made once."""

import re
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from central.accounts.tables import audit
from central.config import ConfigError
from central.db import connect, metadata, writing
from central.ingest.tables import inbox
from central.migrations.command import _alembic, central_id, prepare, upgrade
from central.partitions import WEEK, inbox_week, make, point_day_month, week_of
from central.registry.tables import mounting, point_terms
from tests.central import sql
from tests.central.parts import NOW, config

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


def test_terms_that_stood_in_the_point_hold_since_its_scheme_began(tmp_path: Path) -> None:
    engine = connect(sql.url(tmp_path))
    rows = (
        "INSERT INTO organisation (id, name) VALUES (1, 'o')",
        "INSERT INTO zone_scheme (id, name, tariffs, billing_reading) "
        "VALUES (1, 'a', '{}', 'exact'), (2, 'b', '{}', 'exact')",
        'INSERT INTO zone_rule (scheme, valid_from, months, day_kind, start, "end", zone) '
        "VALUES (1, '2013-11-26', 4095, 'any', 0, 1440, 'all')",
        "INSERT INTO point (id, organisation, code, name, address, tz, zone_source, scheme, power_max) VALUES "
        "(1, 1, 'Т-1', 'n', 'a', 'UTC', 'profile', 1, 15000), (2, 1, 'Т-2', 'n', 'a', 'UTC', 'registers', 2, null)",
        "INSERT INTO meter (id, serial, type, maker, resolution) VALUES ('A-1', '1', 't', 'm', 1)",
        "INSERT INTO mounting (point, meter, valid_from, wires, ki, ku, values_are, clock_offset, period, act) "
        "VALUES (1, 'A-1', 0, 4, 1, 1, 'secondary', 180, 1800, '')",
    )
    with writing(engine).begin() as connection:
        command.upgrade(_alembic(connection), "0006")
        for row in rows:
            connection.execute(text(row))
    upgrade(engine)
    with engine.connect() as connection:
        columns = (
            point_terms.c[name] for name in ("point", "valid_from", "valid_to", "scheme", "zone_source", "power_max")
        )
        found = [tuple(row) for row in connection.execute(select(*columns).order_by(point_terms.c.point))]
        assert connection.execute(select(mounting.c.point)).scalar_one() == 1, "what refers to a point still does"
    assert found == [
        (1, date(2013, 11, 26), None, 1, "profile", 15_000),
        (2, date(2000, 1, 1), None, 2, "registers", None),
    ]


def test_what_stood_there_before_the_partitions_is_there_after(tmp_path: Path) -> None:
    engine = connect(sql.url(tmp_path))
    row = "'e', 's', {}, 'p', 'h', 'archive', 'A-1', '', {}, 'new'"
    names = "edge, store, seq, prev, sha, channel, name, body, received_at, state"
    with writing(engine).begin() as connection:
        command.upgrade(_alembic(connection), "0001")
        for seq, at in enumerate((NOW, NOW + 9 * WEEK), 1):
            connection.execute(text(f"INSERT INTO inbox ({names}) VALUES ({row.format(seq, at)})"))
    upgrade(engine)
    make(engine, [inbox_week(week_of(NOW) + 1)])
    columns = inbox.c.id, inbox.c.seq, inbox.c.received_at, inbox.c.week
    with writing(engine).begin() as connection:
        after = {"edge": "e", "store": "s", "seq": 3, "prev": "p", "sha": "h", "channel": "archive", "name": "A-1"}
        connection.execute(inbox.insert().values(**after, body=b"", received_at=NOW + WEEK, state="new"))
        found = [tuple(row) for row in connection.execute(select(*columns).order_by(inbox.c.id))]
    week = week_of(NOW)
    assert found == [
        (1, 1, NOW, week),
        (2, 2, NOW + 9 * WEEK, week + 9),
        (3, 3, NOW + WEEK, week + 1),
    ]


def test_mails_in_the_journal_of_actions_become_ids(tmp_path: Path) -> None:
    engine = connect(sql.url(tmp_path))
    rows = (
        "INSERT INTO organisation (id, name) VALUES (1, 'o')",
        "INSERT INTO account (id, organisation, mail, name, password, role, state, made_at) "
        "VALUES (7, 1, 'a@example.org', 'n', '-', 'consumer', 'approved', 0)",
        "INSERT INTO audit (id, at, account, action, subject, detail) VALUES (1, 0, NULL, 'account made', "
        "'a@example.org', 'consumer'), (2, 0, NULL, 'password set', 'gone@example.org', ''), "
        "(3, 0, 7, 'registry', 'change 1', 'reading')",
    )
    with writing(engine).begin() as connection:
        command.upgrade(_alembic(connection), "0019")
        for row in rows:
            connection.execute(text(row))
    upgrade(engine)
    with engine.connect() as connection:
        found = list(connection.scalars(select(audit.c.subject).order_by(audit.c.id)))
    assert found == ["account 7", "account", "change 1"]


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
    program = [sys.executable, "-m", "central", "--config", str(tmp_path / "central.toml")]
    done = subprocess.run([*program, "migrate"], capture_output=True, text=True, check=True)
    assert "this is central" in done.stdout
    (tmp_path / "central.toml").write_text("[central]\n")
    wrong = subprocess.run([*program, "migrate"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "line 1: [central]: Object missing required field `data`" in wrong.stderr
    assert "Traceback" not in wrong.stderr
