"""`uchet-central config`: what the concentrators are told, the secrets of meters, keys that were exchanged."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click
from sqlalchemy import Connection, select, update

from central.accounts.audit import note
from central.concentrators import safe
from central.concentrators.look import Standing, standing
from central.concentrators.sealing import seal
from central.concentrators.tables import edge_config, edge_config_version
from central.concentrators.versions import JOB, refresh, refresh_of
from central.config import CentralConfig, load
from central.db import connect, writing
from central.ingest.tables import edge as edges
from central.jobs.asking import enqueue
from central.registry.tables import meter as meters

AUTHOR = "cli"


@click.group()
def config() -> None:
    """Configuration of the concentrators."""


@config.command()
@click.argument("edge", required=False)
@click.option("--settings", is_flag=True, help="Also what it says: lines, meters, schedule; no secrets.")
@click.pass_obj
def show(path: Path, edge: str | None, settings: bool) -> None:
    """What is wanted, what runs, what was refused and why; of all, a line each."""
    with _writing(path) as (_, connection):
        names = [edge] if edge is not None else sorted(connection.scalars(select(edges.c.name)))
        for name in names:
            _known(connection, name)
            found = standing(connection, name, int(time.time()))
            click.echo("\t".join(_line(found)))
            if edge is not None:
                for version in found.versions:
                    refused = f"; refused: {version.why}" if version.refused_at is not None else ""
                    ran = f"; runs since {_said(version.runs_at)}" if version.runs_at is not None else ""
                    made = f"{_said(version.made_at)} by {version.author}"
                    click.echo(f"  version {version.version} {version.sha256[:16]} made {made}{ran}{refused}")
            if settings and found.versions:
                click.echo(found.versions[0].settings)


@config.command()
@click.argument("edge")
@click.pass_obj
def push(path: Path, edge: str) -> None:
    """Make and send now what the registry says; nothing when that runs already."""
    now = int(time.time())
    with _writing(path) as (settings, connection):
        _known(connection, edge)
        outcome = refresh(connection, edge, now, AUTHOR)
        if outcome.blocked is not None:
            raise click.ClickException(str(outcome.blocked))
        if outcome.version is None:
            raise click.ClickException(f"no meter of {edge} hangs on a line: its own file says what it reads")
        held = seal(connection, settings, edge, now)
    click.echo(
        f"{edge}: version {outcome.version}{' is new' if outcome.new else ''}{f', held: {held}' if held else ''}"
    )


@config.command()
@click.argument("meter")
@click.option("--drop", is_flag=True, help="The meter asks for none.")
@click.option("--file", "source", type=click.File(), help="Read it from here (- = standard input), not from the keys.")
@click.pass_obj
def secret(path: Path, meter: str, drop: bool, source: IO[str] | None) -> None:
    """Set a meter's password. It goes to its concentrator sealed, and is shown to nobody."""
    text = ""
    if not drop:
        text = source.read().strip() if source is not None else click.prompt("password", hide_input=True)
    now = int(time.time())
    with _writing(path) as (settings, connection):
        if connection.execute(select(meters.c.id).where(meters.c.id == meter)).first() is None:
            raise click.ClickException(f"there is no meter {meter}")
        if drop:
            safe.drop(connection, meter, AUTHOR, now)
        else:
            try:
                safe.put(connection, settings, meter, text, AUTHOR, now)
            except ValueError as error:
                raise click.ClickException(str(error)) from None
        refresh_of(connection, {("meter", meter)}, now, AUTHOR)
    click.echo(f"{meter}: {'no password' if drop else 'password set'}")


@config.command("accept-key")
@click.argument("edge")
@click.pass_obj
def accept_key(path: Path, edge: str) -> None:
    """Believe the other key that a concentrator says: it was replaced, or its data were erased."""
    now = int(time.time())
    with _writing(path) as (_, connection):
        _known(connection, edge)
        row = connection.execute(select(edge_config).where(edge_config.c.edge == edge).with_for_update()).first()
        if row is None or row.offered is None:
            raise click.ClickException(f"{edge} says no other key than the one known")
        this = edge_config.c.edge == edge
        connection.execute(update(edge_config).where(this).values(key=row.offered, offered=None, held=None))
        unsent = (edge_config_version.c.edge == edge) & (edge_config_version.c.version == row.wanted)
        connection.execute(update(edge_config_version).where(unsent).values(payload=None, sealed_to=None))
        note(connection, now, None, "edge key", edge, "accepted")
        enqueue(connection, JOB, {"edge": edge}, now)
    click.echo(f"{edge}: the key is accepted")


@contextmanager
def _writing(path: Path) -> Iterator[tuple[CentralConfig, Connection]]:
    settings = load(path)
    engine = connect(settings.sql_url)
    try:
        with writing(engine).begin() as connection:
            yield settings, connection
    finally:
        engine.dispose()


def _known(connection: Connection, edge: str) -> None:
    if connection.execute(select(edges.c.name).where(edges.c.name == edge)).first() is None:
        raise click.ClickException(f"there is no concentrator {edge}")


def _line(found: Standing) -> Iterator[str]:
    row = found.row
    yield from (found.edge, found.state)
    yield f"wanted {row.wanted if row is not None and row.wanted is not None else '-'}"
    yield f"runs {row.running if row is not None and row.running else '-'}"
    if found.blocked is not None:
        yield str(found.blocked)
    elif row is not None and found.state == "refused":
        yield str(row.why)
    elif row is not None and row.held is not None:
        yield " ".join([row.held, *([row.held_for] if row.held_for else [])])


def _said(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
