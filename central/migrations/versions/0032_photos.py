"""Photos of meters beside the readings that were handed in."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "handed_photo",
        sa.Column("id", ID, nullable=False),
        sa.Column("handed_in", ID, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["handed_in"], ["handed_in.id"], name="fk_handed_photo_handed_in"),
        sa.PrimaryKeyConstraint("id", name="pk_handed_photo"),
        sa.UniqueConstraint("handed_in", "sha256", name="uq_handed_photo_handed_in_sha256"),
    )
