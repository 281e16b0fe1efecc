"""Configuration of concentrators: versions, keys, secrets."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _of_an_edge(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["edge"], ["edge.name"], name=f"fk_{table}_edge")


def upgrade() -> None:
    op.create_table(
        "edge_config",
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("schedule", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.Integer()),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("held", sa.String(length=12)),
        sa.Column("held_for", sa.String(length=40)),
        sa.Column("key", sa.String(length=44)),
        sa.Column("offered", sa.String(length=44)),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("running_sha", sa.String(length=64), nullable=False),
        sa.Column("refused", sa.Integer()),
        sa.Column("refused_sha", sa.String(length=64)),
        sa.Column("why", sa.Text()),
        sa.Column("said_at", sa.BigInteger()),
        _of_an_edge("edge_config"),
        sa.PrimaryKeyConstraint("edge", name="pk_edge_config"),
    )
    op.create_index("ix_edge_config_next_at", "edge_config", ["next_at"])
    op.create_table(
        "edge_config_version",
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("sealed_to", sa.String(length=44)),
        sa.Column("signed_by", sa.String(length=44)),
        sa.Column("runs_at", sa.BigInteger()),
        sa.Column("refused_at", sa.BigInteger()),
        sa.Column("why", sa.Text()),
        _of_an_edge("edge_config_version"),
        sa.PrimaryKeyConstraint("edge", "version", name="pk_edge_config_version"),
    )
    op.create_table(
        "meter_secret",
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("meter", name="pk_meter_secret"),
    )
