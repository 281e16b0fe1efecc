"""The life of a command: taken before it is done, done once, answered again, forgotten without being taken again."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.journal.check import open_journal
from edge.journal.commands import KEEP
from edge.journal.journal import Journal
from edge.journal.rows import Batch, Commit, Span
from edge.orders.clerk import ANSWER_EVERY, DETAIL, Clerk
from edge.orders.verdict import Alarm, Dropped
from edge.orders.wanted import Answer, Wish
from protocol.messages import bodies
from protocol.messages.command import Read, Shown, Status
from protocol.reading import Event
from tests.edge.orders.parts import DAY, KEY, backfill, clerk, config, replies, signed
from tests.edge.parts import NOW, PERIOD, commit, journal, load, raw

pytestmark = pytest.mark.quick

SPAN = Span("m-1", "load", NOW - DAY, NOW)


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal: Journal = journal(folder)
        self.clerk: Clerk = clerk(folder, self.journal)
        self.moment = 0.0

    def hear(self, payload: bytes, id: str = "c1", now: int = NOW, trusted: bool = True) -> None:
        self.clerk.heard(id, payload, now, trusted, self.moment)

    def read(self, *rows: tuple[int, int], covered: Span = SPAN, now: int = NOW) -> None:
        """The meter was read."""
        batches = [Batch("m-1", 180, load(*rows))] if rows else []
        self.journal.append(Commit(batches=batches, covered=[covered]), now)

    @property
    def statuses(self) -> list[Status]:
        return [reply.status for reply in replies(self.journal)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_backfill_sends_again_what_is_held_and_asks_the_meter_for_the_whole(place: Place) -> None:
    place.journal.append(commit((NOW - 7200, 1)), NOW - 7000)
    place.journal.append(commit((NOW - 2 * DAY, 9)), NOW - 7000)  # of another day
    place.journal.append(commit((NOW - 3600, 2)), NOW - 3000)
    before = place.journal.next
    place.hear(signed())
    again = [entry.body for entry in place.journal.entries(before - 1, 100) if entry.kind == "load"]
    held = [entry.body for entry in place.journal.entries(0, before - 1)]
    assert again == [held[0], held[2]], "the same bytes, under new numbers"
    assert place.journal.gaps() == [SPAN]
    place.clerk.look(NOW, True)
    assert [(reply.status, reply.result) for reply in replies(place.journal)] == [(Status.WAITING, {"again": 2})]


def test_the_last_word_comes_when_nothing_is_left_to_read(place: Place) -> None:
    place.hear(signed())
    half = Span("m-1", "load", NOW - DAY // 2, NOW)
    place.read((NOW - PERIOD, 5), covered=half)
    place.clerk.look(NOW + 60, True)
    assert place.statuses == [Status.WAITING]
    place.read((NOW - DAY + PERIOD, 1), (NOW - DAY + 2 * PERIOD, 2))
    place.clerk.look(NOW + 120, True)
    place.clerk.look(NOW + 180, True)
    assert place.statuses == [Status.WAITING, Status.DONE]
    assert replies(place.journal)[-1].result == {"again": 0, "read": 3}


def test_when_its_time_passes_first_that_is_told_and_the_reading_goes_on(place: Place) -> None:
    place.hear(signed(end=NOW + 600))
    place.clerk.look(NOW + 599, True)
    place.clerk.look(NOW + 700, False)
    assert place.statuses == [Status.WAITING], "its end is judged by a known time only"
    place.clerk.look(NOW + 700, True)
    assert place.statuses == [Status.WAITING, Status.NO_ANSWER]
    assert place.journal.gaps() == [SPAN]


def test_a_meter_without_memory_gives_what_the_journal_held_at_once(place: Place) -> None:
    place.journal.append(commit((NOW - 3600, 2), meter="b-1"), NOW - 3000)
    place.hear(signed(arguments=backfill(meter="b-1")))
    place.clerk.look(NOW, True)
    assert place.statuses == [Status.WAITING, Status.PARTIAL]
    assert replies(place.journal)[-1].result == {"again": 1, "read": 0}
    assert place.journal.gaps() == []


def test_a_known_command_is_answered_and_not_done_again(place: Place) -> None:
    place.journal.append(commit((NOW - 3600, 2)), NOW - 3000)
    place.hear(signed())
    place.read()
    place.clerk.look(NOW, True)
    rows = place.journal.next
    for _ in range(100):  # a stranger who recorded it
        place.hear(signed(), now=NOW + 100 * DAY)
    place.moment = ANSWER_EVERY
    place.hear(signed())
    assert place.journal.next - rows == 2, "one answer in half a minute, whoever asks"
    assert place.statuses == [Status.WAITING, Status.DONE, Status.DONE, Status.DONE]
    assert place.journal.gaps() == []


def test_two_equal_backfills_send_each_row_again_once_each(place: Place) -> None:
    place.journal.append(commit((NOW - 3600, 2)), NOW - 3000)
    place.hear(signed("c1"), "c1")
    place.hear(signed("c2", counter=2), "c2")
    assert [reply.result for reply in replies(place.journal)] == [{"again": 1}, {"again": 1}]
    place.read((NOW - 3600, 2))
    assert len([entry for entry in place.journal.entries(0, 100) if entry.kind == "load"]) == 3, "and no more"


def test_a_refused_command_is_answered_and_remembered(place: Place) -> None:
    place.hear(signed(arguments=backfill(meter="m-9")))
    place.hear(signed(arguments=backfill(meter="m-9")))
    assert place.statuses == [Status.NO_METER, Status.NO_METER]
    assert place.journal.gaps() == []


@pytest.mark.parametrize("payload", [signed(key=bytes(32)), signed(edge="edge-2"), signed("c2"), b"junk"])
def test_what_a_stranger_sends_leaves_no_row(place: Place, payload: bytes) -> None:
    with pytest.raises(Dropped):
        place.hear(payload)
    assert (place.journal.next, place.journal.gaps()) == (1, [])


def test_without_a_key_nothing_is_obeyed(tmp_path: Path) -> None:
    made = journal(tmp_path)
    with pytest.raises(Dropped) as dropped:
        clerk(tmp_path, made, key=None).heard("c1", signed(), NOW, True, 0.0)
    assert (dropped.value.alarm, made.next) == (Alarm.NO_KEY, 1)


def test_while_the_time_is_not_known_nothing_is_taken(place: Place) -> None:
    place.hear(signed(), trusted=False)
    assert (place.journal.next, place.journal.gaps()) == (1, [])
    place.hear(signed())  # central repeats
    assert place.statuses == [Status.WAITING]


def test_a_command_whose_row_was_dropped_never_runs_again(place: Place) -> None:
    place.hear(signed(counter=5, end=NOW + 10))
    place.read()
    place.clerk.look(NOW, True)
    assert place.clerk.forget(NOW + KEEP) == 0
    assert place.clerk.forget(NOW + KEEP + 11) == 1
    rows = place.journal.next
    for payload, id in ((signed(counter=5), "c1"), (signed("c0", counter=4), "c0")):
        with pytest.raises(Dropped) as dropped:
            place.hear(payload, id)
        assert dropped.value.alarm is Alarm.REPLAYED
    assert (place.journal.next, place.journal.gaps()) == (rows, [])
    place.hear(signed("c6", counter=6), "c6")
    assert place.statuses[-1] == Status.WAITING


def test_what_is_not_finished_is_not_forgotten(place: Place) -> None:
    place.hear(signed(end=NOW + 10))
    assert place.clerk.forget(NOW + 2 * KEEP) == 0


@pytest.mark.parametrize(
    "spoilt",
    [
        "body = X'7B'",
        "reply = X'7B'",
        "reply = NULL",
        "state = 'waitinh'",
        "body = CAST(replace(body, 'load', 'lord') AS BLOB)",
    ],
)
def test_a_command_whose_row_the_disk_has_spoilt_is_given_up(place: Place, spoilt: str) -> None:
    place.hear(signed())
    place.journal.connection.execute(f"UPDATE command SET {spoilt}")
    place.clerk.look(NOW, True)
    place.clerk.look(NOW, True)
    with pytest.raises(Dropped):
        place.hear(signed())
    assert place.statuses == [Status.WAITING]


def test_a_salvaged_file_does_not_run_old_commands(place: Place) -> None:
    place.hear(signed(counter=5))
    place.journal.close()
    with raw(place.folder) as spoiler:
        spoiler.execute("UPDATE meta SET value = '99' WHERE key = 'next'")
    spoiler.close()
    saved, salvage = open_journal(place.folder / "journal.db", NOW, 2**30)
    assert salvage is not None
    assert salvage.saved == 1
    assert [reply.id for reply in replies(saved)] == ["c1"], "a reply is saved as any other row"
    with pytest.raises(Dropped):
        clerk(place.folder, saved).heard("c1", signed(counter=5), NOW, True, 0.0)
    clerk(place.folder, saved).heard("c6", signed("c6", counter=6), NOW, True, 0.0)


def test_replies_are_kept_longer_than_what_is_not_billed(place: Place) -> None:
    place.hear(signed())
    for number in range(1000):
        events = Batch("m-1", 180, (Event(NOW + number, 2, 1),))
        place.journal.append(Commit(batches=[events]), NOW)
    pages = place.journal.connection.execute("PRAGMA page_count").fetchone()[0]
    small = Journal(place.journal.connection, limit=(pages - 2) * 4096)
    assert small.trim(None, "c").given_up >= 200
    assert small.low == 1
    assert Counter(entry.channel for entry in small.entries(0, 2000))["reply"] == 1


def test_rows_sent_again_hold_what_the_meter_said(place: Place) -> None:
    place.journal.append(commit((NOW - 3600, 2)), NOW - 3000)
    place.hear(signed(key=KEY))
    (first, second) = [e.body for e in place.journal.entries(0, 100) if e.kind == "load" and e.body]
    assert bodies.decode(first) == bodies.decode(second)


# ---- what a meter shows now

SHOWN = Shown(time=datetime.fromtimestamp(NOW + 3, UTC), values={"voltage_a": 230.5})
TOLD = Answer(Status.DONE, None, SHOWN)


def asked(id: str = "c1", meter: str = "m-1", **settings: Any) -> bytes:
    return signed(id, Read(meter=meter), **settings)


def test_a_reading_is_begun_wished_for_and_told_with_what_was_shown(place: Place) -> None:
    place.hear(asked())
    assert (place.statuses, place.clerk.wishes()) == ([Status.WAITING], [Wish("c1", "m-1")])
    place.clerk.look(NOW + 1, True)
    place.clerk.answered("c1", TOLD, NOW + 4)
    place.clerk.look(NOW + 5, True)
    assert (place.statuses, place.clerk.wishes()) == ([Status.WAITING, Status.DONE], [])
    assert replies(place.journal)[-1].shown == SHOWN


def test_a_reading_that_central_repeats_is_answered_with_what_was_shown_then(place: Place) -> None:
    place.hear(asked())
    place.clerk.answered("c1", TOLD, NOW + 4)
    place.moment = ANSWER_EVERY
    place.hear(asked(), now=NOW + 60)
    assert [reply.shown for reply in replies(place.journal)] == [None, SHOWN, SHOWN]
    assert place.clerk.wishes() == [], "and the meter is left alone"


def test_only_the_first_last_word_of_a_reading_is_said(place: Place) -> None:
    place.hear(asked())
    for status in (Status.NO_ANSWER, Status.DONE):
        place.clerk.answered("c1", Answer(status, "x" * 999), NOW + 4)
    place.clerk.answered("stranger", TOLD, NOW + 4)
    assert place.statuses == [Status.WAITING, Status.NO_ANSWER]
    assert replies(place.journal)[-1].detail == "x" * DETAIL


@pytest.mark.parametrize(
    ("payload", "status"),
    [(asked(meter="m-9"), Status.NO_METER), (asked(end=NOW), Status.DENIED), (asked(meter="b-1"), Status.WAITING)],
)
def test_a_reading_that_cannot_be_is_refused_at_once(place: Place, payload: bytes, status: Status) -> None:
    place.hear(payload)
    assert place.statuses == [status]
    assert bool(place.clerk.wishes()) == (status is Status.WAITING)


def test_a_reading_whose_time_passes_is_not_done_and_that_is_told(place: Place) -> None:
    place.hear(asked(end=NOW + 120))
    place.clerk.look(NOW + 119, True)
    place.clerk.look(NOW + 500, False)
    assert place.statuses == [Status.WAITING], "its end is judged by a known time only"
    place.clerk.look(NOW + 120, True)
    assert (place.statuses, place.clerk.wishes()) == ([Status.WAITING, Status.NO_ANSWER], [])
    place.clerk.answered("c1", TOLD, NOW + 121)
    assert place.statuses == [Status.WAITING, Status.NO_ANSWER]


def test_a_meter_that_is_read_here_no_more_is_told(place: Place) -> None:
    place.hear(asked())
    found = config(place.folder)
    del found.meter[0]
    Clerk(found, place.journal).look(NOW + 1, True)
    assert place.statuses == [Status.WAITING, Status.NO_METER]


def test_after_a_crash_the_meter_is_asked_again_unless_the_time_has_passed(place: Place) -> None:
    place.hear(asked(end=NOW + 120))
    place.hear(asked("c2", counter=2, end=NOW + 600), "c2")
    place.journal.connection.execute("UPDATE command SET state = 'taken', reply = NULL WHERE id = 'c2'")
    place.journal.close()
    reopened, _ = open_journal(place.folder / "journal.db", NOW, 2**30)
    again = clerk(place.folder, reopened)
    assert again.wishes() == [Wish("c1", "m-1")], "what was begun"
    again.look(NOW + 300, True)
    assert again.wishes() == [Wish("c2", "m-1")], "what was only taken is begun now"
    again.answered("c2", TOLD, NOW + 301)
    last = {reply.id: reply.status for reply in replies(reopened)}
    assert last == {"c1": Status.NO_ANSWER, "c2": Status.DONE}
    reopened.close()


def test_a_wish_whose_row_the_disk_has_spoilt_is_nobodys(place: Place) -> None:
    place.hear(asked())
    place.journal.connection.execute("UPDATE command SET body = X'7B'")
    assert place.clerk.wishes() == []
    place.clerk.look(NOW, True)
    assert place.journal.connection.execute("SELECT count(*) FROM command").fetchone() == (0,)
