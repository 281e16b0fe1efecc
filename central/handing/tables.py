"""What consumers handed in. `hand_in` is one form, its number is on the receipt; `handed_in` is one meter of it,
`handed_photo` a picture of its face."""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from central.db import Id, Seconds, metadata

hand_in = Table(
    "hand_in",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False),  # who read the meters
    Column("token", String(32), nullable=False),  # digest of the form and of what was typed: sent twice, it is one
    Column("made_at", Seconds, nullable=False),
    Column("noted_at", Seconds),  # when the registers were read, by a phone that had no network then; null = made_at
    UniqueConstraint("account", "token"),
)

handed_in = Table(
    "handed_in",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hand_in", ForeignKey("hand_in.id"), nullable=False, index=True),
    Column("point", ForeignKey("point.id"), nullable=False, index=True),
    Column("mounting", Id, nullable=False),  # that stood there then; it may have been corrected away
    Column("meter", String(40), nullable=False),
    Column("read_at", Seconds, nullable=False),  # beginning of the interval of its profile
    Column("registers", JSON, nullable=False),  # field of the series -> mWh
    Column("warnings", JSON, nullable=False),  # field -> what was doubtful, as the person was told
    Column("month", Date, nullable=False),  # first day of the month that it counts for
    Column("enters_at", Seconds, nullable=False),  # when it enters the figures, if it is accepted
    Column("state", String(10), nullable=False),  # accepted | review | declined
    Column("reason", Text, nullable=False),  # why it was declined
    Column("decided_by", ForeignKey("account.id")),
    Column("decided_at", Seconds),
    Column("change", ForeignKey("change.id")),  # by which it became a reading of the registry; null = it has not
    Index("ix_handed_in_mounting_read_at", "mounting", "read_at"),
    Index("ix_handed_in_state_enters_at", "state", "enters_at"),
)

handed_photo = Table(
    "handed_photo",
    metadata,
    Column("id", Id, primary_key=True),
    Column("handed_in", ForeignKey("handed_in.id"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),  # bytes
    Column("added_at", Seconds, nullable=False),
    UniqueConstraint("handed_in", "sha256"),
)
