"""The session's rules one by one; together they are tried in test_session_model."""

from pathlib import Path

import pytest

from edge.journal.journal import Journal
from edge.uplink.session import OUTSIDE, PATIENCE, PATIENCE_MAX, Action, SendAbout, SendRow, Session
from protocol.messages.control import WINDOW, Ack
from tests.edge.parts import NOW, commit, grown, raw

pytestmark = pytest.mark.quick


class Talk:
    """A session over a journal, with central's words in short."""

    def __init__(self, folder: Path, count: int) -> None:
        self.journal: Journal = grown(folder, count)
        self.session = Session(self.journal, "c1", lambda: 0.0)

    def begin(self, upto: int = 0, now: float = 0.0) -> None:
        self.session.connected(now)
        self.ack(upto, now)

    def ack(self, upto: int, now: float = 0.0, central: str = "c1", **other: str | None) -> list[Action]:
        sha = self.journal.hash_of(upto) if upto else None
        settings = {"store": self.journal.store, "sha": sha} | other
        return self.session.acknowledged(Ack(central=central, upto=upto, **settings), now)  # type: ignore[arg-type]

    def sent(self, now: float = 0.0) -> list[int]:
        return [action.entry.seq for action in self.session.rows(now) if isinstance(action, SendRow)]


def test_a_connection_begins_with_about_and_no_row_goes_before_the_answer(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3)
    assert talk.session.connected(0.0) == [SendAbout(talk.journal.store, 1, 4)]
    assert talk.sent() == []
    talk.ack(0)
    assert talk.sent() == [1, 2, 3]
    assert talk.sent() == []


def test_a_new_connection_waits_for_its_own_answer_and_sends_again_what_was_not_acknowledged(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3)
    talk.begin()
    talk.sent()
    talk.ack(1)
    talk.session.gone()
    talk.session.connected(1.0)
    assert talk.sent() == []
    talk.ack(1)
    assert talk.sent() == [2, 3]


def test_the_window_bounds_what_is_on_the_way(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3 * WINDOW)
    talk.begin()
    in_order = [seq for seq in talk.sent() if seq <= WINDOW]
    assert in_order == list(range(1, WINDOW + 1))
    assert [seq for seq in talk.sent() if seq < 2 * WINDOW] == []
    talk.ack(10)
    assert [seq for seq in talk.sent() if seq < 2 * WINDOW] == list(range(WINDOW + 1, WINDOW + 11))


def test_while_behind_the_newest_row_goes_ahead_of_its_turn_once_a_connection(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3 * WINDOW)
    newest = talk.journal.next - 1
    talk.begin()
    assert talk.sent().count(newest) == 1
    talk.journal.append(commit((NOW - 1800, 7)), NOW)
    talk.ack(10)
    assert newest + 1 in talk.sent()
    talk.begin(10)
    assert newest + 1 in talk.sent()


def test_without_progress_only_so_many_go_ahead(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 20 * WINDOW)
    talk.begin()
    ahead = 0
    for number in range(100):
        talk.journal.append(commit((NOW - 1800 * (number + 1), number)), NOW)
        talk.session._sent = 0  # as if the window were always free
        ahead += len([seq for seq in talk.sent() if seq > 10 * WINDOW])
    assert ahead == OUTSIDE


def test_the_first_ack_sets_the_cursor_backwards_too_later_ones_only_advance(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 10)
    talk.begin(8)
    assert talk.journal.cursor("c1") == 8
    talk.ack(3)
    assert talk.journal.cursor("c1") == 8
    talk.begin(3)
    assert talk.journal.cursor("c1") == 3
    assert talk.sent() == [4, 5, 6, 7, 8, 9, 10]


def test_about_again_after_no_progress_with_growing_patience(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3)
    talk.begin()
    talk.sent()
    moments, now = [], 0.0
    while now < 3000:
        now += 1
        if talk.session.due(now):
            moments.append(now)
    gaps = [later - sooner for sooner, later in zip([0.0, *moments], moments, strict=False)]
    assert gaps[0] == PATIENCE
    assert gaps[1:5] == [60, 120, 240, 480]
    assert gaps[-1] == PATIENCE_MAX


def test_after_about_again_what_was_lost_is_sent_again(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3)
    talk.begin()
    assert talk.sent() == [1, 2, 3]
    assert talk.session.due(PATIENCE)
    talk.ack(1, now=PATIENCE)
    assert talk.sent() == [2, 3]


def test_a_row_after_a_long_rest_is_not_waited_for_ten_minutes(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 1)
    talk.begin(1)
    now = 0.0
    while now < 5000:
        now += 1
        assert talk.sent(now) == []
        if talk.session.due(now):
            talk.ack(1, now)
    talk.journal.append(commit((NOW - 1800, 7)), NOW)
    assert talk.sent(now) == [2]
    assert not talk.session.due(now + PATIENCE - 1)
    assert talk.session.due(now + PATIENCE)


@pytest.mark.parametrize(("upto", "sha"), [(4, "f" * 16), (9, None), (2, "0" * 16)])
def test_a_rolled_back_or_cloned_file_gets_a_new_store_and_says_so(tmp_path: Path, upto: int, sha: str | None) -> None:
    talk = Talk(tmp_path, 3)
    talk.begin()
    old = talk.journal.store
    (about,) = talk.ack(upto, sha=sha)
    assert isinstance(about, SendAbout)
    assert about.store == talk.journal.store != old
    assert talk.sent() == []
    talk.ack(3, store=old)
    assert talk.sent() == []
    talk.ack(0)
    assert talk.sent() == [1, 2, 3]


def test_an_unknown_hash_proves_nothing(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3)
    talk.begin()
    old = talk.journal.store
    assert talk.ack(2, sha=None) == []
    assert (talk.journal.store, talk.journal.cursor("c1")) == (old, 2)


def test_another_centrals_word_frees_nothing_and_is_told(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3)
    talk.session.connected(0.0)
    talk.ack(3, central="c2")
    assert (talk.journal.cursor("c1"), talk.journal.cursor("c2"), talk.sent()) == (0, 0, [])
    assert talk.session.stranger == "c2"


def test_rows_given_up_at_the_front_are_told_at_once(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 5)
    talk.begin()
    assert talk.session.due(1.0) == []
    raw(tmp_path).execute("DELETE FROM journal WHERE seq <= 2")
    assert talk.session.due(1.0) == [SendAbout(talk.journal.store, 3, 6)]
    assert talk.session.due(2.0) == []


def test_old_rows_that_left_after_acknowledgement_are_not_told(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 5)
    talk.begin(4)
    raw(tmp_path).execute("DELETE FROM journal WHERE seq <= 2")
    assert talk.session.due(1.0) == []


def test_a_void_goes_with_the_hash_it_had(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3)
    talk.begin()
    was = talk.journal.entries(1, 1)[0]
    raw(tmp_path).execute("UPDATE journal SET body = x'00' WHERE seq = 2")
    row = talk.session.rows(0.0)[1]
    assert isinstance(row, SendRow)
    assert (row.entry.channel, row.entry.prev, row.entry.payload) == ("void", was.prev, was.sha.encode())


def test_patience_grows_too_when_central_answers_but_nothing_moves(tmp_path: Path) -> None:
    talk = Talk(tmp_path, 3)
    talk.begin()
    moments, now = [], 0.0
    while now < 1000:
        now += 1
        talk.sent(now)
        if talk.session.due(now):
            moments.append(now)
            talk.ack(0, now)
    assert moments == [30, 90, 210, 450, 930]
