"""Tables of what people are told of their points, and of what they want to be told."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    true,
)

from central.db import Id, Seconds, metadata
from central.ingest.tables import NAME

journal_mark = Table(  # meters whose journals came, and from when on nobody has looked what happened there
    "journal_mark",
    metadata,
    Column("meter", String(NAME), primary_key=True),
    Column("first_at", Seconds, nullable=False),  # its journals came for the first time: older lines are its past
    Column("since", Seconds),  # null = all is looked at
    Column("due_at", Seconds, nullable=False),  # not to be looked at before
)
Index("ix_journal_mark_since_due_at", journal_mark.c.since, journal_mark.c.due_at)

notice = Table(  # what happened at a point, once: the key is the same whenever its lines come again
    "notice",
    metadata,
    Column("id", Id, primary_key=True),
    Column("point", ForeignKey("point.id"), nullable=False),
    Column("meter", ForeignKey("meter.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # central.notices.kinds.Kind
    Column("since", Seconds, nullable=False),
    Column("until", Seconds),  # null = it lasts, or its end has not come
    Column("journal", BigInteger, nullable=False),  # and code of the line that it began with; -1 = of no journal
    Column("code", BigInteger, nullable=False),
    Column("received_at", Seconds),  # the line that completed it; null = of no journal
    Column("made_at", Seconds, nullable=False),  # since then it stands in the cabinet
    Column("terms", JSON(none_as_null=True)),  # what it was concluded from, by kind; null = the line itself
    UniqueConstraint("point", "meter", "kind", "since", "code"),
)
Index("ix_notice_made_at", notice.c.made_at, notice.c.id)

notice_reader = Table(  # whom it is for: who saw the point then
    "notice_reader",
    metadata,
    Column("notice", ForeignKey("notice.id"), primary_key=True),
    Column("account", ForeignKey("account.id"), primary_key=True),
    Column("shown", Boolean, nullable=False),  # in the cabinet
    Column("letter_at", Seconds),  # when its letter is due; null = none is wanted
    Column("told_at", Seconds),  # the letter was handed to the mail
    Column("seen_at", Seconds),
)
Index("ix_notice_reader_account_seen_at", notice_reader.c.account, notice_reader.c.seen_at)
Index("ix_notice_reader_told_at_letter_at", notice_reader.c.told_at, notice_reader.c.letter_at)

notice_choice = Table(  # what an account has chosen; without a row, all
    "notice_choice",
    metadata,
    Column("account", ForeignKey("account.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("letter", Boolean, nullable=False),
    Column("cabinet", Boolean, nullable=False),
    Column("push", Boolean, nullable=False, server_default=true()),
)

notice_quiet = Table(  # hours of the day, in which an account is told of danger alone; without a row, from 22 to 8
    "notice_quiet",
    metadata,
    Column("account", ForeignKey("account.id"), primary_key=True, autoincrement=False),
    Column("since", Integer, nullable=False),
    Column("until", Integer, nullable=False),
)
