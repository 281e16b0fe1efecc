"""Tables of people: accounts, their sessions, what they may see and for how long, and what was done.

A secret never stands here: of a password there is the Argon2 hash, of a session's token the SHA-256.
"""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from central.db import Id, Seconds, metadata

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("mail", String(254), nullable=False, unique=True),  # lower case
    Column("name", String(200), nullable=False),
    Column("phone", String(30)),
    Column("password", String(200), nullable=False),
    Column("role", String(20), nullable=False),  # consumer | operator | administrator
    Column("state", String(20), nullable=False),  # created | activated | approved | rejected | blocked
    Column("made_at", Seconds, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token", String(64), nullable=False, unique=True),  # SHA-256 of what the cookie holds
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("created_at", Seconds, nullable=False),
    Column("seen_at", Seconds, nullable=False),
    Column("expires_at", Seconds, nullable=False, index=True),
    Column("device", String(200), nullable=False),
)

grant = Table(
    "grant",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("contract", ForeignKey("contract.id"), nullable=False, index=True),
    Column("role", String(20), nullable=False),  # owner | reader
    Column("valid_from", Seconds, nullable=False),
    Column("valid_to", Seconds),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mail", String(64), nullable=False, index=True),  # SHA-256: an unknown address is not kept in clear
    Column("at", Seconds, nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Seconds, nullable=False, index=True),
    Column("account", ForeignKey("account.id"), index=True),  # who; null = nobody logged in, or the command line
    Column("action", String(40), nullable=False),
    Column("subject", String(200), nullable=False),  # on what or whom
    Column("detail", Text, nullable=False),
)
