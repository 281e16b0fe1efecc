"""Fault 10: a damaged file is kept aside, what is good in it is saved into a new one, and the program starts."""

import random
import sqlite3
from pathlib import Path

import pytest

from edge.journal.check import open_journal, trouble
from protocol.messages import bodies
from tests.edge.parts import NOW, PERIOD, commit, grown, raw

LIMIT = 2**30


def values(folder: Path) -> list[int]:
    """What the journal holds after it was opened: the number in each row."""
    made, _ = open_journal(folder / "journal.db", NOW, LIMIT)
    found = [row.values[0] for e in made.entries(0, 10**6) if e.body for row in bodies.decode(e.body).readings.rows]
    made.close()
    return [value for value in found if value is not None]


def closed(folder: Path, count: int) -> Path:
    made = grown(folder, count)
    made.close()
    return folder / "journal.db"


def test_a_sound_file_is_used_as_it_is(tmp_path: Path) -> None:
    path = closed(tmp_path, 20)
    made, salvage = open_journal(path, NOW, LIMIT)
    assert salvage is None
    assert made.next == 21


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_an_empty_or_foreign_file_does_not_stop_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    made, salvage = open_journal(path, NOW, LIMIT)
    assert made.next == 1
    assert (salvage is None) == (content == b"")
    if salvage is not None:
        assert salvage.aside.read_bytes() == content


def test_a_truncated_file_gives_what_is_left_under_a_new_store(tmp_path: Path) -> None:
    path = closed(tmp_path, 400)
    store = sqlite3.connect(path).execute("SELECT value FROM meta WHERE key = 'store'").fetchone()[0]
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3 // 4096 * 4096])
    made, salvage = open_journal(path, NOW, LIMIT)
    assert salvage is not None
    assert salvage.aside.exists()
    assert made.store != store
    assert made.next == salvage.saved + 1


def test_a_page_of_noise_costs_its_own_rows(tmp_path: Path) -> None:
    path = closed(tmp_path, 2000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 4096] = random.Random(1).randbytes(4096)
    path.write_bytes(content)
    found = values(tmp_path)
    assert 1900 < len(found) <= 2000
    assert sorted(set(found)) == sorted(found)


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bits_never_stop_the_start_nor_give_a_wrong_value(tmp_path: Path, seed: int) -> None:
    path = closed(tmp_path, 200)
    content, rnd = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(3):
        content[rnd.randrange(len(content))] ^= 1 << rnd.randrange(8)
    path.write_bytes(content)
    assert set(values(tmp_path)) <= set(range(200))


def test_a_newer_version_is_kept_aside_and_its_rows_are_used(tmp_path: Path) -> None:
    path = closed(tmp_path, 5)
    raw(tmp_path).execute("PRAGMA user_version = 99")
    reason = trouble(path)
    assert reason is not None
    assert "newer program" in reason
    assert values(tmp_path) == [0, 1, 2, 3, 4]
    assert trouble(path) is None


def test_a_missing_row_in_the_middle_is_found(tmp_path: Path) -> None:
    path = closed(tmp_path, 5)
    raw(tmp_path).execute("DELETE FROM journal WHERE seq = 3")
    assert "damaged" in (trouble(path) or "")
    made, _ = open_journal(path, NOW, LIMIT)
    assert [entry.seq for entry in made.entries(0, 10)] == [1, 2, 3, 4]


def test_after_a_salvage_the_meter_is_read_again_and_nothing_stands_twice(tmp_path: Path) -> None:
    path = closed(tmp_path, 5)
    raw(tmp_path).execute("PRAGMA user_version = 99")
    made, _ = open_journal(path, NOW, LIMIT)
    assert made.marks() == {}
    assert made.append(commit(*[(NOW + PERIOD * number, number) for number in range(6)]), NOW) == 1
