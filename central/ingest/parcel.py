"""A message as it came, and as far as it can be understood without SQL. Pure."""

from dataclasses import dataclass

from protocol.errors import Garbled
from protocol.messages import control
from protocol.messages.control import About, Health, Live, State
from protocol.messages.topics import EdgeTopic, RowTopic, parse_up, valid_name

_SEQ = 10**18  # a seq of a topic has at most 18 digits; so has `low`


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """`topic` None: nobody can read it, `trouble` says why. `said`: what a message about the edge says."""

    message: Message
    topic: RowTopic | EdgeTopic | None
    said: About | State | Health | Live | None = None
    trouble: str = ""

    @property
    def edge(self) -> str:
        return self.topic.edge if self.topic else ""

    @property
    def meter(self) -> str:
        """Of live values."""
        return (self.topic.meter or "") if isinstance(self.topic, EdgeTopic) else ""


def unpack(message: Message) -> Parcel:
    try:
        topic = parse_up(message.topic)
        return Parcel(message, topic, _said(topic, message.payload) if isinstance(topic, EdgeTopic) else None)
    except Garbled as error:
        return Parcel(message, None, trouble=str(error))


def _said(topic: EdgeTopic, payload: bytes) -> About | State | Health | Live:
    """Raises Garbled."""
    match topic.what:
        case "about":
            return _about(payload)
        case "state":
            return control.decode(payload, State)
        case "health":
            return _health(payload)
        case _:
            return control.decode(payload, Live)


def _health(payload: bytes) -> Health:
    """Raises Garbled also for a name that no journal has."""
    health = control.decode(payload, Health)
    if health.store is not None and not valid_name(health.store):
        raise Garbled(f"store {health.store!r} is not a name")
    return health


def _about(payload: bytes) -> About:
    """Raises Garbled also for numbers and names that no journal has."""
    about = control.decode(payload, About)
    if not 1 <= about.low <= about.next < _SEQ:
        raise Garbled(f"low {about.low}, next {about.next}: 1 <= low <= next is the rule")
    if not valid_name(about.store):
        raise Garbled(f"store {about.store!r} is not a name")
    return about
