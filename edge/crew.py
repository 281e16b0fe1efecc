"""The readers of the lines that are configured now, one task each; another configuration replaces them on the way.

A line whose settings, meters and schedule stay goes on undisturbed. The others end the conversation they are in, what
it brought is in the journal, and only when all of them have let their ports go do the new ones begin.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from edge.clock import Clock
from edge.config import Config, Line, Modbus, Schedule, Spodes
from edge.health import Board
from edge.journal.thread import JournalThread
from edge.lines import make_line
from edge.meters import boundary, open_meter
from edge.orders.wanted import Wanted
from edge.scheduler import LineReader
from protocol.messages.control import Live

log = logging.getLogger("edge")


class _Work(NamedTuple):
    """All that a reader was made of: the same work needs no other reader."""

    line: Line
    meters: tuple[Spodes | Modbus, ...]
    schedule: Schedule


class _Busy(NamedTuple):
    work: _Work
    reader: LineReader
    task: asyncio.Task[None]


class Crew:
    """`switched` hears of a configuration once its readers run."""

    def __init__(
        self,
        journal: JournalThread,
        clock: Clock,
        board: Board,
        live: Callable[[str, Live], None],
        wanted: Wanted,
        switched: Callable[[Config], None],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._board = board
        self._live = live
        self._asked = wanted
        self._switched = switched
        self._wanted: asyncio.Queue[Config] = asyncio.Queue()
        self._busy: dict[str, _Busy] = {}

    def switch(self, config: Config) -> None:
        """From now on this one; returns at once."""
        self._wanted.put_nowait(config)

    @property
    def readers(self) -> list[LineReader]:
        return [busy.reader for busy in self._busy.values()]

    async def run(self, config: Config) -> None:
        """Until cancelled; what ends a reader by itself is raised."""
        async with asyncio.TaskGroup() as group:
            self._begin(group, config)
            while True:
                await self._change(group, await self._wanted.get())

    async def _change(self, group: asyncio.TaskGroup, config: Config) -> None:
        wanted = _works(config)
        leaving = [busy for name, busy in self._busy.items() if wanted.get(name) != busy.work]
        for busy in leaving:
            busy.reader.leave()
        await asyncio.gather(*(busy.task for busy in leaving))
        for busy in leaving:
            del self._busy[busy.work.line.name]
            self._board.forget(busy.work.line.name)
        self._begin(group, config)
        log.info("lines replaced=%d lines=%d meters=%d", len(leaving), len(config.line), len(config.meter))
        self._switched(config)

    def _begin(self, group: asyncio.TaskGroup, config: Config) -> None:
        """Readers for the lines that have none yet."""
        for name, work in _works(config).items():
            if name not in self._busy:
                reader = self._reader(config, work.line)
                self._busy[name] = _Busy(work, reader, group.create_task(reader.run()))
        self._board.arrange([line.name for line in config.line], [meter.id for meter in config.meter])

    def _reader(self, config: Config, line: Line) -> LineReader:
        return LineReader(
            make_line(line.name, line.url),
            [meter for meter in config.meters if meter.line == line.name],
            config,
            self._journal,
            self._clock,
            self._board,
            partial(open_meter, wall=self._clock.wall),
            boundary.rows,
            self._live,
            self._asked,
        )


def _works(config: Config) -> dict[str, _Work]:
    return {
        line.name: _Work(line, tuple(meter for meter in config.meter if meter.line == line.name), config.schedule)
        for line in config.line
    }
