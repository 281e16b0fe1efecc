"""Documents attached to what the registry holds; forms that were sent, each once."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "change_token",
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("change", ID, nullable=False),
        sa.Column("there", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(["change"], ["change.id"], name="fk_change_token_change"),
        sa.PrimaryKeyConstraint("token", name="pk_change_token"),
    )
    op.create_table(
        "document",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("account", ID),
        sa.Column("removed_at", sa.BigInteger()),
        sa.Column("removed_by", ID),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_document_organisation"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_document_account"),
        sa.ForeignKeyConstraint(["removed_by"], ["account.id"], name="fk_document_removed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
    )
    op.create_index("ix_document_kind_key", "document", ["kind", "key"])
    op.create_index("ix_document_sha256", "document", ["sha256"])
