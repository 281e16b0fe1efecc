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
from edge.crew import Crew
from edge.health import Board
from edge.journal.journal import Journal
from edge.journal.thread import JournalThread
from edge.lock import only_one
from edge.notify import notify, watchdog_seconds
from edge.orders.desk import Desk
from edge.orders.wanted import Wanted
from edge.page.server import Page
from edge.remote.arrival import Arrival
from edge.remote.remote import InForce, Remote
from edge.scheduler import VISIT_SECONDS
from edge.uplink.pump import Pump
from protocol.messages import topics

log = logging.getLogger("edge")

MINUTE = 60.0
STUCK = VISIT_SECONDS + 60.0  # a line that has not shown life for so long is hung


class Startup(Exception):
    """The program cannot begin; the message says why and what to do."""


class Daemon:
    def __init__(self, config: Config) -> None:
        """`config` = edge.toml: what central sent since may stand in the place of its lines and meters."""
        self._config = config
        self._journal = JournalThread()
        self._board = Board()

    async def run(self) -> None:
        """Returns after SIGTERM or SIGINT. Raises Startup, FolderTaken."""
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        with only_one(Path(self._config.edge.data), "uchet-edge"):
            clock = await self._open_journal()
            self._gather(clock)
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(self._crew.run(self._config)),
                        group.create_task(self._pump.run()),
                        group.create_task(self._desk.run()),
                        group.create_task(self._page.run()),
                        group.create_task(self._each_minute(clock)),
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

    def _gather(self, clock: Clock) -> None:
        """The rooms. Raises Startup."""
        try:
            self._remote = Remote(self._config)
        except OSError as error:
            raise Startup(f"{self._config.edge.data}: {error.strerror}") from None
        self._config = self._remote.in_force.config
        wanted = Wanted()
        self._desk = Desk(self._config, self._journal, clock, self._board, self._refresh, wanted)
        self._pump = Pump(self._config, self._journal, clock, f"uchet-edge {version('uchet')}", self._heard)
        self._pump.configured(self._remote.in_force)
        self._crew = Crew(self._journal, clock, self._board, self._pump.live, wanted, self._switched)
        self._arrival = Arrival(self._remote, self._board, clock, self._changed)
        self._page = Page(self._config, self._board, self._journal, self._pump, clock)

    async def _heard(self, topic: str, payload: bytes) -> None:
        if topic == topics.config(self._config.edge.name):
            await self._arrival.heard(payload)
        else:
            await self._desk.heard(topic, payload)

    def _changed(self, found: InForce) -> None:
        """Another configuration is in force, or one was refused: central is told when that is so in fact."""
        if found.config is self._config:
            self._pump.configured(found)
        else:
            self._crew.switch(found.config)

    def _switched(self, config: Config) -> None:
        self._config = config
        self._desk.configured(config)
        self._pump.configured(self._remote.in_force)

    async def _refresh(self) -> None:
        """There is more to read than the readers know."""
        for reader in self._crew.readers:
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

    async def _each_minute(self, clock: Clock) -> None:
        """Retention, the figures of the journal, the health message."""
        central = self._config.uplink.central
        while True:
            trusted, now = clock.trusted(), int(clock.wall())
            with suppress(sqlite3.Error):  # a full disk: the scheduler says so, and retention may mend it next time
                trimmed = await self._journal.do(lambda j: j.trim(now if trusted else None, central))  # noqa: B023
                if trimmed.given_up:
                    log.error("no space: rows given up before central had them: %d", trimmed.given_up)
            self._board.waiting = await self._journal.do(partial(Journal.waiting, central=central))
            counted = partial(Journal.counted, central=central, now=now)
            self._board.store, self._board.counted = await self._journal.do(counted)
            self._pump.health(self._board.message(now, trusted, self._config.schedule.depth))
            await asyncio.sleep(MINUTE)

    async def _watchdog(self, clock: Clock) -> None:
        """systemd hears from us while the loop turns and no line is hung."""
        every = watchdog_seconds()
        while every is not None:
            stuck = [reader.state.name for reader in self._crew.readers if clock.monotonic() - reader.beat > STUCK]
            if stuck:
                log.critical("lines hang, the watchdog will restart us: %s", ", ".join(stuck))
                return
            notify("WATCHDOG=1")
            await asyncio.sleep(every)
