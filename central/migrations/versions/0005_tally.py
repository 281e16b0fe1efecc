"""Counts for the console's lists."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("silent", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_tally_organisation"),
        sa.PrimaryKeyConstraint("organisation", name="pk_tally"),
    )
    op.create_index("ix_point_organisation_code", "point", ["organisation", "code"])
    op.drop_index("ix_point_organisation", "point")
