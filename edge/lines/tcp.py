"""A line over TCP: a meter with Ethernet, or a converter with a bus behind it."""

import asyncio

from edge.lines.stream import Stream, StreamLine
from edge.lines.trace import Trace
from edge.lines.url import TcpUrl


class TcpLine(StreamLine):
    quiet = 0.3  # a network and a bus behind it

    def __init__(self, name: str, url: str, where: TcpUrl, trace: Trace) -> None:
        super().__init__(name, url, trace)
        self._where = where

    async def _connect(self) -> Stream:
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(Stream, self._where.host, self._where.port)
        return stream
