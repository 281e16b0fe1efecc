"""Prices by monthly ranges, and the coefficient of the consumer's category."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("price", sa.Column("above", sa.BigInteger()))
    op.add_column("point_terms", sa.Column("coefficient", sa.Numeric(8, 6)))
