"""The other end of a line, played by a test: a TCP server or the far end of a pty."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def tcp_peer(talk: Talk) -> AsyncIterator[str]:
    """URL of a server on a free port that talks so on each connection."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await talk(reader, writer)
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.close()


class Pty:
    """A serial device that can be unplugged; `device` is a stable name of it."""

    def __init__(self, folder: Path) -> None:
        self.device = folder / "ttyTEST"
        self.master = -1
        self.plug()

    def plug(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.device.unlink(missing_ok=True)
        self.device.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        self.device.unlink()
        os.close(self.master)

    async def read(self, size: int = 4096) -> bytes:
        """What the program wrote, once it did."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self.master, ready.set)
        try:
            async with asyncio.timeout(5):
                await ready.wait()
        finally:
            loop.remove_reader(self.master)
        return os.read(self.master, size)

    def write(self, data: bytes) -> None:
        os.write(self.master, data)
