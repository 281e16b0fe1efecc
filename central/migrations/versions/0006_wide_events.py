"""Journals and codes of events are as wide as a body lets them be: PostgreSQL refused what SQLite kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("event") as table:
        table.alter_column("journal", type_=sa.BigInteger(), existing_type=sa.SmallInteger(), existing_nullable=False)
        table.alter_column("code", type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)
