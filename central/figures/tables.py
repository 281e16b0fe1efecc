"""Tables of figures: which days are to be computed anew, what was computed, which rows contradict each other."""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table

from central.db import Energy, Id, Seconds, metadata

dirty = Table(
    "dirty",
    metadata,
    Column("point", ForeignKey("point.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("mark", Integer, nullable=False),  # grows at each marking: a day marked meanwhile stays dirty
    Column("cause", String(100), nullable=False, server_default="late data"),  # of its next version: dirty.py
    Index("ix_dirty_day_point", "day", "point"),
)

point_day = Table(
    "point_day",
    metadata,
    Column("point", ForeignKey("point.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("energies", JSON, nullable=False),  # channel -> zone -> state -> mWh (mvarh), K applied
    Column("expected", Integer, nullable=False),  # slots due
    Column("got", Integer, nullable=False),  # of them received
    Column("off", Integer, nullable=False),  # power off
    Column("estimated", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("max_power", Energy),  # mW, of whole measured intervals of active import
    Column("max_at", Seconds),  # end of that interval
    Column("registers", JSON, nullable=False),  # channel -> register difference of the day, mWh, where both ends exist
    Column("cause", String(100), nullable=False),
    Column("author", String(60), nullable=False),
    Column("made_at", Seconds, nullable=False),
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meter", String(40), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("stamp", Seconds, nullable=False),
    Column("kept", JSON, nullable=False),  # field -> value: the first, which stays
    Column("came", JSON, nullable=False),  # field -> value: the other, to be checked
    Column("at", Seconds, nullable=False),
    Column("state", String(10), nullable=False),  # open | closed
    Index("ix_conflict_meter_stamp", "meter", "stamp"),
)

# counts that a page would have to walk all points for; whoever finds them older than a minute counts anew
tally = Table(
    "tally",
    metadata,
    Column("organisation", ForeignKey("organisation.id"), primary_key=True),
    Column("points", Integer, nullable=False),
    Column("silent", Integer, nullable=False),
    Column("at", Seconds, nullable=False),
)
