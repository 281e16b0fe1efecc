"""The COSEM wrapper over TCP and UDP (IEC 62056-47): version 1, source, destination, length, APDU."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from protocol.errors import Garbled, LocalError

VERSION = 1
_HEADER = struct.Struct(">HHHH")


class Packet(NamedTuple):
    source: int
    destination: int
    apdu: bytes


def encode(packet: Packet) -> bytes:
    """Raises LocalError when the APDU or a port is too large."""
    try:
        return _HEADER.pack(VERSION, packet.source, packet.destination, len(packet.apdu)) + packet.apdu
    except struct.error:
        raise LocalError(
            f"{packet.source} -> {packet.destination}, {len(packet.apdu)} bytes: does not fit a wrapper"
        ) from None


def decode(raw: bytes) -> Packet:
    """One packet, whole. Raises Garbled: «version», «length»."""
    if len(raw) < _HEADER.size:
        raise Garbled(f"length: a wrapper has {_HEADER.size} bytes of header, got {len(raw)}")
    source, destination, length = _header(raw)
    if length != len(raw) - _HEADER.size:
        raise Garbled(f"length: the wrapper says {length}, {len(raw) - _HEADER.size} bytes follow")
    return Packet(source, destination, raw[_HEADER.size :])


def _header(raw: bytes | bytearray) -> tuple[int, int, int]:
    version, source, destination, length = _HEADER.unpack_from(raw)
    if version != VERSION:
        raise Garbled(f"version {version}, only {VERSION} is known")
    return source, destination, length


class Receiver:
    """Packets out of a stream, in any chunks. Keeps at most one packet's bytes.

    A stream has no mark to find the next packet by: after a wrong header it is lost, `feed` raises Garbled once and
    then drops everything.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lost = False

    def feed(self, data: bytes) -> Iterator[Packet]:
        if self._lost:
            return
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _HEADER.size:
            try:
                source, destination, length = _header(buffer)
            except Garbled:
                self._lost = True
                buffer.clear()
                raise
            end = _HEADER.size + length
            if end > len(buffer):
                return
            apdu = bytes(buffer[_HEADER.size : end])
            del buffer[:end]
            yield Packet(source, destination, apdu)
