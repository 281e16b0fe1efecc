"""Opening the edge's file whatever state it is in: a sound one is used, any other is kept aside and what is good in it
goes into a new one.

A salvaged file is renumbered from 1, chained anew, and bears a new store id; marks are not taken over (a wrong one
would hide readings for ever), so the meters are read again and what stands already is not journalled twice. Commands
are not taken over either, but how far they were counted is: none of them runs a second time.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from edge.journal import schema
from edge.journal.commands import FLOOR
from edge.journal.journal import INSERT, Journal
from edge.journal.rows import REPLY, Entry, shape, shape_of_reply
from protocol.errors import Garbled
from protocol.messages import bodies, command
from protocol.messages.chain import GENESIS, link

SIDES = ("", "-wal", "-shm")
_COLUMNS = "at, t0, t1, seq, meter, kind, prev, body, sha"


@dataclass(frozen=True, slots=True)
class Salvage:
    """What happened to a file that could not be used."""

    reason: str
    aside: Path
    saved: int  # rows


def open_journal(path: Path, now: int, limit: int) -> tuple[Journal, Salvage | None]:
    """The journal in this file, made if there is none. Raises OSError or sqlite3.Error when the disk refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    reason = trouble(path)
    if reason is None:
        return Journal(schema.connect(path), limit), None
    aside = _aside(path, now)
    connection = schema.connect(path)
    saved = _copy(aside, connection)
    return Journal(connection, limit), Salvage(reason, aside, saved)


def trouble(path: Path) -> str | None:
    """Why this file cannot be used as it is; None = it can, or there is none."""
    if not path.exists():
        return None
    if path.stat().st_size == 0 and not path.with_name(path.name + "-wal").exists():
        return None  # made, and never written
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
            connection.text_factory = schema.lenient
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > schema.VERSION:
                return f"made by a newer program (version {version}, this one knows {schema.VERSION})"
            if (verdict := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                return f"damaged: {verdict}"
            if version == 0:
                return "not a journal"
            return _holes(connection)
    except (sqlite3.DatabaseError, ValueError) as error:
        return f"damaged: {error}"


def _holes(connection: sqlite3.Connection) -> str | None:
    count, low, high = connection.execute("SELECT count(*), min(seq), max(seq) FROM journal").fetchone()
    meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    if count and (high - low + 1 != count or high + 1 != int(meta.get("next", 0))):
        return f"damaged: {count} rows numbered {low} to {high}, the next one {meta.get('next')}"
    return None


def _aside(path: Path, now: int) -> Path:
    """The file and what belongs to it under a name that is free."""
    number = now
    while (aside := path.with_name(f"{path.stem}.aside-{number}{path.suffix}")).exists():
        number += 1
    for side in SIDES:
        part = path.with_name(path.name + side)
        if part.exists():
            part.rename(aside.with_name(aside.name + side))
    return aside


def _copy(aside: Path, target: sqlite3.Connection) -> int:
    """Every row whose checksum is right and whose body can be read; one transaction."""
    target.execute("BEGIN IMMEDIATE")
    seq, prev = 1, GENESIS
    saved: Counter[tuple[str, int]] = Counter()
    for at, t0, t1, entry in _readable(aside):
        assert entry.body is not None
        sha = link(prev, entry.body)
        found = shape_of_reply(at) if entry.kind == REPLY else shape(entry.body)
        saved[entry.meter, found.day] += found.entries
        target.execute(
            INSERT, (seq, at, entry.meter, entry.kind, t0, t1, prev, entry.body, sha, found.day, found.entries)
        )
        seq, prev = seq + 1, sha
    target.executemany("INSERT INTO count VALUES (?, ?, ?, 0, ?)", _counts(aside, saved))
    meta = [("next", str(seq)), ("last", prev), (FLOOR, str(_counted(aside)))]
    target.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta)
    target.execute("COMMIT")
    return seq - 1


def _readable(path: Path) -> Iterator[tuple[int, int, int, Entry]]:
    """(at, t0, t1, row) of the good rows: each seq is asked for by itself, so that one bad page costs its own rows."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    except sqlite3.DatabaseError:
        return
    connection.text_factory = schema.lenient
    with closing(connection):
        for seq in _numbers(connection):
            try:
                row = connection.execute(f"SELECT {_COLUMNS} FROM journal WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
            except sqlite3.DatabaseError:
                continue
            if row is not None and _good(entry := Entry(*row[3:])):
                yield row[0], row[1], row[2], entry


def _counts(path: Path, saved: Mapping[tuple[str, int], int]) -> Iterator[tuple[str, int, int, int]]:
    """Meter, day, readings that came in, when they last grew: as this file says, else as many as were saved of them."""
    read, changed = dict(saved), {key: key[1] for key in saved}
    with (
        suppress(sqlite3.DatabaseError, ValueError, TypeError),
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
    ):
        connection.text_factory = schema.lenient
        for meter, day, here, gone, last in connection.execute("SELECT * FROM count").fetchall():
            read[meter, day] = max(read.get((meter, day), 0), int(here) - int(gone))
            changed[meter, day] = int(last)
    return ((*key, count, changed[key]) for key, count in read.items() if count > 0)


def _counted(path: Path) -> int:
    """The greatest counter of a command that this file knows of; 0 = it knows of none, or cannot be read."""
    found = 0
    for question in ("SELECT max(counter) FROM command", f"SELECT value FROM meta WHERE key = '{FLOOR}'"):  # noqa: S608
        with (
            suppress(sqlite3.DatabaseError, ValueError, TypeError),
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
        ):
            found = max(found, int(connection.execute(question).fetchone()[0]))
    return found


def _numbers(connection: sqlite3.Connection) -> range:
    """The numbers that rows may have, found without reading them where that can be done."""
    for question in ("SELECT min(seq), max(seq) FROM journal", "SELECT 1, value FROM meta WHERE key = 'next'"):
        try:
            low, high = connection.execute(question).fetchone() or (None, None)
            if low is not None and high is not None:
                return range(int(low), int(high) + 1)
        except (sqlite3.DatabaseError, ValueError, TypeError):
            continue
    return range(0)


def _good(entry: Entry) -> bool:
    try:
        if not entry.sound or entry.body is None:
            return False
        if entry.kind == REPLY:
            return command.decode_reply(entry.body).id == entry.meter
        return bodies.decode(entry.body).kind == entry.kind
    except (Garbled, TypeError):
        return False
