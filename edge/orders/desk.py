"""Where commands arrive: what is heard is given to the clerk in the journal's thread, and what he did is told to the
readers, the pump, the board and the log.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

from edge.clock import Clock
from edge.config import Config
from edge.health import Board
from edge.journal.journal import Journal
from edge.journal.thread import JournalThread
from edge.orders.clerk import Clerk
from edge.orders.dropping import Dropping
from edge.orders.verdict import Dropped
from edge.orders.wanted import Answer, Wanted, Wish
from protocol.messages import topics

log = logging.getLogger("edge.orders")

LOOK = 2.0  # seconds
FORGET = 86400.0
NOTHING: Mapping[str, Answer] = {}


class Desk:
    """`refresh` tells the readers that there is more to read."""

    def __init__(
        self,
        config: Config,
        journal: JournalThread,
        clock: Clock,
        board: Board,
        refresh: Callable[[], Awaitable[None]],
        wanted: Wanted,
    ) -> None:
        self._config = config
        self._journal = journal
        self._clock = clock
        self._board = board
        self._refresh = refresh
        self._wanted = wanted
        self._clerk: Clerk | None = None
        self._dropping = Dropping(board, clock)

    def configured(self, config: Config) -> None:
        """Commands are judged by this configuration from now on."""
        self._config, self._clerk = config, None

    async def heard(self, topic: str, payload: bytes) -> None:
        """A message that may be a command. What is wrong with it is told, never raised."""
        id = topics.command_id(self._config.edge.name, topic)
        if id is None:
            log.warning("a message under an unknown topic is dropped topic=%r", topic[:200])
            return
        now, trusted, moment = int(self._clock.wall()), self._clock.trusted(), self._clock.monotonic()
        try:
            await self._do(lambda clerk: clerk.heard(id, payload, now, trusted, moment))
        except Dropped as dropped:
            self._dropping.tell(dropped.alarm)

    async def run(self) -> None:
        """Until cancelled."""
        forget_at = self._clock.monotonic()
        while True:
            self._wanted.answered.clear()
            await self.look()
            if self._clock.trusted() and self._clock.monotonic() >= forget_at:
                await self._do(partial(Clerk.forget, now=int(self._clock.wall())))
                forget_at = self._clock.monotonic() + FORGET
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.answered.wait(), LOOK)

    async def look(self) -> None:
        """What the meters answered is told, what was begun goes on."""
        answers, now, trusted = self._wanted.answers, int(self._clock.wall()), self._clock.trusted()
        await self._do(partial(_tell_and_look, answers=answers, now=now, trusted=trusted), answers)

    async def _do(self, work: Callable[[Clerk], object], told: Mapping[str, Answer] = NOTHING) -> None:
        """In the journal's thread; what the disk refuses is done later: the clerk looks again, central repeats.

        `told` = the answers of meters that this work tells.
        """

        def in_thread(journal: Journal) -> tuple[bool, list[Wish]]:
            self._clerk = self._clerk or Clerk(self._config, journal)
            before = journal.next
            work(self._clerk)
            return journal.next > before, self._clerk.wishes()

        try:
            appended, wishes = await self._journal.do(in_thread)
        except sqlite3.Error as error:
            log.error("the journal refused a command error=%r", str(error))
            self._board.journal_fault = str(error)
            return
        self._wanted.settle(told, wishes)
        if appended:
            self._journal.appended.set()
            await self._refresh()


def _tell_and_look(clerk: Clerk, answers: Mapping[str, Answer], now: int, trusted: bool) -> None:
    for id, answer in answers.items():
        clerk.answered(id, answer, now)
    clerk.look(now, trusted)
