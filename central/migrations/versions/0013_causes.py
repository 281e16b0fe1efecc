"""Why a day is computed anew: its next version says so."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dirty", sa.Column("cause", sa.String(100), nullable=False, server_default="late data"))
