"""Commands at central: signed and counted, sent until they are answered, closed when they are or their time is over."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from central.accounts.tables import audit
from central.commands.outbox import EVERY, GRACE, Outbox
from central.commands.sending import NoEdge, send
from central.commands.tables import State
from central.commands.tables import command as table
from central.db import writing
from central.ingest import tables as ingest
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.replay import Which, replay_messages
from protocol.messages import command, topics
from protocol.messages.command import Backfill, Reply, Status
from tests.central.parts import CENTRAL, NOW, Journal, database, load_body

pytestmark = [pytest.mark.quick, pytest.mark.usefixtures("sql")]

KEY = bytes(range(32))
AT = datetime.fromtimestamp(NOW, UTC)
ASKED = Backfill(meter="A-1", kind="load", since=AT.replace(hour=0), until=AT)
LIFETIME = 3600


class Place:
    def __init__(self, folder: Path) -> None:
        self.engine: Engine = database(folder, "A-1")
        self.journal = Journal()
        self.outbox = Outbox(self.engine, lambda: KEY)
        self.receiver = Receiver(self.engine, CENTRAL)
        self.moment = 0.0

    def send(self, now: int = NOW, edge: str = "edge-1") -> str:
        with writing(self.engine).begin() as connection:
            return send(connection, KEY, edge, ASKED, "tests", now, LIFETIME)

    def due(self, now: int = NOW) -> list[str]:
        """Topics of what goes out at this look."""
        self.moment += 60
        return [out.topic for out in self.outbox.due(now, self.moment)]

    def reply(self, id: str, status: Status, now: int = NOW, **more: object) -> None:
        """A row of the edge's journal comes in."""
        body = command.encode_reply(Reply(v=1, id=id, status=status, at=AT, **more))  # type: ignore[arg-type]
        self.take(body, id, now)

    def take(self, body: bytes, id: str, now: int = NOW) -> None:
        topic, payload = self.journal.append(body, id, "reply")
        self.receiver.take([Message(str(topic), payload)], now)

    def state(self, id: str) -> tuple[str, int | None]:
        with self.engine.connect() as connection:
            row = connection.execute(select(table).where(table.c.id == id)).one()
            return row.state, row.status

    def inbox(self) -> list[tuple[str, str | None]]:
        with self.engine.connect() as connection:
            query = select(ingest.inbox.c.state, ingest.inbox.c.reason).order_by(ingest.inbox.c.id)
            return [(row.state, row.reason) for row in connection.execute(query)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.engine.dispose()


def test_what_is_sent_is_signed_for_that_edge_and_audited(place: Place) -> None:
    id = place.send()
    (out,) = place.outbox.due(NOW, 1.0)
    assert out.topic == topics.command("edge-1", id)
    order = command.verify(out.payload, command.key(command.public_of(KEY)))
    assert (order.id, order.edge, order.typed()) == (id, "edge-1", ASKED)
    assert (order.not_before.timestamp(), order.expires.timestamp()) == (NOW, NOW + LIFETIME)
    with place.engine.connect() as connection:
        (noted,) = connection.execute(select(audit.c.action, audit.c.subject, audit.c.detail)).all()
    assert noted[:2] == ("command", "edge-1")
    assert noted.detail.startswith(f"tests: backfill {id} ")


def test_counters_grow_for_each_edge_also_when_the_clock_goes_back(place: Place) -> None:
    for now in (NOW, NOW, NOW - 1000, NOW + 10):
        place.send(now)
    with place.engine.connect() as connection:
        counters = connection.scalars(select(table.c.counter).order_by(table.c.counter)).all()
    assert counters == [NOW, NOW + 1, NOW + 2, NOW + 10]


def test_an_unknown_edge_is_not_commanded(place: Place) -> None:
    with pytest.raises(NoEdge):
        place.send(edge="edge-9")


def test_an_open_command_goes_out_each_minute_until_it_is_answered(place: Place) -> None:
    id = place.send()
    assert [len(place.due(NOW + after)) for after in (0, 1, EVERY - 1, EVERY, EVERY + 1, 2 * EVERY)] == [
        1,
        0,
        0,
        1,
        0,
        1,
    ]
    place.reply(id, Status.WAITING)
    assert place.due(NOW + 10 * EVERY) == []
    assert len(place.outbox.open_for({"edge-1"}, NOW)) == 1, "at `about` it is said until the last word"
    assert place.outbox.open_for({"edge-2"}, NOW) == place.outbox.open_for((), NOW) == []
    place.reply(id, Status.DONE)
    assert place.outbox.open_for({"edge-1"}, NOW) == []


def test_two_looks_in_one_second_are_one(place: Place) -> None:
    place.send()
    assert [len(place.outbox.due(NOW, moment)) for moment in (5.0, 5.5)] == [1, 0]
    place.send()
    assert [len(place.outbox.due(NOW, moment)) for moment in (5.9, 6.0)] == [0, 1]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.WAITING])
