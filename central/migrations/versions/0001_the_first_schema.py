"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "ahead",
    "attempt",
    "conflict",
    "edge",
    "edge_store",
    "event",
    "hole",
    "inbox",
    "meta",
    "meter",
    "meter_seen",
    "organisation",
    "stray",
    "tip",
    "zone_scheme",
    "account",
    "contract",
    "edge_meter",
    "node",
    "price",
    "zone_rule",
    "audit",
    "grant",
    "point",
    "session",
    "contract_point",
    "dirty",
    "mounting",
    "point_day",
)


def upgrade() -> None:
    op.create_table(
        "ahead",
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.String(length=16), nullable=False),
        sa.Column("sha", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("edge", "store", "seq", "prev", "sha", name="pk_ahead"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mail", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_mail", "attempt", ["mail"])
    op.create_table(
        "conflict",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("came", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conflict"),
    )
    op.create_index("ix_conflict_meter_stamp", "conflict", ["meter", "stamp"])
    op.create_table(
        "edge",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=True),
        sa.Column("state_at", sa.BigInteger(), nullable=True),
        sa.Column("about", sa.LargeBinary(), nullable=True),
        sa.Column("about_at", sa.BigInteger(), nullable=True),
        sa.Column("health", sa.LargeBinary(), nullable=True),
        sa.Column("health_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_edge"),
    )
    op.create_table(
        "edge_store",
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("sha", sa.String(length=16), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("edge", "store", name="pk_edge_store"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("journal", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("uptime", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.UniqueConstraint(
            "meter", "edge", "time", "journal", "code", "uptime", name="uq_event_meter_edge_time_journal_code_uptime"
        ),
    )
    op.create_table(
        "hole",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=True),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hole"),
        sa.UniqueConstraint("edge", "store", "first", "last", name="uq_hole_edge_store_first_last"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.String(length=16), nullable=False),
        sa.Column("sha", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("edge", "store", "seq", "prev", "sha", name="uq_inbox_edge_store_seq_prev_sha"),
    )
    op.create_index("ix_inbox_state_id", "inbox", ["state", "id"])
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "meter",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("maker", sa.String(length=100), nullable=False),
        sa.Column("register_end", sa.BigInteger(), nullable=True),
        sa.Column("resolution", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meter"),
    )
    op.create_table(
        "meter_seen",
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("last_stamp", sa.BigInteger(), nullable=True),
        sa.Column("last_received_at", sa.BigInteger(), nullable=True),
        sa.Column("last_success_at", sa.BigInteger(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("overwritten_from_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("meter", name="pk_meter_seen"),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
        sa.UniqueConstraint("name", name="uq_organisation_name"),
    )
    op.create_table(
        "stray",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stray"),
        sa.UniqueConstraint("hash", name="uq_stray_hash"),
    )
    op.create_table(
        "tip",
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("meter", "kind", name="pk_tip"),
    )
    op.create_table(
        "zone_scheme",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("tariffs", sa.JSON(), nullable=False),
        sa.Column("billing_reading", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_zone_scheme"),
        sa.UniqueConstraint("name", name="uq_zone_scheme_name"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mail", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=True),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_account_organisation"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("mail", name="uq_account_mail"),
    )
    op.create_table(
        "contract",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_contract_organisation"),
        sa.PrimaryKeyConstraint("id", name="pk_contract"),
        sa.UniqueConstraint("organisation", "number", name="uq_contract_organisation_number"),
    )
    op.create_table(
        "edge_meter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edge", sa.String(length=40), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["edge"], ["edge.name"], name="fk_edge_meter_edge"),
        sa.PrimaryKeyConstraint("id", name="pk_edge_meter"),
        sa.UniqueConstraint("edge", "meter", "valid_from", name="uq_edge_meter_edge_meter_valid_from"),
    )
    op.create_index("ix_edge_meter_meter", "edge_meter", ["meter"])
    op.create_table(
        "node",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_node_organisation"),
        sa.ForeignKeyConstraint(["parent"], ["node.id"], name="fk_node_parent"),
        sa.PrimaryKeyConstraint("id", name="pk_node"),
    )
    op.create_index("ix_node_parent", "node", ["parent"])
    op.create_table(
        "price",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("zone", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.ForeignKeyConstraint(["scheme"], ["zone_scheme.id"], name="fk_price_scheme"),
        sa.PrimaryKeyConstraint("id", name="pk_price"),
    )
    op.create_index("ix_price_scheme", "price", ["scheme"])
    op.create_table(
        "zone_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("day_kind", sa.String(length=10), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=20), nullable=False),
        sa.Column("tz", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["scheme"], ["zone_scheme.id"], name="fk_zone_rule_scheme"),
        sa.PrimaryKeyConstraint("id", name="pk_zone_rule"),
    )
    op.create_index("ix_zone_rule_scheme", "zone_rule", ["scheme"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_audit_account"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_account", "audit", ["account"])
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contract", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_grant_account"),
        sa.ForeignKeyConstraint(["contract"], ["contract.id"], name="fk_grant_contract"),
        sa.PrimaryKeyConstraint("id", name="pk_grant"),
    )
    op.create_index("ix_grant_account", "grant", ["account"])
    op.create_index("ix_grant_contract", "grant", ["contract"])
    op.create_table(
        "point",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("tz", sa.String(length=60), nullable=False),
        sa.Column("zone_source", sa.String(length=10), nullable=False),
        sa.Column("scheme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tariffs", sa.JSON(), nullable=True),
        sa.Column("power_max", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["node"], ["node.id"], name="fk_point_node"),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_point_organisation"),
        sa.ForeignKeyConstraint(["scheme"], ["zone_scheme.id"], name="fk_point_scheme"),
        sa.PrimaryKeyConstraint("id", name="pk_point"),
        sa.UniqueConstraint("code", name="uq_point_code"),
    )
    op.create_index("ix_point_node", "point", ["node"])
    op.create_index("ix_point_organisation", "point", ["organisation"])
    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_session_account"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("token", name="uq_session_token"),
    )
    op.create_index("ix_session_account", "session", ["account"])
    op.create_table(
        "contract_point",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contract", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("point", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contract"], ["contract.id"], name="fk_contract_point_contract"),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_contract_point_point"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_point"),
    )
    op.create_index("ix_contract_point_contract", "contract_point", ["contract"])
    op.create_index("ix_contract_point_point", "contract_point", ["point"])
    op.create_table(
        "dirty",
        sa.Column("point", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_dirty_point"),
        sa.PrimaryKeyConstraint("point", "day", name="pk_dirty"),
    )
    op.create_table(
        "mounting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("point", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("wires", sa.Integer(), nullable=False),
        sa.Column("ki", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("ku", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("values_are", sa.String(length=10), nullable=False),
        sa.Column("clock_offset", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("reg_start", sa.JSON(), nullable=True),
        sa.Column("reg_end", sa.JSON(), nullable=True),
        sa.Column("act", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name="fk_mounting_meter"),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_mounting_point"),
        sa.PrimaryKeyConstraint("id", name="pk_mounting"),
    )
    op.create_index("ix_mounting_meter", "mounting", ["meter"])
    op.create_index("ix_mounting_point", "mounting", ["point"])
    op.create_table(
        "point_day",
        sa.Column("point", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("energies", sa.JSON(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("got", sa.Integer(), nullable=False),
        sa.Column("off", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("max_power", sa.BigInteger(), nullable=True),
        sa.Column("max_at", sa.BigInteger(), nullable=True),
        sa.Column("registers", sa.JSON(), nullable=False),
        sa.Column("cause", sa.String(length=100), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["point.id"], name="fk_point_day_point"),
        sa.PrimaryKeyConstraint("point", "day", "version", name="pk_point_day"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
