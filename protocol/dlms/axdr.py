"""A-XDR values (IEC 61334-6, IEC 62056-6-2 «common data types»): bytes <-> `Data`.

`decode` reads exactly one value: what is left over, a length or a count that the bytes cannot hold, and nesting
deeper than 16 are refused, each named in the message («trailing», «length», «count», «depth», «truncated»,
«tag»). No value can be made that needs more memory than a constant times the bytes that came.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

from protocol.errors import Garbled, LocalError

MAX_DEPTH = 16


class Tag(IntEnum):
    NULL = 0
    ARRAY = 1
    STRUCTURE = 2
    BOOLEAN = 3
    BIT_STRING = 4
    DOUBLE_LONG = 5
    DOUBLE_LONG_UNSIGNED = 6
    OCTET_STRING = 9
    VISIBLE_STRING = 10
    UTF8_STRING = 12
    BCD = 13
    INTEGER = 15
    LONG = 16
    UNSIGNED = 17
    LONG_UNSIGNED = 18
    COMPACT_ARRAY = 19
    LONG64 = 20
    LONG64_UNSIGNED = 21
    ENUM = 22
    FLOAT32 = 23
    FLOAT64 = 24
    DATE_TIME = 25
    DATE = 26
    TIME = 27
    DONT_CARE = 255


@dataclass(frozen=True, slots=True)
class Shape:
    """Type description of a compact-array: `count` and `items` only for an array (one item) and a structure."""

    tag: Tag
    count: int = 0
    items: "tuple[Shape, ...]" = ()


@dataclass(frozen=True, slots=True)
class Compact:
    """Content of a compact-array: elements of one shape."""

    shape: Shape
    values: "tuple[Data, ...]"


Value: TypeAlias = "bool | int | float | str | bytes | tuple[Data, ...] | Compact | None"


@dataclass(frozen=True, slots=True)
class Data:
    """One value and its tag.

    array, structure: tuple of Data · integers, enum, bcd: int · strings: str · bit-string: «0101» · octet-string,
    date-time, date, time: bytes · null-data, dont-care: None · compact-array: Compact.
    """

    tag: Tag
    value: Value = None


NUMBERS: dict[Tag, struct.Struct] = {
    Tag.DOUBLE_LONG: struct.Struct(">i"),
    Tag.DOUBLE_LONG_UNSIGNED: struct.Struct(">I"),
    Tag.BCD: struct.Struct(">B"),
    Tag.INTEGER: struct.Struct(">b"),
    Tag.LONG: struct.Struct(">h"),
    Tag.UNSIGNED: struct.Struct(">B"),
    Tag.LONG_UNSIGNED: struct.Struct(">H"),
    Tag.LONG64: struct.Struct(">q"),
    Tag.LONG64_UNSIGNED: struct.Struct(">Q"),
    Tag.ENUM: struct.Struct(">B"),
    Tag.FLOAT32: struct.Struct(">f"),
    Tag.FLOAT64: struct.Struct(">d"),
}
# values of a fixed number of bytes, without a length of their own
FIXED: dict[Tag, int] = {
    **{tag: form.size for tag, form in NUMBERS.items()},
    Tag.NULL: 0,
    Tag.DONT_CARE: 0,
    Tag.BOOLEAN: 1,
    Tag.DATE_TIME: 12,
    Tag.DATE: 5,
    Tag.TIME: 4,
}
_RAW = frozenset({Tag.OCTET_STRING, Tag.DATE_TIME, Tag.DATE, Tag.TIME})
_EMPTY = frozenset({Tag.NULL, Tag.DONT_CARE})
_LISTS = frozenset({Tag.ARRAY, Tag.STRUCTURE})
# latin-1 keeps every byte that a meter put into a «visible» string
_TEXT = {Tag.VISIBLE_STRING: "latin-1", Tag.UTF8_STRING: "utf-8"}
_TAGS = {int(tag): tag for tag in Tag}


# --- reading --------------------------------------------------------------------------------------------------


def decode(raw: bytes) -> Data:
    """The one value that `raw` is. Raises Garbled."""
    data, end = decode_at(raw, 0)
    if end != len(raw):
        raise Garbled(f"trailing: {len(raw) - end} bytes after the value")
    return data


def decode_at(raw: bytes, at: int) -> tuple[Data, int]:
    """The value that starts at `at`, and where it ends. Raises Garbled."""
    return _value(raw, at, 0)


def measure(raw: bytes, at: int = 0) -> int:
    """Where the value that starts at `at` ends, without building it. Raises Garbled."""
    left = [1]  # values still to come, a counter for each level of nesting
    while left:
        if left[-1] == 0:
            left.pop()
            continue
        left[-1] -= 1
        tag = _tag(raw, at)
        at += 1
        if tag in _LISTS:
            if len(left) > MAX_DEPTH:
                raise Garbled(f"depth: values nest deeper than {MAX_DEPTH}")
            count, at = _count(raw, at)
            left.append(count)
        elif tag is Tag.COMPACT_ARRAY:
            _, at = _shape(raw, at, 0)
            size, at = _length(raw, at)
            at += size
        elif tag in FIXED:
            at = _end(raw, at, FIXED[tag])
        else:
            size, at = _length(raw, at, bits=tag is Tag.BIT_STRING)
            at += size
    return at


def _value(raw: bytes, at: int, depth: int) -> tuple[Data, int]:
    return _content(raw, at + 1, _tag(raw, at), depth)


def _tag(raw: bytes, at: int) -> Tag:
    if at >= len(raw):
        raise Garbled(f"truncated: a value is missing at byte {at}")
    tag = _TAGS.get(raw[at])
    if tag is None:
        raise Garbled(f"tag {raw[at]} at byte {at} is no data type")
    return tag


def _content(raw: bytes, at: int, tag: Tag, depth: int) -> tuple[Data, int]:
    number = NUMBERS.get(tag)
    if number is not None:
        end = _end(raw, at, number.size)
        return Data(tag, number.unpack_from(raw, at)[0]), end
    if tag in FIXED:
        end = _end(raw, at, FIXED[tag])
        return Data(tag, _fixed(tag, raw[at:end])), end
    if tag in _LISTS:
        return _list(raw, at, tag, depth)
    if tag is Tag.COMPACT_ARRAY:
        return _compact(raw, at, depth)
    if tag is Tag.BIT_STRING:
        return _bits(raw, at)
    size, at = _length(raw, at)
    end = at + size
    return Data(tag, _string(tag, raw[at:end])), end


def _fixed(tag: Tag, content: bytes) -> Value:
    if tag in _EMPTY:
        return None
    return content != b"\0" if tag is Tag.BOOLEAN else content


def _string(tag: Tag, content: bytes) -> Value:
    if tag is Tag.OCTET_STRING:
        return content
    try:
        return content.decode(_TEXT[tag])
    except UnicodeDecodeError as error:
        raise Garbled(f"text: not UTF-8: {error.reason}") from None


def _list(raw: bytes, at: int, tag: Tag, depth: int) -> tuple[Data, int]:
    if depth == MAX_DEPTH:
        raise Garbled(f"depth: values nest deeper than {MAX_DEPTH}")
    count, at = _count(raw, at)
    items = []
    for _ in range(count):
        item, at = _value(raw, at, depth + 1)
        items.append(item)
    return Data(tag, tuple(items)), at


def _bits(raw: bytes, at: int) -> tuple[Data, int]:
    count, start = length_at(raw, at)
    size, start = _length(raw, at, bits=True)
    end = start + size
    digits = bin(int.from_bytes(b"\x01" + raw[start:end], "big"))[3:]
    return Data(Tag.BIT_STRING, digits[:count]), end


def _compact(raw: bytes, at: int, depth: int) -> tuple[Data, int]:
    shape, at = _shape(raw, at, depth)
    size, at = _length(raw, at)
    content = raw[at : at + size]
    values, here = [], 0
    while here < size:
        value, here = _element(content, here, shape, depth)
        values.append(value)
    return Data(Tag.COMPACT_ARRAY, Compact(shape, tuple(values))), at + size


def _shape(raw: bytes, at: int, depth: int) -> tuple[Shape, int]:
    """A type description. Types that take no bytes are refused: any number of them would fit into nothing."""
    tag = _tag(raw, at)
    at += 1
    if tag in _EMPTY or tag is Tag.COMPACT_ARRAY:
        raise Garbled(f"tag {tag} cannot be the element of a compact-array")
    if tag not in _LISTS:
        return Shape(tag), at
    if depth == MAX_DEPTH:
        raise Garbled(f"depth: values nest deeper than {MAX_DEPTH}")
    if tag is Tag.ARRAY:
        end = _end(raw, at, 2)
        count, kinds = int.from_bytes(raw[at:end], "big"), 1
        at = end
    else:
        count, at = _count(raw, at)
        kinds = count
    if count == 0:
        raise Garbled("count 0 in the type description of a compact-array")
    items = []
    for _ in range(kinds):
        item, at = _shape(raw, at, depth + 1)
        items.append(item)
    return Shape(tag, count, tuple(items)), at


def _element(raw: bytes, at: int, shape: Shape, depth: int) -> tuple[Data, int]:
    if shape.tag not in _LISTS:
        return _content(raw, at, shape.tag, depth)
    items = []
    for item in shape.items * (shape.count if shape.tag is Tag.ARRAY else 1):
        value, at = _element(raw, at, item, depth + 1)
        items.append(value)
    return Data(shape.tag, tuple(items)), at


def _end(raw: bytes, at: int, size: int) -> int:
    if at + size > len(raw):
        raise Garbled(f"truncated: {size} bytes needed at byte {at}, {len(raw) - at} are there")
    return at + size


def length_at(raw: bytes, at: int) -> tuple[int, int]:
    """A length (one byte, or 8n and n bytes) and where it ends. Raises Garbled."""
    end = _end(raw, at, 1)
    first = raw[at]
    if first < 0x80:
        return first, end
    at, size = end, first & 0x7F
    if not 1 <= size <= 4:
        raise Garbled(f"length: {size} bytes of length at byte {at}")
    end = _end(raw, at, size)
    return int.from_bytes(raw[at:end], "big"), end


def _length(raw: bytes, at: int, bits: bool = False) -> tuple[int, int]:
    size, at = length_at(raw, at)
    if bits:
        size = (size + 7) // 8
    if size > len(raw) - at:
        raise Garbled(f"length {size} at byte {at}, only {len(raw) - at} bytes follow")
    return size, at


def _count(raw: bytes, at: int) -> tuple[int, int]:
    count, at = length_at(raw, at)
    if count > len(raw) - at:
        raise Garbled(f"count {count} of elements at byte {at}, only {len(raw) - at} bytes follow")
    return count, at


# --- writing --------------------------------------------------------------------------------------------------


def encode(data: Data) -> bytes:
    """Raises LocalError when the value does not fit its tag."""
    return bytes([data.tag]) + _encode_content(data)


def _encode_content(data: Data) -> bytes:
    tag, value = data.tag, data.value
    try:
        number = NUMBERS.get(tag)
        if number is not None:
            return number.pack(value)
        if tag in _EMPTY:
            return b""
        if tag is Tag.BOOLEAN:
            return bytes([bool(value)])
        if tag in _RAW and isinstance(value, bytes):
            return _encode_raw(tag, value)
        if tag in _TEXT and isinstance(value, str):
            content = value.encode(_TEXT[tag])
            return encode_length(len(content)) + content
        if tag is Tag.BIT_STRING and isinstance(value, str):
            return _encode_bits(value)
        if tag in _LISTS and isinstance(value, tuple):
            return encode_length(len(value)) + b"".join(encode(item) for item in value)
        if tag is Tag.COMPACT_ARRAY and isinstance(value, Compact):
            content = b"".join(_encode_element(item, value.shape) for item in value.values)
            return _encode_shape(value.shape) + encode_length(len(content)) + content
    except (struct.error, UnicodeEncodeError, OverflowError, ValueError) as error:
        raise LocalError(f"{value!r} is no {tag.name}: {error}") from None
    raise LocalError(f"{value!r} is no {tag.name}")


def encode_length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    width = (size.bit_length() + 7) // 8
    return bytes([0x80 | width]) + size.to_bytes(width, "big")


def _encode_raw(tag: Tag, value: bytes) -> bytes:
    if tag is Tag.OCTET_STRING:
        return encode_length(len(value)) + value
    if len(value) != FIXED[tag]:
        raise ValueError(f"{FIXED[tag]} bytes are needed")
    return value


def _encode_bits(digits: str) -> bytes:
    size = (len(digits) + 7) // 8
    bits = int(digits.ljust(size * 8, "0"), 2) if digits else 0
    return encode_length(len(digits)) + bits.to_bytes(size, "big")


def _encode_shape(shape: Shape) -> bytes:
    head = bytes([shape.tag])
    if shape.tag is Tag.ARRAY:
        head += shape.count.to_bytes(2, "big")
    elif shape.tag is Tag.STRUCTURE:
        head += encode_length(shape.count)
    return head + b"".join(_encode_shape(item) for item in shape.items)


def _encode_element(data: Data, shape: Shape) -> bytes:
    if data.tag is not shape.tag:
        raise ValueError(f"an element is {data.tag.name}, the shape says {shape.tag.name}")
    if not isinstance(data.value, tuple):
        return _encode_content(data)
    if len(data.value) != shape.count:
        raise ValueError(f"an element has {len(data.value)} parts, the shape says {shape.count}")
    kinds = shape.items * (shape.count if shape.tag is Tag.ARRAY else 1)
    return b"".join(_encode_element(item, kind) for item, kind in zip(data.value, kinds, strict=True))


# --- for those who read and build values ----------------------------------------------------------------------


def plain(data: Data) -> Any:
    """The value alone: int, float, bool, str, bytes, None, and lists of them."""
    value = data.value
    if isinstance(value, Compact):
        return [plain(item) for item in value.values]
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def structure(*items: Data) -> Data:
    return Data(Tag.STRUCTURE, items)


def array(items: Iterable[Data]) -> Data:
    return Data(Tag.ARRAY, tuple(items))


def octets(value: bytes) -> Data:
    return Data(Tag.OCTET_STRING, bytes(value))


def visible(text: str) -> Data:
    return Data(Tag.VISIBLE_STRING, text)


def boolean(value: bool) -> Data:
    return Data(Tag.BOOLEAN, value)


def enum(value: int) -> Data:
    return Data(Tag.ENUM, value)


def u8(value: int) -> Data:
    return Data(Tag.UNSIGNED, value)


def u16(value: int) -> Data:
    return Data(Tag.LONG_UNSIGNED, value)


def u32(value: int) -> Data:
    return Data(Tag.DOUBLE_LONG_UNSIGNED, value)


def u64(value: int) -> Data:
    return Data(Tag.LONG64_UNSIGNED, value)


def i8(value: int) -> Data:
    return Data(Tag.INTEGER, value)


def i16(value: int) -> Data:
    return Data(Tag.LONG, value)


def i32(value: int) -> Data:
    return Data(Tag.DOUBLE_LONG, value)


def i64(value: int) -> Data:
    return Data(Tag.LONG64, value)


null = Data(Tag.NULL)
