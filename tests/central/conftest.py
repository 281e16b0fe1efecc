"""Scenes that are built once and copied by whoever changes them: a copy costs a hundredth."""

import subprocess
from collections.abc import Callable, Iterator
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


@pytest.fixture
def town(request: pytest.FixtureRequest, copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """A scene to be changed, in the folder `scene`: of the module's DAYS, or of two."""
    made = copy_of(getattr(request.module, "DAYS", 2), tmp_path / "scene")
    yield made
    made.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, in one file with its key."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "crt")]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*make, *names, *files], check=True, capture_output=True)
    return folder
