"""How many readings came in, stand in the journal and were acknowledged, by meter and day: for central's audit.

`read` grows where a driver's rows are found to be new; what stands in the journal is counted from the journal's own
rows. They are equal unless a row was lost or given up here. A row that is sent once more on central's wish was read
once more. A day is the UTC day of the body's `made`, since 1970. All of it in the journal's thread.
"""

import sqlite3

from protocol.messages.control import Counted

KEEP = 60  # days after its last change that a day without rows is remembered
DAY = 86400
SINCE = "counted"  # in `meta`: days before it were not counted from their beginning


def count_read(db: sqlite3.Connection, meter: str, day: int, readings: int, today: int) -> None:
    """So many more; within the transaction of their rows."""
    if readings:
        db.execute(
            "INSERT INTO count VALUES (?, ?, ?, 0, ?) "
            "ON CONFLICT DO UPDATE SET read = read + excluded.read, changed = excluded.changed",
            (meter, day, readings, today),
        )


def count_gone(db: sqlite3.Connection, first: int, last: int) -> None:
    """Acknowledged rows of these seqs are about to leave; within that transaction."""
    db.execute(
        "INSERT INTO count SELECT meter, day, 0, sum(entries), 0 FROM journal "
        "WHERE seq BETWEEN ? AND ? AND body IS NOT NULL AND entries > 0 GROUP BY meter, day "
        "ON CONFLICT DO UPDATE SET gone = gone + excluded.gone",
        (first, last),
    )


def forget_gone(db: sqlite3.Connection) -> None:
    """The journal has a new store id: what has left it was another store's."""
    db.execute("UPDATE count SET read = read - gone, gone = 0 WHERE gone > 0")


def forget(db: sqlite3.Connection, today: int) -> None:
    """Days of which nothing stands any more."""
    db.execute(
        "DELETE FROM count WHERE changed < ? AND NOT EXISTS (SELECT 1 FROM journal "
        "WHERE journal.day = count.day AND journal.meter = count.meter AND body IS NOT NULL AND entries > 0)",
        (today - KEEP,),
    )


def counted(db: sqlite3.Connection, cursor: int, today: int) -> list[Counted]:
    """Newest days first: those that changed since yesterday began, and those not acknowledged to their end."""
    recent = today - 1
    since = max(_since(db, cursor, recent), _counted_since(db))
    found = {
        (meter, day): [read, gone, gone, changed]
        for meter, day, read, gone, changed in db.execute(
            "SELECT meter, day, read, gone, changed FROM count WHERE day >= ?", (since,)
        )
    }
    standing = db.execute(
        "SELECT meter, day, sum(entries), sum(CASE WHEN seq <= ? THEN entries ELSE 0 END) FROM journal "
        "WHERE body IS NOT NULL AND entries > 0 AND day >= ? GROUP BY day, meter",
        (cursor, since),
    )
    for meter, day, journal, sent in standing:
        figures = found.setdefault((meter, day), [0, 0, 0, 0])
        figures[1] += journal
        figures[2] += sent
    told = [
        Counted(meter, day, read, journal, sent)
        for (meter, day), (read, journal, sent, changed) in found.items()
        if max(day, changed) >= recent or sent < journal
    ]
    return sorted(told, key=lambda one: (-one.day, one.meter))


def _since(db: sqlite3.Connection, cursor: int, recent: int) -> int:
    """The oldest day that may have to be told."""
    (changed,) = db.execute("SELECT min(day) FROM count WHERE changed >= ?", (recent,)).fetchone()
    pending = db.execute(
        "SELECT day FROM journal WHERE seq > ? AND entries > 0 ORDER BY seq LIMIT 1", (cursor,)
    ).fetchone()
    return min(recent, recent if changed is None else changed, pending[0] if pending else recent)


def _counted_since(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (SINCE,)).fetchone()
    return int(row[0]) if row else 0
