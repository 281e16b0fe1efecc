"""How many intervals of a day are under suspicion stands in the day; days that have such energy are computed anew."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("point_day", sa.Column("suspect", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "INSERT INTO dirty (point, day, mark, cause) SELECT DISTINCT point, day, 1, 'late data' FROM point_day "
        "WHERE CAST(energies AS TEXT) LIKE '%\"suspect\"%' AND NOT EXISTS "
        "(SELECT 1 FROM dirty WHERE dirty.point = point_day.point AND dirty.day = point_day.day)"
    )
