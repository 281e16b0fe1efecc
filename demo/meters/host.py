"""Simulated meters on a line: one or a bus of them behind a TCP port or a pty.

    async with await serve(Household(serial="10200301"), "tcp://127.0.0.1:0", "wrapper") as running:
        … running.url, running.port …

Each TCP connection has link and association states of its own over the same meters.
"""

import asyncio
import os
import tty
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pymodbus import FramerType

from demo.meters import modbus
from demo.meters.device import SpodesDevice
from demo.meters.faults import LineCut, Mouth
from demo.meters.model import Sdm630, Site, SpodesSite
from protocol.dlms.server import Server
from protocol.errors import Garbled

Link: TypeAlias = Literal["wrapper", "hdlc", "tcp", "rtu"]  # the first two СПОДЭС, the others Modbus
Write: TypeAlias = Callable[[bytes], None]
Talk: TypeAlias = Callable[[asyncio.StreamReader, Write], Coroutine[Any, Any, None]]  # one connection, until its end

_CHUNK = 4096
_FRAMERS = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU}


class Running:
    """Meters that listen. `url`: tcp://host:port, or serial:/dev/pts/N of a pty; `port` is 0 for a pty."""

    def __init__(self, url: str, port: int, stop: Callable[[], Awaitable[None]]) -> None:
        self.url = url
        self.port = port
        self._stop = stop

    async def close(self) -> None:
        """Every connection ends; nothing is left running."""
        await self._stop()

    async def __aenter__(self) -> "Running":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def serve(meters: Site | Sequence[Site], listen: str = "tcp://127.0.0.1:0", link: Link = "wrapper") -> Running:
    """`listen`: tcp://host:port (0 = a free one) or pty. Raises ValueError when meters, link or place do not fit."""
    bus = [meters] if isinstance(meters, Site) else meters
    talk, end = await _talk(bus, link)
    for site in bus:
        site.energy.registers(site.now())  # years are added up now, so that the first answer is not late
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, write: Write) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        task.add_done_callback(conversations.discard)
        with suppress(Garbled, LineCut, ConnectionError, asyncio.CancelledError):
            await talk(reader, write)

    url, port, stop_listening = await (_pty(converse) if listen == "pty" else _tcp(listen, converse))

    async def stop() -> None:
        stop_listening()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        await end()

    return Running(url, port, stop)


# --- places to listen -----------------------------------------------------------------------------------------

Place: TypeAlias = tuple[str, int, Callable[[], None]]  # url, port, how to stop


async def _tcp(listen: str, converse: Talk) -> Place:
    where = urlsplit(listen)
    if where.scheme != "tcp" or where.port is None:
        raise ValueError(f"cannot listen on {listen!r}: tcp://host:port or pty")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await converse(reader, writer.write)
        finally:
            writer.close()

    server = await asyncio.start_server(connected, where.hostname, where.port)
    port = server.sockets[0].getsockname()[1]
    return f"tcp://{where.hostname}:{port}", port, server.close


async def _pty(converse: Talk) -> Place:
    """A pty whose other end is opened by whoever reads the meter; it may come and go."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)  # `theirs` stays open here too: otherwise reading fails when the reader goes
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(ours), "rb", 0)
    )
    writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(ours, "wb", 0))
    conversation = asyncio.create_task(converse(reader, writing.write))

    def stop() -> None:
        conversation.cancel()
        reading.close()
        writing.abort()
        os.close(theirs)

    return f"serial:{os.ttyname(theirs)}", 0, stop


# --- what is said ---------------------------------------------------------------------------------------------


async def _talk(bus: Sequence[Site], link: Link) -> tuple[Talk, Callable[[], Awaitable[None]]]:
    """How these meters converse, and how to end what stands behind them."""
    spodes = [site for site in bus if isinstance(site, SpodesSite)]
    sdm630 = [site for site in bus if isinstance(site, Sdm630)]
    if spodes and not sdm630 and (link == "wrapper" or link == "hdlc"):
        return _spodes(spodes, link), _nothing
    if sdm630 and not spodes and link in _FRAMERS:
        return await _modbus(sdm630, _FRAMERS[link])
    raise ValueError(f"meters {[type(site).__name__ for site in bus]} do not speak over {link!r}")


async def _nothing() -> None:
    pass


def _spodes(sites: Sequence[SpodesSite], link: Literal["wrapper", "hdlc"]) -> Talk:
    devices = [SpodesDevice(site) for site in sites]

    async def talk(reader: asyncio.StreamReader, write: Write) -> None:
        ends = [
            (Server(device, link=link, server=site.address), Mouth(site.faults, write, site.silent))
            for device, site in zip(devices, sites, strict=True)
        ]
        while chunk := await reader.read(_CHUNK):
            for server, mouth in ends:
                mouth.say(server.receive(chunk))

    return talk


async def _modbus(sites: Sequence[Sdm630], framer: FramerType) -> tuple[Talk, Callable[[], Awaitable[None]]]:
    """pymodbus answers behind a port of its own; the faults act between it and the line."""
    server, port = await modbus.start(sites, framer)

    async def talk(reader: asyncio.StreamReader, write: Write) -> None:
        mouths = {site.device: Mouth(site.faults, write, site.silent) for site in sites}
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

        async def requests() -> None:
            while chunk := await reader.read(_CHUNK):
                inner_writer.write(chunk)

        async def answers() -> None:
            while frame := await inner_reader.read(_CHUNK):
                mouths[modbus.device_of(frame, framer)].say(frame)

        both = [asyncio.create_task(requests()), asyncio.create_task(answers())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            inner_writer.close()

    return talk, server.shutdown
