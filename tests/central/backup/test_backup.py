"""Backup and restore as commands: all comes back, on both SQLs and both stores; what is not whole is refused."""

import fcntl
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from central.actions import seals
from central.backup.make import make
from central.backup.manifest import backups, read
from central.cli import main
from central.config import load
from central.db import connect, writing
from central.ingest.tables import inbox, meta
from central.migrations.command import prepare
from central.migrations.tables import metadata
from central.partitions import make_for
from central.registry.documents import keep, path_of
from central.registry.tables import document, node
from central.timeseries.base import BILLED, DAY, AnyRow, LoadRow
from central.timeseries.sqlite import SqliteSeries
from tests.central import scene as scenes
from tests.central import sql as kit
from tests.central.sql import Sql


def uchet(house: "House", *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--config", str(house.folder / "central.toml"), *map(str, arguments)])


def succeed(house: "House", *arguments: object) -> str:
    done = uchet(house, *arguments)
    assert done.exit_code == 0, done.output
    return done.output


def refuse(house: "House", *arguments: object) -> str:
    done = uchet(house, *arguments)
    assert done.exit_code == 1, done.output
    return done.output


class House:
    """An installation in a folder; `fill`: with some days of a small central in it."""

    def __init__(self, folder: Path, kind: Sql) -> None:
        self.folder, self.kind = folder, kind
        folder.mkdir()
        (folder / "central.toml").write_text(f'[central]\ndata = "."\n{kit.section(folder)}')
        self.config = load(folder / "central.toml")

    def fill(self) -> "House":
        scenes.build(self.folder, days=5).close()
        prepare(self.config)
        with self.sql() as engine, writing(engine).begin() as connection:
            connection.execute(node.update().where(node.c.id == 1).values(parent=2))  # a child before its parent
            connection.execute(node.update().where(node.c.id == 2).values(parent=None))
            make_for(connection, inbox.name, [MESSAGE])
            connection.execute(inbox.insert().values(MESSAGE))
            seals.make(connection, seals.settled(connection), scenes.NOW)
        return self

    @contextmanager
    def sql(self) -> Iterator[Engine]:
        engine = connect(self.config.sql_url)
        yield engine
        engine.dispose()

    @contextmanager
    def series(self) -> Iterator[SqliteSeries]:
        series = SqliteSeries(self.config.data / "series.sqlite")
        yield series
        series.close()

    def content(self) -> dict[str, list[str]]:
        """Everything in SQL."""
        with self.sql() as engine, engine.connect() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table)).all()))
                for table in metadata.sorted_tables
            }

    def rows(self) -> list[AnyRow]:
        """Everything in the series that is billed."""
        with self.series() as series:
            return [row for kind in BILLED for row in series.scan(kind, 0, 2**32)]


MESSAGE = {
    "edge": "edge-1",
    "store": "s",
    "seq": 1,
    "prev": "0" * 16,
    "sha": "1" * 16,
    "channel": "archive",
    "name": "MIL-1",
    "body": bytes(range(256)),
    "received_at": scenes.NOW,
    "week": scenes.NOW // (7 * DAY),
    "state": "quarantined",
    "reason": "unreadable",
    "detail": "\"«' \\ \n",
}


@pytest.fixture
def house(sql: Sql, tmp_path: Path) -> House:
    return House(tmp_path / "house", sql).fill()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def test_all_of_it_comes_back(house: House, root: Path, tmp_path: Path) -> None:
    before, rows = house.content(), house.rows()
    assert len(before["point_day"]) > 10
    assert len(rows) > 500
    succeed(house, "backup", root)
    new = House(tmp_path / "new", house.kind)
    said = succeed(new, "restore", root)
    assert f"this is central {read(backups(root)[0]).central}" in said
    after = new.content()
    assert len(after.pop("tip")) == 7, "what the series holds is known to the worker"
    assert len(after.pop("dirty")) > 10, "the days whose rows were put back are computed anew"
    assert (before.pop("tip"), before.pop("dirty")) == ([], [])
    assert "'restored'" in after["audit"].pop(), "the journal of actions says that it is of a backup"
    assert len(after["audit_seal"]) == 1
    assert after == before
    assert new.rows() == rows
    for name in ("secret", "command.key"):
        assert (new.folder / name).read_bytes() == (house.folder / name).read_bytes()
        assert (new.folder / name).stat().st_mode & 0o777 == 0o600