def test_each_last_word_closes_the_command(place: Place, status: Status) -> None:
    id = place.send()
    place.reply(id, status, detail="why", result={"again": 3})
    assert place.state(id) == (State.DONE, status)
    assert place.due(NOW + EVERY) == []
    assert place.inbox() == [("done", None)], "the worker has nothing to do with it"
    with place.engine.connect() as connection:
        row = connection.execute(select(table)).one()
    assert (row.detail, row.result, row.replied_at) == ("why", {"again": 3}, NOW)


def test_replies_that_come_again_or_late_change_nothing(place: Place) -> None:
    id = place.send()
    for status in (Status.WAITING, Status.DONE, Status.WAITING, Status.NO_ANSWER, Status.DONE):
        place.reply(id, status)
    assert place.state(id) == (State.DONE, Status.DONE)


def test_the_reply_counts_only_from_the_edge_that_was_asked(place: Place) -> None:
    id = place.send()
    place.journal.edge = "edge-2"
    place.reply(id, Status.DONE)
    assert place.inbox() == [("quarantined", "unknown_command")]
    assert place.state(id) == (State.OPEN, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (command.encode_reply(Reply(v=1, id="another", status=Status.DONE, at=AT)), "unreadable"),
        (b'{"v":1,"id":"x","status":99,"at":"2026-11-24T12:00:00Z"}', "unreadable"),
        (b'{"v":2}', "unknown_version"),
        (load_body((NOW, 1)), "unreadable"),
    ],
)
def test_a_reply_that_cannot_be_read_is_kept_with_its_reason(place: Place, body: bytes, reason: str) -> None:
    id = place.send()
    place.take(body, id)
    assert place.inbox() == [("quarantined", reason)]
    assert place.state(id) == (State.OPEN, None)


def test_a_batch_that_comes_twice_answers_once(place: Place) -> None:
    id = place.send()
    place.reply(id, Status.DONE)
    topic, payload = place.journal.rows[-1]
    place.receiver.take([Message(str(topic), payload)] * 3, NOW + 1)
    assert place.inbox() == [("done", None)]
    assert place.state(id) == (State.DONE, Status.DONE)


def test_replies_are_not_given_to_the_worker_by_a_replay(place: Place) -> None:
    place.reply(place.send(), Status.DONE)
    place.reply("stranger", Status.DONE)
    for state in (ingest.State.DONE, ingest.State.QUARANTINED):
        assert replay_messages(place.engine, Which(state)).given == 0
    assert place.inbox() == [("done", None), ("quarantined", "unknown_command")]


def test_a_command_whose_time_is_over_is_not_sent_and_is_closed_a_little_later(place: Place) -> None:
    opened, waiting = place.send(), place.send()
    place.reply(waiting, Status.WAITING)
    assert place.due(NOW + LIFETIME) == []
    assert place.outbox.open_for({"edge-1"}, NOW + LIFETIME) == []
    assert place.state(waiting) == (State.WAITING, Status.WAITING), "the edge's last word may be on its way"
    place.due(NOW + LIFETIME + GRACE)
    assert [place.state(id)[0] for id in (opened, waiting)] == [State.EXPIRED, State.EXPIRED]
    place.reply(waiting, Status.NO_ANSWER)
    place.reply(opened, Status.WAITING)
    assert place.state(waiting) == (State.DONE, Status.NO_ANSWER), "a late last word counts"
    assert place.state(opened) == (State.EXPIRED, None)
