"""On which SQL a test of central runs: files of SQLite, or databases of one real PostgreSQL (`pytest --sql`).

A test (or a fixture) that opens a database asks for the fixture `sql`: it runs on each of the two. Above the layers
that speak SQL (ABOVE) are pages and what a browser sees, many tests of few statements: each runs on one of the two,
chosen by its name, so that every room meets both. One folder has one database, made when it is first asked for; the
test's end is the end of those below its own folder.
"""

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Protocol
from zlib import crc32

import pytest
from sqlalchemy import Engine

from central.db import connect
from central.migrations.command import upgrade
from tests.parts import PostgreSQL

KINDS = ("sqlite", "postgresql")
ABOVE = ("tests/central/web/", "tests/central/reports/", "tests/central/push/", "tests/e2e/")


def spared(item: pytest.Function) -> bool:
    """Does this test of what is above SQL run on the other one?"""
    kind = item.callspec.params.get("sql") if hasattr(item, "callspec") else None
    if kind is None or not item.nodeid.startswith(ABOVE):
        return False
    test, _, cases = item.nodeid.partition("[")
    return bool(kind != chosen(test, cases.removesuffix("]").split("-"), kind))


def chosen(test: str, cases: Sequence[str], kind: str) -> str:
    """On which SQL a test of these cases runs, whichever of its two kinds is asked: one of the cases is that kind."""
    others = list(cases)
    others.remove(kind)
    return KINDS[crc32("-".join([test, *others]).encode()) % 2]


class Sql(Protocol):
    kind: str

    def url(self, folder: Path, migrated: bool = False) -> str:
        """Of this folder's database. A new one is empty, or has the schema of this program."""

    def copy(self, folder: Path, to: Path) -> None:
        """The other folder has a database like this one's, to which nobody is connected."""

    def forget(self, folder: Path) -> None:
        """The databases of this folder and of all below."""


class Files:
    kind = "sqlite"

    def url(self, folder: Path, migrated: bool = False) -> str:
        file = folder / "central.sqlite"
        if migrated and not file.exists():
            shutil.copy(_migrated_file(), file)
        return f"sqlite:///{file}"

    def copy(self, folder: Path, to: Path) -> None:
        shutil.copy(folder / "central.sqlite", to / "central.sqlite")

    def forget(self, folder: Path) -> None:
        """They go with the folder."""


@cache
def _migrated_file() -> Path:
    """A file with the schema, to be copied: copying costs a hundredth of making it. It goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="uchet-template-"))
    atexit.register(shutil.rmtree, folder)
    engine = connect(f"sqlite:///{folder / 'central.sqlite'}")
    upgrade(engine)
    engine.dispose()  # the last connection closes its WAL
    return folder / "central.sqlite"


class Databases:
    kind = "postgresql"

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._names: dict[Path, str] = {}
        self._numbers = count(1)
        self._template: str | None = None

    def url(self, folder: Path, migrated: bool = False) -> str:
        if folder not in self._names:
            self._names[folder] = self._make(self._migrated() if migrated else "template0")
        return self._server.url(self._names[folder])

    def copy(self, folder: Path, to: Path) -> None:
        self._names[to] = self._make(self._names[folder])

    def forget(self, folder: Path) -> None:
        for below in [found for found in self._names if found.is_relative_to(folder)]:
            self._server.run(f"DROP DATABASE IF EXISTS {self._names.pop(below)} WITH (FORCE)")

    def _make(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._server.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY = FILE_COPY")
        return name

    def _migrated(self) -> str:
        """A database with the schema, to be copied: copying costs a tenth of making it."""
        if self._template is None:
            name = self._make("template0")
            engine = connect(self._server.url(name))
            upgrade(engine)
            engine.dispose()
            self._template = name
        return self._template


FILES = Files()
_now: Sql = FILES


def use(sql: Sql) -> None:
    """From here to the end of a test: the next one begins on its own."""
    global _now
    _now = sql


def url(folder: Path, migrated: bool = False) -> str:
    """As `Sql.url`, of what the tests of this moment run on."""
    return _now.url(folder, migrated)


def copy(folder: Path, to: Path) -> None:
    """As `Sql.copy`."""
    _now.copy(folder, to)


def migrated(folder: Path) -> Engine:
    """An engine on this folder's database, which has the schema, whoever made it."""
    engine = connect(url(folder, migrated=True))
    with engine.connect() as connection:
        empty = not engine.dialect.has_table(connection, "meta")
    if empty:
        upgrade(engine)
    return engine


def section(folder: Path) -> str:
    """The same as text of central.toml."""
    return f'[sql]\nurl = "{url(folder)}"\n'
