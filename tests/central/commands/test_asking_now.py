"""A meter is asked what it shows now: at most once in five minutes, in steps that can be followed, without a key."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, insert, select, update

from central.accounts.tables import audit
from central.commands import asking_now
from central.commands.asking_now import EVERY, LATE, LIFETIME, Asked, Asking, Away, NoReader, Step
from central.commands.outbox import EVERY as REPEATED
from central.commands.outbox import Outbox
from central.commands.tables import command as table
from central.config import ConfigError
from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.tables import edge as edges
from protocol.messages import command, topics
from protocol.messages.command import Read, Reply, Shown, Status
from protocol.messages.control import Live
from tests.central.parts import CENTRAL, NOW, Journal, database
from tests.central.sql import Sql

pytestmark = [pytest.mark.quick, pytest.mark.usefixtures("sql")]

KEY = bytes(range(32))
AT = datetime.fromtimestamp(NOW + 2, UTC)
SHOWN = Shown(time=AT, values={"voltage_a": 230.5}, registers={"active_import_total": 7}, relay=True)


class Place:
    def __init__(self, folder: Path) -> None:
        self.engine: Engine = database(folder, "A-1")
        self.online("edge-1")
        self.journal = Journal()
        self.outbox = Outbox(self.engine, lambda: KEY)
        self.receiver = Receiver(self.engine, CENTRAL)
        self.moment = 0.0

    def online(self, edge: str, state: str = "online", at: int = NOW) -> None:
        with writing(self.engine).begin() as connection:
            connection.execute(update(edges).where(edges.c.name == edge).values(state=state, last_at=at))

    def ask(self, now: int = NOW, meter: str = "A-1") -> Asked:
        with writing(self.engine).begin() as connection:
            return asking_now.ask(connection, "tests", meter, now)

    def last(self, meter: str = "A-1") -> Asking:
        with self.engine.connect() as connection:
            found = asking_now.last(connection, meter)
        assert found is not None
        return found

    def sent(self, now: int = NOW) -> list[bytes]:
        self.moment += 60
        return [out.payload for out in self.outbox.due(now, self.moment)]

    def reply(
        self, id: str, status: Status, now: int, shown: Shown | None = None, detail: str | None = None
    ) -> list[object]:
        """A row of the edge's journal comes in; the values that go into the series."""
        body = command.encode_reply(Reply(v=1, id=id, status=status, at=AT, shown=shown, detail=detail))
        topic, payload = self.journal.append(body, id, "reply")
        return list(self.receiver.take([Message(str(topic), payload)], now).live)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.engine.dispose()


def test_each_step_is_seen_as_it_happens_and_the_values_are_there_and_in_the_series(place: Place) -> None:
    asked = place.ask()
    id = asked.asking.id
    assert (asked.new, asked.asking.steps(NOW)) == (True, ((Step.MADE, NOW),))
    (payload,) = place.sent(NOW + 1)
    order = command.verify(payload, command.key(command.public_of(KEY)))
    assert (order.id, order.edge, order.typed()) == (id, "edge-1", Read(meter="A-1"))
    assert (order.not_before.timestamp(), order.expires.timestamp()) == (NOW, NOW + LIFETIME)
    assert place.last().steps(NOW + 1)[-1] == (Step.SENT, NOW + 1)
    assert place.reply(id, Status.WAITING, NOW + 2) == []
    assert place.last().steps(NOW + 2)[-1] == (Step.TAKEN, NOW + 2)
    assert not place.last().over(NOW + 2)
    live = Live(time=AT, values={"voltage_a": 230.5})
    assert place.reply(id, Status.DONE, NOW + 3, SHOWN) == [("edge-1", "A-1", live)]
    assert place.reply(id, Status.DONE, NOW + 4, SHOWN) == [], "once"
    found = place.last()
    reached = (Step.MADE, NOW), (Step.SENT, NOW + 1), (Step.TAKEN, NOW + 2), (Step.TOLD, NOW + 3)
    assert found.steps(NOW + 9 * EVERY) == reached
    assert (found.status, found.shown, found.over(NOW + 3)) == (Status.DONE, SHOWN, True)


def test_a_repeated_sending_moves_no_step(place: Place) -> None:
    place.ask()
    first = place.sent(NOW + 1)
    assert place.sent(NOW + 1 + REPEATED) == first, "the same bytes"
    assert place.last().sent_at == NOW + 1


