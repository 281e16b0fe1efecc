"""Commands to the edges, counters of the way of a reading, findings of the audits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _command()
    _counts_of_the_inbox()
    _traffic()
    _finding()
    _gap()


def _command() -> None:
    op.create_table(
        "command",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(length=20), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("replied_at", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["edge"], ["edge.name"], name="fk_command_edge_edge"),
        sa.PrimaryKeyConstraint("id", name="pk_command"),
        sa.UniqueConstraint("edge", "counter", name="uq_command_edge_counter"),
    )
    op.create_index("ix_command_state_edge", "command", ["state", "edge"])


def _counts_of_the_inbox() -> None:
    for name in ("day", "entries", "projected"):  # what came before was not counted
        op.add_column("inbox", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_inbox_name_day", "inbox", ["name", "day"])


def _traffic() -> None:
    op.create_table(
        "traffic",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("read", sa.Integer(), nullable=True),
        sa.Column("journal", sa.Integer(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("projected", sa.Integer(), nullable=False),
        sa.Column("void", sa.Integer(), nullable=False),
        sa.Column("given_up", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "edge", "store", "meter", name="pk_traffic"),
    )
    op.create_index("ix_traffic_meter_day", "traffic", ["meter", "day"])
    op.create_index("ix_traffic_verdict_day", "traffic", ["verdict", "day"])
    sums = ("read", "journal", "sent", "received", "projected", "quarantined", "waiting", "void")
    op.create_table(
        "traffic_day",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in sums),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_traffic_day"),
    )


def _finding() -> None:
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("inbox_rows", sa.Integer(), nullable=False),
        sa.Column("inbox_total", sa.BigInteger(), nullable=False),
        sa.Column("series_rows", sa.Integer(), nullable=False),
        sa.Column("series_total", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
        sa.UniqueConstraint("meter", "kind", "day", name="uq_finding_meter_kind_day"),
    )
    op.create_index("ix_finding_state_day", "finding", ["state", "day"])


def _gap() -> None:
    op.create_table(
        "gap",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("edge", sa.String(length=40), nullable=True),
        sa.Column("command", sa.String(length=40), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["command"], ["command.id"], name="fk_gap_command"),
        sa.PrimaryKeyConstraint("id", name="pk_gap"),
    )
    op.create_index("ix_gap_meter_kind", "gap", ["meter", "kind", "since"])
    op.create_index("ix_gap_state_deadline_at", "gap", ["state", "deadline_at"])
    op.create_index("ix_gap_edge_asked_at", "gap", ["edge", "asked_at"])
