"""Readings that consumers hand in, and the days on which a company takes them."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("organisation", sa.Column("reading_first_day", sa.Integer))
    op.add_column("organisation", sa.Column("reading_last_day", sa.Integer))
    op.add_column("organisation", sa.Column("silent_days", sa.Integer, nullable=False, server_default="5"))
    op.create_table(
        "hand_in",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_hand_in_account"),
        sa.PrimaryKeyConstraint("id", name="pk_hand_in"),
        sa.UniqueConstraint("account", "token", name="uq_hand_in_account_token"),
    )
    op.create_table(
        "handed_in",
        sa.Column("id", ID, nullable=False),
        sa.Column("hand_in", ID, nullable=False),
        sa.Column("point", ID, nullable=False),
        sa.Column("mounting", ID, nullable=False),
        sa.Column("meter", sa.String(40), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("registers", sa.JSON, nullable=False),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("enters_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decided_by", ID),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("change", ID),
        sa.ForeignKeyConstraint(["hand_in"], ["hand_in.id"], name="fk_handed_in_hand_in"),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_handed_in_point"),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name="fk_handed_in_decided_by"),
        sa.ForeignKeyConstraint(["change"], ["change.id"], name="fk_handed_in_change"),
        sa.PrimaryKeyConstraint("id", name="pk_handed_in"),
    )
    op.create_index("ix_handed_in_hand_in", "handed_in", ["hand_in"])
    op.create_index("ix_handed_in_point", "handed_in", ["point"])
    op.create_index("ix_handed_in_mounting_read_at", "handed_in", ["mounting", "read_at"])
    op.create_index("ix_handed_in_state_enters_at", "handed_in", ["state", "enters_at"])
