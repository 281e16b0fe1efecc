"""A meter's journal came: the mark that somebody is to look at it, in the transaction that keeps its lines.

A mark survives whatever happens until its meter is looked at; lines that come again mark again, and looking again tells
nothing twice.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, case

from central.db import insert, insert_of
from central.metering.decree import matters
from central.notices.tables import journal_mark

Line = tuple[int, int, int]  # time, journal, code


def mark(connection: Connection, lines: Mapping[str, Sequence[Line]], now: int) -> None:
    """Meter -> lines of it that came. In the order of the keys: two transactions never wait for each other."""
    known = [{"meter": meter, "first_at": now, "since": None, "due_at": now} for meter in sorted(lines)]
    if known:
        connection.execute(insert(connection, journal_mark).on_conflict_do_nothing(), known)
    begun = {
        meter: min(times)
        for meter, its in sorted(lines.items())
        if (times := [time for time, journal, code in its if matters(journal, code)])
    }
    if begun:
        rows = [{"meter": meter, "first_at": now, "since": since, "due_at": now} for meter, since in begun.items()]
        connection.execute(_lower(connection.dialect.name), rows)


@cache
def _lower(dialect: str) -> Any:
    """A mark that reaches farther back stays."""
    upsert = insert_of(dialect, journal_mark)
    stands = journal_mark.c.since <= upsert.excluded.since
    since = case((stands, journal_mark.c.since), else_=upsert.excluded.since)
    return upsert.on_conflict_do_update(
        index_elements=[journal_mark.c.meter], set_={"since": since, "due_at": upsert.excluded.due_at}
    )
