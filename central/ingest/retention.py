"""What ingest kept long enough is forgotten: messages that went through, and those nobody can read.

What waits in the inbox (new, partial, quarantined) stays until someone resolves it.
"""

from sqlalchemy import Engine, delete, select

from central.db import writing
from central.ingest.tables import State, inbox, stray

DAY = 86_400
KEEP_DONE = 14 * DAY  # messages that went through
KEEP_STRAY = 90 * DAY
CHUNK = 1000  # rows a transaction: ingest goes on between two


def forget(engine: Engine, now: int) -> int:
    """Drops what is older than it is kept; returns how many messages. Raises DBAPIError."""
    old = [
        (inbox, inbox.c.state == State.DONE, now - KEEP_DONE),
        (stray, stray.c.id > 0, now - KEEP_STRAY),
    ]
    gone = 0
    for table, which, before in old:
        chunk = select(table.c.id).where(which, table.c.received_at < before).limit(CHUNK)
        while True:
            with writing(engine).begin() as connection:
                ids = connection.scalars(chunk).all()
                connection.execute(delete(table).where(table.c.id.in_(ids)))
            gone += len(ids)
            if len(ids) < CHUNK:
                break
    return gone
