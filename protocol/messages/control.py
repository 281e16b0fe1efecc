"""Messages about the edge itself and central's word: state, about, ack, live, health."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

import msgspec

from protocol.errors import Garbled
from protocol.messages.bodies import MAX_BYTES

WINDOW = 64  # rows that an edge sends in order beyond the last acknowledged one


class State(msgspec.Struct, frozen=True, kw_only=True):
    """`up/state`, retained, and the last will (state «lost», since = time of that connect)."""

    v: int = 1
    state: Literal["online", "offline", "lost"]
    since: datetime


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration of central that the edge does not run, and why, for people."""

    version: int
    sha256: str
    why: str


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """Which configuration of central runs (0, "" = none came: the edge's own file), and which was refused since."""

    version: int = 0
    sha256: str = ""
    refused: Rejected | None = None


class About(msgspec.Struct, frozen=True, kw_only=True):
    """`up/about`, retained: what the journal holds. `low` = smallest seq, or `next` when it is empty.

    An edge that takes its configuration from central says with which key secrets are sealed to it, and what runs.
    """

    v: int = 1
    store: str
    low: int
    next: int
    central: str
    software: str
    config: str  # hash of the configuration in force
    meters: dict[str, int]  # meter -> period of its load profile, seconds
    sealing_key: str | None = None  # base64
    configuration: Running | None = None


class Ack(msgspec.Struct, frozen=True, kw_only=True):
    """`down/ack`: all rows of `store` up to `upto` are central's; `sha` = hash of that row as central computed it."""

    central: str
    store: str
    upto: int
    sha: str | None


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """`up/live/<meter>`, QoS 0: instantaneous values by quantity name, in the registry's units."""

    v: int = 1
    time: datetime
    values: dict[str, float]


class MeterHealth(msgspec.Struct, frozen=True, kw_only=True):
    last_success: datetime | None
    fault: str | None  # why the last attempt failed
    overwritten_from: datetime | None  # when its unread archive starts to be overwritten
    ahead: float | None = None  # seconds by which its clock is ahead of the concentrator's; None: not known
    clock_stands: bool = False  # it answers with the same time again: its clock stands, or its answer is an old one


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`up/health`, QoS 0, each minute."""

    v: int = 1
    time: datetime
    waiting: int  # rows not acknowledged
    oldest: datetime | None  # of them
    days_left: float | None  # of journal space
    clock: Literal["trusted", "untrusted"]
    meters: dict[str, MeterHealth]
    store: str | None = None  # whose counts these are
    counts: dict[str, list[tuple[int, int, int, int]]] | None = None  # meter -> day since 1970, read, journal, sent


class Counted(NamedTuple):
    """Readings of one meter in bodies made on one UTC day: came in from the meter, stand in the journal, acknowledged.

    Rows that central asked for again are counted again, on all ways.
    """

    meter: str
    day: int  # since 1970
    read: int
    journal: int
    sent: int


_Message = TypeVar("_Message", State, About, Ack, Live, Health)


def with_counts(health: Health, store: str, counted: Iterable[Counted]) -> Health:
    """As many of the counts as the message has room for, in the order given."""
    counts: dict[str, list[tuple[int, int, int, int]]] = {}
    found = msgspec.structs.replace(health, store=store, counts=counts)
    room = MAX_BYTES - len(encode(found))
    for one in counted:
        room -= len(msgspec.json.encode(one[1:])) + 1 + (0 if one.meter in counts else len(one.meter) + 6)
        if room < 0:
            break
        counts.setdefault(one.meter, []).append(one[1:])
    return found


def encode(message: State | About | Ack | Live | Health) -> bytes:
    return msgspec.json.encode(message)


def decode(payload: bytes, kind: type[_Message]) -> _Message:
    """Raises Garbled, with the reason."""
    if len(payload) > MAX_BYTES:
        raise Garbled(f"too large: {len(payload)} bytes, at most {MAX_BYTES}")
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Garbled(f"not a message of kind {kind.__name__.lower()}: {error}") from None
