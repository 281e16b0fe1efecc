"""Commands to the edges, counters of the way of a reading, findings of the audits."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in by the room that owns it."""
