"""The counts of readings by meter and day: what came in, what stands, what was acknowledged; told to central."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.health import Board
from edge.journal import check
from edge.journal.commands import Commands
from edge.journal.journal import KEEP
from edge.journal.rows import Span
from protocol.messages.bodies import MAX_BYTES
from protocol.messages.command import Reply, Status
from protocol.messages.control import Counted, Health, decode, encode, with_counts
from tests.edge.parts import NOW, commit, journal, raw

pytestmark = pytest.mark.quick
DAY = 86_400
TODAY = NOW // DAY
CENTRAL = "c"


def test_readings_are_counted_where_they_come_in_and_where_they_stand(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append(commit((NOW, 1), (NOW + 1800, 2)), NOW)
    made.append(commit((NOW, 1), (NOW + 1800, 2), (NOW + 3600, 3)), NOW + 60)  # two of them are known
    made.append(commit((NOW, 1), meter="m-2"), NOW + 120)
    made.set_cursor(CENTRAL, 1)
    assert made.counted(CENTRAL, NOW) == (made.store, [Counted("m-1", TODAY, 3, 3, 2), Counted("m-2", TODAY, 1, 1, 0)])


def test_they_are_known_after_a_restart(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append(commit((NOW, 1)), NOW)
    made.set_cursor(CENTRAL, 1)
    made.close()
    assert journal(tmp_path).counted(CENTRAL, NOW)[1] == [Counted("m-1", TODAY, 1, 1, 1)]


def test_a_day_is_told_until_it_is_over_and_acknowledged(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append(commit((NOW, 1)), NOW)
    made.append(commit((NOW + 1800, 1)), NOW + DAY)
    for later, told in ((1, [1, 0]), (2, [1, 0]), (5, [1, 0])):
        assert [one.day - TODAY for one in made.counted(CENTRAL, NOW + later * DAY)[1]] == told
    made.set_cursor(CENTRAL, 1)
    assert [one.day - TODAY for one in made.counted(CENTRAL, NOW + 5 * DAY)[1]] == [1]
    made.set_cursor(CENTRAL, 2)
    assert [one.day - TODAY for one in made.counted(CENTRAL, NOW + 2 * DAY)[1]] == [1]
    assert made.counted(CENTRAL, NOW + 5 * DAY)[1] == []


def test_a_row_lost_or_given_up_is_missing_from_what_stands(tmp_path: Path) -> None:
    made = journal(tmp_path)
    for number in range(4):
        made.append(commit((NOW + 1800 * number, number)), NOW)
    raw(tmp_path).execute("UPDATE journal SET body = x'00' WHERE seq = 2")
    made.entries(0, 10)  # the row is found to be spoilt: a void
    assert made.counted(CENTRAL, NOW)[1] == [Counted("m-1", TODAY, 4, 3, 0)]


def test_a_salvaged_file_says_what_it_could_not_save(tmp_path: Path) -> None:
    made = journal(tmp_path)
    for number in range(4):
        made.append(commit((NOW + 1800 * number, number)), NOW)
    made.close()
    raw(tmp_path).execute("DELETE FROM journal WHERE seq = 2")
    found, salvage = check.open_journal(tmp_path / "journal.db", NOW, 2**30)
    assert salvage is not None
    assert salvage.saved == 3
    assert found.counted(CENTRAL, NOW)[1] == [Counted("m-1", TODAY, 4, 3, 0)]


def test_what_left_after_its_acknowledgement_still_counts(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append(commit((NOW, 1)), NOW)
    made.append(commit((NOW + 1800, 2)), NOW + DAY - NOW % DAY - 1)  # the same day
    made.set_cursor(CENTRAL, 1)
    made.trim(NOW + KEEP + 1, CENTRAL)
    assert made.low == 2
    assert made.counted(CENTRAL, NOW + KEEP + 1)[1] == [Counted("m-1", TODAY, 2, 2, 1)]
    made.renew()
    assert made.counted(CENTRAL, NOW + KEEP + 1)[1] == [Counted("m-1", TODAY, 1, 1, 0)], "the new store never had it"
    made.set_cursor(CENTRAL, 2)
    made.trim(NOW + 3 * KEEP, CENTRAL)
    assert made.connection.execute("SELECT count(*) FROM count").fetchone() == (0,), "old days are forgotten"


def test_what_central_asks_for_again_is_counted_again_and_told(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append(commit((NOW, 1), (NOW + 1800, 2)), NOW)
    made.set_cursor(CENTRAL, 1)
    later = NOW + 10 * DAY
    orders = Commands(made)
    orders.take("id", 1, later + DAY, b"{}", later)
    reply = Reply(v=1, id="id", status=Status.WAITING, at=datetime.fromtimestamp(later, UTC))
    orders.backfill("id", Span("m-1", "load", NOW - 1, NOW + 1), None, lambda _again: reply, later)
    assert made.counted(CENTRAL, later)[1] == [Counted("m-1", TODAY, 4, 4, 2)], "a reply holds no reading"
    made.set_cursor(CENTRAL, 3)
    assert made.counted(CENTRAL, later)[1] == [Counted("m-1", TODAY, 4, 4, 4)], "an old day that changed is told"
    assert made.counted(CENTRAL, later + 3 * DAY)[1] == []


def test_the_message_has_room_for_the_newest(tmp_path: Path) -> None:
    board = Board(
        store="s1", counted=[Counted(f"meter-{n:05}", TODAY - day, 48, 48, 48) for day in range(9) for n in range(400)]
    )
    message = board.message(NOW, True, 90)
    assert MAX_BYTES - 500 < len(encode(message)) <= MAX_BYTES
    assert decode(encode(message), Health) == message
    assert message.counts is not None
    assert {day for told in message.counts.values() for day, *_ in told[:3]} == {TODAY, TODAY - 1, TODAY - 2}


def test_an_edge_without_counts_says_so() -> None:
    health = Board().message(NOW, True, 90)
    assert (health.counts, decode(encode(health), Health).counts) == (None, None)
    assert with_counts(health, "s1", []).counts == {}
