"""A page of the SQLite store: all rows that a meter has of one kind and one UTC day, as bytes. Pure.

    0x01 · CRC-32 of the rest (4 bytes, big end first) · MessagePack [block…]
    block   [rows, fields, second, repeat, span, quality, value…]: columns of rows that have the same fields;
            of a single row all values are one column
    fields  their numbers in FIELDS, one byte each
    column  n            each row has n
            [a, b]       row i has a + b·i: stamps
            bytes        a letter of `array`, then the numbers, little end first
            [k, bytes]   the same, times k: a meter's last digit is rarely 1 mWh
            [-k, bytes]  the same, divided by k: floats with few decimals
    0x78    a page of the first form: MessagePack rows [second, repeat, span, quality, {field: value}] in zlib
Without compression: half-hours take about 2 bytes a value, and a year of a meter is read in some milliseconds.
"""

import math
import sys
import zlib
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from central.timeseries.dicts import dicts
from central.timeseries.rows import LIVE_FIELDS, LOAD_FIELDS, REGISTER_FIELDS

COLUMNAR, FIRST_FORM = 0x01, 0x78
FIELDS = (*LOAD_FIELDS, *REGISTER_FIELDS, *LIVE_FIELDS)  # a number here is for ever; what is new stands at the end
_NUMBER = {name: number for number, name in enumerate(FIELDS)}

_LETTERS = [(letter, 8 * array(letter).itemsize) for letter in "bhiq"]
_DECIMALS = (1, 10, 100, 1000)
_EXACT = 2**53  # integers that a float holds

Numbers = Sequence[Any]  # integers, or floats


class Damaged(ValueError):
    """These bytes are no page."""


class Cell(NamedTuple):
    """One row inside a day; `second` of the day."""

    second: int
    repeat: int
    span: int
    quality: int
    values: Mapping[str, Any]


