"""The index of the one search box, and how many points hang below each node of the network."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    postgresql = op.get_context().dialect.name == "postgresql"
    op.create_table(
        "search_word",
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("word", sa.String(40, collation="C" if postgresql else None), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "kind", "word", "key", name="pk_search_word"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_word_kind_key_word", "search_word", ["kind", "key", "word"])
    op.create_table(
        "node_points",
        sa.Column("node", ID, nullable=False),
        sa.Column("own", ID, nullable=False),
        sa.Column("below", ID, nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_node_points"),
    )
    op.create_index("ix_node_organisation_parent_name", "node", ["organisation", "parent", "name"])
    op.create_index("ix_node_organisation_path", "node", ["organisation", "path"])
