"""The SDM630 over real TCP, asked by pymodbus' own client."""

import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from demo.meters.host import Link, serve
from demo.meters.model import Sdm630

START = 1_795_500_000.0  # 24 November 2026


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    client: AsyncModbusTcpClient
    meter: Sdm630
    clock: Clock = field(default_factory=Clock)

    async def read(self, address: int) -> float:
        answer = await self.client.read_input_registers(address, count=2, device_id=1)
        assert not answer.isError()
        return float(struct.unpack(">f", struct.pack(">HH", *answer.registers))[0])


@pytest.fixture(params=["tcp", "rtu"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    link: Link = request.param
    clock = Clock()
    meter = Sdm630(serial="230118456", clock=clock)
    framer = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU}[link]
    async with await serve(meter, link=link) as running:
        client = AsyncModbusTcpClient(
            "127.0.0.1", port=running.port, framer=framer, timeout=1, retries=0, reconnect_delay=0
        )
        assert await client.connect()
        yield Bench(client, meter, clock)
        client.close()


async def test_the_energy_is_what_the_place_used_up_to_this_moment(bench: Bench) -> None:
    kwh = bench.meter.energy.totals(bench.meter.now())[0] / 1e6
    assert await bench.read(0x48) == pytest.approx(kwh, rel=1e-7)


async def test_a_minute_shows(bench: Bench) -> None:
    before = await bench.read(0x48)
    bench.clock.now += 60
    used = (await bench.read(0x48) - before) * 1000
    power = await bench.read(0x34)
    assert power >= 300
    assert used == pytest.approx(power / 60, abs=2.0)


async def test_the_moment_agrees_with_itself(bench: Bench) -> None:
    volts, amps, watts = [[await bench.read(start + 2 * phase) for phase in range(3)] for start in (0, 6, 12)]
    assert all(218 < voltage < 242 for voltage in volts)
    assert sum(watts) == pytest.approx(await bench.read(0x34), rel=1e-5)
    factor = await bench.read(0x3E)
    assert sum(u * i for u, i in zip(volts, amps, strict=True)) * factor == pytest.approx(sum(watts), rel=1e-4)
    assert 49.9 < await bench.read(0x46) < 50.1


async def test_the_serial_number_and_its_fault(bench: Bench) -> None:
    async def serial() -> int:
        answer = await bench.client.read_holding_registers(0xFC00, count=2, device_id=1)
        return int(answer.registers[0] << 16 | answer.registers[1])

    assert await serial() == 230118456
    bench.meter.faults.serial = "7"
    assert await serial() == 7


async def test_it_refuses_what_the_real_one_refuses(bench: Bench) -> None:
    assert (await bench.client.read_input_registers(0, count=82, device_id=1)).isError()
    assert (await bench.client.read_input_registers(0x0180, count=2, device_id=1)).isError()
    assert (await bench.client.write_registers(0x0014, [0, 0], device_id=1)).isError()
    assert (await bench.client.read_input_registers(0, count=80, device_id=1)).registers


async def test_an_absent_neighbour_and_a_silent_meter_say_nothing(bench: Bench) -> None:
    with pytest.raises(ModbusIOException):
        await bench.client.read_input_registers(0, count=2, device_id=9)
    bench.meter.faults.silent = True
    with pytest.raises(ModbusIOException):
        await bench.client.read_input_registers(0, count=2, device_id=1)


async def test_it_stands_on_a_serial_line_too() -> None:
    async with await serve(Sdm630(serial="230118456", device=5), "pty", "rtu") as running:
        client = AsyncModbusSerialClient(
            running.url.removeprefix("serial:"), baudrate=9600, timeout=10, retries=0, reconnect_delay=0
        )
        assert await client.connect()
        answer = await client.read_holding_registers(0xFC00, count=2, device_id=5)
        client.close()
        assert answer.registers == list(divmod(230118456, 1 << 16))
