"""The registry whole: terms of points, transformers, verifications, concentrators, and every change of it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEW_COLUMNS = {
    "organisation": (("inn", sa.String(12)), ("phone", sa.String(30)), ("address", sa.String(300))),
    "mounting": (
        ("seals", sa.String(200)),
        ("reason", sa.String(200)),
        ("end_act", sa.String(100)),
        ("end_reason", sa.String(200)),
    ),
    "contract": (("phone", sa.String(30)), ("mail", sa.String(254)), ("signed_on", sa.Date())),
    "meter": (("made_in", sa.Integer()),),
}


def _new(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, sa.Column("id", ID, nullable=False), *parts, sa.PrimaryKeyConstraint("id", name=f"pk_{name}"))


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [other], name=f"fk_{table}_{column}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    for table, columns in NEW_COLUMNS.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind))
    _index("meter", "serial")
    _terms()
    _equipment()
    _edges()
    _changes()


def _terms() -> None:
    """What stood in the point holds from the day on which its scheme began."""
    _new(
        "point_terms",
        sa.Column("point", ID, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("scheme", ID, nullable=False),
        sa.Column("zone_source", sa.String(10), nullable=False),
        sa.Column("tariffs", sa.JSON()),
        sa.Column("power_max", sa.Integer()),
        _key("point_terms", "point", "point.id"),
        _key("point_terms", "scheme", "zone_scheme.id"),
    )
    postgresql = op.get_context().dialect.name == "postgresql"
    earliest = "DATE '2000-01-01'" if postgresql else "'2000-01-01'"
    begun = "(SELECT min(valid_from) FROM zone_rule WHERE zone_rule.scheme = point.scheme)"
    op.execute(
        "INSERT INTO point_terms (point, valid_from, scheme, zone_source, tariffs, power_max) "  # noqa: S608 no input
        f"SELECT id, coalesce({begun}, {earliest}), scheme, zone_source, tariffs, power_max FROM point"
    )
    for column in ("point", "scheme"):
        _index("point_terms", column)
    with op.batch_alter_table("point") as point:
        point.drop_constraint("fk_point_scheme", type_="foreignkey")
        for name in ("scheme", "zone_source", "tariffs", "power_max"):
            point.drop_column(name)
        point.add_column(sa.Column("order_code", sa.String(60)))
        point.create_unique_constraint("uq_point_order_code", ["order_code"])
    _new(
        "monthly_line",
        sa.Column("scheme", ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        _key("monthly_line", "scheme", "zone_scheme.id"),
    )
    _index("monthly_line", "scheme")


def _equipment() -> None:
    _new(
        "meter_type",
        sa.Column("maker", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("code", sa.String(20)),
        sa.Column("serial_form", sa.String(100)),
        sa.Column("digits", sa.Integer()),
        sa.Column("verified_for", sa.Integer()),
        sa.UniqueConstraint("maker", "name", name="uq_meter_type_maker_name"),
    )
    _new(
        "transformer",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("primary", sa.Numeric(14, 3), nullable=False),
        sa.Column("secondary", sa.Numeric(14, 3), nullable=False),
        sa.Column("accuracy", sa.String(10), nullable=False),
        sa.UniqueConstraint("kind", "type", "serial", name="uq_transformer_kind_type_serial"),
    )
    _new(
        "transformer_place",
        sa.Column("transformer", ID, nullable=False),
        sa.Column("point", ID, nullable=False),
        sa.Column("phase", sa.String(3), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger()),
        _key("transformer_place", "transformer", "transformer.id"),
        _key("transformer_place", "point", "point.id"),
    )
    _new(
        "verification",
        sa.Column("meter", sa.String(40)),
        sa.Column("transformer", ID),
        sa.Column("verified_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("document", sa.String(100), nullable=False),
        _key("verification", "meter", "meter.id"),
        _key("verification", "transformer", "transformer.id"),
    )
    for table, column in (
        ("transformer_place", "transformer"),
        ("transformer_place", "point"),
        ("verification", "meter"),
        ("verification", "transformer"),
        ("verification", "valid_until"),
    ):
        _index(table, column)


def _edges() -> None:
    _new(
        "concentrator",
        sa.Column("edge", sa.String(40), nullable=False),
        sa.Column("organisation", ID, nullable=False),
        sa.Column("node", ID),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("serial", sa.String(40)),
        sa.Column("phone", sa.String(30)),
        _key("concentrator", "edge", "edge.name"),
        _key("concentrator", "organisation", "organisation.id"),
        _key("concentrator", "node", "node.id"),
        sa.UniqueConstraint("edge", name="uq_concentrator_edge"),
    )
    for column in ("organisation", "node"):
        _index("concentrator", column)
    _new(
        "edge_line",
        sa.Column("edge", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.String(200), nullable=False),
        _key("edge_line", "edge", "edge.name"),
        sa.UniqueConstraint("edge", "name", name="uq_edge_line_edge_name"),
    )
    with op.batch_alter_table("edge_meter") as edge_meter:
        edge_meter.add_column(sa.Column("line", ID))
        edge_meter.add_column(sa.Column("driver", sa.String(10)))
        edge_meter.add_column(sa.Column("settings", sa.JSON()))
        edge_meter.create_foreign_key("fk_edge_meter_line", "edge_line", ["line"], ["id"])
    _index("edge_meter", "line")


def _changes() -> None:
    _new(
        "change",
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account", ID),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undoes", ID),
        _key("change", "account", "account.id"),
        _key("change", "undoes", "change.id"),
        sa.UniqueConstraint("undoes", name="uq_change_undoes"),
    )
    _new(
        "change_line",
        sa.Column("change", ID, nullable=False),
        sa.Column("object", sa.String(40), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        _key("change_line", "change", "change.id"),
    )
    op.create_table(
        "change_subject",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("change", ID, nullable=False),
        _key("change_subject", "change", "change.id"),
        sa.PrimaryKeyConstraint("kind", "key", "change", name="pk_change_subject"),
    )
    for column in ("at", "account"):
        _index("change", column)
    for table in ("change_line", "change_subject"):
        _index(table, "change")
