"""Driver of Modbus meters: pymodbus asks, our template says what the registers mean.

A meter of this kind remembers nothing and has no clock: `archive` and `events` are empty, and the edge makes rows from
samples (`boundary`). After a question that nobody answered the connection is closed and the line left alone for the
time of one more answer, so that a late one is not taken for the next: RTU frames carry no number of the question.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.pdu import ModbusPDU

from edge.lines.base import Line, LineDown, title
from edge.lines.url import SerialUrl, parse
from edge.meters import templates
from edge.meters.base import ClockReading, Driver, ModbusMeter
from edge.meters.faults import Faults
from protocol.errors import Garbled
from protocol.modbus.requests import Block, blocks, values, word
from protocol.modbus.rtu import EXCEPTIONS
from protocol.modbus.template import Place, Template
from protocol.quantities import BY_NAME, Nature
from protocol.reading import Event, Kind, Readings, Row

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # each fault is told once, by us

T = TypeVar("T")
Client = AsyncModbusTcpClient | AsyncModbusSerialClient
_BUSY = frozenset({5, 6})  # «acknowledge», «device busy»: ask again
_SILENT = frozenset({10, 11})  # a gateway speaks for a meter that does not
_NO_SUCH_ADDRESS = 2
_MEGA = "1"


@asynccontextmanager
async def open_modbus(meter: ModbusMeter, line: Line, wall: Callable[[], float] = time.time) -> AsyncIterator[Driver]:
    """Connect and, where the template names the register, verify the serial number.

    Raises MeterFault, LineDown, and LocalError for a template that cannot be used.
    """
    template = templates.load(meter.template)
    async with line.lent(meter.id) as url:
        driver = _ModbusDriver(meter, template, line, url, wall)
        try:
            await driver.connect()
            await driver.verify()
            yield driver
        finally:
            driver.close()


class _ExceptionAnswer(Exception):
    """The meter's «no» and its number."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}, {EXCEPTIONS.get(code, 'of the maker')}")
        self.code = code


