"""The commands: what was signed, for whom, by whose wish, and how far each is."""

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from central.db import Seconds, metadata

NAME = 40  # longest name in a topic


class State(StrEnum):
    """Where a command stands."""

    OPEN = "open"  # no reply yet: repeated each minute and at each `about`
    WAITING = "waiting"  # the edge is at it: repeated at each `about`
    DONE = "done"  # the last word came; `status` says which
    EXPIRED = "expired"  # its time passed without one


command = Table(
    "command",
    metadata,
    Column("id", String(NAME), primary_key=True),
    Column("edge", String(NAME), ForeignKey("edge.name"), nullable=False),
    Column("counter", BigInteger, nullable=False),  # grows with each command to this edge
    Column("command", String(20), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("meter", String(NAME)),  # whom it is about
    Column("payload", LargeBinary),  # as it is published; null = ingest has not signed it yet
    Column("author", String(200), nullable=False),
    Column("made_at", Seconds, nullable=False),
    Column("expires_at", Seconds, nullable=False),
    Column("first_sent_at", Seconds),
    Column("sent_at", Seconds),  # last
    Column("taken_at", Seconds),  # when the edge said that it is at it
    Column("state", String(8), nullable=False),
    Column("status", SmallInteger),  # protocol.messages.command.Status of the last reply
    Column("replied_at", Seconds),  # when that came
    Column("detail", Text),
    Column("result", JSON),
    Column("shown", JSON),  # protocol.messages.command.Shown
    UniqueConstraint("edge", "counter"),
)
Index("ix_command_state_edge", command.c.state, command.c.edge)
Index("ix_command_meter", command.c.meter, command.c.counter)
