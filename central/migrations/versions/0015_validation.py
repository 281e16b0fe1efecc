"""What the checks find, what is decided about it, limits of a company; what kind of point it is."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("point", sa.Column("kind", sa.String(20), nullable=False, server_default="household"))
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("point", ID, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("energies", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(40)),
        sa.Column("undone_at", sa.BigInteger()),
        sa.Column("undone_by", ID),
        sa.Column("undo_reason", sa.Text()),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_decision_point"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_decision_account"),
        sa.ForeignKeyConstraint(["undone_by"], ["account.id"], name="fk_decision_undone_by"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_point", "decision", ["point"])
    op.create_table(
        "exception",
        sa.Column("id", ID, nullable=False),
        sa.Column("point", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", ID),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_exception_point"),
        sa.ForeignKeyConstraint(["decision"], ["decision.id"], name="fk_exception_decision"),
        sa.PrimaryKeyConstraint("id", name="pk_exception"),
        sa.UniqueConstraint(
            "point", "day", "name", "channel", "since", name="uq_exception_point_day_name_channel_since"
        ),
    )
    op.create_index("ix_exception_decision", "exception", ["decision"])
    op.create_index("ix_exception_state_name_point", "exception", ["state", "name", "point"])
    op.create_table(
        "check_limit",
        sa.Column("organisation", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("limits", sa.JSON()),
        sa.Column("account", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_check_limit_organisation"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_check_limit_account"),
        sa.PrimaryKeyConstraint("organisation", "kind", "name", name="pk_check_limit"),
    )
