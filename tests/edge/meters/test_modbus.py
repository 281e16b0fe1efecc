"""The driver of Modbus meters against the simulated SDM630 and against hand-made peers that misbehave."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from demo.meters.host import serve
from demo.meters.model import Sdm630
from edge.lines import make_line
from edge.lines.base import LineDown
from edge.meters import open_meter
from edge.meters.base import Driver, Garbled, MeterFault, ModbusMeter, NoAnswer, OtherMeter, Refused
from protocol.modbus import rtu
from protocol.reading import Kind
from tests.edge.lines.peer import tcp_peer
from tests.parts import free_port

pytestmark = pytest.mark.quick
NOON = 1_795_521_600.0
Answer = Callable[[rtu.Request], bytes]


def meter(framing: str = "rtu", **settings: Any) -> ModbusMeter:
    given: dict[str, Any] = {"framing": framing, "timeout": 0.1, "retries": 1} | settings
    return ModbusMeter("X-1", "bus", "eastron-sdm630", **given)


def registers(request: rtu.Request, values: dict[int, float]) -> bytes:
    """The answer of a meter that has these floats, and 0 elsewhere."""
    words = b"".join(
        struct.pack(">f", values.get(address, 0.0))
        for address in range(request.start, request.start + request.count, 2)
    )
    return rtu.frame(bytes([request.unit, request.function, len(words)]) + words)


@asynccontextmanager
async def driver_of(answer: Answer, **settings: Any) -> AsyncIterator[Driver]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while raw := await reader.read(256):
            writer.write(answer(rtu.decode_request(raw)))

    async with tcp_peer(talk) as url, open_meter(meter(**settings), make_line("bus", url)) as driver:
        yield driver


async def fault(answer: Answer, **settings: Any) -> MeterFault:
    with pytest.raises(MeterFault) as found:
        async with driver_of(answer, **settings) as driver:
            await driver.now()
    return found.value


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
async def test_the_simulated_meter_is_read(framing: str) -> None:
    site = Sdm630(serial="7001234", clock=lambda: NOON)
    async with await serve(site, "tcp://127.0.0.1:0", framing) as running:  # type: ignore[arg-type]
        line = make_line("bus", running.url)
        async with open_meter(meter(framing, serial="07001234"), line, lambda: NOON) as driver:
            assert await driver.passport() == {"serial": "7001234", "type": "Eastron SDM630"}
            now = await driver.now()
            live = await driver.live()
            assert await driver.clock() is None
            assert (await driver.archive(Kind.LOAD, 0, 1)).rows == ()
    (row,) = now.rows
    assert (now.kind, row.end, row.span, row.quality) == (Kind.NOW, NOON, 0, 0)
    shown = dict(zip(now.columns, row.values, strict=True))
    for name, total in zip(
        ("active_import", "active_export", "reactive_import", "reactive_export"),
        site.energy.totals(site.now()),
        strict=True,
    ):
        assert shown[f"{name}_total"] == pytest.approx(total, rel=1e-6)
    assert 200 < live["voltage_b"] < 260
    assert live["frequency"] == pytest.approx(50, abs=0.5)


async def test_another_meter_is_not_read() -> None:
    async with await serve(Sdm630(serial="7001234"), "tcp://127.0.0.1:0", "rtu") as running:
        with pytest.raises(OtherMeter, match="7001234 answers, 99 is expected; check which meter"):
            async with open_meter(meter(serial="99"), make_line("bus", running.url)):
                pass


async def test_megawatt_hours_are_asked_about() -> None:
    prefix, energy = 0x1E, 0x48
    async with driver_of(lambda request: registers(request, {energy: 1.5, prefix: 1.0})) as driver:
        assert (await driver.now()).rows[0].values[0] == 1_500_000_000


async def test_a_meter_without_that_setting_counts_kilowatt_hours() -> None:
    def answer(request: rtu.Request) -> bytes:
        return registers(request, {0x48: 1.5}) if request.function == 4 else rtu.frame(bytes([1, 0x83, 2]))

    async with driver_of(answer) as driver:
        assert (await driver.now()).rows[0].values[0] == 1_500_000
        assert await driver.passport() == {"type": "Eastron SDM630"}


async def test_silence_is_no_answer() -> None:
    found = await fault(lambda request: b"")
    assert isinstance(found, NoAnswer)
    assert "X-1 on line bus (tcp://" in str(found)
    assert "no answer, asked 2 times, 0.1 s each; check power, wiring" in str(found)


async def test_an_exception_is_a_refusal_with_its_name() -> None:
    found = await fault(lambda request: rtu.frame(bytes([1, request.function | 0x80, 1])))
    assert isinstance(found, Refused)
    assert "exception 1, illegal function" in str(found)


async def test_a_gateway_that_hears_nothing_is_no_answer() -> None:
    assert isinstance(await fault(lambda request: rtu.frame(bytes([1, request.function | 0x80, 11]))), NoAnswer)


async def test_a_busy_meter_is_asked_again() -> None:
    asked: list[rtu.Request] = []

    def answer(request: rtu.Request) -> bytes:
        asked.append(request)
        return rtu.frame(bytes([1, request.function | 0x80, 6])) if len(asked) == 1 else registers(request, {})

    async with driver_of(answer) as driver:
        await driver.now()
    assert asked[0] == asked[1]


async def test_damaged_answers_are_garbled() -> None:
    found = await fault(lambda request: registers(request, {0x48: 3.0})[:-1] + b"\xff")
    assert isinstance(found, Garbled)
    assert "bytes that are no answer: 01 0" in str(found)


async def test_an_infinite_register_is_garbled() -> None:
    assert isinstance(await fault(lambda request: registers(request, {0x48: float("inf")})), Garbled)


async def test_one_damaged_answer_is_asked_for_again() -> None:
    answers = iter([b"\x01\x03\x04garbage!", *[None] * 9])

    def answer(request: rtu.Request) -> bytes:
        return next(answers) or registers(request, {0x48: 2.0})

    async with driver_of(answer) as driver:
        assert (await driver.now()).rows[0].values[0] == 2_000_000


async def test_the_answer_of_another_device_is_not_taken() -> None:
    def answer(request: rtu.Request) -> bytes:
        foreign = rtu.Request(9, request.function, request.start, request.count)
        return registers(foreign, {0x48: 666.0})

    assert isinstance(await fault(answer), MeterFault)


async def test_a_late_answer_is_not_the_next_ones() -> None:
    """The first answer comes when the driver has given up and asks for other registers, as many of them."""
    asked: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while raw := await reader.read(256):
            request = rtu.decode_request(raw)
            asked.append(request.start)
            if len(asked) == 1:
                asyncio.get_running_loop().call_later(0.15, writer.write, registers(request, {0x48: 777.0}))
            else:
                writer.write(registers(request, {0x48: 1.0}))

    async with tcp_peer(talk) as url, open_meter(meter(retries=3), make_line("bus", url)) as driver:
        assert (await driver.now()).rows[0].values[0] == 1_000_000
        assert (await driver.now()).rows[0].values[0] == 1_000_000
    assert asked[0] == asked[1] == 0x1E


async def test_a_line_that_is_down_is_not_the_meters_fault() -> None:
    with pytest.raises(LineDown, match="line bus"):
        async with open_meter(meter(), make_line("bus", f"tcp://127.0.0.1:{free_port()}")):
            pass
