"""A meter is asked what it shows now: which meter a command is about, the moment of each of its steps, what was shown.

A command that a program without the key has asked for stands unsigned until ingest signs it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("command") as table:
        table.add_column(sa.Column("meter", sa.String(40)))
        table.add_column(sa.Column("first_sent_at", sa.BigInteger()))
        table.add_column(sa.Column("taken_at", sa.BigInteger()))
        table.add_column(sa.Column("shown", sa.JSON()))
        table.alter_column("payload", existing_type=sa.LargeBinary(), nullable=True)
    op.create_index("ix_command_meter", "command", ["meter", "counter"])
