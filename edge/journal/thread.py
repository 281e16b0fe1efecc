"""The one thread that owns the journal's file. Whoever awaits a call here has it on the disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from edge.journal.check import Salvage, open_journal
from edge.journal.journal import Journal

_Result = TypeVar("_Result")


class JournalThread:
    """`appended` is set after a commit that brought rows; who waits for news clears it."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._journal: Journal | None = None
        self.appended = asyncio.Event()

    async def open(self, path: Path, now: int, limit: int) -> Salvage | None:
        """Raises OSError or sqlite3.Error when the disk refuses."""
        self._journal, salvage = await self._in_thread(lambda: open_journal(path, now, limit))
        return salvage

    async def do(self, call: Callable[[Journal], _Result]) -> _Result:
        """One piece of work with the journal, in its thread; what it raises is raised here."""
        journal = self._journal
        assert journal is not None, "open() comes first"
        return await self._in_thread(lambda: call(journal))

    async def close(self) -> None:
        if self._journal is not None:
            await self.do(Journal.close)
        self._executor.shutdown()

    async def _in_thread(self, call: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)
