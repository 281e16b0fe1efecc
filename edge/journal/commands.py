"""What the journal's file remembers of central's commands: which were taken, how far each is, what was replied.

    taken    counter and id are on the disk, nothing is done yet
    waiting  it was begun, and central knows (reply 1)
    closed   the last word was said
A command's effect, its new state and its reply are one transaction, so a crash leaves it either not done or done. What
a command wants of a meter has no effect here: it waits until its answer closes it, and after a crash waits again. Old
ones are forgotten, the greatest counter among them is not: what was taken once never runs again. All this in the
journal's thread.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from edge.journal.counts import count_read
from edge.journal.journal import Journal, Writer
from edge.journal.rows import DAY, REPLY, Entry, Span, shape, shape_of_reply
from protocol.messages import bodies, command
from protocol.messages.command import Reply

FLOOR = "command_floor"  # in `meta`
KEEP = 45 * 86400  # seconds after its expiry that a closed command is known by its id, as long as its rows are


class State(StrEnum):
    TAKEN = "taken"
    WAITING = "waiting"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Held:
    """One command. `reply` = the body of the last reply; `seq`: rows from here on came after its execution."""

    id: str
    state: str  # State, unless the disk has spoilt it
    body: bytes
    reply: bytes | None
    seq: int | None


class Commands:
    """Over one journal. Times: seconds UTC."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._db = journal.connection

    def find(self, id: str) -> Held | None:
        return next(self._select("WHERE id = ?", id), None)

    def unfinished(self) -> list[Held]:
        """Those without a last word, in the order central gave them."""
        return list(self._select("WHERE state <> ? ORDER BY counter", State.CLOSED))

    def floor(self) -> int:
        """The greatest counter of a command that is forgotten."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (FLOOR,)).fetchone()
        return 0 if row is None else int(row[0])

    def left(self, span: Span) -> bool:
        """Something of this stretch is still to be read."""
        question = "SELECT 1 FROM gap WHERE meter = ? AND kind = ? AND since < ? AND until > ?"
        where = (span.meter, span.kind, span.until, span.since)
        return self._db.execute(question, where).fetchone() is not None

    def readings_since(self, span: Span, seq: int) -> int:
        """Readings of this stretch in rows from `seq` on."""
        return sum(
            span.since < int(body.t0.timestamp()) + (row[0] or 0) <= span.until
            for body in (bodies.decode(entry.body) for entry in self._held(span, seq) if entry.body)
            for row in body.rows
        )

    # ---- writing

    def take(self, id: str, counter: int, expires: int, body: bytes, now: int) -> None:
        """Before anything is done."""
        with self._journal.writing(now) as writer:
            self._insert(writer, id, counter, expires, body)

    def refuse(self, id: str, counter: int, expires: int, body: bytes, reply: Reply, now: int) -> None:
        """Taken and closed at once."""
        with self._journal.writing(now) as writer:
            self._insert(writer, id, counter, expires, body)
            self._say(writer, State.CLOSED, reply, now)

    def answer_again(self, held: Held, now: int) -> None:
        """What was replied, as a new row. A command that has no reply yet gets one when it is executed."""
        if held.reply is not None:
            with self._journal.writing(now) as writer:
                writer.row(held.id, REPLY, shape_of_reply(now), held.reply)

    def backfill(self, id: str, span: Span, reading: Span | None, reply: Callable[[int], Reply], now: int) -> None:
        """The journal's rows of `span` once more, `reading` is to be read, and central is told how many rows it was."""
        with self._journal.writing(now) as writer:
            copied: set[bytes] = set()
            for entry in self._held(span, 0):
                assert entry.body is not None
                if entry.body not in copied:  # an earlier backfill sent it again too
                    found = shape(entry.body)
                    writer.row(span.meter, span.kind, found, entry.body)
                    count_read(writer.db, span.meter, found.day, found.entries, now // DAY)
                    copied.add(entry.body)
            if reading is not None:
                self._journal.to_read([reading])
            self._db.execute("UPDATE command SET seq = ? WHERE id = ?", (writer.next, id))
            self._say(writer, State.WAITING, reply(len(copied)), now)

    def begin(self, reply: Reply, now: int) -> None:
        """It waits for a meter, and central is told."""
        with self._journal.writing(now) as writer:
            self._say(writer, State.WAITING, reply, now)

    def close(self, reply: Reply, now: int) -> None:
        """The last word."""
        with self._journal.writing(now) as writer:
            self._say(writer, State.CLOSED, reply, now)

    def forget(self, now: int) -> int:
        """Old ones, none that is unfinished; returns how many."""
        old = "state = ? AND expires < ?"
        where = (State.CLOSED, now - KEEP)
        greatest = self._db.execute(f"SELECT max(counter) FROM command WHERE {old}", where).fetchone()[0]  # noqa: S608
        if greatest is None:
            return 0
        with self._journal.writing(now) as writer:
            self._count(writer, greatest)
            return writer.db.execute(f"DELETE FROM command WHERE {old}", where).rowcount  # noqa: S608 our own text

    def drop(self, id: str, now: int) -> None:
        """One that cannot be read any more: it is forgotten at once."""
        with self._journal.writing(now) as writer:
            (counter,) = writer.db.execute("SELECT counter FROM command WHERE id = ?", (id,)).fetchone()
            self._count(writer, counter)
            writer.db.execute("DELETE FROM command WHERE id = ?", (id,))

    # ---- inside

    def _select(self, where: str, *arguments: str) -> Iterator[Held]:
        question = f"SELECT id, state, body, reply, seq FROM command {where}"  # noqa: S608 our own text
        for id, state, body, reply, seq in self._db.execute(question, arguments).fetchall():
            yield Held(id, state, body, reply, seq)

    def _count(self, writer: Writer, counter: int) -> None:
        values = (FLOOR, str(max(counter, self.floor())))
        writer.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", values)

    @staticmethod
    def _insert(writer: Writer, id: str, counter: int, expires: int, body: bytes) -> None:
        values = (id, counter, State.TAKEN, expires, body)
        writer.db.execute("INSERT INTO command VALUES (?, ?, ?, ?, ?, NULL, NULL)", values)

    @staticmethod
    def _say(writer: Writer, state: State, reply: Reply, now: int) -> None:
        text = command.encode_reply(reply)
        writer.row(reply.id, REPLY, shape_of_reply(now), text)
        writer.db.execute("UPDATE command SET state = ?, reply = ? WHERE id = ?", (state, text, reply.id))

    def _held(self, span: Span, seq: int) -> list[Entry]:
        """Sound rows from `seq` on that reach into the stretch."""
        found = self._db.execute(
            "SELECT seq, meter, kind, prev, body, sha FROM journal "
            "WHERE meter = ? AND kind = ? AND t1 > ? AND t0 <= ? AND seq >= ? AND body IS NOT NULL ORDER BY seq",
            (span.meter, span.kind, span.since, span.until, seq),
        )
        return [entry for entry in (Entry(*row) for row in found) if entry.sound]
