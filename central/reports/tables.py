"""Reports that people keep under a name of their own, when they are sent, and the files that were made."""

from enum import StrEnum

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from central.db import Id, Seconds, metadata


class State(StrEnum):
    """Where the making of a file stands."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"  # its time is over: the file is no more, its digest stays


personal_report = Table(
    "personal_report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),  # whose it is
    Column("contract", ForeignKey("contract.id"), index=True),  # who sees this contract sees it too; null = he alone
    Column("name", String(100), nullable=False),  # "" = what this account asked of the report last
    Column("report", String(40), nullable=False),  # word of the standard one
    Column("asked", JSON, nullable=False),  # parameters; its period as so many back from today
    Column("made_at", Seconds, nullable=False),
    Column("changed_at", Seconds, nullable=False),
)

report_schedule = Table(
    "report_schedule",
    metadata,
    Column("id", Id, primary_key=True),
    Column("personal", ForeignKey("personal_report.id", ondelete="CASCADE"), nullable=False),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),  # who gets it by mail
    Column("day", Integer, nullable=False),  # of the month, 1…28
    Column("form", String(4), nullable=False),
    Column("percent", Integer, nullable=False),  # so complete its points are to be
    Column("days", Integer, nullable=False),  # so long it waits for that
    Column("made_at", Seconds, nullable=False),
    Column("sent_for", Date),  # first day of the month in which it was sent last
    UniqueConstraint("personal", "account"),
)

report_file = Table(
    "report_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False),  # for whom it was made
    Column("report", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("asked", JSON, nullable=False),  # all parameters, its period as days
    Column("points", JSON, nullable=False),  # [id, since, until]: seconds UTC of which it tells, seen whole or no file
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("form", String(4), nullable=False),
    Column("state", String(10), nullable=False),
    Column("job", ForeignKey("job.id", ondelete="SET NULL")),
    Column("done", Integer, nullable=False),  # of so many points
    Column("of", Integer, nullable=False),
    Column("rows", Integer),
    Column("size", Integer),  # bytes
    Column("sha256", String(64), index=True),
    Column("code", String(24), nullable=False),  # of its check
    Column("error", Text),
    Column("schedule", ForeignKey("report_schedule.id", ondelete="SET NULL")),
    Column("made_at", Seconds, nullable=False),  # asked for
    Column("ended_at", Seconds),  # ready, failed or cancelled
    Column("seen_at", Seconds),  # how it ended; 0 = nobody is to be told of that
    UniqueConstraint("code"),
    Index("ix_report_file_account_made_at", "account", "made_at"),
    Index("ix_report_file_account_seen_at", "account", "seen_at"),
    Index("ix_report_file_state_ended_at", "state", "ended_at"),
)
