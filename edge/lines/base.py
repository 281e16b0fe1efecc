"""What a line is to those who talk over it: bytes out, bytes in, granted to one stack at a time."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from edge.lines.trace import Trace


class LineDown(Exception):
    """The line itself is gone (port vanished, connection refused or broken): no meter is to blame."""


class Channel(Protocol):
    """An open, granted line. All times in seconds."""

    async def write(self, data: bytes) -> None:
        """Raises LineDown."""

    async def read(self, timeout: float) -> bytes:
        """At least one byte. Raises TimeoutError when none came in time, LineDown when the line is gone."""

    async def settle(self) -> None:
        """Wait out the quiet time and drop what came: a late answer must never be taken for the next one."""


class Line(Protocol):
    """A line of the configuration: tcp://host:port or serial:/dev/…?baud=9600."""

    name: str
    url: str
    trace: Trace  # what went over it lately; whoever sends a secret hides it there first

    def granted(self, who: str) -> AbstractAsyncContextManager[Channel]:
        """The line for one conversation; waits its turn, opens (or reopens) it. Raises LineDown."""

    def lent(self, who: str) -> AbstractAsyncContextManager[str]:
        """The line's URL for a stack that brings its own transport (pymodbus): ours is closed meanwhile."""

    def close(self) -> None:
        """Close the port; the next grant opens it again."""


def title(line: Line) -> str:
    """What a person is told: «line riser-1 (serial:/dev/ttyS1)»."""
    return f"line {line.url}" if line.name == line.url else f"line {line.name} ({line.url})"
