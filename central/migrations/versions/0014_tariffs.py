"""Prices by monthly ranges and by the hour, and the coefficient of the consumer's category."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("price", sa.Column("above", sa.BigInteger()))
    op.add_column("point_terms", sa.Column("coefficient", sa.Numeric(8, 6)))
    op.create_table(
        "hour_price",
        sa.Column("id", ID, nullable=False),
        sa.Column("scheme", ID, nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 6), nullable=False),
        sa.ForeignKeyConstraint(["scheme"], ["zone_scheme.id"], name="fk_hour_price_scheme"),
        sa.PrimaryKeyConstraint("id", name="pk_hour_price"),
        sa.UniqueConstraint("scheme", "hour", name="uq_hour_price_scheme_hour"),
    )
