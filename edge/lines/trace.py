"""What went over a line lately: a ring of bounded size, shown as lines of hex. Secrets never enter it."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

CAPACITY = 500  # entries
LONGEST = 512  # bytes of one entry that are kept


@dataclass(frozen=True, slots=True)
class Entry:
    """`direction`: «>» sent, «<» came, «*» a word about the line. `data`: hex, or the word."""

    time: float
    direction: Literal[">", "<", "*"]
    data: str

    def __str__(self) -> str:
        stamp = datetime.fromtimestamp(self.time, UTC).strftime("%H:%M:%S.%f")[:-3]
        return f"{stamp} {self.direction} {self.data}"


class Trace:
    """`echo` gets each line as it happens (`read --trace`); without it the ring is only kept (the local page)."""

    def __init__(
        self,
        echo: Callable[[str], None] | None = None,
        *,
        capacity: int = CAPACITY,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._ring: deque[Entry] = deque(maxlen=capacity)
        self._secrets: set[bytes] = set()
        self._echo = echo
        self._wall = wall

    def hide(self, secret: bytes) -> None:
        """From now on these bytes are shown as asterisks."""
        if secret:
            self._secrets.add(secret)

    def sent(self, data: bytes) -> None:
        self._add(">", self._hex(data))

    def came(self, data: bytes) -> None:
        self._add("<", self._hex(data))

    def word(self, text: str) -> None:
        self._add("*", text)

    def __iter__(self) -> Iterator[Entry]:
        """Oldest first."""
        return iter(tuple(self._ring))

    def _add(self, direction: Literal[">", "<", "*"], data: str) -> None:
        entry = Entry(self._wall(), direction, data)
        self._ring.append(entry)
        if self._echo is not None:
            self._echo(str(entry))

    def _hex(self, data: bytes) -> str:
        shown = data.hex()
        for secret in self._secrets:
            start = data.find(secret)
            while start >= 0:
                end = start + len(secret)
                shown = shown[: 2 * start] + "**" * len(secret) + shown[2 * end :]
                start = data.find(secret, end)
        cut = "" if len(data) <= LONGEST else f" … {len(data)} bytes"
        return " ".join(shown[at : at + 2] for at in range(0, min(len(shown), 2 * LONGEST), 2)) + cut
