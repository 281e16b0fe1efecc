"""The journal: rows are added durably and in order, kept until they are old and acknowledged, given up last of all.

`append` returns after the commit. A row read again is added only if it is new or different. Nothing is deleted on an
acknowledgement: rows leave at the front only, and the seq and hash of what has left are never used again.
One thread owns an object of this class.
"""

import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from edge.journal import counts
from edge.journal.rows import DAY, Batch, Commit, Content, Entry, Sample, Shape, Span, mend, shape, union, without
from protocol.messages import bodies
from protocol.messages.chain import GENESIS, link
from protocol.messages.control import Counted
from protocol.reading import Kind, Readings, Row

KEEP = 45 * 86400  # seconds
KEEP_SAMPLES = 2 * 86400
STEP = 200  # rows given up at a time when space is short
ROW_OVERHEAD = 180  # bytes of a row beside its body, index included
PACE = 3600  # seconds that rows must have come over, to tell how many days there is room for
CHEAP = (Kind.NOW.value, bodies.EVENT)  # given up before anything that is billed

INSERT = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ENTRY = "SELECT seq, meter, kind, prev, body, sha FROM journal"


def new_store() -> str:
    """A random store id: 12 characters that no other store ever had."""
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What retention did: rows deleted after acknowledgement, rows given up without it."""

    acknowledged: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """`oldest` = when the oldest unacknowledged row was written, seconds UTC; `days_left` None = cannot be told."""

    rows: int
    oldest: int | None
    total: int
    days_left: float | None


class Writer:
    """The rows of one transaction, each linked to the one before it. `db` is the journal's connection."""

    def __init__(self, db: sqlite3.Connection, following: int, last: str, now: int) -> None:
        self.db = db
        self.next, self.last = following, last
        self._now = now

    def row(self, meter: str, kind: str, shape: Shape, body: bytes) -> None:
        sha = link(self.last, body)
        self.db.execute(
            INSERT,
            (self.next, self._now, meter, kind, shape.t0, shape.t1, self.last, body, sha, shape.day, shape.entries),
        )
        self.next, self.last = self.next + 1, sha


