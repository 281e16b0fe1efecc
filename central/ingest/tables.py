"""Tables of the delivery: what came from the edges, what of it is accounted for, and where it stands.

Names of edges and meters are the texts of the topics, everywhere. «Unknown» in a unique key is "" or -1, never null:
two nulls are different to SQL, and a repeated message would be stored twice.
"""

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from central.db import Id, Seconds, metadata
from central.partitions import week_of

NAME = 40  # longest name in a topic
HASH = 16  # digits of a link of the chain


class State(StrEnum):
    """Where a message of the inbox stands."""

    NEW = "new"  # the worker has not taken it yet
    DONE = "done"  # all of it is where it belongs
    PARTIAL = "partial"  # the rest waits: unknown columns, rows of a time when the meter was not this edge's
    QUARANTINED = "quarantined"  # none of it can be taken; `reason` says why
    GIVEN_UP = "given_up"  # someone has looked at what waited, and nothing will come of it


# what is made once for this installation: `central`, the id that acknowledgements carry
meta = Table("meta", metadata, Column("key", String(NAME), primary_key=True), Column("value", Text, nullable=False))

# one row a concentrator; state, about and health are its last messages as they came
edge = Table(
    "edge",
    metadata,
    Column("name", String(NAME), primary_key=True),
    Column("first_at", Seconds, nullable=False),
    Column("last_at", Seconds, nullable=False),  # anything heard
    Column("state", String(8)),  # online | offline | lost
    Column("state_at", Seconds),  # `since` of the message
    Column("about", LargeBinary),
    Column("about_at", Seconds),
    Column("health", LargeBinary),
    Column("health_at", Seconds),
)

# what meters hang on, where central configures the edge
edge_line = Table(
    "edge_line",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edge", String(NAME), ForeignKey("edge.name"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("url", String(200), nullable=False),
    UniqueConstraint("edge", "name"),
)

# whose meter is whose: a row is taken only from an edge entitled to the meter at the row's time
edge_meter = Table(
    "edge_meter",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edge", String(NAME), ForeignKey("edge.name"), nullable=False),
    Column("meter", String(NAME), nullable=False),
    Column("valid_from", Seconds, nullable=False),
    Column("valid_to", Seconds),
    Column("line", ForeignKey("edge_line.id"), index=True),  # null = the edge's own file says how it is read
    Column("driver", String(10)),  # spodes | modbus
    Column("settings", JSON),  # of the driver, as in edge.toml
    UniqueConstraint("edge", "meter", "valid_from"),
)
Index("ix_edge_meter_meter", edge_meter.c.meter)

# the position in one journal of one edge: all rows up to `upto` are here; `sha` "" = unknown
edge_store = Table(
    "edge_store",
    metadata,
    Column("edge", String(NAME), primary_key=True),
    Column("store", String(NAME), primary_key=True),
    Column("upto", BigInteger, nullable=False),
    Column("sha", String(HASH), nullable=False),
    Column("low", BigInteger, nullable=False),
    Column("heard_at", Seconds, nullable=False),
)

# rows that came before their turn; accounting only, their bodies are in the inbox
ahead = Table(
    "ahead",
    metadata,
    Column("edge", String(NAME), primary_key=True),
    Column("store", String(NAME), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("prev", String(HASH), primary_key=True),
    Column("sha", String(HASH), primary_key=True),
)

# rows that will never come by their seq; their data is asked for by (meter, kind, time)
hole = Table(
    "hole",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edge", String(NAME), nullable=False),
    Column("store", String(NAME), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("meter", String(NAME)),  # known when the row came as `void`
    Column("found_at", Seconds, nullable=False),
    UniqueConstraint("edge", "store", "first", "last"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edge", String(NAME), nullable=False),
    Column("store", String(NAME), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("prev", String(HASH), nullable=False),
    Column("sha", String(HASH), nullable=False),  # of prev and body, as central computed it
    Column("channel", String(8), nullable=False),
    Column("name", String(NAME), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Seconds, nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", String(NAME)),  # a word for programs: central.ingest.judge.Reason
    Column("detail", Text),  # a sentence for people
    # weeks since 1970 of `received_at`: PostgreSQL's partitions. There it is part of both keys, and what waits moves on
    Column("week", Integer, nullable=False, default=lambda row: week_of(row.get_current_parameters()["received_at"])),
    # what the audit counts (central.audits.counting): UTC day of the body's `made`, readings in it, those projected
    Column("day", Integer, nullable=False, server_default="0"),
    Column("entries", Integer, nullable=False, server_default="0"),
    Column("projected", Integer, nullable=False, server_default="0"),
    UniqueConstraint("edge", "store", "seq", "prev", "sha"),
)
Index("ix_inbox_name_day", inbox.c.name, inbox.c.day)
Index("ix_inbox_state_id", inbox.c.state, inbox.c.id)

# messages that belong to no journal and cannot be read: unknown topic, broken about, health, live
stray = Table(
    "stray",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),  # of topic and payload: the same one is kept once
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", Seconds, nullable=False),
    Column("detail", Text, nullable=False),
)

# newest stamp in the series: above it a row is written unread, below it compared first
tip = Table(
    "tip",
    metadata,
    Column("meter", String(NAME), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("last", Seconds, nullable=False),
)

# lines of the meters' journals, and the edges' own (`edge` is "" for a meter's: a journal read by two edges is one)
event = Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meter", String(NAME), nullable=False),
    Column("edge", String(NAME), nullable=False),
    Column("time", Seconds, nullable=False),
    Column("journal", BigInteger, nullable=False),  # whatever fits into a body
    Column("code", BigInteger, nullable=False),
    Column("uptime", BigInteger, nullable=False),  # -1 = the meter does not say
    Column("received_at", Seconds, nullable=False),
    UniqueConstraint("meter", "edge", "time", "journal", "code", "uptime"),
)

# when a meter was last heard, in three senses
meter_seen = Table(
    "meter_seen",
    metadata,
    Column("meter", String(NAME), primary_key=True),
    Column("last_stamp", Seconds),  # newest of its rows
    Column("last_received_at", Seconds),  # a row of it came
    Column("last_success_at", Seconds),  # its edge read it (health)
    Column("fault", Text),  # why the last attempt failed (health)
    Column("overwritten_from_at", Seconds),  # when its unread archive starts to be overwritten (health)
    Column("ahead", Float),  # seconds by which its clock is ahead of its edge's; null: not known (health)
    Column("clock_stands", Boolean, nullable=False, server_default=false()),  # it did not advance (health)
)
