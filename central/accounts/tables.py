"""Tables of people: accounts, their sessions, what they may see and for how long, and what was done.

A secret never stands here: of a password there is the Argon2 hash, of a token the SHA-256. Rows of `audit`
and `audit_seal` are only added: the database itself refuses to change or delete one (migration 0022).
"""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

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
    Column("role", String(20), nullable=False),  # consumer | operator | auditor | administrator
    # created | activated | approved | rejected | blocked | withdrawn (withdrawing.py) | erased (erasing.py)
    Column("state", String(20), nullable=False),
    Column("made_at", Seconds, nullable=False),
    Column("state_at", Seconds),  # the state is this one since; null: nobody knows, its age counts for nothing
    Column("language", String(2), nullable=False, server_default="ru"),  # of letters: languages.py
    Index("ix_account_organisation_role", "organisation", "role"),
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
    Column("address", String(45), nullable=False, server_default=""),  # it was opened from
)

pairing = Table(  # a code by which a phone joins: pairing.py
    "pairing",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("session", ForeignKey("session.id", ondelete="CASCADE"), nullable=False, index=True),  # that shows it
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of the token
    Column("digits", String(64), nullable=False),  # and of that with the eight digits
    Column("made_at", Seconds, nullable=False),
    Column("expires_at", Seconds, nullable=False),
    Column("state", String(10), nullable=False),
    Column("claim", String(64), unique=True),  # SHA-256 of what the phone that brought it is known by
    Column("device", String(200), nullable=False),  # of that phone
    Column("address", String(45), nullable=False),
    Column("number", String(2), nullable=False),  # that both show
    Index("ix_pairing_state_expires_at", "state", "expires_at"),
)

token = Table(  # by which a program of the account's owner reads his data
    "token",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hashed", String(64), nullable=False, unique=True),  # SHA-256 of what was shown once
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("name", String(60), nullable=False),
    Column("made_at", Seconds, nullable=False),
    Column("expires_at", Seconds, nullable=False),
    Column("used_at", Seconds),  # null: never yet
    Column("used_from", String(45), nullable=False, server_default=""),
)

grant = Table(
    "grant",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("contract", ForeignKey("contract.id"), nullable=False, index=True),
    Column("role", String(20), nullable=False),  # owner | reader
    Column("valid_from", Seconds, nullable=False),  # of what is measured: this time is seen
    Column("valid_to", Seconds),
    Column("given_by", ForeignKey("account.id"), index=True),  # an owner of the contract; null: the company
    Column("ends_at", Seconds),  # until when one may look at all; null: no end is set
)

invitation = Table(  # to look at a contract, sent by its owner to a mail; its letter holds a key that is good once
    "invitation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256
    Column("account", ForeignKey("account.id"), nullable=False, index=True),  # who invites
    Column("contract", ForeignKey("contract.id"), nullable=False),
    Column("mail", String(254), nullable=False),
    Column("ends_at", Seconds, nullable=False),  # of what is granted
    Column("made_at", Seconds, nullable=False),
    Column("expires_at", Seconds, nullable=False, index=True),  # of the key
)

operator_right = Table(  # what an operator may change
    "operator_right",
    metadata,
    Column("account", ForeignKey("account.id"), primary_key=True),
    Column("name", String(20), primary_key=True),  # policy.Right
)

operator_branch = Table(  # where: of the network below these nodes; without a row, everywhere
    "operator_branch",
    metadata,
    Column("account", ForeignKey("account.id"), primary_key=True),
    Column("node", ForeignKey("node.id"), primary_key=True, index=True),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mail", String(64), nullable=False, index=True),  # SHA-256: an unknown address is not kept in clear
    Column("at", Seconds, nullable=False, index=True),
)