def test_documents_come_back_with_the_rows_that_name_them(house: House, root: Path, tmp_path: Path) -> None:
    content = b"%PDF-1.7 act"
    digest = sha256(content).hexdigest()
    keep(house.config.documents_folder, digest, content)
    (house.config.documents_folder / digest[:2] / f".{digest}.torn").write_bytes(b"%PDF")
    with house.sql() as engine, writing(engine).begin() as connection:
        values = {"organisation": 1, "kind": "point", "key": "1", "name": "акт.pdf", "type": "application/pdf"}
        connection.execute(document.insert().values(**values, size=12, sha256=digest, added_at=scenes.NOW))
    made = [make(house.config, root, scenes.NOW + n, lambda _: None) for n in range(2)]
    names = [[name for name in read(one).files if name.startswith("documents/")] for one in made]
    assert names == [[f"documents/{digest[:2]}/{digest}"]] * 2
    assert (made[0] / names[0][0]).samefile(made[1] / names[0][0]), "what does not change is there once"
    new = House(tmp_path / "new", house.kind)
    assert "1 documents" in succeed(new, "restore", root)
    assert path_of(new.config.documents_folder, digest).read_bytes() == content
    assert new.content()["document"] == house.content()["document"]
    path_of(new.config.documents_folder, digest).unlink()
    (made[1] / names[1][0]).write_bytes(b"%PDF-1.7 forged")
    assert "is damaged" in refuse(new, "restore", root, "--force")


def test_rows_are_numbered_on_after_a_restore(house: House, root: Path) -> None:
    succeed(house, "backup", root)
    succeed(house, "restore", root, "--force")
    with house.sql() as engine, writing(engine).begin() as connection:
        connection.execute(node.insert().values(organisation=1, kind="board", name="новая", path="x"))
        connection.execute(inbox.insert().values(MESSAGE | {"seq": 2}))


def test_a_backup_of_one_sql_goes_into_the_other(
    house: House, root: Path, tmp_path: Path, databases: kit.Databases
) -> None:
    before = house.content()
    succeed(house, "backup", root)
    kit.use(kit.FILES if isinstance(house.kind, kit.Databases) else databases)
    try:
        new = House(tmp_path / "new", house.kind)
        succeed(new, "restore", root)
        after = new.content()
        assert "'restored'" in after["audit"].pop()
        assert "the chain is whole" in succeed(new, "actions", "verify")
    finally:
        databases.forget(tmp_path / "new")
    for table in ("tip", "dirty"):
        del before[table], after[table]
    assert after == before


def test_a_backup_is_of_one_moment_while_rows_come_in(house: House, root: Path) -> None:
    """A transaction writes two rows that belong together; a backup has both or none."""
    stop = threading.Event()

    def write() -> None:
        engine = connect(house.config.sql_url)
        for n in count(1):
            if stop.is_set():
                break
            with writing(engine).begin() as connection:
                connection.execute(meta.insert().values(key=f"n-{n}", value="1"))
                connection.execute(inbox.insert().values(MESSAGE | {"seq": 100 + n}))
        engine.dispose()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for n in range(5):
            time.sleep(0.05)
            found = make(house.config, root, scenes.NOW + n, lambda _: None)
            files = read(found).files
            rows = files["sql/meta.jsonl.gz"].rows, files["sql/inbox.jsonl.gz"].rows
            assert rows[0] - rows[1] == 1, "the id of central and the key of commands, less the message there was"
            assert rows[1] > 1
    finally:
        stop.set()
        thread.join()


def test_months_that_did_not_change_are_links(house: House, root: Path) -> None:
    with house.series() as series:
        series.write([LoadRow("MIL-1", scenes.NOW - 60 * DAY, 1800, 0, {"ap": 1})])
        first = make(house.config, root, scenes.NOW, lambda _: None)
        series.write([LoadRow("MIL-1", scenes.NOW, 1800, 0, {"ap": 2})])
        second = make(house.config, root, scenes.NOW + 1, lambda _: None)
    names = sorted(path.name for path in (first / "series").iterdir())
    assert names == sorted(path.name for path in (second / "series").iterdir()) == ["2026-09.lp.gz", "2026-11.lp.gz"]
    same = [os.path.samefile(first / "series" / name, second / "series" / name) for name in names]
    assert same == [True, False]
    shutil.rmtree(first)
    succeed(house, "restore", root, "--check")


