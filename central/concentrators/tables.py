"""Configurations of edges: the versions made, what each edge says of them, the secrets of meters."""

from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from central.db import Seconds, metadata

NAME = 40  # longest name in a topic
KEY = 44  # 32 bytes in base64
HASH = 64  # hex digits of SHA-256


class Held(StrEnum):
    """Why the wanted version cannot be sent yet."""

    NO_KEY = "no_key"  # the edge has not said to which key secrets are sealed: it takes no configuration
    OTHER_KEY = "other_key"  # it says another key than the one known
    SECRET = "secret"  # noqa: S105 - the secret of a meter (held_for) cannot be opened
    TOO_LARGE = "too_large"  # no message holds so much


# one row an edge that central configures, or that can be configured
edge_config = Table(
    "edge_config",
    metadata,
    Column("edge", String(NAME), ForeignKey("edge.name"), primary_key=True),
    Column("schedule", JSON, nullable=False),  # as in edge.toml's [schedule]; what is not there is the edge's own
    Column("wanted", Integer),  # the version that is to run; null = none was ever made
    Column("next_at", Seconds),  # when it is published next; null = it runs, was refused, or cannot be sent
    Column("held", String(12)),  # Held
    Column("held_for", String(NAME)),
    # what the edge says in `about`
    Column("key", String(KEY)),  # secrets are sealed to it: the first one said, or one that was accepted
    Column("offered", String(KEY)),  # another one that it says instead
    Column("running", Integer, nullable=False),  # 0 = its own file
    Column("running_sha", String(HASH), nullable=False),
    Column("refused", Integer),
    Column("refused_sha", String(HASH)),
    Column("why", Text),
    Column("said_at", Seconds),
)
Index("ix_edge_config_next_at", edge_config.c.next_at)

# each version that was ever made
edge_config_version = Table(
    "edge_config_version",
    metadata,
    Column("edge", String(NAME), ForeignKey("edge.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("made_at", Seconds, nullable=False),
    Column("author", String(200), nullable=False),
    Column("sha256", String(HASH), nullable=False),
    Column("settings", Text, nullable=False),  # the exact text that `sha256` is of; secrets only by their number
    Column("payload", LargeBinary),  # as it is published; null = not sealed yet
    Column("sealed_to", String(KEY)),  # the edge's key
    Column("signed_by", String(KEY)),  # public half of the key of commands
    Column("runs_at", Seconds),  # when the edge first said that it runs it
    Column("refused_at", Seconds),
    Column("why", Text),
)

# what a meter asks for, closed by the key of safe.py
meter_secret = Table(
    "meter_secret",
    metadata,
    Column("meter", String(NAME), primary_key=True),
    Column("number", BigInteger, nullable=False),  # grows with each change, whatever was dropped or restored between
    Column("closed", LargeBinary, nullable=False),
    Column("set_at", Seconds, nullable=False),
    Column("author", String(200), nullable=False),
)
