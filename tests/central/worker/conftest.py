"""A scene of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.scene import Scene, build
from tests.central.sql import Sql


@pytest.fixture
def own(sql: Sql, tmp_path: Path) -> Iterator[Scene]:
    made = build(tmp_path / "scene", days=11)
    yield made
    made.close()
