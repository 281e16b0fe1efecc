"""The states of an association: role -> state -> event -> state. All that affects a state stands in these tables.

An event that is not in the table is an error that names role, state and event: `Garbled` when the peer caused it,
`LocalError` when we did.
"""

from enum import StrEnum

from protocol.errors import Garbled, LocalError


class State(StrEnum):
    CLOSED = "closed"
    CONNECTING = "connecting"  # HDLC link asked for
    CONNECTED = "connected"  # link there, no association
    ASSOCIATING = "associating"  # AARQ sent
    READY = "ready"  # associated, nothing under way
    ASKING = "asking"  # a request is under way
    CLOSING = "closing"  # release or disconnect sent


class Event(StrEnum):
    OPEN = "open"
    CONNECTED = "connected"
    ASSOCIATED = "associated"
    REFUSED = "refused"
    ASK = "ask"
    MORE = "more"  # a part of the answer came
    ANSWERED = "answered"  # the answer came, good or bad
    HANG_UP = "hang up"
    GONE = "gone"  # the peer has no link or association (any more)


Table = dict[State, dict[Event, State]]

CLIENT: Table = {
    State.CLOSED: {Event.OPEN: State.CONNECTING, Event.HANG_UP: State.CLOSING},
    State.CONNECTING: {
        Event.CONNECTED: State.ASSOCIATING,
        Event.GONE: State.CLOSED,
        Event.HANG_UP: State.CLOSING,
    },
    State.ASSOCIATING: {
        Event.ASSOCIATED: State.READY,
        Event.REFUSED: State.CLOSED,
        Event.GONE: State.CLOSED,
        Event.HANG_UP: State.CLOSING,
    },
    State.READY: {Event.ASK: State.ASKING, Event.GONE: State.CLOSED, Event.HANG_UP: State.CLOSING},
    State.ASKING: {
        Event.MORE: State.ASKING,
        Event.ANSWERED: State.READY,
        Event.GONE: State.CLOSED,
        Event.HANG_UP: State.CLOSING,
    },
    State.CLOSING: {Event.GONE: State.CLOSED, Event.HANG_UP: State.CLOSING},
}

SERVER: Table = {
    State.CLOSED: {Event.CONNECTED: State.CONNECTED},
    State.CONNECTED: {
        Event.CONNECTED: State.CONNECTED,
        Event.ASSOCIATED: State.READY,
        Event.REFUSED: State.CONNECTED,
    },
    State.READY: {
        Event.CONNECTED: State.CONNECTED,
        Event.ASSOCIATED: State.READY,
        Event.REFUSED: State.CONNECTED,
        Event.ASK: State.ASKING,
        Event.HANG_UP: State.CONNECTED,
    },
    State.ASKING: {
        Event.CONNECTED: State.CONNECTED,
        Event.ASSOCIATED: State.READY,
        Event.REFUSED: State.CONNECTED,
        Event.ASK: State.ASKING,  # a new request ends the old block transfer
        Event.MORE: State.ASKING,  # a block was sent, more follow
        Event.ANSWERED: State.READY,
        Event.HANG_UP: State.CONNECTED,
    },
}
ROLES = {"client": CLIENT, "server": SERVER}


class Machine:
    """One end of an association: `state` moves by `ours` and `theirs` only."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.state = State.CLOSED

    def ours(self, event: Event) -> None:
        """We want this. Raises LocalError when the state does not allow it."""
        if event not in ROLES[self.role][self.state]:
            raise LocalError(self._impossible(event))
        self.state = ROLES[self.role][self.state][event]

    def theirs(self, event: Event) -> None:
        """The peer did this. Raises Garbled when the state does not allow it."""
        if event not in ROLES[self.role][self.state]:
            raise Garbled(self._impossible(event))
        self.state = ROLES[self.role][self.state][event]

    def _impossible(self, event: Event) -> str:
        return f"{self.role}: «{event}» is impossible in state «{self.state}»"
