"""Registration: texts that are agreed to, consents, single-use keys, applications for a contract; second factors."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "legal_text",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_legal_text_organisation"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_legal_text_account"),
        sa.PrimaryKeyConstraint("id", name="pk_legal_text"),
        sa.UniqueConstraint("organisation", "kind", "version", name="uq_legal_text_organisation_kind_version"),
    )
    op.create_table(
        "consent",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("legal_text", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_consent_account"),
        sa.ForeignKeyConstraint(["legal_text"], ["legal_text.id"], name="fk_consent_legal_text"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index("ix_consent_account", "consent", ["account"])
    op.create_table(
        "once_key",
        sa.Column("id", ID, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_once_key_account"),
        sa.PrimaryKeyConstraint("id", name="pk_once_key"),
        sa.UniqueConstraint("hash", name="uq_once_key_hash"),
    )
    op.create_index("ix_once_key_account", "once_key", ["account"])
    op.create_index("ix_once_key_expires_at", "once_key", ["expires_at"])
    op.create_table(
        "application",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", ID),
        sa.Column("contract", ID),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_application_account"),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name="fk_application_decided_by"),
        sa.ForeignKeyConstraint(["contract"], ["contract.id"], name="fk_application_contract"),
        sa.PrimaryKeyConstraint("id", name="pk_application"),
    )
    op.create_table(
        "second_factor",
        sa.Column("account", ID, nullable=False),
        sa.Column("closed", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_second_factor_account"),
        sa.PrimaryKeyConstraint("account", name="pk_second_factor"),
    )
    op.add_column("session", sa.Column("address", sa.String(45), nullable=False, server_default=""))
    op.create_index("ix_application_account", "application", ["account"])
    op.create_index("ix_application_state_due_at", "application", ["state", "due_at"])
