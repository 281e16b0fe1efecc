"""Workbooks that were sent to the console, to be looked at and brought in."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("job", ID),
        sa.Column("sheet", sa.String(40)),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON()),
        sa.Column("change", ID),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_upload_organisation"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_upload_account"),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_upload_job", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["change"], ["change.id"], name="fk_upload_change"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
    )
    op.create_index("ix_upload_organisation_id", "upload", ["organisation", "id"])
