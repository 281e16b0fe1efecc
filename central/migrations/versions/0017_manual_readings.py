"""Registers that a person read."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "manual_reading",
        sa.Column("id", ID, nullable=False),
        sa.Column("point", ID, nullable=False),
        sa.Column("mounting", ID, nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("registers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_manual_reading_point"),
        sa.ForeignKeyConstraint(["mounting"], ["mounting.id"], name="fk_manual_reading_mounting"),
        sa.PrimaryKeyConstraint("id", name="pk_manual_reading"),
        sa.UniqueConstraint("mounting", "read_at", name="uq_manual_reading_mounting_read_at"),
    )
    op.create_index("ix_manual_reading_point", "manual_reading", ["point"])