class Block(NamedTuple):
    """Rows that have the same fields, as columns; `dicts` = their values, row by row."""

    second: Numbers
    repeat: Numbers
    span: Numbers
    quality: Numbers
    dicts: list[dict[str, Any]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_first_form = msgspec.msgpack.Decoder(list[Cell]).decode


def pack(cells: Iterable[Cell]) -> bytes:
    """A page of these rows, oldest first."""
    alike: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        alike[tuple(cell.values)].append(cell)
    body = _encode([_block(fields, rows) for fields, rows in alike.items()])
    return bytes((COLUMNAR,)) + zlib.crc32(body).to_bytes(4, "big") + body


def unpack(page: bytes) -> list[Block]:
    """Raises Damaged."""
    try:
        if page[0] == FIRST_FORM:
            return [_of_first_form(_first_form(zlib.decompress(page)))]
        if page[0] == COLUMNAR and zlib.crc32(page[5:]) == int.from_bytes(page[1:5], "big"):
            return [_unblock(*block) for block in _decode(page[5:])]
    except (IndexError, zlib.error, msgspec.DecodeError) as error:
        raise Damaged(f"not a page: {error}") from None
    raise Damaged("not a page, or one of a newer program")


def columns(page: bytes, fields: Collection[str]) -> list[tuple[Numbers, dict[str, Numbers]]]:
    """Of each block the seconds and these of its columns alone; the others are not made. Raises Damaged."""
    if page[:1] != bytes((COLUMNAR,)):
        return [
            (block.second, {field: [row[field] for row in block.dicts] for field in fields if field in block.dicts[0]})
            for block in unpack(page)
        ]
    return [_columns(fields, *block) for block in _blocks(page)]


def column(page: bytes, field: str) -> list[tuple[Numbers, ...]]:
    """Of each block that has this field second, span, quality and its values. Raises Damaged."""
    if page[:1] != bytes((COLUMNAR,)):
        there = [cell for cell in cells(page).values() if field in cell.values]
        rows = [(cell.second, cell.span, cell.quality, cell.values[field]) for cell in there]
        return [tuple(zip(*rows, strict=True))] if rows else []
    found: list[tuple[Numbers, ...]] = []
    for block in _blocks(page):
        second, values = _columns((field,), *block)
        if field in values:
            rows, _fields, _second, _repeat, span, quality, *_ = block
            found.append((second, _unpack(span, rows), _unpack(quality, rows), values[field]))
    return found


def _blocks(page: bytes) -> list[list[Any]]:
    """Of a page of columns. Raises Damaged."""
    if zlib.crc32(page[5:]) != int.from_bytes(page[1:5], "big"):
        raise Damaged("not a page, or one of a newer program")
    try:
        blocks: list[list[Any]] = _decode(page[5:])
    except msgspec.DecodeError as error:
        raise Damaged(f"not a page: {error}") from None
    return blocks


def _columns(wanted: Collection[str], rows: int, fields: bytes, *packed: Any) -> tuple[Numbers, dict[str, Numbers]]:
    names, second = _names(fields), _unpack(packed[0], rows)
    if rows == 1 and names:
        alone = zip(names, _unpack(packed[4], len(names)), strict=True)
        return second, {name: [value] for name, value in alone if name in wanted}
    of_names = zip(names, packed[4:], strict=True)
    return second, {name: _unpack(column, rows) for name, column in of_names if name in wanted}


def cells(page: bytes) -> dict[tuple[int, int], Cell]:
    """Its rows by second and repeat. Raises Damaged."""
    return {(cell.second, cell.repeat): cell for block in unpack(page) for cell in map(Cell, *block)}


def _block(fields: tuple[str, ...], rows: Sequence[Cell]) -> list[Any]:
    second, again, span, quality, values = zip(*rows, strict=True)
    numbers = bytes(_NUMBER[name] for name in fields)
    columns = (
        [tuple(values[0].values())] if len(rows) == 1 else list(zip(*(row.values() for row in values), strict=True))
    )
    packed = [_pack(column) for column in (again, span, quality, *filter(None, columns))]
    return [len(rows), numbers, _steps(second) or _pack(second), *packed]


def _unblock(rows: int, fields: bytes, *columns: Any) -> Block:
    names = _names(fields)
    second, again, span, quality = (_unpack(column, rows) for column in columns[:4])
    if rows == 1 and names:
        values = [dict(zip(names, _unpack(columns[4], len(names)), strict=True))]
    else:
        values = dicts(names, (_unpack(column, rows) for column in columns[4:]), rows)
    return Block(second, again, span, quality, values)


def _of_first_form(rows: Sequence[Cell]) -> Block:
    second, again, span, quality, values = zip(*rows, strict=True)
    return Block(second, again, span, quality, [dict(found) for found in values])


@lru_cache(1000)
def _names(fields: bytes) -> tuple[str, ...]:
    return tuple(FIELDS[number] for number in fields)


def _steps(stamps: Sequence[int]) -> list[int] | None:
    """First and step, when the steps are equal."""
    if len(stamps) < 2 or stamps[1] == stamps[0]:
        return None
    step = stamps[1] - stamps[0]
    return [stamps[0], step] if list(stamps) == list(range(stamps[0], stamps[-1] + step, step)) else None


def _pack(column: Numbers) -> Any:
    first = column[0]
    if all(value == first for value in column):
        return first
    if isinstance(first, int):
        plain, divisor = _array(column), math.gcd(*column)
        if divisor == 1:
            return plain
        divided = _array([value // divisor for value in column])
        return [divisor, divided] if len(divided) < len(plain) else plain
    for times in _DECIMALS:
        whole = [round(value * times) if abs(value) < _EXACT / times else 0 for value in column]
        if all(number / times == value for number, value in zip(whole, column, strict=True)):
            return [-times, _array(whole)]
    return _bytes(array("d", column))


def _array(numbers: Sequence[int]) -> bytes:
    """In the narrowest signed integers that hold them all."""
    bits = 1 + max(max(numbers), ~min(numbers)).bit_length()
    return _bytes(array(next(letter for letter, width in _LETTERS if width >= bits), numbers))


def _bytes(numbers: "array[Any]") -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.typecode.encode() + numbers.tobytes()


def _unpack(column: Any, rows: int) -> Numbers:
    if isinstance(column, bytes):
        numbers = array(chr(column[0]), column[1:])
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers
    if not isinstance(column, list):
        return [column] * rows
    first, second = column
    if isinstance(second, int):
        return range(first, first + second * rows, second)
    numbers = _unpack(second, rows)  # type: ignore[assignment]
    if first > 0:
        return [number * first for number in numbers]
    divisor = -first  # once, not for each of them
    return [number / divisor for number in numbers]
