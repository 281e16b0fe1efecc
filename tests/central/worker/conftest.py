"""A scene of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.conftest import Copy
from tests.central.scene import Scene


@pytest.fixture
def own(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    made = copy_of(11, tmp_path / "scene")
    yield made
    made.close()
