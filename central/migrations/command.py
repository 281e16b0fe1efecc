"""`uchet-central migrate`: brings SQL to the schema of this program; the first time also makes what is made once.

Made once: the id of this central (in SQL, so it is in every backup: acknowledgements carry it) and the key of the web's
cookies, the one that signs commands and configurations, the one that closes meters' secrets (files that only their
owner may read). Running it again changes nothing.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, select

from central.commands import keys
from central.concentrators import safe
from central.config import CentralConfig, ConfigError, load
from central.db import connect, insert, writing
from central.ingest.tables import meta
from central.registry.search.index import is_empty, rebuild
from protocol.messages import command as signing

CENTRAL = "central"


@click.command()
@click.pass_obj
def migrate(path: Path) -> None:
    """Make or upgrade the database."""
    config = load(path)
    central = prepare(config)
    click.echo(f"the schema is up to date; this is central {central}")
    click.echo(f'edge.toml, [uplink]:\ncentral = "{central}"\ncommand_key = "{command_key(config)}"')


def prepare(config: CentralConfig) -> str:
    """Folder, schema, id, secret; returns the id."""
    config.data.mkdir(parents=True, exist_ok=True)
    engine = connect(config.sql_url)
    try:
        upgrade(engine)
        with writing(engine).begin() as connection:
            new = insert(connection, meta).values(key=CENTRAL, value=secrets.token_hex(8))
            connection.execute(new.on_conflict_do_nothing())
            keys.make(connection, config)
            safe.make(connection, config)
            unfound = is_empty(connection)
        if unfound:  # a registry of a time when nothing was indexed
            rebuild(engine)
        return central_id(engine)
    finally:
        engine.dispose()
        _make_secret(config.secret_file)


def upgrade(engine: Engine) -> None:
    """All revisions that this database has not seen, in one transaction."""
    with writing(engine).connect() as connection, _tables_made_anew(connection), connection.begin():
        command.upgrade(_alembic(connection), "head")
        if engine.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            assert broken is None, f"a migration leaves a row that refers to nothing: {broken}"


@contextmanager
def _tables_made_anew(connection: Connection) -> Iterator[None]:
    """SQLite alters a table by making it anew, and while it is away those that refer to it must not mind."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")  # does nothing inside a transaction
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def central_id(engine: Engine) -> str:
    """The id that acknowledgements carry. Raises ConfigError when `migrate` was not run."""
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, meta.name):
            raise ConfigError("the database is empty: run `uchet-central migrate` first")
        return str(connection.execute(select(meta.c.value).where(meta.c.key == CENTRAL)).scalar_one())


def revision(connection: Connection) -> str | None:
    """The last one that this database has seen; None = it was not made by `migrate`."""
    return MigrationContext.configure(connection).get_current_revision()


def command_key(config: CentralConfig) -> str:
    """The public key that edges check commands with, as it stands in edge.toml. Raises ConfigError."""
    return signing.public_of(keys.private_key(config))


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _make_secret(path: Path) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(file, "w") as out:
        out.write(secrets.token_hex(32) + "\n")
