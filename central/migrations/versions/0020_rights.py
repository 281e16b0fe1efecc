"""What operators may change and where, auditors, and whom an owner of a contract lets look.

Operators that there are may change all, everywhere, as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RIGHTS = ("people", "registry", "figures", "edges")


def upgrade() -> None:
    given = sa.ForeignKey("account.id", name="fk_grant_given_by_account")
    with op.batch_alter_table("grant") as table:
        table.add_column(sa.Column("given_by", ID, given))
        table.add_column(sa.Column("ends_at", sa.BigInteger()))
    op.create_index("ix_grant_given_by", "grant", ["given_by"])
    op.create_table(
        "invitation",
        sa.Column("id", ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("contract", ID, nullable=False),
        sa.Column("mail", sa.String(254), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_invitation_account"),
        sa.ForeignKeyConstraint(["contract"], ["contract.id"], name="fk_invitation_contract"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("hash", name="uq_invitation_hash"),
    )
    op.create_index("ix_invitation_account", "invitation", ["account"])
    op.create_index("ix_invitation_expires_at", "invitation", ["expires_at"])
    op.create_table(
        "operator_right",
        sa.Column("account", ID, nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_operator_right_account"),
        sa.PrimaryKeyConstraint("account", "name", name="pk_operator_right"),
    )
    op.create_table(
        "operator_branch",
        sa.Column("account", ID, nullable=False),
        sa.Column("node", ID, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_operator_branch_account"),
        sa.ForeignKeyConstraint(["node"], ["node.id"], name="fk_operator_branch_node"),
        sa.PrimaryKeyConstraint("account", "node", name="pk_operator_branch"),
    )
    op.create_index("ix_operator_branch_node", "operator_branch", ["node"])
    account = sa.table("account", sa.column("id"), sa.column("role"))
    right = sa.table("operator_right", sa.column("account"), sa.column("name"))
    for name in RIGHTS:
        who = sa.select(account.c.id, sa.literal(name)).where(account.c.role == "operator")
        op.execute(right.insert().from_select(["account", "name"], who))
