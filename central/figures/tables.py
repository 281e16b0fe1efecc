"""Tables of figures: which days are to be computed anew, what was computed, which rows contradict each other, what the
checks found and what was decided about it, which months are closed, and what changed of them since."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)

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
    Column("suspect", Integer, nullable=False, server_default="0"),  # of them under suspicion, and in no sum
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

period_close = Table(  # the bill of one contract's month at a point, as it was closed; only the undoing is added later
    "period_close",
    metadata,
    Column("id", Id, primary_key=True),
    Column("point", ForeignKey("point.id"), nullable=False, index=True),
    Column("month", Date, nullable=False),  # its first day
    Column("contract", ForeignKey("contract.id"), index=True),  # null = of the time when it was in none
    Column("spans", JSON, nullable=False),  # [[since, until), …] of the month, seconds UTC
    Column("needs_since", Seconds, nullable=False),  # readings of this time decide on the bill
    Column("needs_until", Seconds, nullable=False),
    Column("billed_by", String(10), nullable=False),  # registers | profile
    Column("scheme", String(200), nullable=False),
    Column("energy", Energy, nullable=False),
    Column("total", Numeric(14, 2), nullable=False),
    Column("lines", JSON, nullable=False),  # as closing.py writes them
    Column("workings", JSON, nullable=False),  # energy, cost: as /explain.json shows them
    Column("hindrances", JSON, nullable=False),  # closed although
    Column("made_at", Seconds, nullable=False),
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("reason", String(300)),
    Column("undone_at", Seconds),
    Column("undone_by", ForeignKey("account.id")),
    Column("undone_reason", String(300)),
    Index("ix_period_close_month_point", "month", "point"),
)
_standing = period_close.c.undone_at.is_(None)
Index(
    "uq_period_close_point_month_contract",
    period_close.c.point,
    period_close.c.month,
    period_close.c.contract,
    unique=True,
    sqlite_where=_standing,
    postgresql_where=_standing,
)

period_recheck = Table(  # closed months whose bill may be another now; written with what may have made it so
    "period_recheck",
    metadata,
    Column("close", ForeignKey("period_close.id"), primary_key=True),
    Column("mark", Integer, nullable=False),  # grows at each marking, as in `dirty`
    Column("cause", String(100), nullable=False),  # of the correction that comes of it: dirty.py
    Column("held", String(20)),  # why there is no correction yet: correcting.py
)

period_correction = Table(  # what a closed month is charged more, or less; rows are only added
    "period_correction",
    metadata,
    Column("id", Id, primary_key=True),  # its number
    Column("close", ForeignKey("period_close.id"), nullable=False),
    Column("place", Integer, nullable=False),  # 1, 2 … of this closing
    Column("charged_in", Date, nullable=False, index=True),  # first day of the month
    Column("made_at", Seconds, nullable=False),
    Column("cause", String(100), nullable=False),
    Column("energy", Energy, nullable=False),
    Column("amount", Numeric(14, 2), nullable=False),
    Column("lines", JSON, nullable=False),  # each with what it was before and is after
    UniqueConstraint("close", "place"),
)

period_run = Table(  # the last look at a month of a company's points, or the last closing of all that can be
    "period_run",
    metadata,
    Column("organisation", ForeignKey("organisation.id"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("job", ForeignKey("job.id", ondelete="SET NULL")),
    Column("closing", Boolean, nullable=False),
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("made_at", Seconds, nullable=False),
    Column("points", Integer, nullable=False),  # to be gone through
    Column("done", Integer, nullable=False),
    Column("finished_at", Seconds),
)

period_check = Table(  # what the last run found of those not closed; it outlives its point: the next run makes it anew
    "period_check",
    metadata,
    Column("organisation", ForeignKey("organisation.id"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("point", Id, primary_key=True),
    Column("contract", Id, primary_key=True),  # 0 = none
    Column("hindrances", JSON, nullable=False),
    Column("free", Boolean, nullable=False),  # nothing hinders: it can be closed
    Column("energy", Energy),
    Column("total", Numeric(14, 2)),
)
