"""A desk of jobs on each SQL."""

from pathlib import Path

import pytest

from tests.central.jobs.parts import Desk
from tests.central.sql import Sql


@pytest.fixture
def desk(sql: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)
