"""A person's own data: another mail confirmed at both, a consent withdrawn, since when an account is what it is."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mail_change",
        sa.Column("account", ID, nullable=False),
        sa.Column("mail", sa.String(254), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("before_at", sa.BigInteger()),
        sa.Column("after_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_mail_change_account"),
        sa.PrimaryKeyConstraint("account", name="pk_mail_change"),
    )
    op.create_table(
        "withdrawal",
        sa.Column("account", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("erase_at", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.String(20), nullable=False),
        sa.Column("ended", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_withdrawal_account"),
        sa.PrimaryKeyConstraint("account", name="pk_withdrawal"),
    )
    op.create_index("ix_withdrawal_erase_at", "withdrawal", ["erase_at"])
    op.add_column("account", sa.Column("state_at", sa.BigInteger()))
    # whoever is rejected or blocked already is so from today on, as far as his age counts: nobody goes unannounced
    op.execute(sa.text("UPDATE account SET state_at = :now").bindparams(now=int(time.time())))
