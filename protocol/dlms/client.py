"""The client of one meter: an association, GET, blocks, segments and recovery. Bytes in, bytes and events out.

    client = Client(link="hdlc", client=32, server=(1, 16), password=b"…")
    line.write(client.open())               # then for each chunk that comes:
    step = client.receive(chunk)            # step.send goes to the line, step.event is what happened
    line.write(client.get(8, CLOCK, 2))     # after Opened; its answer is one Value or Denied
    line.write(client.repeat())             # nothing came in time
    line.write(client.close())              # then Closed

One request at a time. An answer that belongs to an older request is dropped, never taken for the newer one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from protocol.dlms.profile import CaptureObject
from protocol.obis import Obis

Link = Literal["hdlc", "wrapper"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The association stands. `max_pdu` = largest APDU that the meter takes, `conformance` = 24 bits negotiated."""

    max_pdu: int
    conformance: int


@dataclass(frozen=True, slots=True)
class Value:
    """The answer: one whole A-XDR value, as `axdr.decode` and `profile` take it."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Denied:
    """The answer is a Data-Access-Result other than success."""

    code: int
    name: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The meter has let us go."""


Event = Opened | Value | Denied | Closed


class Step(NamedTuple):
    """What `receive` made of the bytes: what to send now (may be b""), and what has happened."""

    send: bytes
    event: Event | None


class Client:
    """`client`: 16 public, 32 reader, 48 configurator. `server`: (logical device, physical address or None).

    `password`: None = lowest security, else LLS. `max_pdu`: largest APDU we take. `max_info`: largest HDLC
    information field we propose (128 is the default of the standard and is not proposed, but assumed).
    """

    def __init__(
        self,
        *,
        link: Link,
        client: int,
        server: tuple[int, int | None],
        password: bytes | None = None,
        max_pdu: int = 1200,
        max_info: int = 128,
        conformance: int = 0x007E1F,
    ) -> None:
        raise NotImplementedError

    def open(self) -> bytes:
        """SNRM (hdlc) or AARQ (wrapper); the rest follows by itself until Opened. Raises LocalError."""
        raise NotImplementedError

    def get(self, class_id: int, obis: Obis, attribute: int, selection: bytes = b"") -> bytes:
        """A GET; `selection` by `by_range` or `by_entry`. Raises LocalError unless the association is open and idle."""
        raise NotImplementedError

    def close(self) -> bytes:
        """DISC (hdlc, in any state) or RLRQ (wrapper). Raises LocalError for a wrapper without association."""
        raise NotImplementedError

    def repeat(self) -> bytes:
        """The last request again, after silence. Raises LocalError when nothing is under way."""
        raise NotImplementedError

    def receive(self, data: bytes) -> Step:
        """Bytes from the line, in any chunks.

        Raises Garbled, AssociationRefused, PasswordRefused, Unsupported. After an error the request is over: the
        association goes on when it can (`get` works), or is closed.
        """
        raise NotImplementedError


def by_range(since: bytes, until: bytes, columns: Sequence[CaptureObject] = ()) -> bytes:
    """Selector 1: rows whose clock lies in [since, until], 12 bytes each (`cosem_time.encode`); () = all columns."""
    raise NotImplementedError


def by_entry(from_entry: int, to_entry: int, from_column: int = 1, to_column: int = 0) -> bytes:
    """Selector 2: entries counted from 1; 0 as an end = the last."""
    raise NotImplementedError
