"""When a reading was read that a phone without a network handed in later."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hand_in", sa.Column("noted_at", sa.BigInteger(), nullable=True))
