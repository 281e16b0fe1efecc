"""The journal of actions: rows are only added, seals over them, indexes for its search.

Mails that stood in rows of before become the ids of their accounts: afterwards no row can be mended.
The database itself refuses to change a row or to take one away. REPLACE of SQLite takes one away without its trigger
of DELETE, so a number that is there is refused too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_MAILS = """
UPDATE audit SET subject = COALESCE((SELECT 'account ' || id FROM account WHERE mail = audit.subject), 'account')
WHERE action IN ('account made', 'password set') AND subject LIKE '%@%'
"""
ONLY_ADDED = {"audit": "id", "audit_seal": "number"}  # table -> its key


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.String(64), nullable=False),
        sa.Column("sha", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_seal"),
        sa.UniqueConstraint("last", name="uq_audit_seal_last"),
    )
    op.create_index("ix_account_organisation_role", "account", ["organisation", "role"])
    op.drop_index("ix_audit_at", "audit")
    op.drop_index("ix_audit_account", "audit")
    op.create_index("ix_audit_at_id", "audit", ["at", "id"])
    op.create_index("ix_audit_account_at_id", "audit", ["account", "at", "id"])
    op.create_index("ix_audit_action_at_id", "audit", ["action", "at", "id"])
    op.execute(OF_MAILS)
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _refuse_on_postgresql() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$"
    )
    for table in ONLY_ADDED:
        op.execute(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION only_added()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_added()"
        )


def _refuse_on_sqlite() -> None:
    for table, key in ONLY_ADDED.items():
        refuse = f"SELECT RAISE(ABORT, 'rows of {table} are only added')"
        for word in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{word.lower()} BEFORE {word} ON {table} BEGIN {refuse}; END")
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - names of ours
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} BEGIN {refuse}; END")
