"""What people are told of their points, whom, by which way; which journals nobody has looked at yet.

What came before is a meter's past: it is looked at by nobody, and nobody gets a letter of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "journal_mark",
        sa.Column("meter", sa.String(40), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("meter", name="pk_journal_mark"),
    )
    op.create_index("ix_journal_mark_since_due_at", "journal_mark", ["since", "due_at"])
    op.create_table(
        "notice",
        sa.Column("id", ID, nullable=False),
        sa.Column("point", ID, nullable=False),
        sa.Column("meter", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("journal", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_notice_point"),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name="fk_notice_meter"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("point", "meter", "kind", "since", "code", name="uq_notice_point_meter_kind_since_code"),
    )
    op.create_index("ix_notice_meter", "notice", ["meter"])
    op.create_index("ix_notice_made_at", "notice", ["made_at", "id"])
    op.create_table(
        "notice_reader",
        sa.Column("notice", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("letter_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_notice_reader_notice"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_notice_reader_account"),
        sa.PrimaryKeyConstraint("notice", "account", name="pk_notice_reader"),
    )
    op.create_index("ix_notice_reader_account_seen_at", "notice_reader", ["account", "seen_at"])
    op.create_index("ix_notice_reader_told_at_letter_at", "notice_reader", ["told_at", "letter_at"])
    op.create_table(
        "notice_choice",
        sa.Column("account", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("letter", sa.Boolean(), nullable=False),
        sa.Column("cabinet", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_notice_choice_account"),
        sa.PrimaryKeyConstraint("account", "kind", name="pk_notice_choice"),
    )
    op.execute(
        "INSERT INTO journal_mark (meter, first_at, due_at) "
        "SELECT meter, MIN(received_at), 0 FROM event WHERE edge = '' GROUP BY meter"
    )
