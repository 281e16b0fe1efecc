"""What is to become of a row that came: taken, or quarantined with a reason. Pure.

Ingest asks when a row arrives, the worker and `replay` ask again: what was foreign may be adopted meanwhile, what was
unknown may be known to a newer program. Quarantine keeps the payload whole, and counts as received.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from central.ingest.bindings import Periods, entitled
from central.ingest.session import void_hash
from protocol.errors import Garbled
from protocol.messages import bodies, command
from protocol.messages.bodies import Body
from protocol.messages.command import Reply
from protocol.messages.topics import SELF, RowTopic


class Reason(StrEnum):
    UNREADABLE = "unreadable"  # not a body, or beyond its limits
    UNKNOWN_VERSION = "unknown_version"  # replayed after the upgrade
    WRONG_CHANNEL = "wrong_channel"  # events as archive, or the other way round
    FOREIGN_METER = "foreign_meter"  # this edge was not entitled to this meter then
    UNKNOWN_COMMAND = "unknown_command"  # a reply to what was never asked of this edge
    BAD_VOID = "bad_void"  # a lost row whose hash is not given
    UNKNOWN_COLUMNS = "unknown_columns"  # the known ones are taken, the message waits as `partial`
    SERIES_REFUSED = "series_refused"  # the time series will never take it


@dataclass(frozen=True, slots=True)
class Verdict:
    """`body` = what can be projected (None for a void and a reply), or `reason` and `detail` = why nothing can."""

    body: Body | None
    reason: Reason | None = None
    detail: str | None = None
    reply: Reply | None = None


_FIRST, _LAST = 0, 2**32  # stamps of 1970 to 2106: beyond them nothing was ever measured
_DETAIL = 300


class _Version(msgspec.Struct):
    v: int


def judge(topic: RowTopic, payload: bytes, periods: Periods, asked: bool = False) -> Verdict:
    """`periods` = when this edge is entitled to this meter; `asked` = the command of a reply was sent to this edge."""
    if topic.channel == "void":
        return Verdict(None) if void_hash(payload) else _refuse(Reason.BAD_VOID, "its hash is not 16 hex digits")
    if topic.channel == "reply":
        return _reply(topic, payload) if asked else _refuse(Reason.UNKNOWN_COMMAND, f"no command {topic.name} was sent")
    try:
        body = bodies.decode(payload)
    except Garbled as error:
        return _refuse(_why(payload), str(error))
    if (topic.channel == "event") != (body.kind == bodies.EVENT):
        return _refuse(Reason.WRONG_CHANNEL, f"a body of {body.kind} on the channel {topic.channel}")
    moments = stamps(body)
    if not moments:
        return Verdict(body)
    if min(moments) < _FIRST or max(moments) >= _LAST:
        number = next(number for number, stamp in enumerate(moments) if not _FIRST <= stamp < _LAST)
        return _refuse(Reason.UNREADABLE, f"row {number}: its stamp is not between 1970 and 2106")
    if not any(takes(topic, stamp, periods) for stamp in moments):
        return _refuse(Reason.FOREIGN_METER, f"{topic.edge} was not entitled to {topic.name} at any row's time")
    return Verdict(body)


def _reply(topic: RowTopic, payload: bytes) -> Verdict:
    try:
        reply = command.decode_reply(payload)
    except Garbled as error:
        return _refuse(_why(payload), str(error))
    if reply.id != topic.name:
        return _refuse(Reason.UNREADABLE, "it replies to another command than its topic says")
    return Verdict(None, reply=reply)


def takes(topic: RowTopic, stamp: int, periods: Periods) -> bool:
    """A row of this stamp is taken: the edge's own events always, a meter's rows while it is the edge's."""
    own = topic.channel == "event" and topic.name == SELF
    return own or entitled(periods, stamp)


def takes_all(topic: RowTopic, body: Body, periods: Periods) -> bool:
    """Rows of every stamp are taken: one period holds them all."""
    moments = stamps(body)
    if not moments or (topic.channel == "event" and topic.name == SELF):
        return True
    first, last = min(moments), max(moments)
    return any(entitled([period], first) and entitled([period], last) for period in periods)


def stamps(body: Body) -> list[int]:
    """Seconds UTC of each row."""
    t0 = int(body.t0.timestamp())
    return [t0 + (row[0] or 0) for row in body.rows]


def _why(payload: bytes) -> Reason:
    if len(payload) > bodies.MAX_BYTES:
        return Reason.UNREADABLE
    try:
        version = msgspec.json.decode(payload, type=_Version).v
    except (msgspec.DecodeError, ValueError, RecursionError):
        return Reason.UNREADABLE
    return Reason.UNREADABLE if version == bodies.VERSION else Reason.UNKNOWN_VERSION


def _refuse(reason: Reason, detail: str) -> Verdict:
    return Verdict(None, reason, printable(detail))


def printable(text: str) -> str:
    """Text that SQL and a log take whatever it came from."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_DETAIL])
