"""Rows of the journal: what goes in, what comes out, and which of them are still what they were. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import NamedTuple

from protocol.messages import bodies
from protocol.messages.bodies import EVENT
from protocol.messages.chain import GENESIS, link
from protocol.reading import Event, Readings

REPLY = "reply"  # the kind of a row that answers a command; its `meter` is the command's id
_CHANNELS = {EVENT: "event", REPLY: "reply"}
DAY = 86400
_HASH = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `body` None = void: lost here or given up, `sha` is the hash it had."""

    seq: int
    meter: str
    kind: str
    prev: str
    body: bytes | None
    sha: str

    @property
    def sound(self) -> bool:
        """The row is what was written. A void has nothing to check by itself."""
        if not isinstance(self.body, bytes) or not isinstance(self.prev, str) or not _HASH.fullmatch(self.prev):
            return False  # a spoilt page changes types too
        return link(self.prev, self.body) == self.sha

    @property
    def channel(self) -> str:
        """The <channel> of its topic."""
        if self.body is None:
            return "void"
        return _CHANNELS.get(self.kind, "archive")

    @property
    def payload(self) -> bytes:
        return self.sha.encode("ascii") if self.body is None else self.body


Content = Readings | tuple[Event, ...]


class Shape(NamedTuple):
    """What the journal knows of a body beside it: first and last stamp, UTC day of its `made`, readings in it."""

    t0: int
    t1: int
    day: int
    entries: int


def shape(body: bytes) -> Shape:
    """Of a body of readings or events. Raises Garbled."""
    decoded = bodies.decode(body)
    t0 = int(decoded.t0.timestamp())
    ends = [t0 + (row[0] or 0) for row in decoded.rows]
    return Shape(min(ends, default=t0), max(ends, default=t0), int(decoded.made.timestamp()) // DAY, len(decoded.rows))


def shape_of_reply(now: int) -> Shape:
    """Given at this moment; it holds no reading."""
    return Shape(now, now, now // DAY, 0)


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings or events of one meter; `offset` = minutes that turned its clock into UTC."""

    meter: str
    offset: int
    content: Content

    @property
    def kind(self) -> str:
        return self.content.kind.value if isinstance(self.content, Readings) else EVENT


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one meter's kind: since < stamp <= until, seconds UTC."""

    meter: str
    kind: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Registers of a meter without a memory; `at` = milliseconds UTC, `body` = as its owner wrote it."""

    meter: str
    at: int
    body: bytes


@dataclass(slots=True)
class Commit:
    """What one finished plan brings: all of it in one transaction, or none."""

    batches: list[Batch] = field(default_factory=list)
    marks: dict[tuple[str, str], int] = field(default_factory=dict)
    missing: list[Span] = field(default_factory=list)  # still to be read
    covered: list[Span] = field(default_factory=list)  # read now, whatever came
    samples: list[Sample] = field(default_factory=list)


def mend(rows: Iterable[Entry], following: int, last: str) -> Iterator[Entry]:
    """Rows in order of seq -> those that must be rewritten so that the chain holds: each unsound row as a void.

    A link between two rows stands in both; whichever row is sound has it right. `last` = hash of the journal's last
    row, which stands before seq `following`.
    """
    before: Entry | None = None
    for row, after in pairwise(chain(rows, (None,))):
        assert row is not None
        fixed = row
        if not row.sound:
            prev = before.sha if before else row.prev
            sha = last if row.seq == following - 1 else after.prev if after and after.sound else row.sha
            fixed = replace(row, prev=_hash(prev), body=None, sha=_hash(sha))
        if fixed != row:
            yield fixed
        before = fixed


def _hash(text: str) -> str:
    """Two neighbours that are both damaged must only agree on the link between them."""
    return text if isinstance(text, str) and _HASH.fullmatch(text) else GENESIS


def union(spans: Iterable[Span]) -> list[Span]:
    """Spans of one meter and kind, overlapping ones joined, oldest first."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.since):
        if joined and span.since <= joined[-1].until:
            joined[-1] = replace(joined[-1], until=max(joined[-1].until, span.until))
        elif span.since < span.until:
            joined.append(span)
    return joined


def without(spans: Iterable[Span], done: Span) -> list[Span]:
    """What is left of the spans when `done` is taken out of them."""
    rest = []
    for span in spans:
        rest.append(replace(span, until=min(span.until, done.since)))
        rest.append(replace(span, since=max(span.since, done.until)))
    return [span for span in rest if span.since < span.until]
