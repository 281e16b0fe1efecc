"""Where commands arrive: what is heard is given to the clerk in the journal's thread, and what he did is told to the
readers, the pump, the board and the log.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial

from edge.clock import Clock
from edge.config import Config
from edge.health import Board
from edge.journal.journal import Journal
from edge.journal.thread import JournalThread
from edge.orders.clerk import Clerk
from edge.orders.dropping import Dropping
from edge.orders.verdict import Dropped
from protocol.messages import topics

log = logging.getLogger("edge.orders")

LOOK = 2.0  # seconds
FORGET = 86400.0


class Desk:
    """`refresh` tells the readers that there is more to read."""

    def __init__(
        self,
        config: Config,
        journal: JournalThread,
        clock: Clock,
        board: Board,
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        self._config = config
        self._journal = journal
        self._clock = clock
        self._board = board
        self._refresh = refresh
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
            now, trusted = int(self._clock.wall()), self._clock.trusted()
            await self._do(partial(Clerk.look, now=now, trusted=trusted))
            if trusted and self._clock.monotonic() >= forget_at:
                await self._do(partial(Clerk.forget, now=now))
                forget_at = self._clock.monotonic() + FORGET
            await asyncio.sleep(LOOK)

    async def _do(self, work: Callable[[Clerk], object]) -> None:
        """In the journal's thread; what the disk refuses is done later: the clerk looks again, central repeats."""

        def in_thread(journal: Journal) -> bool:
            self._clerk = self._clerk or Clerk(self._config, journal)
            before = journal.next
            work(self._clerk)
            return journal.next > before

        try:
            appended = await self._journal.do(in_thread)
        except sqlite3.Error as error:
            log.error("the journal refused a command error=%r", str(error))
            self._board.journal_fault = str(error)
            return
        if appended:
            self._journal.appended.set()
            await self._refresh()
