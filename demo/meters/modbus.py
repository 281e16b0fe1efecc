"""An Eastron SDM630 (protocol 2.0) on pymodbus' own server: float32, high word first, values of the moment.

Input registers 0x0000…0x017F (function 4, at most 80 at once, as the real one), holding registers with the settings
and the serial number at 0xFC00 (function 3). Everything is computed anew for each request. Nothing can be written.
Energies are kWh and kvarh and grow with the model; an address that is not there stays silent, as on a bus.
"""

import asyncio
import math
import struct
from collections.abc import Sequence
from typing import Any, cast

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from demo.meters.model import Sdm630

INPUTS = 0x0180
SERIAL = 0xFC00
_MOST = 80  # registers of one request
_READ_HOLDING, _READ_INPUT = 3, 4
_MWH = 1e6  # in a kWh
_WHERE_IN_FRAME = {FramerType.RTU: 0, FramerType.SOCKET: 6}  # device address

# three-phase four-wire, address, 9600 baud, kWh, the usual order of words
_SETTINGS = {0x0000: 0.0, 0x0002: 60.0, 0x000A: 3.0, 0x001C: 2.0, 0x001E: 0.0, 0x0028: 2141.0}
_ADDRESS_SETTING = 0x0014


def words(value: float) -> list[int]:
    """A float32 as two registers, high word first."""
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def device_of(frame: bytes, framer: FramerType) -> int:
    """The address of the meter that sent this frame."""
    return frame[_WHERE_IN_FRAME[framer]]


def input_values(site: Sdm630, m: float) -> dict[int, float]:
    """What stands at the input addresses at the moment (SDM630 Modbus protocol 2.0, input registers)."""
    phases = site.mains.phases(m)
    active, reactive, apparent, current = (
        sum(getattr(phase, name) for phase in phases) for name in ("active", "reactive", "apparent", "current")
    )
    factor = active / apparent if apparent else 1.0
    volts = [phase.voltage for phase in phases]
    energy = [total / _MWH for total in site.energy.totals(m)]
    found: dict[int, float] = {
        0x2A: sum(volts) / 3,
        0x2E: current / 3,
        0x30: current,
        0x34: active,
        0x38: apparent,
        0x3C: reactive,
        0x3E: factor,
        0x42: math.degrees(math.acos(factor)),
        0x46: site.mains.frequency(m),
        0xCE: math.sqrt(3) * sum(volts) / 3,
        0x156: energy[0] + energy[1],
        0x158: energy[2] + energy[3],
    }
    for number, phase in enumerate(phases):
        angle = math.degrees(math.acos(phase.factor))
        block = (phase.voltage, phase.current, phase.active, phase.apparent, phase.reactive, phase.factor, angle)
        found |= {6 * column + 2 * number: value for column, value in enumerate(block)}
        found[0xC8 + 2 * number] = math.sqrt(3) * (phase.voltage + volts[(number + 1) % 3]) / 2  # line to line
        share = phase.active / active if active else 0.0
        found |= {
            start + 2 * number: value * share for start, value in zip((0x15A, 0x160, 0x16C, 0x172), energy, strict=True)
        }
        found[0x166 + 2 * number] = share * (energy[0] + energy[1])
        found[0x178 + 2 * number] = share * (energy[2] + energy[3])
    return found | {0x48 + 2 * number: value for number, value in enumerate(energy)}


def _device(site: Sdm630) -> SimDevice:
    settings = _SETTINGS | {_ADDRESS_SETTING: float(site.device)}
    holding = [_pair(address, words(value)) for address, value in settings.items()]
    holding.append(_pair(SERIAL, [0, 0]))
    inputs = [SimData(address=0, values=[0] * INPUTS, datatype=DataType.REGISTERS, readonly=True)]
    no_bits = [SimData(address=0, values=[False] * 16, datatype=DataType.BITS, readonly=True)]

    async def refresh(
        function: int, start: int, address: int, count: int, registers: list[int], values: Any
    ) -> ExcCodes | None:
        if count > _MOST:
            return ExcCodes.ILLEGAL_VALUE
        if function == _READ_HOLDING:
            number = int(site.faults.serial or site.serial)
            registers[SERIAL - start : SERIAL - start + 2] = divmod(number, 1 << 16)
        elif function == _READ_INPUT:
            for where, value in input_values(site, site.now()).items():
                registers[where : where + 2] = words(value)
        return None

    return SimDevice(id=site.device, simdata=(no_bits, no_bits, holding, inputs), action=refresh)


def _pair(address: int, values: list[int]) -> SimData:
    return SimData(address=address, values=list(values), datatype=DataType.REGISTERS, readonly=True)


async def start(sites: Sequence[Sdm630], framer: FramerType, host: str = "127.0.0.1") -> tuple[ModbusTcpServer, int]:
    """pymodbus' server for these meters on a free port; the port. `await server.shutdown()` ends it."""
    known = {site.device for site in sites}

    def silence(sending: bool, frame: bytes) -> bytes:
        return b"" if sending and device_of(frame, framer) not in known else frame

    server = ModbusTcpServer([_device(site) for site in sites], framer=framer, address=(host, 0), trace_packet=silence)
    await server.serve_forever(background=True)
    listener = cast(asyncio.Server, server.transport)
    return server, listener.sockets[0].getsockname()[1]
