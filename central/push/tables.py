"""Tables of the push messages."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from central.db import Id, Seconds, metadata


class State(StrEnum):
    """Of what is to be told."""

    WAITING = "waiting"  # for its time
    SENT = "sent"  # a message of its own went
    WITHIN = "within"  # another message said that there is more
    HELD = "held"  # that many went today already; the next message says so
    DROPPED = "dropped"  # wanted no more, seen already, or nobody's device is there


push_key = Table(  # one row
    "push_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("closed", Text, nullable=False),  # the private key, sealed
    Column("public", String(100), nullable=False),  # base64url of the point
    Column("made_at", Seconds, nullable=False),
)

push_device = Table(  # a browser that its owner told to take messages; it ends with its session
    "push_device",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("session", ForeignKey("session.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("endpoint", Text, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of the endpoint
    Column("p256dh", String(100), nullable=False),  # the browser's key, and its secret: base64url
    Column("auth", String(40), nullable=False),
    Column("made_at", Seconds, nullable=False),
    Column("taken_at", Seconds),  # the service took a message for it, the last time
    Column("failures", Integer, nullable=False),  # refusals since then
)

push = Table(  # what is to be told to an account
    "push",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("kind", String(20), nullable=False),  # central.notices.kinds.Kind
    Column("notice", ForeignKey("notice.id"), index=True),  # null = of no point
    Column("path", String(200), nullable=False),  # of the page that a tap opens
    Column("tz", String(40), nullable=False),  # whose nights are kept
    Column("due_at", Seconds, nullable=False),
    Column("state", String(8), nullable=False),
    Column("more", BigInteger, nullable=False),  # of a message: how many others it says there are
    Column("made_at", Seconds, nullable=False),
    Column("told_at", Seconds),
    UniqueConstraint("account", "path"),
    Index("ix_push_state_due_at", "state", "due_at"),
    Index("ix_push_account_told_at", "account", "told_at"),
)

push_delivery = Table(  # a message to one device, once
    "push_delivery",
    metadata,
    Column("push", ForeignKey("push.id", ondelete="CASCADE"), primary_key=True),
    Column("device", ForeignKey("push_device.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("due_at", Seconds),  # null = over
    Column("tries", Integer, nullable=False),
    Column("taken_at", Seconds),  # by the service
)
Index("ix_push_delivery_due_at", push_delivery.c.due_at)
