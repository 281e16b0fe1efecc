"""How the file is opened: what a power cut may take is decided here."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from edge.journal.check import open_journal
from edge.journal.schema import VERSION, connect, migrations
from protocol.messages.bodies import encode_readings
from protocol.messages.chain import GENESIS, link
from tests.edge.parts import NOW, commit, load

pytestmark = pytest.mark.quick
FULL = 2
DAY = 86_400


def test_every_commit_is_synced_and_stays_so_when_the_file_is_opened_again(tmp_path: Path) -> None:
    for _ in range(2):
        with closing(connect(tmp_path / "journal.db")) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (FULL,)


def test_a_file_of_the_first_version_is_brought_up_and_keeps_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as old:
        migrations.apply(Database(old), stop_before="commands")
        ((body, made),) = [
            (body, link(GENESIS, body)) for body in encode_readings(load((NOW, 1)), made=NOW, offset=180)
        ]
        row = (1, NOW, "m-1", "load", NOW, NOW, GENESIS, body, made)
        old.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        old.executemany("INSERT INTO meta VALUES (?, ?)", [("store", "s1"), ("next", "2"), ("last", made)])
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
        assert not old.execute("SELECT 1 FROM sqlite_master WHERE name = 'command'").fetchone()
    found, salvage = open_journal(file, NOW, 2**30)
    assert salvage is None
    assert [entry.seq for entry in found.entries(0, 10)] == [1]
    assert found.connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert found.connection.execute("SELECT count(*) FROM command").fetchone() == (0,)
    found.append(commit((NOW + 1800, 2)), NOW + 60)
    assert found.counted("c", NOW + 60)[1] == [], "a day that was not counted from its beginning is not told"
    found.append(commit((NOW + 3600, 2)), NOW + DAY)
    assert [one[1:] for one in found.counted("c", NOW + DAY)[1]] == [((NOW + DAY) // DAY, 1, 1, 0)]
    found.close()
