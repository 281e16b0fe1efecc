"""Pictures with few colours are the same after they were given a palette; with many, each dot takes the nearest."""

import random
import zlib
from struct import pack, unpack

import pytest

from demo.palette import MOST, RGB, SIGNATURE, Colour, _chunk, _chunks, _paeth, with_palette

pytestmark = pytest.mark.quick
WIDTH, HEIGHT = 9, 12


def png(dots: list[list[Colour]], *, depth: int = 8) -> bytes:
    """As an encoder makes it that goes through all filters."""
    body, above = b"", bytes(WIDTH * 3)
    for number, row in enumerate(dots):
        line = bytes(sample for dot in row for sample in dot)
        left, corner = bytes(3) + line[:-3], bytes(3) + above[:-3]
        told = number % 5
        guesses = {
            0: [0] * len(line),
            1: left,
            2: above,
            3: [(a + b) // 2 for a, b in zip(left, above, strict=True)],
            4: [_paeth(*three) for three in zip(left, above, corner, strict=True)],
        }[told]
        body += bytes([told, *((one - guess) & 255 for one, guess in zip(line, guesses, strict=True))])
        above = line
    head = pack(">IIBBBBB", WIDTH, len(dots), depth, RGB, 0, 0, 0)
    data = zlib.compress(body)
    parts = ((b"IHDR", head), (b"IDAT", data[:20]), (b"IDAT", data[20:]), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(*part) for part in parts)


def read(found: bytes) -> list[list[Colour]]:
    chunks = dict(_chunks(found))
    width, height = unpack(">II", chunks[b"IHDR"][:8])
    table, body = chunks[b"PLTE"], zlib.decompress(chunks[b"IDAT"])
    places = [body[row * (width + 1) + 1 : (row + 1) * (width + 1)] for row in range(height)]
    return [[(table[3 * one], table[3 * one + 1], table[3 * one + 2]) for one in row] for row in places]


def noise(height: int, colours: list[Colour]) -> list[list[Colour]]:
    chance = random.Random(7)
    return [[chance.choice(colours) for _ in range(WIDTH)] for _ in range(height)]


def test_few_colours_stay_exactly_what_they_are() -> None:
    dots = noise(HEIGHT, [(0, 0, 0), (255, 255, 255), (12, 145, 160), (250, 3, 128)])
    assert read(with_palette(png(dots))) == dots


def test_a_colour_too_many_takes_the_nearest_of_those_that_are_kept() -> None:
    common: list[Colour] = [(place, 0, 200) for place in range(MOST)]
    dots = noise(400, common)
    dots[0][0] = (7, 3, 200)
    found = read(with_palette(png(dots)))
    assert found[0][0] == (7, 0, 200)
    dots[0][0] = found[0][0]
    assert found == dots


def test_another_kind_of_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        with_palette(png(noise(1, [(0, 0, 0)]), depth=16))
