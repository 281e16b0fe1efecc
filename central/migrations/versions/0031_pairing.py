"""Codes by which a phone joins."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pairing",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("session", ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("digits", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("claim", sa.String(64), nullable=True),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("number", sa.String(2), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_pairing_account"),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_pairing_session", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_pairing"),
        sa.UniqueConstraint("hash", name="uq_pairing_hash"),
        sa.UniqueConstraint("claim", name="uq_pairing_claim"),
    )
    op.create_index("ix_pairing_account", "pairing", ["account"])
    op.create_index("ix_pairing_session", "pairing", ["session"])
    op.create_index("ix_pairing_state_expires_at", "pairing", ["state", "expires_at"])
