"""Personal reports, when they are sent, and files that were made."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "personal_report",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("contract", ID, nullable=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("report", sa.String(40), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_personal_report_account"),
        sa.ForeignKeyConstraint(["contract"], ["contract.id"], name="fk_personal_report_contract"),
        sa.PrimaryKeyConstraint("id", name="pk_personal_report"),
    )
    op.create_index("ix_personal_report_account", "personal_report", ["account"])
    op.create_index("ix_personal_report_contract", "personal_report", ["contract"])
    op.create_table(
        "report_schedule",
        sa.Column("id", ID, nullable=False),
        sa.Column("personal", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(4), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_for", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_report_schedule_account"),
        sa.ForeignKeyConstraint(
            ["personal"], ["personal_report.id"], name="fk_report_schedule_personal", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report_schedule"),
        sa.UniqueConstraint("personal", "account", name="uq_report_schedule_personal_account"),
    )
    op.create_index("ix_report_schedule_account", "report_schedule", ["account"])
    op.create_table(
        "report_file",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("report", sa.String(40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("form", sa.String(4), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("job", ID, nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("code", sa.String(24), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("schedule", ID, nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_report_file_account"),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_report_file_job", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["schedule"], ["report_schedule.id"], name="fk_report_file_schedule", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report_file"),
        sa.UniqueConstraint("code", name="uq_report_file_code"),
    )
    op.create_index("ix_report_file_sha256", "report_file", ["sha256"])
    op.create_index("ix_report_file_account_made_at", "report_file", ["account", "made_at"])
    op.create_index("ix_report_file_account_seen_at", "report_file", ["account", "seen_at"])
    op.create_index("ix_report_file_state_ended_at", "report_file", ["state", "ended_at"])
