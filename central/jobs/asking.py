"""Asking for a job: any program may, and needs nothing of the worker for it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from central.db import insert
from central.jobs.tables import State, job


def enqueue(
    connection: Connection,
    kind: str,
    arguments: Mapping[str, Any],
    now: int,
    *,
    key: str | None = None,
    due_at: int | None = None,
) -> int:
    """Makes a job in the caller's transaction, to be done from `due_at` (default: now) on; returns its id.

    With a `key` there is one job of it: when it is there already, whatever became of it, that one's id is returned.
    """
    row = {"kind": kind, "key": key, "arguments": dict(arguments), "state": State.WAITING, "tries": 0, "made_at": now}
    new = insert(connection, job).values(**row, due_at=now if due_at is None else due_at)
    made = connection.scalar(new.on_conflict_do_nothing(index_elements=["kind", "key"]).returning(job.c.id))
    if made is None:
        made = connection.execute(select(job.c.id).where(job.c.kind == kind, job.c.key == key)).scalar_one()
    return int(made)
