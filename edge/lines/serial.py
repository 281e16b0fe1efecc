"""A serial line (RS-485). The only module that knows pyserial and pyserial-asyncio, so they can be exchanged here.

A port that vanished (SerialException on reading) is LineDown, and the next grant opens it again: a converter that is
plugged in anew goes on without a restart.
"""

import asyncio

from serial import SerialException
from serial_asyncio import create_serial_connection

from edge.lines.stream import Stream, StreamLine
from edge.lines.trace import Trace
from edge.lines.url import SerialUrl


class SerialLine(StreamLine):
    def __init__(self, name: str, url: str, where: SerialUrl, trace: Trace) -> None:
        super().__init__(name, url, trace)
        self._where = where
        self.quiet = max(0.1, 16 * where.byte_time)

    async def _connect(self) -> Stream:
        where = self._where
        try:
            transport, stream = await create_serial_connection(
                asyncio.get_running_loop(),
                Stream,
                where.device,
                baudrate=where.baud,
                bytesize=where.bits,
                parity=where.parity,
                stopbits=where.stop,
                exclusive=True,  # two programs on one bus would answer for each other
            )
        except SerialException as error:
            raise OSError(str(error)) from None
        except ValueError as error:  # a setting that this device does not take
            raise OSError(str(error)) from None
        assert isinstance(stream, Stream)
        stream.connection_made(transport)  # the library tells only in the next turn of the loop
        return stream