class Journal:
    def __init__(self, connection: sqlite3.Connection, limit: int = 512 * 2**20, ids: Callable[[], str] = new_store):
        """`limit` bytes of journal; tables stand (schema.connect). Bad rows become voids here."""
        self._db = connection
        self._limit = limit
        self._ids = ids
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        self.store: str = meta.get("store", "")
        self.next = int(meta.get("next", 1))
        self.last: str = meta.get("last", GENESIS)
        self._cursors: dict[tuple[str, str], int] = {
            (central, store): upto for central, store, upto in connection.execute("SELECT * FROM cursor")
        }
        if not self.store:
            self.renew()
        self.voids = self._mend(Entry(*row) for row in connection.execute(f"{_ENTRY} ORDER BY seq"))

    # ---- reading

    @property
    def connection(self) -> sqlite3.Connection:
        """For this room's other tables; written to within `writing` only."""
        return self._db

    @property
    def low(self) -> int:
        """The smallest seq held, or `next` when the journal is empty."""
        row = self._db.execute("SELECT min(seq) FROM journal").fetchone()
        return self.next if row[0] is None else int(row[0])

    def entries(self, after: int, limit: int) -> list[Entry]:
        """Rows with seq > after, in order, each checked: what the disk has spoilt meanwhile comes as a void."""
        self._mend(self._select("WHERE seq BETWEEN ? AND ? ORDER BY seq", after, after + limit + 1))
        return self._select("WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)

    def hash_of(self, seq: int) -> str | None:
        """The hash of a row, known from the row after it (or as the last hash); None when that is not here."""
        if seq == self.next - 1:
            return self.last
        row = self._db.execute("SELECT prev FROM journal WHERE seq = ?", (seq + 1,)).fetchone()
        return None if row is None else str(row[0])

    def cursor(self, central: str) -> int:
        """Up to which seq this central has this store; 0 = nothing known."""
        return self._cursors.get((central, self.store), 0)

    def marks(self) -> dict[tuple[str, str], int]:
        """(meter, kind) -> stamp up to which it is read."""
        found = self._db.execute("SELECT meter, kind, last FROM mark WHERE last IS NOT NULL")
        return {(meter, kind): last for meter, kind, last in found}

    def entries_read(self) -> dict[tuple[str, str], int]:
        """(meter, kind) -> readings that went into the journal, ever."""
        return {(meter, kind): n for meter, kind, n in self._db.execute("SELECT meter, kind, entries FROM mark")}

    def gaps(self) -> list[Span]:
        """What is still to be read of the past, oldest first."""
        return [Span(*row) for row in self._db.execute("SELECT meter, kind, since, until FROM gap ORDER BY since")]

    def samples(self, meter: str, since: int) -> list[Sample]:
        """Samples at or after `since` (milliseconds UTC), oldest first."""
        found = self._db.execute("SELECT * FROM sample WHERE meter = ? AND at >= ? ORDER BY at", (meter, since))
        return [Sample(*row) for row in found]

    def last_written(self) -> int | None:
        """When the last row was written, seconds UTC: time was at least this once."""
        row = self._db.execute("SELECT at FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None else int(row[0])

    def waiting(self, central: str) -> Waiting:
        after = max(self.cursor(central), self.low - 1)
        oldest = self._db.execute("SELECT at FROM journal WHERE seq > ? ORDER BY seq LIMIT 1", (after,)).fetchone()
        total = self._db.execute("SELECT count(*) FROM journal").fetchone()[0]
        return Waiting(self.next - 1 - after, oldest and oldest[0], total, self._days_left())

    def counted(self, central: str, now: int) -> tuple[str, list[Counted]]:
        """The store, and how many readings of which day came in, stand here, were acknowledged; newest days first."""
        return self.store, counts.counted(self._db, self.cursor(central), now // DAY)

    # ---- writing

    def append(self, commit: Commit, now: int) -> int:
        """All of the commit in one transaction; returns how many readings and events were new. `now` seconds UTC."""
        added = 0
        with self.writing(now) as writer:
            for batch in commit.batches:
                content, count = self._new(batch)
                for body in _encode(content, now, batch.offset):
                    writer.row(batch.meter, batch.kind, shape(body), body)
                self._count(batch, count, now // DAY)
                added += count
            self._db.executemany(
                "INSERT INTO mark VALUES (?, ?, ?, 0) "
                "ON CONFLICT DO UPDATE SET last = max(coalesce(last, excluded.last), excluded.last)",
                [(meter, kind, stamp) for (meter, kind), stamp in commit.marks.items()],
            )
            self._move_gaps(commit.missing, commit.covered)
            self._db.executemany(
                "INSERT OR REPLACE INTO sample VALUES (?, ?, ?)", [(s.meter, s.at, s.body) for s in commit.samples]
            )
        return added

    @contextmanager
    def writing(self, now: int) -> Iterator["Writer"]:
        """One transaction, for this room: rows by the writer, other tables by its connection; all of it or nothing."""
        writer = Writer(self._db, self.next, self.last, now)
        with self._writing():
            yield writer
            self._save_meta(next=str(writer.next), last=writer.last)
            self._save_cursors()
        self.next, self.last = writer.next, writer.last

    def to_read(self, spans: Iterable[Span]) -> None:
        """These stretches are to be read (again); within `writing`."""
        self._move_gaps(tuple(spans), ())

    def set_cursor(self, central: str, upto: int) -> None:
        """On the disk with the next commit or `flush`: to lose it costs a resend, to write each spoils a card."""
        self._cursors[central, self.store] = upto

    def flush(self) -> None:
        with self._writing():
            self._save_cursors()

    def renew(self) -> str:
        """A new store id: this file was rolled back or cloned. All rows are pending under it."""
        store = self._ids()
        with self._writing():
            self._save_meta(store=store)
            counts.forget_gone(self._db)
        self.store = store
        return store

    def trim(self, now: int | None, central: str) -> Trimmed:
        """Retention. Old rows leave once acknowledged (`now` None: the time is not known, nobody is old); when space
        is short acknowledged ones, then `now` rows and events, then billable ones at the front."""
        acknowledged = given_up = 0
        cursor = self.cursor(central)
        with self._writing():
            if now is not None:
                self._db.execute("DELETE FROM sample WHERE at < ?", ((now - KEEP_SAMPLES) * 1000,))
                stays = "SELECT min(seq) FROM journal WHERE at >= ? OR seq > ?"
                first = self._db.execute(stays, (now - KEEP, cursor)).fetchone()[0]
                acknowledged += self._delete_acknowledged((first if first is not None else self.next) - 1)
                counts.forget(self._db, now // DAY)
            self._save_cursors()
        while self._used() > self._limit:
            with self._writing():
                if gone := self._delete_acknowledged(min(cursor, self.low + STEP - 1, self.next - 2)):
                    acknowledged += gone
                elif gone := self._empty_cheap(cursor) or self._delete_front():
                    given_up += gone
                else:
                    break
        return Trimmed(acknowledged, given_up)

    def close(self) -> None:
        self.flush()
        self._db.close()

    # ---- inside

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:  # something failed, the commit itself perhaps
                self._db.execute("ROLLBACK")

    def _select(self, where: str, *arguments: int) -> list[Entry]:
        return [Entry(*row) for row in self._db.execute(f"{_ENTRY} {where}", arguments)]

    def _new(self, batch: Batch) -> tuple[Content, int]:
        """The batch less what already stands in the journal; equal rows that occur twice count twice."""
        if not isinstance(batch.content, Readings):
            known = {
                event for body in self._overlapping(batch, [e.time for e in batch.content]) for event in body.events
            }
            events = tuple(event for event in dict.fromkeys(batch.content) if event not in known)
            return events, len(events)
        readings = batch.content
        held: Counter[tuple[object, ...]] = Counter()
        for body in self._overlapping(batch, [row.end for row in readings.rows]):
            held.update(_identity(body.cols, row) for row in body.readings.rows)
        fresh = []
        for row in readings.rows:
            key = _identity(readings.columns, row)
            if held[key] > 0:
                held[key] -= 1
            else:
                fresh.append(row)
        return Readings(readings.kind, readings.columns, tuple(fresh)), len(fresh)

    def _overlapping(self, batch: Batch, stamps: list[int]) -> Iterator[bodies.Body]:
        if not stamps:
            return
        found = self._db.execute(
            f"{_ENTRY} WHERE meter = ? AND kind = ? AND t1 >= ? AND t0 <= ? AND body IS NOT NULL",
            (batch.meter, batch.kind, min(stamps), max(stamps)),
        )
        for entry in (Entry(*row) for row in found.fetchall()):
            if entry.sound:  # a spoilt row does not hold what was read
                assert entry.body is not None
                yield bodies.decode(entry.body)

    def _count(self, batch: Batch, count: int, today: int) -> None:
        counts.count_read(self._db, batch.meter, today, count, today)
        self._db.execute(
            "INSERT INTO mark VALUES (?, ?, NULL, ?) ON CONFLICT DO UPDATE SET entries = entries + excluded.entries",
            (batch.meter, batch.kind, count),
        )

    def _move_gaps(self, missing: Sequence[Span], covered: Sequence[Span]) -> None:
        for meter, kind in {(span.meter, span.kind) for span in (*missing, *covered)}:
            found = self._db.execute("SELECT * FROM gap WHERE meter = ? AND kind = ?", (meter, kind)).fetchall()
            spans = [Span(*row) for row in found]
            for done in covered:
                if (done.meter, done.kind) == (meter, kind):
                    spans = without(spans, done)
            spans += [span for span in missing if (span.meter, span.kind) == (meter, kind)]
            self._db.execute("DELETE FROM gap WHERE meter = ? AND kind = ?", (meter, kind))
            self._db.executemany(
                "INSERT INTO gap VALUES (?, ?, ?, ?)", [(meter, kind, s.since, s.until) for s in union(spans)]
            )

    def _save_meta(self, **values: str) -> None:
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def _save_cursors(self) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)",
            [(central, store, upto) for (central, store), upto in self._cursors.items()],
        )

    def _delete(self, where: str, *arguments: int) -> int:
        return self._db.execute(f"DELETE FROM journal WHERE {where}", arguments).rowcount  # noqa: S608 our own text

    def _delete_acknowledged(self, upto: int) -> int:
        counts.count_gone(self._db, 0, upto)
        return self._delete("seq <= ?", upto)

    def _delete_front(self) -> int:
        """The oldest rows, at most STEP; the last row of the journal stays."""
        return self._delete("seq < ? AND seq < ?", self.low + STEP, self.next - 1)

    def _empty_cheap(self, cursor: int) -> int:
        """The oldest `now` rows and events, at most STEP, become voids. The stretch is written anew: a body that is
        only cut out leaves a hole in its page that an append-only table never fills."""
        cheap = self._db.execute(
            "SELECT seq FROM journal WHERE seq > ? AND body IS NOT NULL AND kind IN (?, ?) ORDER BY seq LIMIT ?",
            (cursor, *CHEAP, STEP),
        ).fetchall()
        if cheap:
            stretch = (cheap[0][0], cheap[-1][0])
            rows = self._db.execute("SELECT * FROM journal WHERE seq BETWEEN ? AND ?", stretch).fetchall()
            self._delete("seq BETWEEN ? AND ?", *stretch)
            gone = {seq for (seq,) in cheap}
            self._db.executemany(INSERT, [(*row[:7], None if row[0] in gone else row[7], *row[8:]) for row in rows])
        return len(cheap)

    def _used(self) -> int:
        """Bytes of the file that are in use; deleted rows leave free pages, which are used again."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _days_left(self) -> float | None:
        """From the pace of the last thousand rows; what came within less than PACE, as the past of new meters does,
        tells of no pace."""
        found = self._db.execute(
            "SELECT min(at), max(at), sum(coalesce(length(body), 0) + ?) FROM journal WHERE seq >= ?",
            (ROW_OVERHEAD, self.next - 1000),
        ).fetchone()
        if found[0] is None or found[1] - found[0] < PACE:
            return None
        pace = found[2] / (found[1] - found[0]) * 86400
        return round(float(max(0.0, (self._limit - self._used()) / pace)), 1)

    def _mend(self, rows: Iterable[Entry]) -> int:
        """These rows made whole where they are not; how many became voids. A void at the very front has no neighbour
        to vouch for its link, and nothing to give: it leaves."""
        bad = list(mend(rows, self.next, self.last))
        with self._writing() if bad else nullcontext():
            self._db.executemany(
                "UPDATE journal SET prev = ?, body = NULL, sha = ? WHERE seq = ?", [(r.prev, r.sha, r.seq) for r in bad]
            )
        first = self._db.execute("SELECT min(seq) FROM journal WHERE body IS NOT NULL").fetchone()[0]
        if self.low < (first or self.next):
            with self._writing():
                self._delete("seq < ?", first or self.next)
        return len(bad)


def _identity(columns: tuple[str, ...], row: Row) -> tuple[object, ...]:
    """What makes two rows the same: the order of columns does not."""
    return (row.end, row.span, row.quality, frozenset(zip(columns, row.values, strict=True)))


def _encode(content: Content, now: int, offset: int) -> Iterator[bytes]:
    if isinstance(content, Readings):
        return bodies.encode_readings(content, made=now, offset=offset)
    return bodies.encode_events(content, made=now, offset=offset)
