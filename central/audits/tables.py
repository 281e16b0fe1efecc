"""Tables of the audits: readings counted at each step, findings of the projection audit, gaps to be filled."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, String, Table, UniqueConstraint

from central.db import Id, Seconds, metadata

NAME = 40  # longest name in a topic

# readings of bodies made on this UTC day (since 1970); what cannot be read counts one, on the day it came
traffic = Table(
    "traffic",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("edge", String(NAME), primary_key=True),
    Column("store", String(NAME), primary_key=True),
    Column("meter", String(NAME), primary_key=True),
    Column("read", Integer),  # these three as the edge said last; null = it never did
    Column("journal", Integer),
    Column("sent", Integer),  # acknowledged
    Column("told_at", Seconds),
    Column("received", Integer, nullable=False),
    Column("projected", Integer, nullable=False),
    Column("void", Integer, nullable=False),  # messages
    Column("given_up", Integer, nullable=False, server_default="0"),  # received, and set aside for good by someone
    Column("last_seq", BigInteger, nullable=False),  # greatest received
    Column("received_at", Seconds),  # last
    Column("verdict", SmallInteger, nullable=False),  # ledger.Verdict, as the job found it
)
Index("ix_traffic_meter_day", traffic.c.meter, traffic.c.day)
Index("ix_traffic_verdict_day", traffic.c.verdict, traffic.c.day)

# the sums of a day over all meters, as the job found them
traffic_day = Table(
    "traffic_day",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("read", "journal", "sent", "received", "projected", "quarantined", "waiting", "void")
    ),
    Column("lines", Integer, nullable=False),  # meters
    Column("unknown", Integer, nullable=False),  # of them: the edge does not count
    Column("differing", Integer, nullable=False),
    Column("counted_at", Seconds, nullable=False),
)


class FindingState(StrEnum):
    OPEN = "open"
    REPAIRED = "repaired"  # the two agree again


# a meter's day of which the series lacks something that the inbox has; `day` = UTC day of the stamps, since 1970
finding = Table(
    "finding",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meter", String(NAME), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("day", Integer, nullable=False),
    Column("inbox_rows", Integer, nullable=False),
    Column("inbox_total", BigInteger, nullable=False),  # of all values, modulo 2**64
    Column("series_rows", Integer, nullable=False),
    Column("series_total", BigInteger, nullable=False),
    Column("missing", Integer, nullable=False),  # rows that the series does not have
    Column("differing", Integer, nullable=False),  # rows that stand there with other values, and are no known conflict
    Column("state", String(8), nullable=False),
    Column("found_at", Seconds, nullable=False),
    Column("seen_at", Seconds, nullable=False),  # by the last audit
    UniqueConstraint("meter", "kind", "day"),
    Index("ix_finding_state_day", "state", "day"),
)


class GapState(StrEnum):
    OPEN = "open"  # to be asked for
    ASKED = "asked"
    FILLED = "filled"
    LOST = "lost"  # asked in vain, or too late: the figures may estimate it


# readings that should be there and are not: since < stamp <= until
gap = Table(
    "gap",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meter", String(NAME), nullable=False),
    Column("kind", String(8), nullable=False),  # load | daily | monthly
    Column("since", Seconds, nullable=False),
    Column("until", Seconds, nullable=False),
    Column("missing", Integer, nullable=False),  # readings
    Column("deadline_at", Seconds, nullable=False),  # when the meter overwrites the first of them
    Column("state", String(8), nullable=False),
    Column("asked", Integer, nullable=False),  # times
    Column("edge", String(NAME)),  # that was asked last
    Column("command", ForeignKey("command.id")),  # the last one
    Column("asked_at", Seconds),
    Column("found_at", Seconds, nullable=False),
    Column("closed_at", Seconds),
    Index("ix_gap_meter_kind", "meter", "kind", "since"),
    Index("ix_gap_state_deadline_at", "state", "deadline_at"),
    Index("ix_gap_edge_asked_at", "edge", "asked_at"),
)
