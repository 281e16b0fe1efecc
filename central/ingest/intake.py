"""The queue between the network's thread and the writer: bounded in number and bytes, so memory is.

When it is full `put` waits, the network's thread stops reading, and the broker keeps the rest: nothing in it was
acknowledged, so nothing is lost when it must be thrown away.
"""

import threading
from collections import deque
from typing import Any, NamedTuple

from central.ingest.parcel import Message


class Arrival(NamedTuple):
    message: Message
    client: Any  # whose connection it came by: only there may it be acknowledged
    mid: int
    qos: int


class Intake:
    def __init__(self, count: int = 1000, size: int = 16 * 1024 * 1024) -> None:
        self._count, self._size = count, size
        self._waiting: deque[Arrival] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def count(self) -> int:
        """Messages that wait."""
        return len(self._waiting)

    @property
    def bytes(self) -> int:
        """Their payloads."""
        return self._bytes

    def put(self, arrival: Arrival) -> None:
        """Waits for room. After `close` the message is dropped: it was not acknowledged."""
        with self._changed:
            while not (self._closed or self._fits(arrival)):
                self._changed.wait()
            if not self._closed:
                self._waiting.append(arrival)
                self._bytes += len(arrival.message.payload)
                if len(self._waiting) == 1:  # else nobody waits for a first one
                    self._changed.notify_all()

    def take(self, limit: int, timeout: float) -> list[Arrival]:
        """All that waits, at most `limit`; waits `timeout` seconds for the first."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting, timeout)
            taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
            self._bytes -= sum(len(arrival.message.payload) for arrival in taken)
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _fits(self, arrival: Arrival) -> bool:
        """A message larger than the whole queue goes in alone."""
        room = self._bytes + len(arrival.message.payload) <= self._size
        return not self._waiting or (len(self._waiting) < self._count and room)
