"""The language of letters and of messages to a phone; until somebody chooses another it is Russian, as it was."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("language", sa.String(2), nullable=False, server_default="ru"))
