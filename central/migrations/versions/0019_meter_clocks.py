"""How far a meter's clock is ahead, as its concentrator says."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meter_seen", sa.Column("ahead", sa.Float()))
    op.add_column("meter_seen", sa.Column("clock_stands", sa.Boolean(), nullable=False, server_default=sa.false()))
