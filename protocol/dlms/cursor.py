"""Reads an APDU from left to right; a byte that is not there is Garbled."""

from protocol.dlms import axdr
from protocol.errors import Garbled


class Cursor:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def take(self, size: int) -> bytes:
        if size > len(self._raw) - self._at:
            raise Garbled(f"truncated: the APDU ends at byte {len(self._raw)}, {size} more at {self._at} are needed")
        self._at += size
        return self._raw[self._at - size : self._at]

    def number(self, size: int = 1) -> int:
        return int.from_bytes(self.take(size), "big")

    def length(self) -> int:
        size, self._at = axdr.length_at(self._raw, self._at)
        return size

    def choice(self, what: str) -> bool:
        """A choice of two: 0 or 1."""
        found = self.number()
        if found > 1:
            raise Garbled(f"choice {found} of {what}")
        return bool(found)

    def value(self) -> bytes:
        """One whole encoded A-XDR value."""
        start, self._at = self._at, axdr.measure(self._raw, self._at)
        return self._raw[start : self._at]

    def rest(self) -> bytes:
        return self.take(len(self._raw) - self._at)

    def end(self) -> None:
        if self._at != len(self._raw):
            raise Garbled(f"trailing: {len(self._raw) - self._at} bytes after the APDU")
