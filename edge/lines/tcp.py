"""A line over TCP: a meter with Ethernet, or a converter with a bus behind it."""

import asyncio
import socket

from edge.lines.stream import Stream, StreamLine
from edge.lines.trace import Trace
from edge.lines.url import TcpUrl

_KEEPALIVE = {socket.TCP_KEEPIDLE: 30, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}


class TcpLine(StreamLine):
    """Connections die unseen (a router forgets them): after a failure the next grant begins with a new one."""

    quiet = 0.3  # seconds: a network and a bus behind it
    patient = False

    def __init__(self, name: str, url: str, where: TcpUrl, trace: Trace) -> None:
        super().__init__(name, url, trace)
        self._where = where

    async def _connect(self) -> Stream:
        loop = asyncio.get_running_loop()
        transport, stream = await loop.create_connection(Stream, self._where.host, self._where.port)
        opened: socket.socket = transport.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE.items():
            opened.setsockopt(socket.IPPROTO_TCP, option, value)
        return stream
