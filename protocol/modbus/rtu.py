"""Modbus RTU frames: unit, function, data, CRC-16/MODBUS (Modbus over Serial Line V1.02 §2.5; Application Protocol §6).

`decode_request` and `decode_answer` read functions 1 to 6, 15 and 16 and exceptions. What does not fit raises Garbled,
whose message begins with the check that failed: «length», «crc», «byte-count», «function», «echo».
"""

from dataclasses import dataclass

from protocol.errors import Garbled

BITS = frozenset({1, 2})
WORDS = frozenset({3, 4})
_SINGLE = frozenset({5, 6})
_MULTIPLE = frozenset({15, 16})
_ERROR = 0x80

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target failed to respond",
}


@dataclass(frozen=True, slots=True)
class Request:
    """`count`: registers or bits, 1 for a single write. `data`: what is written, empty for a reading."""

    unit: int
    function: int
    start: int
    count: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """`data`: what was read; `start`: where it was written; `exception`: why not. The others are None."""

    unit: int
    function: int
    data: bytes | None = None
    start: int | None = None
    exception: int | None = None

    @property
    def words(self) -> tuple[int, ...]:
        """The registers of a reading (functions 3, 4); nothing for other answers."""
        data = self.data if self.data is not None and self.function in WORDS else b""
        return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
        table.append(byte)
    return tuple(table)


_CRC = _table()


def crc(data: bytes) -> int:
    """CRC-16/MODBUS; on the wire its low byte goes first."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return value


def frame(body: bytes) -> bytes:
    """Unit, function and data with the CRC after them."""
    return body + crc(body).to_bytes(2, "little")


def body(raw: bytes) -> bytes:
    """Unit, function and data of a frame whose CRC is right. Raises Garbled."""
    if not 4 <= len(raw) <= 256:
        raise Garbled(f"length: a frame has 4 to 256 bytes, got {len(raw)}")
    told, right = int.from_bytes(raw[-2:], "little"), crc(raw[:-2])
    if told != right:
        raise Garbled(f"crc: {told:04X}, must be {right:04X}")
    return raw[:-2]


def encode_reading(unit: int, function: int, start: int, count: int) -> bytes:
    """The request of functions 1 to 4."""
    return frame(bytes([unit, function]) + start.to_bytes(2, "big") + count.to_bytes(2, "big"))


def decode_request(raw: bytes) -> Request:
    """Raises Garbled."""
    content = body(raw)
    unit, function = content[0], content[1]
    if function not in BITS | WORDS | _SINGLE | _MULTIPLE:
        raise Garbled(f"function: {function} is not read here")
    if len(content) < 6:
        raise Garbled(f"length: a request of function {function} has {len(content)} bytes")
    start, count, rest = int.from_bytes(content[2:4], "big"), int.from_bytes(content[4:6], "big"), content[6:]
    if function in _SINGLE:
        _empty(rest)
        return Request(unit, function, start, 1, content[4:6])
    if function in _MULTIPLE:
        return Request(unit, function, start, count, _counted(rest, _size(function, count)))
    _empty(rest)
    return Request(unit, function, start, count)


def decode_answer(raw: bytes, request: Request | None = None) -> Answer:
    """`request`, when it is known, must be what is answered. Raises Garbled."""
    content = body(raw)
    unit, function = content[0], content[1] & ~_ERROR
    if request is not None and (unit, function) != (request.unit, request.function):
        raise Garbled(f"echo: unit {unit} answers function {function}, asked was {request.unit} for {request.function}")
    if content[1] & _ERROR:
        if len(content) != 3:
            raise Garbled(f"length: an exception has {len(content)} bytes")
        return Answer(unit, function, exception=content[2])
    if function in BITS | WORDS:
        size = len(content) - 3 if request is None else _size(function, request.count)
        return Answer(unit, function, data=_counted(content[2:], size))
    if function in _SINGLE | _MULTIPLE:
        if len(content) != 6:
            raise Garbled(f"length: the answer of function {function} has {len(content)} bytes")
        start = int.from_bytes(content[2:4], "big")
        if request is not None and start != request.start:
            raise Garbled(f"echo: written at {start}, asked was {request.start}")
        return Answer(unit, function, start=start)
    raise Garbled(f"function: {function} is not read here")


def _size(function: int, count: int) -> int:
    """Bytes of `count` bits or registers."""
    return 2 * count if function in WORDS or function == 16 else (count + 7) // 8


def _counted(part: bytes, size: int) -> bytes:
    """A byte that counts, and exactly so many bytes."""
    if not part or part[0] != len(part) - 1 or part[0] != size:
        told = part[0] if part else None
        raise Garbled(f"byte-count: {told} is told, {max(0, len(part) - 1)} bytes came, {size} are due")
    return part[1:]


def _empty(rest: bytes) -> None:
    if rest:
        raise Garbled(f"length: {len(rest)} bytes too many")
