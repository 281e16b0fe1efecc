"""Tables of the work that workers share: which process holds what, and which jobs there are."""

from enum import StrEnum

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from central.db import Id, Seconds, metadata

OWNER = 60  # longest name of a process


class State(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"  # for its time, the first one or the next attempt's
    RUNNING = "running"  # some process has it; when its lease ends, another takes it
    DONE = "done"
    DEAD = "dead"  # it will not be tried again by itself: somebody is to decide
    DROPPED = "dropped"  # somebody decided: never


# who may do what at this time; `term` grows whenever the owner changes, so a late writer is known by it
lease = Table(
    "lease",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("owner", String(OWNER), nullable=False),  # "" = nobody
    Column("term", Integer, nullable=False),
    Column("until_at", Seconds, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("key", String(100)),  # the same thing is made once; null = each is a thing of its own
    Column("arguments", JSON, nullable=False),
    Column("state", String(8), nullable=False),
    Column("due_at", Seconds, nullable=False),  # not before
    Column("tries", Integer, nullable=False),  # times it was taken
    Column("owner", String(OWNER)),
    Column("lease_until_at", Seconds),
    Column("made_at", Seconds, nullable=False),
    Column("started_at", Seconds),  # the last time it was taken
    Column("finished_at", Seconds),  # done or dead
    Column("error", Text),  # of the last attempt
    Column("result", JSON(none_as_null=True)),
    UniqueConstraint("kind", "key"),
    Index("ix_job_state_due_at_id", "state", "due_at", "id"),
    Index("ix_job_state_finished_at", "state", "finished_at"),
)
