"""The fast way through a profile buffer: rows that all have the bytes of the first row's layout, in one pass of C.

The first row gives the pattern: tags and lengths stand at fixed places, so do the numbers. Every one of those places
is compared over the whole buffer (a slice with the row's size as step), then one compiled struct unpacks all rows.
Whatever does not fit the pattern is left to the general reader: `unpack` returns None, it never guesses.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from protocol import cosem_time
from protocol.dlms.axdr import FIXED, Tag, length_at
from protocol.errors import Garbled


class Part(Enum):
    """What is wanted of a column."""

    CLOCK = "clock"
    NUMBER = "number"
    NOTHING = "nothing"


# tags of the integers that can be a reading: struct code, and the value that means «not measured»
INTEGERS: dict[Tag, tuple[str, int | None]] = {
    Tag.UNSIGNED: ("B", 0xFF),
    Tag.LONG_UNSIGNED: ("H", 0xFFFF),
    Tag.DOUBLE_LONG_UNSIGNED: ("I", 0xFFFF_FFFF),
    Tag.LONG64_UNSIGNED: ("Q", 0xFFFF_FFFF_FFFF_FFFF),
    Tag.INTEGER: ("b", None),
    Tag.LONG: ("h", None),
    Tag.DOUBLE_LONG: ("i", None),
    Tag.LONG64: ("q", None),
}
CLOCK_PARTS = (5, 4, 3)  # date with weekday; time with hundredths; deviation and status
_CLOCK_FORM = "".join(f"{size}s" for size in CLOCK_PARTS)
_COUNTED = frozenset({Tag.OCTET_STRING, Tag.VISIBLE_STRING})  # a length byte, then any bytes
_TAGS = {int(tag): tag for tag in (*FIXED, *_COUNTED)}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Columns of a buffer: the three parts of the clock, and the wanted numbers in order (None = not measured)."""

    clock: tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]
    numbers: tuple[Sequence[int | None], ...]


def unpack(buffer: bytes, parts: Sequence[Part]) -> Unpacked | None:
    """None when the rows are not of one layout, or of one that is not for the fast way."""
    frame = _frame(buffer)
    if frame is None:
        return None
    count, start, size = frame
    pattern = _Pattern(parts)
    if not pattern.read(buffer[start : start + size]):
        return None
    body = memoryview(buffer)[start:]
    for place, byte in pattern.fixed:
        if bytes(body[place::size]) != bytes([byte]) * count:
            return None
    columns: list[tuple[bytes, ...]] = list(zip(*struct.iter_unpack(">" + pattern.form, body), strict=True))
    at = pattern.clock_at
    clock = (columns.pop(at), columns.pop(at), columns.pop(at))
    numbers: list[Sequence[int | None]] = []
    for column, missing in zip(columns, pattern.missing, strict=True):
        found: Sequence[int | None] = column  # type: ignore[assignment]  # numbers, once the clock is out
        numbers.append([None if value == missing else value for value in found] if missing in found else found)
    return Unpacked(clock, tuple(numbers))


def _frame(buffer: bytes) -> tuple[int, int, int] | None:
    """Rows, where they start, bytes of one; None when the rows of an array cannot all be as long."""
    if buffer[:1] != bytes([Tag.ARRAY]):
        return None
    try:
        count, start = length_at(buffer, 1)
    except Garbled:
        return None
    size, rest = divmod(len(buffer) - start, count) if count else (0, 0)
    return None if size == 0 or rest else (count, start, size)


class _Pattern:
    """What the first row says of all rows."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.fixed: list[tuple[int, int]] = []  # place in the row, the byte that stands there in every row
        self.form = ""
        self.clock_at = 0  # numbers before the clock
        self.missing: list[int | None] = []  # of each number

    def read(self, row: bytes) -> bool:
        """False when the row is not for the fast way."""
        at = self._head(row, 0, bytes([Tag.STRUCTURE, len(self._parts)])) if len(self._parts) < 0x80 else None
        for part in self._parts:
            if at is None or at >= len(row):
                return False
            at = self._column(row, at, part)
        return at == len(row)

    def _head(self, row: bytes, at: int, head: bytes) -> int | None:
        """Where the content starts after bytes that must be `head`."""
        if row[at : at + len(head)] != head:
            return None
        self.fixed += [(at + number, byte) for number, byte in enumerate(head)]
        self.form += f"{len(head)}x"
        return at + len(head)

    def _column(self, row: bytes, at: int, part: Part) -> int | None:
        """Where the next column starts; None when this one is not for the fast way."""
        tag = _TAGS.get(row[at])
        if tag is None:
            return None
        if tag in _COUNTED:
            head = row[at : at + 2]
            if len(head) < 2 or head[1] > 0x7F:
                return None
            size = head[1]
        else:
            head, size = row[at : at + 1], FIXED[tag]
        form = self._form(tag, size, part)
        start = self._head(row, at, head)
        if form is None or start is None:
            return None
        self.form += form
        return start + size

    def _form(self, tag: Tag, size: int, part: Part) -> str | None:
        if part is Part.NOTHING:
            return f"{size}x"
        if part is Part.CLOCK:
            self.clock_at = len(self.missing)
            fits = tag in (Tag.OCTET_STRING, Tag.DATE_TIME) and size == cosem_time.SIZE
            return _CLOCK_FORM if fits else None
        if tag not in INTEGERS:
            return None
        code, missing = INTEGERS[tag]
        self.missing.append(missing)
        return code
