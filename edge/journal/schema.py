"""The edge's tables, made by sqlite-utils; the connection they live on.

    meta     store id, next seq, hash of the last row, greatest counter of the commands that are forgotten
    journal  what was read, in order; a row without a body is a void: it was lost here, and is sent as such
    mark     up to which stamp a meter's kind is read; how many rows of it went into the journal
    gap      spans of the past that are still to be read
    cursor   up to which seq a central has acknowledged a store
    sample   registers of meters without a memory, at the boundaries of their periods
    command  orders of central that were taken: signed text, what was replied
    count    readings that came in, by meter and day; of them what was acknowledged and has left the journal

Every commit is on the disk when it returns (WAL, synchronous=FULL).
"""

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

VERSION = 3  # PRAGMA user_version: a file with a greater one was written by a newer program

migrations = Migrations("edge")


@migrations()
def tables(db: Database) -> None:
    db.table("meta").create({"key": str, "value": str}, pk="key", strict=True)
    db.table("journal").create(
        {
            "seq": int,
            "at": int,  # when it was written, seconds UTC
            "meter": str,
            "kind": str,
            "t0": int,  # first and last stamp in the body, seconds UTC
            "t1": int,
            "prev": str,
            "body": bytes,
            "sha": str,
        },
        pk="seq",
        not_null={"at", "meter", "kind", "t0", "t1", "prev", "sha"},
        strict=True,
    )
    db.table("journal").create_index(["meter", "kind", "t1"])
    db.table("mark").create({"meter": str, "kind": str, "last": int, "entries": int}, pk=("meter", "kind"), strict=True)
    db.table("gap").create(
        {"meter": str, "kind": str, "since": int, "until": int}, pk=("meter", "kind", "since"), strict=True
    )
    db.table("cursor").create({"central": str, "store": str, "upto": int}, pk=("central", "store"), strict=True)
    db.table("sample").create({"meter": str, "at": int, "body": bytes}, pk=("meter", "at"), strict=True)
    db.execute("PRAGMA user_version = 1")


@migrations()
def commands(db: Database) -> None:
    db.table("command").create(
        {
            "id": str,
            "counter": int,
            "state": str,  # taken | waiting | closed
            "expires": int,  # seconds UTC
            "body": bytes,  # the signed text
            "reply": bytes,  # the last one given
            "seq": int,  # rows of the journal from here on came after its execution
        },
        pk="id",
        not_null={"counter", "state", "expires", "body"},
        strict=True,
    )
    db.execute("PRAGMA user_version = 2")


@migrations()
def counts(db: Database) -> None:
    db.table("journal").add_column("day", int)  # UTC day of the body's `made`, since 1970
    db.table("journal").add_column("entries", int)  # readings or events in the body; null = not counted
    db.execute("CREATE INDEX journal_day ON journal (day, meter, entries) WHERE body IS NOT NULL AND entries > 0")
    db.table("count").create(
        {
            "meter": str,
            "day": int,
            "read": int,
            "gone": int,  # acknowledged, and no longer in the journal
            "changed": int,  # the day on which `read` last grew
        },
        pk=("meter", "day"),
        not_null={"read", "gone", "changed"},
        strict=True,
    )
    # what stands already was not counted, nor is what the same day still brings
    db.execute("INSERT INTO meta SELECT 'counted', max(at) / 86400 + 1 FROM journal HAVING count(*) > 0")
    db.execute("PRAGMA user_version = 3")


def lenient(text: bytes) -> str:
    """Spoilt text is read all the same: the checksum of the row tells."""
    return text.decode(errors="replace")


def connect(path: Path) -> sqlite3.Connection:
    """The one writing connection, tables made. PRAGMAs come before any transaction, or they do nothing."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.text_factory = lenient
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA journal_size_limit=4194304")
    migrations.apply(Database(connection))
    return connection
