"""One scene for the tests that only look, with October whole; a small own one for those that change it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.conftest import Copy
from tests.central.scene import Scene, build
from tests.central.sql import Sql


@pytest.fixture(scope="session")
def scene(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = build(tmp_path_factory.mktemp("scene"), days=62)
    yield made
    made.close()


@pytest.fixture
def own(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """Eleven days: to be changed."""
    made = copy_of(11, tmp_path / "scene")
    yield made
    made.close()
