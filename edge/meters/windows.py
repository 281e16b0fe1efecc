"""PURE but for its caller: a long stretch of time asked for in pieces, so that one answer stays moderate."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
ROWS = 96  # of a load profile in one answer: two days of half-hours, about 3 KB
_WIDEST = 16  # steps that an empty past may be crossed with at once


def step(period: int) -> int:
    """Seconds of one piece for rows that come each `period` seconds."""
    return ROWS * period


async def walk(
    fetch: Callable[[int, int], Awaitable[list[T]]], since: int, until: int, piece: int
) -> AsyncIterator[list[T]]:
    """The answers for (since, until], piece by piece, oldest first. Where nothing is found the pieces grow."""
    wide = 1
    while since < until:
        end = min(since + wide * piece, until)
        found = await fetch(since, end)
        yield found
        wide = 1 if found else min(2 * wide, _WIDEST)
        since = end
