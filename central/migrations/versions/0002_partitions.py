"""PostgreSQL: the inbox by week, the days of points by month. Indexes that the plans lacked.

`week` = weeks since 1970 of `received_at`. A unique key cannot span partitions, so there it holds within a week, and
ingest looks into the others. SQLite has the column too, and one table.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UNIQUE = "uq_inbox_edge_store_seq_prev_sha"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _inbox_by_week()
        _point_day_by_month()
    else:
        op.add_column("inbox", sa.Column("week", sa.Integer(), nullable=True))
        op.execute("UPDATE inbox SET week = received_at / 604800")
        with op.batch_alter_table("inbox") as batch:
            batch.alter_column("week", existing_type=sa.Integer(), nullable=False)
    op.create_index("ix_attempt_at", "attempt", ["at"])
    op.create_index("ix_dirty_day_point", "dirty", ["day", "point"])
    op.create_index("ix_session_expires_at", "session", ["expires_at"])


def _inbox_by_week() -> None:
    op.execute("ALTER TABLE inbox RENAME TO inbox_before")
    op.execute(f"ALTER TABLE inbox_before DROP CONSTRAINT pk_inbox, DROP CONSTRAINT {UNIQUE}")
    op.execute("DROP INDEX ix_inbox_state_id")
    op.execute(
        "CREATE TABLE inbox (LIKE inbox_before INCLUDING DEFAULTS, week integer NOT NULL, "
        "CONSTRAINT pk_inbox PRIMARY KEY (id, week), "
        f"CONSTRAINT {UNIQUE} UNIQUE (edge, store, seq, prev, sha, week)) PARTITION BY RANGE (week)"
    )
    op.create_index("ix_inbox_state_id", "inbox", ["state", "id"])
    for week in _all("SELECT DISTINCT received_at / 604800 FROM inbox_before"):
        op.execute(f"CREATE TABLE inbox_w{week} PARTITION OF inbox FOR VALUES FROM ({week}) TO ({week + 1})")
    op.execute("INSERT INTO inbox SELECT *, received_at / 604800 FROM inbox_before")
    op.execute("ALTER SEQUENCE inbox_id_seq OWNED BY inbox.id")
    op.drop_table("inbox_before")


def _point_day_by_month() -> None:
    op.execute("ALTER TABLE point_day RENAME TO point_day_before")
    op.execute("ALTER TABLE point_day_before DROP CONSTRAINT pk_point_day, DROP CONSTRAINT fk_point_day_point")
    op.execute(
        "CREATE TABLE point_day (LIKE point_day_before, "
        "CONSTRAINT pk_point_day PRIMARY KEY (point, day, version), "
        "CONSTRAINT fk_point_day_point FOREIGN KEY (point) REFERENCES point (id)) PARTITION BY RANGE (day)"
    )
    for first in _all("SELECT DISTINCT date_trunc('month', day)::date FROM point_day_before"):
        op.execute(
            f"CREATE TABLE point_day_{first:%Y_%m} PARTITION OF point_day "
            f"FOR VALUES FROM ('{first}') TO ((DATE '{first}' + INTERVAL '1 month')::date)"
        )
    op.execute("INSERT INTO point_day SELECT * FROM point_day_before")
    op.drop_table("point_day_before")


def _all(query: str) -> list[Any]:
    return list(op.get_bind().scalars(sa.text(query)))
