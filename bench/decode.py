"""Decoding a load profile of 4,320 rows (90 days of half-hours: clock, A+, A-, R+, R-), rows a second.

Ours gives finished rows (UTC stamp, span, quality, integer mWh); the others give what they give: values and local
times. All three decode the same bytes in the same run, the best of several times each.
"""

from collections.abc import Callable
from time import perf_counter

from dlms_cosem import cosem, enumerations, parsers
from gurux_dlms import GXByteBuffer, GXDLMSClient
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from gurux_dlms.objects import GXDLMSClock, GXDLMSProfileGeneric, GXDLMSRegister

from protocol import cosem_time
from protocol.dlms import axdr
from protocol.dlms.profile import CaptureObject, Column, Layout
from protocol.obis import Obis

ROWS = 4320
PERIOD = 1800
OFFSET = 180
CODES = ("0.0.1.0.0.255", "1.0.1.29.0.255", "1.0.2.29.0.255", "1.0.3.29.0.255", "1.0.4.29.0.255")
SINCE = 1_790_000_000 // 86400 * 86400


def buffer() -> bytes:
    def row(number: int) -> axdr.Data:
        stamp = cosem_time.encode(SINCE + (number + 1) * PERIOD - OFFSET * 60, OFFSET)
        energies = (axdr.u32(number * factor % 5000) for factor in (7, 11, 13, 17))
        return axdr.structure(axdr.octets(stamp), *energies)

    return axdr.encode(axdr.array(row(number) for number in range(ROWS)))


def layout() -> Layout:
    clock, *energies = (CaptureObject(3 if place else 8, Obis.parse(code), 2, 0) for place, code in enumerate(CODES))
    return Layout([Column(clock), *(Column(energy) for energy in energies)], period=PERIOD)


def ours() -> Callable[[bytes], int]:
    known = layout()
    return lambda raw: len(known.decode(raw, offset=OFFSET))


def ours_general() -> Callable[[bytes], int]:
    """Without the fast way, as for rows of different layouts."""
    known = layout()
    return lambda raw: len(known.finish(known.general(raw), OFFSET))


def gurux() -> Callable[[bytes], int]:
    client = GXDLMSClient()
    profile = GXDLMSProfileGeneric("1.0.99.1.0.255")
    clock, *registers = (GXDLMSClock(CODES[0]), *(GXDLMSRegister(code) for code in CODES[1:]))
    for captured in (clock, *registers):
        profile.addCaptureObject(captured, 2, 0)

    def decode(raw: bytes) -> int:
        value = _GXCommon.getData(client.settings, GXByteBuffer(raw), _GXDataInfo())
        profile.buffer = []
        client.updateValue(profile, 2, value)
        return len(profile.buffer)

    return decode


def dlms_cosem() -> Callable[[bytes], int]:
    clock = enumerations.CosemInterface.CLOCK
    captured = [
        cosem.CosemAttribute(
            clock if place == 0 else enumerations.CosemInterface.REGISTER, cosem.Obis.from_string(code), 2
        )
        for place, code in enumerate(CODES)
    ]
    parser = parsers.ProfileGenericBufferParser(capture_objects=captured, capture_period=PERIOD // 60)
    return lambda raw: len(parser.parse_bytes(raw))


def best(decode: Callable[[bytes], int], raw: bytes, times: int) -> float:
    """Rows a second."""
    found = 0.0
    for _ in range(times):
        start = perf_counter()
        rows = decode(raw)
        found = max(found, rows / (perf_counter() - start))
        assert rows == ROWS, rows
    return found


def main() -> None:
    raw = buffer()
    print(f"{ROWS} rows, {len(raw)} bytes")
    decoders = {"uchet": (ours(), 15), "uchet, general way": (ours_general(), 5)}
    peers = {"gurux-dlms": (gurux(), 3), "dlms-cosem": (dlms_cosem(), 3)}
    speeds = {name: best(decode, raw, times) for name, (decode, times) in (decoders | peers).items()}
    for name, speed in speeds.items():
        print(f"{name:20} {speed:12,.0f} rows/s")
    for name in peers:
        print(f"uchet / {name:12} {speeds['uchet'] / speeds[name]:12,.0f} times")


if __name__ == "__main__":
    main()
