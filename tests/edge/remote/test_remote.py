"""What central wants read is judged whole: it runs, also after a restart, or is refused in the words of edge.toml."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from edge.meters.base import SpodesMeter
from edge.orders.verdict import Alarm, Dropped
from edge.remote import files
from edge.remote.remote import Remote, standing
from protocol.messages.configuration import Settings
from protocol.messages.control import Running
from tests.edge.remote.parts import METER, base, settings, signed

pytestmark = pytest.mark.quick


def ids(remote: Remote) -> list[str]:
    return [meter.id for meter in remote.in_force.config.meter]


def why(remote: Remote) -> str:
    refused = remote.in_force.running.refused
    assert refused is not None
    return refused.why


def test_edge_toml_stands_until_a_configuration_comes_and_then_that_one_stands(tmp_path: Path) -> None:
    remote = Remote(base(tmp_path))
    assert (ids(remote), remote.in_force.running) == (["A-1"], Running())
    assert remote.heard(signed(settings(schedule={"live": 5})))
    found = remote.in_force
    assert found.config.meters == [SpodesMeter("B-1", "Б", link="wrapper", period=900, offset=420)]
    assert (found.config.schedule.live, found.config.schedule.now) == (5, 3600)
    assert (found.running.version, len(found.running.sha256), found.running.refused) == (1, 64, None)
    assert not remote.heard(signed(settings(schedule={"live": 5}))), "central repeats it: it runs already"


def test_it_runs_after_a_restart_and_so_does_the_key(tmp_path: Path) -> None:
    remote = Remote(base(tmp_path))
    remote.heard(signed(settings(secret={"B-1": 1}), passwords={"B-1": "12345678"}, to=remote))
    again = Remote(base(tmp_path))
    assert again.in_force == remote.in_force
    (meter,) = again.in_force.config.meters
    assert isinstance(meter, SpodesMeter)
    assert meter.password == "12345678"


def test_secrets_lie_in_no_file_in_clear_and_all_files_are_the_owners_alone(tmp_path: Path) -> None:
    remote = Remote(base(tmp_path))
    remote.heard(signed(settings(secret={"B-1": 1}), passwords={"B-1": "12345678"}, to=remote))
    found = {file.name: file for file in tmp_path.iterdir()}
    assert set(found) == {files.KEY, files.CONFIGURATION}
    for file in found.values():
        assert b"12345678" not in file.read_bytes()
        assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (settings(METER | {"driver": "spodus"}), "meter 1: driver = 'spodus': spodes or modbus"),
        (settings(METER | {"perod": 5}), "meter 1: perod = 5: no such setting; did you mean «period»?"),
        (settings(METER | {"period": 7000}), "meter 1: period = 7000: seconds that divide a day"),
        (settings(METER | {"line": "В"}), "meter 1: line = 'В': no such line; there are: Б"),
        (settings(METER, METER), "meter 2: id = 'B-1': another meter has this id"),
        (settings(METER | {"password": "x"}), "meter 1: password = ***: central sends secrets sealed"),
        (settings(METER | {"password_file": "/etc/x"}), "central sends secrets sealed, and no files"),
        (settings({"id": "B-1", "line": "Б", "driver": "modbus", "template": "/x.toml"}), "the name of a template"),
        (settings({"id": "B-1", "line": "Б", "driver": "modbus", "template": "no"}), "no template 'no'; there are"),
        (settings(line={"name": "Б", "url": "udp://1"}), "line 1: url = 'udp://1': 'udp://1' is not a line"),
        (settings(line={"name": "Б"}), "line 1: «url» is missing"),
        (settings(schedule={"liv": 5}), "schedule.liv = 5: no such setting; did you mean «live»?"),
        (settings(secret={"B-1": 1}), "meter B-1: password: it has one, and it was not sent"),
    ],
)
def test_what_is_wrong_is_told_and_what_ran_goes_on(tmp_path: Path, said: Settings, words: str) -> None:
    remote = Remote(base(tmp_path))
    remote.heard(signed(settings(), 1))
    assert remote.heard(signed(said, 2))
    assert words in why(remote)
    assert (ids(remote), remote.in_force.running.version) == (["B-1"], 1)
    assert not remote.heard(signed(said, 2)), "the same again is no news"
    assert ids(Remote(base(tmp_path))) == ["B-1"]
    assert remote.heard(signed(settings(METER | {"id": "B-2"}), 3))
    assert (ids(remote), remote.in_force.running.refused) == (["B-2"], None)


def test_a_secret_that_was_sealed_to_another_edge_does_not_open(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    remote, other = Remote(base(tmp_path)), Remote(base(tmp_path / "other"))
    remote.heard(signed(settings(secret={"B-1": 1}), passwords={"B-1": "12345678"}, to=other))
    assert why(remote) == "meter B-1: password: it does not open with the key of this edge"


@pytest.mark.parametrize(
    ("payload", "alarm"),
    [
        (signed(settings(), 3, key=bytes(32)), Alarm.UNSIGNED_CONFIGURATION),
        (signed(settings(), 3, edge="edge-2"), Alarm.OTHER_EDGES_CONFIGURATION),
        (signed(settings(), 1), Alarm.OLD_CONFIGURATION),
        (signed(settings(METER | {"id": "B-9"}), 2), Alarm.OLD_CONFIGURATION),
        (signed(settings(), 3)[:-9], Alarm.UNREADABLE_CONFIGURATION),
        (b"", Alarm.UNREADABLE_CONFIGURATION),
    ],
)
def test_what_central_did_not_say_to_us_now_is_dropped(tmp_path: Path, payload: bytes, alarm: Alarm) -> None:
    remote = Remote(base(tmp_path))
    remote.heard(signed(settings(), 2))
    for one in (remote, Remote(base(tmp_path))):
        with pytest.raises(Dropped) as dropped:
            one.heard(payload)
        assert (dropped.value.alarm, one.in_force.running.version) == (alarm, 2)


def test_without_a_key_of_central_nothing_is_taken_and_nothing_said(tmp_path: Path) -> None:
    Remote(base(tmp_path)).heard(signed(settings(), 2))
    remote = Remote(base(tmp_path, key=None))
    assert (ids(remote), remote.in_force.key, remote.in_force.running) == (["A-1"], None, Running())
    with pytest.raises(Dropped) as dropped:
        remote.heard(signed(settings(), 3))
    assert dropped.value.alarm == Alarm.NO_KEY_CONFIGURATION


def test_another_key_of_central_does_not_stop_what_runs(tmp_path: Path) -> None:
    Remote(base(tmp_path)).heard(signed(settings(), 2))
    later = Remote(base(tmp_path, key="11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="))
    assert later.in_force.running.version == 2


def test_a_damaged_file_is_told_and_the_configuration_may_come_again(tmp_path: Path) -> None:
    Remote(base(tmp_path)).heard(signed(settings(), 2))
    file = tmp_path / files.CONFIGURATION
    file.write_bytes(file.read_bytes()[:-1])
    remote = Remote(base(tmp_path))
    assert (ids(remote), "is damaged" in why(remote)) == (["A-1"], True)
    assert remote.heard(signed(settings(), 2))
    assert (ids(remote), remote.in_force.running.refused) == (["B-1"], None)


def test_what_was_taken_and_cannot_be_used_any_more_is_told_and_edge_toml_stands(tmp_path: Path) -> None:
    remote = Remote(base(tmp_path))
    remote.heard(signed(settings(secret={"B-1": 1}), 2, passwords={"B-1": "12345678"}, to=remote))
    (tmp_path / files.KEY).unlink()
    later = Remote(base(tmp_path))
    assert (ids(later), "does not open" in why(later)) == (["A-1"], True)
    with pytest.raises(Dropped):
        later.heard(signed(settings(), 1))
    again = signed(settings(secret={"B-1": 1}), 2, passwords={"B-1": "12345678"}, to=later)
    assert later.heard(again), "the same version, sealed to the key of now, may come again"
    assert ids(later) == ["B-1"]


class Killed(BaseException):
    """Nobody catches it."""


STEPS = ("open", "fsync", "replace")


@pytest.mark.parametrize("dies_at", range(8))
def test_whoever_dies_while_it_is_taken_finds_the_old_one_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    remote = Remote(base(tmp_path))
    remote.heard(signed(settings(), 1))
    left = dies_at

    def mortal(real: Any) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*arguments, **more)

        return call

    with monkeypatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, mortal(getattr(os, name)))
        with suppress(Killed):
            remote.heard(signed(settings(METER | {"id": "B-2"}), 2))
    later = Remote(base(tmp_path)).in_force
    assert (later.running.version, [meter.id for meter in later.config.meter]) in ((1, ["B-1"]), (2, ["B-2"]))
    assert later.running.refused is None
    assert Remote(base(tmp_path)).heard(signed(settings(METER | {"id": "B-3"}), 3))


def test_a_disk_that_refuses_leaves_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(base(tmp_path))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", full)
        with pytest.raises(OSError, match="No space"):
            remote.heard(signed(settings(), 1))
    assert ids(remote) == ["A-1"]
    assert remote.heard(signed(settings(), 1))


def test_config_check_says_whose_lines_and_meters_are_in_force(tmp_path: Path) -> None:
    assert "without [uplink] command_key" in standing(base(tmp_path, key=None))
    assert "until central sends others" in standing(base(tmp_path))
    Remote(base(tmp_path)).heard(signed(settings(), 7))
    assert "central's configuration, version 7" in standing(base(tmp_path))
    (tmp_path / files.CONFIGURATION).write_bytes(b"half")
    assert "is damaged" in standing(base(tmp_path))