def test_old_backups_are_kept_by_count_and_what_broke_off_is_none(house: House, root: Path) -> None:
    house.folder.joinpath("central.toml").write_text(
        f'[central]\ndata = "."\n{kit.section(house.folder)}[backup]\nkeep = 2\nfolder = "{root}"\n'
    )
    settings = load(house.folder / "central.toml")
    (root / ".partial/sql").mkdir(parents=True)
    made = [make(settings, root, scenes.NOW + n, lambda _: None) for n in range(4)]
    assert backups(root) == made[2:]
    assert not (root / ".partial").exists()
    assert f"the backup is {root}/2" in succeed(house, "backup"), "the folder is that of the configuration"


def test_nobody_else_may_read_it(house: House, root: Path) -> None:
    succeed(house, "backup", root)
    (made,) = backups(root)
    assert made.stat().st_mode & 0o777 == 0o700
    assert root.stat().st_mode & 0o777 == 0o700
    for secret in (made / "secrets").iterdir():
        assert secret.stat().st_mode & 0o777 == 0o600


def test_two_at_a_time_are_refused(house: House, root: Path) -> None:
    root.mkdir()
    with open(root / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "no backup was made: another backup is being made" in refuse(house, "backup", root)
    assert backups(root) == []


def _flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def _newer(made: Path, **changes: Any) -> None:
    path = made / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda made: _flip(made / "sql/inbox.jsonl.gz"), "inbox.jsonl.gz is damaged"),
        (lambda made: _flip(made / "series/2026-11.lp.gz"), "2026-11.lp.gz is damaged"),
        (lambda made: (made / "secrets/secret").unlink(), "secrets/secret is missing"),
        (lambda made: (made / "manifest.json").unlink(), "there is no backup"),
        (lambda made: (made / "manifest.json").write_text("{"), "not a backup"),
        (lambda made: _newer(made, schema="9999"), "made by a newer program .*upgrade this one first"),
        (lambda made: _newer(made, format=2), "a backup of form 2"),
    ],
)
def test_what_is_not_whole_or_too_new_is_refused(
    house: House, root: Path, harm: Callable[[Path], None], words: str
) -> None:
    succeed(house, "backup", root)
    harm(backups(root)[0])
    before = house.content()
    for also in ((), ("--force",), ("--check",)):
        assert re.search(words, refuse(house, "restore", root, *also))
    assert house.content() == before


def test_an_installation_that_is_there_is_not_overwritten_unasked(house: House, root: Path) -> None:
    succeed(house, "backup", root)
    with house.sql() as engine, writing(engine).begin() as connection:
        connection.execute(meta.insert().values(key="later", value="1"))
    assert "--force" in refuse(house, "restore", root)
    assert any("later" in row for row in house.content()["meta"])
    succeed(house, "restore", root, "--force")
    assert not any("later" in row for row in house.content()["meta"])


def test_a_backup_that_cannot_be_made_leaves_the_older_ones(house: House, root: Path) -> None:
    succeed(house, "backup", root)
    older = backups(root)
    with house.series() as series:
        series._connection.execute("UPDATE day SET body = x'00' WHERE kind = 'daily'")
        series.write([LoadRow("MIL-1", scenes.NOW, 1800, 0, {"ap": 1})])
    assert "no backup was made" in refuse(house, "backup", root)
    assert backups(root) == older


def test_rows_that_the_series_has_beyond_the_backup_stay_and_the_tips_know_them(house: House, root: Path) -> None:
    succeed(house, "backup", root)
    later = LoadRow("MIL-04217795", scenes.NOW + 1800, 1800, 0, {"ap": 5})
    with house.series() as series:
        series.write([later])
    succeed(house, "restore", root, "--force")
    assert later in house.rows()
    assert any(f"'MIL-04217795', 'load', {later.end}" in row for row in house.content()["tip"])
