"""Notices on a phone: the key, the devices, what is to be told and what goes to which; hours that are quiet; what a
notice was concluded from."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("notice", sa.Column("terms", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("notice_choice", sa.Column("push", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "notice_quiet",
        sa.Column("account", ID, autoincrement=False, nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_notice_quiet_account"),
        sa.PrimaryKeyConstraint("account", name="pk_notice_quiet"),
    )
    op.create_table(
        "push_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("closed", sa.Text(), nullable=False),
        sa.Column("public", sa.String(100), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_push_key"),
    )
    op.create_table(
        "push_device",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("session", ID, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("p256dh", sa.String(100), nullable=False),
        sa.Column("auth", sa.String(40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_push_device_account"),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_push_device_session", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_push_device"),
        sa.UniqueConstraint("hash", name="uq_push_device_hash"),
    )
    op.create_index("ix_push_device_account", "push_device", ["account"])
    op.create_index("ix_push_device_session", "push_device", ["session"])
    op.create_table(
        "push",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("notice", ID, nullable=True),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("tz", sa.String(40), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("more", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_push_account"),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_push_notice"),
        sa.PrimaryKeyConstraint("id", name="pk_push"),
        sa.UniqueConstraint("account", "path", name="uq_push_account_path"),
    )
    op.create_index("ix_push_notice", "push", ["notice"])
    op.create_index("ix_push_state_due_at", "push", ["state", "due_at"])
    op.create_index("ix_push_account_told_at", "push", ["account", "told_at"])
    op.create_table(
        "push_delivery",
        sa.Column("push", ID, nullable=False),
        sa.Column("device", ID, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["push"], ["push.id"], name="fk_push_delivery_push", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device"], ["push_device.id"], name="fk_push_delivery_device", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("push", "device", name="pk_push_delivery"),
    )
    op.create_index("ix_push_delivery_device", "push_delivery", ["device"])
    op.create_index("ix_push_delivery_due_at", "push_delivery", ["due_at"])
