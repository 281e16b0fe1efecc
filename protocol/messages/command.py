"""Commands of central to an edge, and the edge's replies: signed, bounded in time, counted, of a closed list.

`down/command/<id>` = {"v":1,"body":"<exact JSON text>","signature":"<base64>"}: Ed25519 over PREFIX + the text's bytes.
The text: {"id","edge","counter","not_before","expires","command":"<name>","arguments":{…}}; arguments are typed by the
name of the command (`ARGUMENTS`).
`up/reply/<id>/<store>/<seq>/<prev>` = {"v":1,"id","status","at","detail"?,"result"?,"shown"?}, a row of the edge's
journal. A central that does not know a field of it reads the rest.

Status 1 is a promise: the last word comes later. Every other status is the last word.
    backfill   rows of a meter that central lacks: what the journal still holds of them goes out again, and the meter is
               asked for the whole span once more. 0 when nothing of the span is still to be read; 4 the same, but
               the span began before what meters keep; 6 when it expired first.
               result: `again` = rows of the journal sent again, `read` = readings that came new from the meter
    read       what one meter shows at this moment. 1 when the edge has it in hand; then 0 with `shown`; 4 the same, but
               some of it the meter did not give; 2 the meter lets nobody in or shows nothing to us; 3 it has nothing of
               the moment; 5 it is not read here, or another one answers at its address; 6 silence, or the order
               expired first; 7 the line is down, or what came cannot be understood.
               The values are in the reply because `up/live` is QoS 0: who waits for them must not wait in vain.
"""

import base64
import binascii
from datetime import datetime
from enum import IntEnum
from math import isfinite
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.errors import Garbled, LocalError, Unsupported
from protocol.messages import signed
from protocol.messages.signed import VERSION as VERSION
from protocol.messages.signed import BadSignature as BadSignature

PREFIX = b"uchet/1/command\n"
KEY_BYTES = 32  # of either key, raw


class Status(IntEnum):
    """What became of a command."""

    DONE = 0
    WAITING = 1
    DENIED = 2
    UNSUPPORTED = 3
    PARTIAL = 4
    NO_METER = 5
    NO_ANSWER = 6
    BAD_LINK = 7


class Backfill(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Rows with since < stamp <= until; only kinds that a meter can be asked for again."""

    meter: str
    kind: Literal["load", "daily", "monthly", "event"]
    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("a time without zone")


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What the meter shows now."""

    meter: str


Arguments = Backfill | Read
ARGUMENTS: dict[str, type[Arguments]] = {"backfill": Backfill, "read": Read}
NAMES = {kind: name for name, kind in ARGUMENTS.items()}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The signed text. It may be executed from `not_before` until `expires`, by `edge` alone, once."""

    id: str
    edge: str
    counter: int  # central's own per edge: a greater one is a later command
    not_before: datetime
    expires: datetime
    command: str
    arguments: msgspec.Raw

    def typed(self) -> Arguments:
        """Raises Unsupported for a command that this version does not know, or not with such arguments."""
        kind = ARGUMENTS.get(self.command)
        if kind is None:
            raise Unsupported(f"no such command: {self.command!r}")
        try:
            return msgspec.json.decode(self.arguments, type=kind)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise Unsupported(f"arguments of {self.command}: {error}") from None


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a meter showed at `time` (the edge's clock), at its own terminals, by the names of `protocol.quantities`.

    `values` in their units; `registers` in mWh and mvarh, null = «not measured»; `relay`: its load is connected, null =
    it has no relay, or does not tell.
    """

    time: datetime
    values: dict[str, float] = {}
    registers: dict[str, int | None] = {}
    relay: bool | None = None

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if self.time.tzinfo is None:
            raise ValueError("a time without zone")
        if not all(map(isfinite, self.values.values())):
            raise ValueError("a value that is no number")
        if any(not _fits(number) for number in self.registers.values() if number is not None):
            raise ValueError("a figure beyond 64 bits")


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a row of the channel `reply`."""

    v: int
    id: str
    status: Status
    at: datetime
    detail: str | None = None
    result: dict[str, int] | None = None
    shown: Shown | None = None


def order(arguments: Arguments, *, id: str, edge: str, counter: int, not_before: datetime, expires: datetime) -> Order:
    """The command that these arguments belong to."""
    return Order(
        id=id,
        edge=edge,
        counter=counter,
        not_before=not_before,
        expires=expires,
        command=NAMES[type(arguments)],
        arguments=msgspec.Raw(msgspec.json.encode(arguments)),
    )


def sign(order: Order, private: bytes) -> bytes:
    """The payload of `down/command/<id>`; the same order and key give the same bytes."""
    return signed.sign(msgspec.json.encode(order), PREFIX, private)


def verify(payload: bytes, public: bytes) -> Order:
    """The order in a payload. Raises BadSignature, and Garbled for what is not a command of version 1."""
    found = signed.decode(signed.verify(payload, PREFIX, public, "command"), Order, "command")
    if found.not_before.tzinfo is None or found.expires.tzinfo is None:
        raise Garbled("a time without zone")
    if not 0 < found.counter < 2**63:
        raise Garbled(f"counter {found.counter}")
    return found


def encode_reply(reply: Reply) -> bytes:
    return msgspec.json.encode(reply)


def decode_reply(payload: bytes) -> Reply:
    """Raises Garbled, with the reason."""
    reply = signed.decode(payload, Reply, "reply")
    if reply.v != VERSION:
        raise Garbled(f"version {reply.v}, this program reads version {VERSION}")
    if reply.at.tzinfo is None:
        raise Garbled("a time without zone")
    if not all(map(_fits, (reply.result or {}).values())):
        raise Garbled("a figure beyond 64 bits")
    return reply


def _fits(number: int) -> bool:
    return -(2**63) <= number < 2**63


def public_of(private: bytes) -> str:
    """The public key as it stands in edge.toml."""
    raw = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def key(text: str) -> bytes:
    """A key written as base64. Raises LocalError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise LocalError("base64 is expected") from None
    if len(raw) != KEY_BYTES:
        raise LocalError(f"{len(raw)} bytes, a key has {KEY_BYTES}")
    return raw
