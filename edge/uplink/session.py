"""The session of the edge with one central, as rules alone: no socket, no clock, no thread.

Nothing goes before central's first word in a connection (`about` -> ack), rows go in order within a window, and only
central's acknowledgement moves the cursor: the broker's word frees nothing. Time (monotonic seconds) and chance are
arguments. The journal is asked through `Rows`; whoever calls must be where the journal may be read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edge.journal.rows import Entry
from protocol.messages.control import WINDOW, Ack

OUTSIDE = 16  # newest rows sent ahead of their turn since the cursor moved
NEWEST_EVERY = 5  # of the rows sent while behind
PATIENCE = 30.0  # seconds without progress, then `about` again, doubled up to
PATIENCE_MAX = 600.0


class Rows(Protocol):
    """What the session needs of the journal."""

    store: str
    next: int

    @property
    def low(self) -> int: ...

    def entries(self, after: int, limit: int) -> list[Entry]: ...

    def hash_of(self, seq: int) -> str | None: ...

    def cursor(self, central: str) -> int: ...

    def set_cursor(self, central: str, upto: int) -> None: ...

    def renew(self) -> str: ...


@dataclass(frozen=True, slots=True)
class SendAbout:
    """`about` is to be published with these figures."""

    store: str
    low: int
    next: int


@dataclass(frozen=True, slots=True)
class SendRow:
    """A row is to be published under this store."""

    store: str
    entry: Entry


Action = SendAbout | SendRow


class Session:
    """One object for the life of the process; `connected` and `gone` follow the connections."""

    def __init__(self, rows: Rows, central: str, chance: Callable[[], float]) -> None:
        """`chance` gives numbers in [0, 1): the jitter of the waiting times."""
        self._rows = rows
        self.central = central
        self._chance = chance
        self._connected = False
        self.open = False  # central has answered for our store in this connection
        self._first = True  # the next ack sets the cursor
        self._low = 0  # as the last `about` said
        self._sent = 0  # the last row sent in order
        self._count = 0  # rows sent in this connection
        self._ahead: set[int] = set()  # rows sent ahead of their turn in this connection
        self._outstanding = 0
        self._resting = False  # central had everything
        self._patience = PATIENCE
        self._due = 0.0  # when to say `about` again
        self.renewed = 0  # how often a rolled back or cloned file was found
        self.stranger: str | None = None  # a central that is not ours and acknowledged to us

    # ---- what happens

    def connected(self, now: float) -> list[Action]:
        self._connected, self.open = True, False
        self._count, self._ahead, self._outstanding = 0, set(), 0
        return [self._about(now, PATIENCE)]

    def gone(self) -> None:
        self._connected = self.open = False

    def changed(self, now: float) -> list[Action]:
        """The configuration in force is another one."""
        return [self._about(now, PATIENCE)] if self._connected else []

    def acknowledged(self, ack: Ack, now: float) -> list[Action]:
        """Central's word. Another central's, another store's or a late one frees nothing."""
        if not self._connected or ack.store != self._rows.store:
            return []
        if ack.central != self.central:
            self.stranger = ack.central
            return []
        known = self._rows.hash_of(ack.upto) if ack.upto < self._rows.next else None
        if ack.upto >= self._rows.next or (known and ack.sha and known != ack.sha):
            self._rows.renew()
            self.renewed += 1
            self.open = False
            return [self._about(now, PATIENCE)]
        held = self._rows.cursor(self.central)
        if ack.upto > held:
            self._outstanding = 0
            self._wait(now, PATIENCE)
        if self._first or ack.upto > held:
            self._rows.set_cursor(self.central, ack.upto)
        self._sent = ack.upto if self._first else max(self._sent, ack.upto)
        self.open, self._first = True, False
        return []

    # ---- what to send

    def due(self, now: float) -> list[Action]:
        """`about` again when central has been silent too long, or rows were given up that it waits for."""
        if not self._connected:
            return []
        low = self._rows.low
        gave_up = low != self._low and low - 1 > self._rows.cursor(self.central)
        if not gave_up and now < self._due:
            return []
        return [self._about(now, self._patience if gave_up else min(self._patience * 2, PATIENCE_MAX))]

    def rows(self, now: float, limit: int = WINDOW) -> list[Action]:
        """Rows to publish now, at most `limit`: in order within the window, one in five the newest while behind."""
        if not self.open:
            return []
        cursor = self._rows.cursor(self.central)
        resting = cursor >= self._rows.next - 1
        if self._resting and not resting:  # the first row after a rest: central's answer is due soon
            self._wait(now, PATIENCE)
        self._resting = resting
        room = min(limit, cursor + WINDOW - self._sent)
        found: list[Action] = []
        for entry in self._rows.entries(self._sent, room) if room > 0 else []:
            if (self._count + 1) % NEWEST_EVERY == 0 and (newest := self._newest(entry.seq)):
                found.append(newest)
            found.append(self._send(entry))
            self._sent = entry.seq
        return found

    # ---- inside

    def _newest(self, turn: int) -> SendRow | None:
        """The newest row ahead of its turn, once a connection."""
        seq = self._rows.next - 1
        if self._outstanding >= OUTSIDE or seq in self._ahead or seq < turn + WINDOW:
            return None
        found = self._rows.entries(seq - 1, 1)
        if not found:
            return None
        self._ahead.add(seq)
        self._outstanding += 1
        return self._send(found[0])

    def _send(self, entry: Entry) -> SendRow:
        self._count += 1
        return SendRow(self._rows.store, entry)

    def _wait(self, now: float, patience: float) -> None:
        self._patience = patience
        self._due = now + patience * (1 + self._chance() / 4)

    def _about(self, now: float, patience: float) -> SendAbout:
        self._first = True
        self._low = self._rows.low
        self._wait(now, patience)
        return SendAbout(self._rows.store, self._low, self._rows.next)
