"""Where configurations arrive: what comes is judged and kept beside the loop, and what became of it is told."""

import asyncio
import logging
from collections.abc import Callable

from edge.clock import Clock
from edge.health import Board
from edge.orders.dropping import Dropping
from edge.orders.verdict import Dropped
from edge.remote.remote import InForce, Remote

log = logging.getLogger("edge.remote")


class Arrival:
    """`changed` hears what is in force, when that is another configuration, or another one was refused."""

    def __init__(self, remote: Remote, board: Board, clock: Clock, changed: Callable[[InForce], None]) -> None:
        self._remote = remote
        self._board = board
        self._dropping = Dropping(board, clock)
        self._changed = changed
        self._show()

    async def heard(self, payload: bytes) -> None:
        """What is wrong with it is told, never raised. What the disk refuses comes again: central repeats."""
        try:
            news = await asyncio.to_thread(self._remote.heard, payload)
        except Dropped as dropped:
            self._dropping.tell(dropped.alarm)
            return
        except OSError as error:
            self._dropping.tell(f"a configuration that the disk did not take: {error.strerror}")
            return
        if news:
            self._show()
            self._changed(self._remote.in_force)

    def _show(self) -> None:
        running = self._board.configuration = self._remote.in_force.running
        if running.refused is not None:
            log.error("configuration refused version=%d why=%r", running.refused.version, running.refused.why)
        elif running.version:
            log.info("configuration version=%d sha256=%s", running.version, running.sha256)