audit = Table(  # ids stand there, never a name, a mail or a phone: no row can be mended later
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Seconds, nullable=False),
    Column("account", ForeignKey("account.id")),  # who; null = nobody logged in, or the command line
    Column("action", String(40), nullable=False),
    Column("subject", String(200), nullable=False),  # on what or whom
    Column("detail", Text, nullable=False),
    Index("ix_audit_at_id", "at", "id"),
    Index("ix_audit_account_at_id", "account", "at", "id"),
    Index("ix_audit_action_at_id", "action", "at", "id"),
)

audit_seal = Table(  # over the rows after the seal before; central.actions.chain says what `sha` is of
    "audit_seal",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("first", BigInteger, nullable=False),  # ids of rows
    Column("last", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("made_at", Seconds, nullable=False),
    Column("prev", String(64), nullable=False),  # `sha` of the seal before
    Column("sha", String(64), nullable=False),
    UniqueConstraint("last"),
)

legal_text = Table(  # what people agree to when they register; an administrator writes a new version, none is changed
    "legal_text",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("kind", String(20), nullable=False),  # licence | consent
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("account", ForeignKey("account.id"), nullable=False),  # who wrote it
    Column("made_at", Seconds, nullable=False),
    UniqueConstraint("organisation", "kind", "version"),
)

consent = Table(
    "consent",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("legal_text", ForeignKey("legal_text.id"), nullable=False),
    Column("at", Seconds, nullable=False),
    Column("address", String(45), nullable=False),  # it was given from
    Column("withdrawn_at", Seconds),
)

once_key = Table(  # what a letter's link holds: good once, for a time
    "once_key",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purpose", String(20), nullable=False),  # activation | reset | mail_before | mail_after
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("made_at", Seconds, nullable=False),
    Column("expires_at", Seconds, nullable=False, index=True),
    Column("used_at", Seconds),
)

application = Table(  # for a contract: by who registers, and by who has others already
    "application",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("number", String(60), nullable=False),  # of the contract, as it was typed; "" = not known
    Column("state", String(20), nullable=False),  # waiting | approved | declined | withdrawn
    Column("made_at", Seconds, nullable=False),
    Column("due_at", Seconds),  # the end of the working day by which it is to be checked; null: mail not confirmed
    Column("decided_at", Seconds),
    Column("decided_by", ForeignKey("account.id")),
    Column("contract", ForeignKey("contract.id")),  # that was opened
    Column("reason", String(500), nullable=False),  # why it was declined
    Index("ix_application_state_due_at", "state", "due_at"),
)

second_factor = Table(  # TOTP (RFC 6238)
    "second_factor",
    metadata,
    Column("account", ForeignKey("account.id"), primary_key=True),
    Column("closed", String(200), nullable=False),  # the secret, sealed by a key that is no part of SQL
    Column("made_at", Seconds, nullable=False),
    Column("confirmed_at", Seconds),  # null: begun, and not in force
    Column("last_step", BigInteger, nullable=False),  # of the code that was taken last: none is good twice
    Column("recovery", JSON, nullable=False),  # SHA-256 of codes that are not used yet
)

mail_change = Table(  # another mail for an account, asked for and not confirmed at both yet
    "mail_change",
    metadata,
    Column("account", ForeignKey("account.id"), primary_key=True),
    Column("mail", String(254), nullable=False),  # lower case
    Column("made_at", Seconds, nullable=False),
    Column("expires_at", Seconds, nullable=False),
    Column("before_at", Seconds),  # confirmed at the mail that it has
    Column("after_at", Seconds),  # and at the one that it is to have
)

withdrawal = Table(  # of a consent: the account is closed, and its person is erased on the day that was told
    "withdrawal",
    metadata,
    Column("account", ForeignKey("account.id"), primary_key=True),
    Column("at", Seconds, nullable=False),
    Column("erase_at", Seconds, nullable=False, index=True),
    Column("before", String(20), nullable=False),  # the state that it had
    Column("ended", JSON, nullable=False),  # grants that ended by it: [id, when they were to end]
)