def test_a_meter_is_asked_once_in_five_minutes_and_who_comes_next_is_told_of_it(place: Place) -> None:
    first = place.ask().asking
    place.sent()
    place.reply(first.id, Status.NO_ANSWER, NOW + 20, detail="silence")
    again = place.ask(NOW + EVERY - 1)
    assert (again.new, again.asking.id, again.asking.status, again.asking.detail) == (
        False,
        first.id,
        Status.NO_ANSWER,
        "silence",
    )
    assert again.asking.again_at == NOW + EVERY
    place.online("edge-1", at=NOW + EVERY)
    assert place.ask(NOW + EVERY).new
    assert place.last().id != first.id


def test_each_meter_has_its_own_five_minutes_and_a_clock_that_went_back_closes_nothing(place: Place) -> None:
    with writing(place.engine).begin() as connection:
        bind(connection, "edge-1", "A-2", 0, None, NOW)
    place.ask()
    assert place.ask(meter="A-2").new
    assert [place.ask(NOW - after).new for after in (9000, 8999)] == [True, False]


def test_of_two_at_once_one_asks(place: Place, sql: Sql) -> None:
    with writing(place.engine).begin() as connection:
        bind(connection, "edge-2", "A-1", 0, NOW - 1, NOW)  # read it before
    both = Barrier(8)

    def press(_: int) -> Asked:
        engine = connect(str(place.engine.url.render_as_string(hide_password=False)))
        both.wait(20)
        with writing(engine).begin() as connection:
            found = asking_now.ask(connection, "tests", "A-1", NOW)
        engine.dispose()
        return found

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(press, range(8)))
    assert sorted(one.new for one in found) == [False] * 7 + [True]
    assert len({one.asking.id for one in found}) == 1
    with place.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1
        assert connection.execute(select(func.count()).where(audit.c.action == "command")).scalar_one() == 1


def test_what_nobody_answers_is_over_by_the_clock_of_who_looks(place: Place) -> None:
    place.ask()
    late = NOW + LIFETIME + LATE
    assert not place.last().over(late - 1)
    assert place.last().steps(late) == ((Step.MADE, NOW), (Step.EXPIRED, NOW + LIFETIME))
    assert place.sent(NOW + LIFETIME) == []


def test_an_edge_that_is_away_is_told_at_once_and_nothing_is_asked(place: Place) -> None:
    for state, at in (("lost", NOW), ("offline", NOW), ("online", NOW - 3600)):
        place.online("edge-1", state, at)
        with pytest.raises(Away) as away:
            place.ask()
        assert (away.value.reader.edge, away.value.reader.heard_at) == ("edge-1", at)
    with pytest.raises(NoReader):
        place.ask(meter="A-9")
    place.online("edge-1")
    assert place.ask().new, "a refusal costs no turn"


def test_without_the_key_it_is_not_sent_and_later_it_is(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    def lost() -> bytes:
        raise ConfigError("cannot read the key")

    place.ask()
    without = Outbox(place.engine, lost)
    assert [without.due(NOW + moment, float(moment)) for moment in (1, 5)] == [[], []]
    assert [record.getMessage() for record in caplog.records] == ["a command is not sent: cannot read the key"]
    assert without.open_for({"edge-1"}, NOW + 6) == []
    assert len(place.sent(NOW + 7)) == 1


def test_only_what_is_harmless_is_signed_for_a_program_without_the_key(place: Place) -> None:
    forged = {"id": "x", "edge": "edge-1", "counter": 1, "command": "backfill", "arguments": {}, "author": "web"}
    times = {"made_at": NOW, "expires_at": NOW + 60, "state": "open"}
    with writing(place.engine).begin() as connection:
        connection.execute(insert(table).values(**forged, **times))
    assert place.sent() == []


def test_a_command_of_another_kind_is_no_asking(place: Place) -> None:
    id = place.ask().asking.id
    with writing(place.engine).begin() as connection:
        connection.execute(update(table).values(command="backfill"))
        assert asking_now.find(connection, id) is asking_now.last(connection, "A-1") is None


def test_it_goes_out_under_its_topic(place: Place) -> None:
    asked = place.ask()
    (out,) = place.outbox.due(NOW, 60.0)
    assert out.topic == topics.command("edge-1", asked.asking.id)
