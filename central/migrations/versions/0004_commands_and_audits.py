"""Commands to the edges, counters of the way of a reading, findings of the audits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _command()


def downgrade() -> None:
    op.drop_table("command")


def _command() -> None:
    op.create_table(
        "command",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(length=20), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("replied_at", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["edge"], ["edge.name"], name="fk_command_edge_edge"),
        sa.PrimaryKeyConstraint("id", name="pk_command"),
        sa.UniqueConstraint("edge", "counter", name="uq_command_edge_counter"),
    )
    op.create_index("ix_command_state_edge", "command", ["state", "edge"])
