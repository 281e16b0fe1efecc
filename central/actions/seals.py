"""Making seals over the journal of actions. Functions take a connection in a transaction; instants are seconds UTC.

No row may slip in under a seal later. On PostgreSQL rows are numbered when they are written and seen when their
transaction commits: one with a lower number may come after one with a higher was seen. `settled` waits for all who
write just now, by a lock of the table (SHARE) that they hold against: whoever writes after it gets a higher number. On
SQLite the one writer's transaction is that lock.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, text

from central.accounts.tables import audit, audit_seal
from central.actions.chain import GENESIS, Seal, begun, ended
from central.db import alone

MOST = 10_000  # rows of one seal
LATE = 3 * 3600  # seconds that a row may wait for its seal: the worker does not run
PATIENCE = "3s"  # who writes long is waited for no longer, since all who write wait behind us


@dataclass(frozen=True, slots=True)
class State:
    """Where the chain stands. `unsealed`: rows under no seal yet; `since`: the oldest of them."""

    newest: Seal | None
    unsealed: int
    since: int | None


def settled(connection: Connection) -> int:
    """The highest id: below it nothing will come any more. In a transaction of `writing` that ends at once. Raises
    DBAPIError: somebody writes for long."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        connection.execute(text("LOCK TABLE audit IN SHARE MODE"))
    return connection.scalar(select(func.max(audit.c.id))) or 0


def make(connection: Connection, end: int, now: int) -> Seal | None:
    """The next seal over at most MOST rows up to this id, which is settled; None: there are none."""
    alone(connection, "seals of actions")
    before = newest(connection)
    number, last, prev = (1, None, GENESIS) if before is None else (before.number + 1, before.last, before.sha)
    query = select(audit).where(audit.c.id <= end).order_by(audit.c.id).limit(MOST)
    rows = connection.execute(query if last is None else query.where(audit.c.id > last)).all()
    if not rows:
        return None
    about = (number, rows[0].id, rows[-1].id, len(rows), now, prev)
    made = Seal(*about, sha=ended(begun(rows), *about))
    connection.execute(audit_seal.insert().values({name: getattr(made, name) for name in Seal.__slots__}))
    return made


def newest(connection: Connection) -> Seal | None:
    row = connection.execute(select(audit_seal).order_by(audit_seal.c.number.desc()).limit(1)).first()
    return None if row is None else of(row)


def of(row: Row[Any]) -> Seal:
    return Seal(*(getattr(row, name) for name in Seal.__slots__))


def by_sha(connection: Connection, sha: str) -> Seal | None:
    """The seal that an old letter tells of; None: it is not in the chain any more."""
    row = connection.execute(select(audit_seal).where(audit_seal.c.sha == sha)).first()
    return None if row is None else of(row)


def state(connection: Connection) -> State:
    last = newest(connection)
    above = audit.c.id > (0 if last is None else last.last)
    unsealed = connection.scalar(select(func.count()).select_from(audit).where(above)) or 0
    since = connection.scalar(select(audit.c.at).where(above).order_by(audit.c.id).limit(1))
    return State(last, unsealed, since)
