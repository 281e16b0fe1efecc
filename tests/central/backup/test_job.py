"""The nightly backup: made by the worker, once there is a folder for it."""

import fcntl
import os
from pathlib import Path

import pytest

from central.backup.manifest import backups
from central.jobs.kinds import KINDS
from central.jobs.tables import State
from central.migrations.command import prepare
from tests.central.jobs.parts import Desk
from tests.central.parts import config
from tests.central.sql import Sql


@pytest.fixture
def desk(sql: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path, monkeypatch)
    desk.config = config(tmp_path, '[backup]\nfolder = "copies"\nkeep = 2\n')
    prepare(desk.config)
    desk.kinds = {"backup": KINDS["backup"]}
    return desk


def test_each_night_has_its_copy_and_the_older_go(desk: Desk, tmp_path: Path) -> None:
    made = []
    for night in range(3):
        desk.now += 86_400
        number = desk.enqueue("backup", key=str(night))
        assert desk.turn()
        assert desk.row(number).state == State.DONE
        made.append(desk.row(number).result["backup"])
    assert [path.name for path in backups(tmp_path / "copies")] == made[1:]


def test_one_that_is_made_by_hand_is_waited_for(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    number = desk.enqueue("backup")
    with open(tmp_path / "copies/.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert desk.turn()
        assert (desk.row(number).state, desk.row(number).tries) == (State.WAITING, 1)
        assert "another backup is being made" in str(desk.row(number).error)
    desk.now = desk.row(number).due_at
    assert desk.turn()
    assert desk.row(number).state == State.DONE


def test_without_a_folder_there_is_none(sql: Sql, tmp_path: Path) -> None:
    assert not KINDS["backup"].ready(config(tmp_path))
    assert KINDS["backup"].ready(config(tmp_path, '[backup]\nfolder = "copies"\n'))
    assert os.listdir(tmp_path / "data") == []