class _ModbusDriver:
    def __init__(self, meter: ModbusMeter, template: Template, line: Line, url: str, wall: Callable[[], float]) -> None:
        self._meter = meter
        self._template = template
        self._line = line
        self._url = url
        self._wall = wall
        self._faults = Faults(meter.id, line, f"Modbus {meter.framing}, device {meter.device}")
        self._client = self._new_client()
        self._heard = b""  # since the last question
        self._kilo: Decimal | None = None

    # ---- Driver

    async def passport(self) -> dict[str, str]:
        found = {"type": self._template.name}
        serial = await self._serial()
        return found if serial is None else {"serial": serial, **found}

    async def clock(self) -> ClockReading | None:
        return None

    async def archive(self, kind: Kind, since: int, until: int) -> Readings:
        return Readings(kind, (), ())

    async def events(self, journals: Collection[int], since: int, until: int) -> tuple[Event, ...]:
        return ()

    async def now(self) -> Readings:
        if self._kilo is None:
            self._kilo = await self._energy_factor()
        begun = self._wall()
        found = await self._quantities(Nature.REGISTER, self._kilo)
        middle = round((begun + self._wall()) / 2)
        columns = tuple(name for name in BY_NAME if name in found)
        cells = tuple(None if (value := found[name]) is None else int(value) for name in columns)
        return Readings(Kind.NOW, columns, (Row(middle, 0, 0, cells),))

    async def live(self) -> dict[str, float]:
        found = await self._quantities(Nature.INSTANT, Decimal(1))
        return {name: float(value) for name, value in found.items() if value is not None}

    async def relay(self) -> bool | None:
        return None

    # ---- the conversation

    async def connect(self) -> None:
        if not await self._client.connect():
            raise LineDown(f"{title(self._line)}: cannot be opened; check its power, address and port")

    def close(self) -> None:
        self._client.close()

    async def verify(self) -> None:
        expected = self._meter.serial
        if expected is None or self._template.serial is None:
            return
        found = await self._serial()
        if found is None or found.lstrip("0") != expected.lstrip("0"):
            raise self._faults.other_meter(expected, found or "without a number")

    async def _serial(self) -> str | None:
        return None if self._template.serial is None else await self._place(self._template.serial)

    async def _energy_factor(self) -> Decimal:
        """1000 for a meter that is set to megawatt hours; one that has no such setting counts in kilo."""
        if self._template.prefix is None:
            return Decimal(1)
        return Decimal(1000) if await self._place(self._template.prefix) == _MEGA else Decimal(1)

    async def _place(self, place: Place) -> str | None:
        """None also for a meter that does not have this register."""
        try:
            words = await self._asked(place.function, place.address, place.size)
        except _ExceptionAnswer as error:
            if error.code == _NO_SUCH_ADDRESS:
                return None
            raise self._faults.refused(str(error)) from None
        return self._understood(lambda: word(place, words, self._template))

    async def _quantities(self, nature: Nature, kilo: Decimal) -> dict[str, int | float | None]:
        found: dict[str, int | float | None] = {}
        for block in blocks(self._template, [nature]):
            found |= await self._block(block, kilo)
        return found

    async def _block(self, block: Block, kilo: Decimal) -> dict[str, int | float | None]:
        try:
            words = await self._asked(block.function, block.address, block.count)
        except _ExceptionAnswer as error:
            raise self._faults.refused(f"registers from {block.address}: {error}") from None
        return self._understood(lambda: values(block, words, self._template, kilo))

    def _understood(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except Garbled as error:
            raise self._faults.garbled(str(error)) from None

    async def _asked(self, function: int, address: int, count: int) -> list[int]:
        """The words of `count` registers. Raises MeterFault, LineDown, _ExceptionAnswer."""
        noise = b""
        for attempt in range(self._meter.retries + 1):
            if attempt:
                await self._begin_again()
            try:
                return await self._ask(function, address, count)
            except ModbusIOException:
                noise = self._heard or noise
            except _ExceptionAnswer as error:
                if error.code in _SILENT:
                    continue
                if error.code not in _BUSY or attempt == self._meter.retries:
                    raise
            except ConnectionException as error:
                raise LineDown(f"{title(self._line)}: {error}") from None
        if noise:
            raise self._faults.garbled(f"{len(noise)} bytes that are no answer: {noise[:16].hex(' ')}")
        raise self._faults.no_answer(self._meter.timeout, self._meter.retries + 1)

    async def _ask(self, function: int, address: int, count: int) -> list[int]:
        self._heard = b""
        read = self._client.read_input_registers if function == 4 else self._client.read_holding_registers
        try:
            answer: ModbusPDU = await read(address, count=count, device_id=self._meter.device)
        except (ModbusIOException, ConnectionException):
            raise
        except ModbusException as error:
            raise self._faults.garbled(str(error)) from None
        if answer.isError():
            raise _ExceptionAnswer(answer.exception_code)
        if answer.function_code != function or len(answer.registers) != count:
            raise ModbusIOException("another answer")
        return list(answer.registers)

    async def _begin_again(self) -> None:
        self._client.close()
        await asyncio.sleep(min(self._meter.timeout, 1.0))
        self._client = self._new_client()
        await self.connect()

    def _new_client(self) -> Client:
        where = parse(self._url)
        common: dict[str, Any] = {
            "timeout": self._meter.timeout,
            "retries": 0,
            "reconnect_delay": 0,
            "trace_packet": self._trace,
        }
        if isinstance(where, SerialUrl):
            return AsyncModbusSerialClient(
                where.device,
                framer=FramerType.RTU,
                baudrate=where.baud,
                bytesize=where.bits,
                parity=where.parity,
                stopbits=where.stop,
                **common,
            )
        framer = FramerType.RTU if self._meter.framing == "rtu" else FramerType.SOCKET
        return AsyncModbusTcpClient(where.host, port=where.port, framer=framer, **common)

    def _trace(self, sending: bool, data: bytes) -> bytes:
        """pymodbus shows what came so far, each time the whole of it."""
        if sending:
            self._line.trace.sent(data)
        else:
            self._line.trace.came(data[len(self._heard) :] if data.startswith(self._heard) else data)
            self._heard = data
        return data
