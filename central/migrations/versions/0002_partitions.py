"""PostgreSQL: the inbox by week, the days of points by month; indexes that the pages need."""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in by the room that owns it."""
