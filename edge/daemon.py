"""`uchet-edge run`: one process, one loop, until SIGTERM or SIGINT. Puts the rooms together and owns nothing else.

Whatever ends one of its tasks ends the program, and systemd starts it again: no half-alive concentrator.
"""

import asyncio
import logging
import signal
import sqlite3
import time
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path

from edge.clock import Clock, SystemClock
from edge.config import Config
from edge.health import Board
from edge.journal.journal import Journal
from edge.journal.thread import JournalThread
from edge.lines import make_line
from edge.lock import only_one
from edge.meters import boundary, open_meter
from edge.notify import notify, watchdog_seconds
from edge.orders.desk import Desk
from edge.page.server import Page
from edge.scheduler import VISIT_SECONDS, LineReader
from edge.uplink.pump import Pump

log = logging.getLogger("edge")

MINUTE = 60.0
STUCK = VISIT_SECONDS + 60.0  # a line that has not shown life for so long is hung


class Startup(Exception):
    """The program cannot begin; the message says why and what to do."""


class Daemon:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._journal = JournalThread()
        self._board = Board()
        self._readers: list[LineReader] = []

    async def run(self) -> None:
        """Returns after SIGTERM or SIGINT. Raises Startup, FolderTaken."""
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        with only_one(Path(self._config.edge.data), "uchet-edge"):
            clock = await self._open_journal()
            desk = Desk(self._config, self._journal, clock, self._board, self._refresh)
            pump = Pump(self._config, self._journal, clock, f"uchet-edge {version('uchet')}", desk.heard)
            self._readers = self._make_readers(clock, pump)
            page = Page(self._config, self._board, self._journal, pump, clock)
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(reader.run()) for reader in self._readers]
                    tasks += [
                        group.create_task(pump.run()),
                        group.create_task(desk.run()),
                        group.create_task(page.run()),
                        group.create_task(self._each_minute(pump, clock)),
                        group.create_task(self._watchdog(clock)),
                    ]
                    notify("READY=1")
                    log.info("running edge=%s meters=%d", self._config.edge.name, len(self._config.meter))
                    await stop.wait()
                    notify("STOPPING=1")
                    log.info("stopping")
                    for task in tasks:
                        task.cancel()
            finally:
                await self._journal.close()

    async def _refresh(self) -> None:
        """There is more to read than the readers know."""
        for reader in self._readers:
            await reader.remember()

    async def _open_journal(self) -> Clock:
        path = self._config.journal
        try:
            salvage = await self._journal.open(path, int(time.time()), self._config.edge.journal_mib * 2**20)
        except (OSError, sqlite3.Error) as error:
            raise Startup(f"{path}: the journal cannot be opened: {error}") from None
        if salvage is not None:
            text = f"journal {salvage.reason}; kept as {salvage.aside}, {salvage.saved} rows saved"
            self._board.notices.append(text)
            log.error("journal replaced reason=%r aside=%s saved=%d", salvage.reason, salvage.aside, salvage.saved)
        voids, last = await self._journal.do(lambda j: (j.voids, j.last_written()))
        if voids:
            log.error("journal has damaged rows, sent as void: %d", voids)
        return SystemClock(last)

    def _make_readers(self, clock: Clock, pump: Pump) -> list[LineReader]:
        meters = self._config.meters
        return [
            LineReader(
                make_line(line.name, line.url),
                [meter for meter in meters if meter.line == line.name],
                self._config,
                self._journal,
                clock,
                self._board,
                partial(open_meter, wall=clock.wall),
                boundary.rows,
                pump.live,
            )
            for line in self._config.line
        ]

    async def _each_minute(self, pump: Pump, clock: Clock) -> None:
        """Retention, the figures of the journal, the health message."""
        central, depth = self._config.uplink.central, self._config.schedule.depth
        while True:
            trusted, now = clock.trusted(), int(clock.wall())
            with suppress(sqlite3.Error):  # a full disk: the scheduler says so, and retention may mend it next time
                trimmed = await self._journal.do(lambda j: j.trim(now if trusted else None, central))  # noqa: B023
                if trimmed.given_up:
                    log.error("no space: rows given up before central had them: %d", trimmed.given_up)
            self._board.waiting = await self._journal.do(partial(Journal.waiting, central=central))
            counted = partial(Journal.counted, central=central, now=now)
            self._board.store, self._board.counted = await self._journal.do(counted)
            pump.health(self._board.message(now, trusted, depth))
            await asyncio.sleep(MINUTE)

    async def _watchdog(self, clock: Clock) -> None:
        """systemd hears from us while the loop turns and no line is hung."""
        every = watchdog_seconds()
        while every is not None:
            stuck = [reader.state.name for reader in self._readers if clock.monotonic() - reader.beat > STUCK]
            if stuck:
                log.critical("lines hang, the watchdog will restart us: %s", ", ".join(stuck))
                return
            notify("WATCHDOG=1")
            await asyncio.sleep(every)
