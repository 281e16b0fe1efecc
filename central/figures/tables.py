"""Tables of figures: which days are to be computed anew, what was computed, which rows contradict each other, what the
checks found, and what was decided about it."""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

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

decision = Table(  # what a person decided about values: central.metering.decisions
    "decision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("point", ForeignKey("point.id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),  # accept | estimate | substitute | ask
    Column("channel", String(20), nullable=False),  # "" = all
    Column("since", Seconds, nullable=False),
    Column("until", Seconds, nullable=False),
    Column("energies", JSON, nullable=False),  # start of a place -> mWh, of a substitute
    Column("reason", Text, nullable=False),
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("at", Seconds, nullable=False),
    Column("command", String(40)),  # that asks the meter again
    Column("undone_at", Seconds),
    Column("undone_by", ForeignKey("account.id")),
    Column("undo_reason", Text),
)

exception = Table(  # what a check found in a day, until it is so no more
    "exception",
    metadata,
    Column("id", Id, primary_key=True),
    Column("point", ForeignKey("point.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("name", String(30), nullable=False),  # of the check: central.metering.checks.catalogue
    Column("channel", String(20), nullable=False),  # "" = of the point
    Column("since", Seconds, nullable=False),
    Column("until", Seconds, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("trace", JSON, nullable=False),
    Column("state", String(10), nullable=False),  # open | decided | gone
    Column("found_at", Seconds, nullable=False),
    Column("changed_at", Seconds, nullable=False),
    Column("decision", ForeignKey("decision.id"), index=True),
    UniqueConstraint("point", "day", "name", "channel", "since"),
    Index("ix_exception_state_name_point", "state", "name", "point"),
)

check_limit = Table(  # where a company's limits of a check differ from the usual ones
    "check_limit",
    metadata,
    Column("organisation", ForeignKey("organisation.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),  # of the point
    Column("name", String(30), primary_key=True),
    Column("limits", JSON(none_as_null=True)),  # null = off
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("at", Seconds, nullable=False),
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
