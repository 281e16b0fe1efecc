"""How the file is opened: what a power cut may take is decided here."""

from contextlib import closing
from pathlib import Path

import pytest

from edge.journal.schema import connect

pytestmark = pytest.mark.quick
FULL = 2


def test_every_commit_is_synced_and_stays_so_when_the_file_is_opened_again(tmp_path: Path) -> None:
    for _ in range(2):
        with closing(connect(tmp_path / "journal.db")) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (FULL,)
