"""A line over any asyncio transport: granted in order of asking, opened when needed, quiet before the next one speaks.

The port stays open between grants. It is closed, and opened anew at the next grant, when it broke. After a grant in
which somebody waited in vain or failed, the next one begins with the quiet time, so that an answer which comes late is
dropped and not taken for the answer to the next question.
"""

import asyncio
import os
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from edge.lines.base import Channel, LineDown, title
from edge.lines.trace import Trace

LIMIT = 1 << 16  # bytes that may wait unread; the sender is held back then
OPEN_SECONDS = 5.0  # to open a line
SETTLE_SECONDS = 3.0  # the longest that the quiet time is waited for, on a line that is never quiet


class Stream(asyncio.Protocol):
    """The bytes of one open port. `gone` = why it is of no use any more, or None."""

    def __init__(self) -> None:
        self.gone: str | None = None
        self.transport: asyncio.Transport | None = None
        self._held = bytearray()
        self._news = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        self._news.set()
        if len(self._held) > LIMIT and self.transport is not None:
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = str(exc) if exc else "closed by the other side"
        self._news.set()
        self._drained.set()

    def send(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    async def sent(self) -> None:
        """Until the transport has taken what was sent."""
        await self._drained.wait()

    def take(self) -> bytes:
        """All that came and was not taken yet; maybe nothing."""
        held = bytes(self._held)
        self._held.clear()
        self._news.clear()
        if len(held) > LIMIT and self.transport is not None and self.gone is None:
            self.transport.resume_reading()
        return held

    async def wait(self, timeout: float) -> bytes:
        """At least one byte. Raises TimeoutError; an empty answer means that the port is gone."""
        if not self._held and self.gone is None:
            self._news.clear()
            async with asyncio.timeout(timeout):
                await self._news.wait()
        return self.take()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()
        self.gone = self.gone or "closed by us"


class StreamLine(ABC):
    """`quiet`: seconds without a byte after which nothing of the past is expected to come any more."""

    quiet: float
    patient = True  # the port stays open after a grant that went wrong

    def __init__(self, name: str, url: str, trace: Trace) -> None:
        self.name = name
        self.url = url
        self.trace = trace
        self._turn = asyncio.Lock()  # first come, first served
        self._stream: Stream | None = None
        self._restless = False

    @abstractmethod
    async def _connect(self) -> Stream:
        """Raises OSError with the reason."""

    @asynccontextmanager
    async def granted(self, who: str) -> AsyncIterator[Channel]:
        """The line for one conversation of `who`. Raises LineDown when it cannot be opened."""
        async with self._turn:
            self.trace.word(f"granted to {who}")
            channel = await self._open()
            if self._restless:
                await channel.settle()
            self._restless = True
            try:
                yield channel
                self._restless = channel.waited_in_vain
            finally:
                if self._restless and not self.patient:
                    self.close()

    @asynccontextmanager
    async def lent(self, who: str) -> AsyncIterator[str]:
        """The line for a stack with a transport of its own; ours is closed meanwhile."""
        async with self._turn:
            self.trace.word(f"lent to {who}")
            self.close()
            if self._restless:
                await asyncio.sleep(self.quiet)
            self._restless = True
            yield self.url
            self._restless = False

    def close(self) -> None:
        """The port only; the next grant opens it again."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def _open(self) -> "StreamChannel":
        if self._stream is None or self._stream.gone is not None:
            self.close()
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    self._stream = await self._connect()
            except TimeoutError:
                raise self.down(f"no connection within {OPEN_SECONDS:g} s") from None
            except OSError as error:
                refused = isinstance(error, ConnectionError) and error.errno
                raise self.down(os.strerror(error.errno or 0) if refused else error.strerror or str(error)) from None
        channel = StreamChannel(self, self._stream)
        channel.drop()
        return channel

    def down(self, reason: str) -> LineDown:
        self.trace.word(f"down: {reason}")
        return LineDown(f"{title(self)}: {reason}")


class StreamChannel:
    """An open line while it is granted."""

    def __init__(self, line: StreamLine, stream: Stream, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._stream = stream
        self._monotonic = monotonic
        self.waited_in_vain = False

    async def write(self, data: bytes) -> None:
        """Raises LineDown."""
        self._check()
        self._line.trace.sent(data)
        self._stream.send(data)
        await self._stream.sent()
        self._check()

    async def read(self, timeout: float) -> bytes:
        """At least one byte. Raises TimeoutError, LineDown."""
        try:
            data = await self._stream.wait(timeout)
        except TimeoutError:
            self.waited_in_vain = True
            raise
        if not data:
            self._check()
        self._line.trace.came(data)
        return data

    async def settle(self) -> None:
        """Wait until nothing came for the quiet time, and drop what did. Raises LineDown."""
        end = self._monotonic() + SETTLE_SECONDS
        self.drop()
        while self._monotonic() < end:
            try:
                if not await self._stream.wait(self._line.quiet):
                    self._check()
            except TimeoutError:
                self.waited_in_vain = False
                return

    def drop(self) -> None:
        """Forget what came and was not read."""
        data = self._stream.take()
        if data:
            self._line.trace.came(data)
            self._line.trace.word(f"dropped {len(data)} bytes")

    def _check(self) -> None:
        if self._stream.gone is not None:
            raise self._line.down(self._stream.gone)
