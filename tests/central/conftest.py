"""Scenes that are built once and copied by whoever changes them: a copy costs a hundredth."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.central.scene import Scene, build, copied
from tests.central.sql import Sql

Copy = Callable[[int, Path], Scene]


@pytest.fixture(scope="session")
def copy_of(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """(days, folder that is not there yet) -> a scene of so many days of its own; who asks closes it."""
    kept: dict[int, tuple[Scene, Path]] = {}

    def copy(days: int, folder: Path) -> Scene:
        if days not in kept:
            of = tmp_path_factory.mktemp(f"days{days}")
            made = build(of, days=days)
            made.close()
            kept[days] = made, of
        return copied(*kept[days], folder)

    return copy
