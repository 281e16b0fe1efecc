"""A PNG with a palette: a screenshot has few colours, and with 256 of them takes a third of its bytes.

The colours that most dots have are kept as they are; a dot of another one (the edge of a letter) takes the nearest.
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from struct import pack, unpack

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, PALETTE = 2, 3  # kinds of a PNG's colours
MOST = 256
SAMPLES = 3  # bytes of a dot

Colour = tuple[int, int, int]


def with_palette(png: bytes) -> bytes:
    """The same picture. Of a PNG in eight-bit RGB that is not interlaced, as browsers make them."""
    width, height, depth, kind, _, _, interlaced = unpack(">IIBBBBB", png[16:29])
    if (depth, kind, interlaced) != (8, RGB, 0):
        raise ValueError(f"a PNG of {depth} bits and kind {kind}, not of eight and RGB")
    packed = b"".join(data for name, data in _chunks(png) if name == b"IDAT")
    lines = list(_lines(zlib.decompress(packed), width * SAMPLES))
    dots = [list(zip(line[0::3], line[1::3], line[2::3], strict=True)) for line in lines]
    counted = Counter(chain.from_iterable(dots))
    kept = [colour for colour, _ in counted.most_common(MOST)]
    places = {colour: _nearest(colour, kept) for colour in counted}
    body = b"".join(b"\0" + bytes(places[dot] for dot in line) for line in dots)
    parts = (
        (b"IHDR", pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)),
        (b"PLTE", bytes(chain.from_iterable(kept))),
        (b"IDAT", zlib.compress(body, 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(_chunk(*part) for part in parts)


def _nearest(colour: Colour, kept: Sequence[Colour]) -> int:
    return min(range(len(kept)), key=lambda place: sum((a - b) ** 2 for a, b in zip(colour, kept[place], strict=True)))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(png):
        length, name = unpack(">I4s", png[place : place + 8])
        yield name, png[place + 8 : place + 8 + length]
        place += length + 12


def _chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))


def _lines(data: bytes, width: int) -> Iterator[bytes]:
    """Without their filters: each byte was told by its difference from what is to the left, above, or both."""
    above = bytearray(width)
    for begin in range(0, len(data), width + 1):
        told, line = data[begin], bytearray(data[begin + 1 : begin + 1 + width])
        if told == 2:
            line = bytearray((one + up) & 255 for one, up in zip(line, above, strict=True))
        elif told:
            for at, up, corner in zip(range(width), above, chain(repeat(0, SAMPLES), above), strict=False):
                left = line[at - SAMPLES] if at >= SAMPLES else 0
                guess = left if told == 1 else (left + up) // 2 if told == 3 else _paeth(left, up, corner)
                line[at] = (line[at] + guess) & 255
        yield bytes(line)
        above = line


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    by_left, by_up, by_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner
