"""Where commands arrive: readers learn that there is more to read, the pump of the reply, the engineer of strangers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.health import Board
from edge.journal.rows import Span
from edge.journal.thread import JournalThread
from edge.orders import desk
from edge.orders.desk import Desk
from edge.orders.dropping import SAY_EVERY
from edge.orders.verdict import Alarm
from edge.orders.wanted import Answer, Wanted
from protocol.messages import topics
from protocol.messages.command import Read, Status
from tests.edge.orders.parts import DAY, config, replies, signed
from tests.edge.parts import NOW, HandClock

pytestmark = pytest.mark.quick

TOPIC = topics.command("edge-1", "c1")


class Office:
    def __init__(self, folder: Path, journal: JournalThread) -> None:
        self.journal, self.clock, self.board = journal, HandClock(), Board()
        self.refreshed = 0
        self.wanted = Wanted()
        self.desk = Desk(config(folder), journal, self.clock, self.board, self.refresh, self.wanted)

    async def refresh(self) -> None:
        self.refreshed += 1


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    journal = JournalThread()
    await journal.open(tmp_path / "journal.db", NOW, 2**30)
    yield Office(tmp_path, journal)
    await journal.close()


async def test_a_command_is_done_and_told_to_readers_and_pump(office: Office) -> None:
    await office.desk.heard(TOPIC, signed())
    assert await office.journal.do(lambda j: j.gaps()) == [Span("m-1", "load", NOW - DAY, NOW)]
    assert (office.refreshed, office.journal.appended.is_set()) == (1, True)
    await office.desk.heard(TOPIC, signed(end=NOW + 5000))
    assert len(await office.journal.do(replies)) == 2
    assert office.board.dropped == {}


async def test_strangers_are_told_to_the_engineer_and_cannot_fill_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        for _ in range(100):
            await office.desk.heard(TOPIC, signed(key=bytes(32)))
        office.clock.go(SAY_EVERY)
        await office.desk.heard(TOPIC, signed(key=bytes(32)))
    assert len(caplog.records) == 2
    assert office.board.dropped == {Alarm.UNSIGNED: NOW + SAY_EVERY}
    assert office.refreshed == 0


async def test_a_topic_that_is_none_of_ours_is_nothing(office: Office) -> None:
    await office.desk.heard("uchet/1/edge-1/down/command/a/b", signed())
    assert (office.board.dropped, office.refreshed) == ({}, 0)


async def test_a_disk_that_refuses_is_told_and_the_next_time_it_is_done(office: Office) -> None:
    await office.journal.do(lambda j: j.connection.execute("PRAGMA query_only = 1"))
    await office.desk.heard(TOPIC, signed())
    assert office.board.journal_fault
    await office.journal.do(lambda j: j.connection.execute("PRAGMA query_only = 0"))
    await office.desk.heard(TOPIC, signed())
    assert office.refreshed == 1


async def test_what_a_meter_answered_is_told_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "LOOK", 600.0)
    running = asyncio.create_task(office.desk.run())
    try:
        async with asyncio.timeout(30):  # less than a look
            await office.desk.heard(TOPIC, signed(arguments=Read(meter="m-1")))
            wish = office.wanted.first({"m-1"})
            assert wish is not None
            office.wanted.take(wish)
            assert office.wanted.first({"m-1"}) is None, "one reader has it"
            office.wanted.give(wish, Answer(Status.NO_ANSWER, "silence"))
            office.journal.appended.clear()
            while len(found := await office.journal.do(replies)) < 2:
                await asyncio.sleep(0.01)
            await office.journal.appended.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [reply.status for reply in found] == [Status.WAITING, Status.NO_ANSWER]
    assert (office.wanted.answers, office.wanted.first({"m-1"})) == ({}, None)


async def test_an_answer_that_the_disk_refuses_is_told_when_it_takes_it(office: Office) -> None:
    await office.desk.heard(TOPIC, signed(arguments=Read(meter="m-1")))
    wish = office.wanted.first({"m-1"})
    assert wish is not None
    office.wanted.give(wish, Answer(Status.DONE))
    await office.journal.do(lambda j: j.connection.execute("PRAGMA query_only = 1"))
    await office.desk.look()
    assert office.wanted.first({"m-1"}) is None, "it is not read once more for that"
    await office.journal.do(lambda j: j.connection.execute("PRAGMA query_only = 0"))
    await office.desk.look()
    assert [reply.status for reply in await office.journal.do(replies)] == [Status.WAITING, Status.DONE]


async def test_a_wish_that_a_reader_dropped_is_there_for_another(office: Office) -> None:
    await office.desk.heard(TOPIC, signed(arguments=Read(meter="m-1")))
    wish = office.wanted.first({"m-1"})
    assert wish is not None
    office.wanted.take(wish)
    office.wanted.drop(wish)
    assert office.wanted.first({"m-1"}) == wish
