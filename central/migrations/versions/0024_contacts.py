"""Mail and hours of the company, beside its phone and address: what «О программе» tells of it."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organisation", sa.Column("mail", sa.String(254)))
    op.add_column("organisation", sa.Column("hours", sa.String(200)))
