"""Closed months of points, their corrections, and the runs that close them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "period_close",
        sa.Column("id", ID, nullable=False),
        sa.Column("point", ID, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("contract", ID),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("needs_since", sa.BigInteger(), nullable=False),
        sa.Column("needs_until", sa.BigInteger(), nullable=False),
        sa.Column("billed_by", sa.String(10), nullable=False),
        sa.Column("scheme", sa.String(200), nullable=False),
        sa.Column("energy", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Numeric(14, 2), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("workings", sa.JSON(), nullable=False),
        sa.Column("hindrances", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("reason", sa.String(300)),
        sa.Column("undone_at", sa.BigInteger()),
        sa.Column("undone_by", ID),
        sa.Column("undone_reason", sa.String(300)),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_period_close_point"),
        sa.ForeignKeyConstraint(["contract"], ["contract.id"], name="fk_period_close_contract"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_period_close_account"),
        sa.ForeignKeyConstraint(["undone_by"], ["account.id"], name="fk_period_close_undone_by"),
        sa.PrimaryKeyConstraint("id", name="pk_period_close"),
    )
    op.create_index("ix_period_close_point", "period_close", ["point"])
    op.create_index("ix_period_close_contract", "period_close", ["contract"])
    op.create_index("ix_period_close_month_point", "period_close", ["month", "point"])
    standing = sa.text("undone_at IS NULL")
    op.create_index(
        "uq_period_close_point_month_contract",
        "period_close",
        ["point", "month", "contract"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_table(
        "period_recheck",
        sa.Column("close", ID, nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(100), nullable=False),
        sa.Column("held", sa.String(20)),
        sa.ForeignKeyConstraint(["close"], ["period_close.id"], name="fk_period_recheck_close"),
        sa.PrimaryKeyConstraint("close", name="pk_period_recheck"),
    )
    op.create_table(
        "period_correction",
        sa.Column("id", ID, nullable=False),
        sa.Column("close", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("charged_in", sa.Date(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(100), nullable=False),
        sa.Column("energy", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["close"], ["period_close.id"], name="fk_period_correction_close"),
        sa.PrimaryKeyConstraint("id", name="pk_period_correction"),
        sa.UniqueConstraint("close", "place", name="uq_period_correction_close_place"),
    )
    op.create_index("ix_period_correction_charged_in", "period_correction", ["charged_in"])
    op.create_table(
        "period_run",
        sa.Column("organisation", ID, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("job", ID),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_period_run_organisation"),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_period_run_job", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_period_run_account"),
        sa.PrimaryKeyConstraint("organisation", "month", name="pk_period_run"),
    )
    op.create_table(
        "period_check",
        sa.Column("organisation", ID, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("point", ID, nullable=False),
        sa.Column("contract", ID, nullable=False),
        sa.Column("hindrances", sa.JSON(), nullable=False),
        sa.Column("free", sa.Boolean(), nullable=False),
        sa.Column("energy", sa.BigInteger()),
        sa.Column("total", sa.Numeric(14, 2)),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_period_check_organisation"),
        sa.PrimaryKeyConstraint("organisation", "month", "point", "contract", name="pk_period_check"),
    )
