"""What becomes of a command before anything is done. Pure. Times: seconds UTC.

What central's key has not signed for this edge is dropped without a reply: a stranger must not fill the journal. What
it has signed and cannot be done is refused with a status.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.config import DAY
from edge.journal.rows import Span
from protocol.errors import Garbled, Unsupported
from protocol.messages import command
from protocol.messages.command import Backfill, BadSignature, Order, Read, Status

SLACK = 120  # seconds by which central's clock may be ahead of ours


class Alarm(StrEnum):
    """Why what came was dropped, in words that hold nothing of it."""

    NO_KEY = "a command came, and edge.toml has no [uplink] command_key"
    UNREADABLE = "a command that cannot be read"
    UNSIGNED = "a command that our central did not sign"
    OTHER_EDGE = "a command to another edge"
    OTHER_ID = "a command under another id than its own"
    REPLAYED = "a command from long ago was sent again"
    NO_KEY_CONFIGURATION = "a configuration came, and edge.toml has no [uplink] command_key"
    UNREADABLE_CONFIGURATION = "a configuration that cannot be read"
    UNSIGNED_CONFIGURATION = "a configuration that our central did not sign"
    OTHER_EDGES_CONFIGURATION = "a configuration of another edge"
    OLD_CONFIGURATION = "a configuration that is older than one that was taken"


class Dropped(Exception):
    """No reply is given."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(str(alarm))
        self.alarm = alarm


@dataclass(frozen=True, slots=True)
class Refusal:
    status: Status
    detail: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A backfill that can be done: `span` as asked for, less the future; `reading` = what the meter is asked for.

    `detail` = why that is not all of it.
    """

    span: Span
    reading: Span | None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """A meter is to be asked what it shows now."""

    meter: str


def accepted(edge: str, key: bytes | None, id: str, payload: bytes) -> Order:
    """The order that central has signed for this edge. Raises Dropped."""
    if key is None:
        raise Dropped(Alarm.NO_KEY)
    try:
        order = command.verify(payload, key)
    except BadSignature:
        raise Dropped(Alarm.UNSIGNED) from None
    except Garbled:
        raise Dropped(Alarm.UNREADABLE) from None
    if order.edge != edge:
        raise Dropped(Alarm.OTHER_EDGE)
    if order.id != id:
        raise Dropped(Alarm.OTHER_ID)
    return order


def judged(order: Order, meters: Mapping[str, bool], depth: int, now: int) -> Stretch | Glance | Refusal:
    """`meters`: has it a memory that can be read again? `depth` = days that meters keep; `now` is trusted."""
    if now >= order.expires.timestamp():
        return Refusal(Status.DENIED, "it had expired when it came")
    if order.not_before.timestamp() > now + SLACK:
        return Refusal(Status.DENIED, "its time has not come")
    try:
        arguments = order.typed()
    except Unsupported as error:
        return Refusal(Status.UNSUPPORTED, str(error)[:300])
    if arguments.meter not in meters:
        return Refusal(Status.NO_METER, f"no meter {arguments.meter}"[:300])
    if isinstance(arguments, Read):
        return Glance(arguments.meter)
    return _stretch(arguments, meters[arguments.meter], now - depth * DAY, now)


def _stretch(asked: Backfill, remembers: bool, floor: int, now: int) -> Stretch | Refusal:
    since, until = int(asked.since.timestamp()), min(int(asked.until.timestamp()), now)
    if since >= until:
        return Refusal(Status.DENIED, "nothing of that stretch has passed")
    span = Span(asked.meter, asked.kind, since, until)
    if not remembers:
        return Stretch(span, None, "the meter has no memory: only what the journal held")
    if until <= floor:
        return Stretch(span, None, "older than meters keep: only what the journal held")
    if since < floor:
        return Stretch(span, Span(asked.meter, asked.kind, floor, until), "the meter is asked only for what it keeps")
    return Stretch(span, span)
