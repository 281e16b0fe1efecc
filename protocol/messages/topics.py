"""Every topic of the contract, built and taken apart in one place.

uchet/1/<edge>/up/{archive,event,reply,void}/<name>/<store>/<seq>/<prev>    rows of the journal
uchet/1/<edge>/up/{state,about,health}   uchet/1/<edge>/up/live/<meter>     about the edge; instantaneous values
uchet/1/<edge>/down/ack   uchet/1/<edge>/down/command/<id>                  central's word; what it wants done
uchet/1/<edge>/down/config                                                  which meters the edge is to read, and how
"""

import re
from dataclasses import dataclass

from protocol.errors import Garbled, LocalError

ROOT = "uchet/1"
SELF = "self"  # <meter> of the edge's own events
RESERVED = frozenset({"to"})  # as <edge>; `self` too, but that is a legal <meter>
CHANNELS = frozenset({"archive", "event", "reply", "void"})
UP_FILTER = f"{ROOT}/+/up/#"  # central subscribes

_A_NAME = r"[0-9A-Za-z-]{1,40}"
_NAME = re.compile(_A_NAME)
_ROW = re.compile(
    rf"{ROOT}/({_A_NAME})/up/({'|'.join(sorted(CHANNELS))})/({_A_NAME})/({_A_NAME})/([1-9][0-9]{{0,17}})/([0-9a-f]{{16}})"
)


@dataclass(frozen=True, slots=True)
class RowTopic:
    """All that is needed to account for a row; its payload may be any bytes."""

    edge: str
    channel: str  # archive | event | reply | void
    name: str  # meter, or command for `reply`
    store: str
    seq: int
    prev: str

    def __str__(self) -> str:
        return f"{ROOT}/{self.edge}/up/{self.channel}/{self.name}/{self.store}/{self.seq}/{self.prev}"


@dataclass(frozen=True, slots=True)
class EdgeTopic:
    """A message about the edge itself, or `live` of one of its meters."""

    edge: str
    what: str  # state | about | health | live
    meter: str | None = None

    def __str__(self) -> str:
        tail = f"{self.what}/{self.meter}" if self.meter else self.what
        return f"{ROOT}/{self.edge}/up/{tail}"


def ack(edge: str) -> str:
    return f"{ROOT}/{edge}/down/ack"


def command(edge: str, id: str) -> str:
    """`id` "+" = the filter of all of them."""
    return f"{ROOT}/{edge}/down/command/{id}"


def config(edge: str) -> str:
    return f"{ROOT}/{edge}/down/config"


def command_id(edge: str, topic: str) -> str | None:
    """The <id> when this is a command to this edge; None for every other topic."""
    id = topic.removeprefix(command(edge, ""))
    return id if id != topic and valid_name(id) else None


def valid_name(name: str) -> bool:
    """May stand as <edge>, <meter>, <store> or <command>."""
    return _NAME.fullmatch(name) is not None


def check_edge(name: str) -> str:
    """The name, if an edge may bear it; raises LocalError."""
    if not valid_name(name) or name in RESERVED or name == SELF:
        raise LocalError(f"{name!r} cannot name an edge: 1-40 of 0-9 A-Z a-z «-», and neither «to» nor «self»")
    return name


def parse_up(topic: str) -> RowTopic | EdgeTopic:
    """Raises Garbled for a topic that is not one of ours."""
    if row := _ROW.fullmatch(topic):
        edge, channel, name, store, seq, prev = row.groups()
        return RowTopic(_edge(edge, topic), channel, name, store, int(seq), prev)
    parts = topic.split("/")
    if len(parts) < 5 or "/".join(parts[:2]) != ROOT or parts[3] != "up":
        raise Garbled(f"not a topic of ours: {topic!r}")
    edge, what, rest = _edge(parts[2], topic), parts[4], parts[5:]
    if what in ("state", "about", "health") and not rest:
        return EdgeTopic(edge, what)
    if what == "live" and len(rest) == 1 and valid_name(rest[0]):
        return EdgeTopic(edge, what, rest[0])
    raise Garbled(f"not a topic of ours: {topic!r}")


def _edge(name: str, topic: str) -> str:
    if not valid_name(name) or name in RESERVED or name == SELF:
        raise Garbled(f"bad edge name in topic {topic!r}")
    return name
