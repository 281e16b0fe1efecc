"""`uchet-central command`: what was asked of the edges, and asking for more. Every command is audited."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import msgspec
from sqlalchemy import Engine, Row, select

from central.commands import asking_now, keys
from central.commands.asking_now import Asking
from central.commands.sending import NoEdge, send
from central.commands.tables import command as table
from central.config import load
from central.db import connect, writing
from protocol.messages.command import Backfill, Status

AUTHOR = "cli"
LOOK = 0.3  # seconds between two looks at a command
KINDS = get_args(get_type_hints(Backfill)["kind"])
TIMES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")


@click.group()
def command() -> None:
    """Commands to the concentrators."""


@command.command("list")
@click.option("--edge", help="Only of this concentrator.")
@click.option("--open", "only_open", is_flag=True, help="Only those without a last word.")
@click.pass_obj
def list_commands(path: Path, edge: str | None, only_open: bool) -> None:
    """Newest first: id, edge, command, arguments, author, made, state, reply."""
    query = select(table).order_by(table.c.made_at.desc(), table.c.counter.desc())
    if edge is not None:
        query = query.where(table.c.edge == edge)
    if only_open:
        query = query.where(table.c.state.in_(("open", "waiting")))
    with _database(path) as engine, engine.connect() as connection:
        for row in connection.execute(query):
            click.echo("\t".join(_fields(row)))


@command.command()
@click.option("--edge", required=True)
@click.option("--meter", required=True)
@click.option("--kind", type=click.Choice(KINDS), required=True)
@click.option("--from", "since", type=click.DateTime(TIMES), required=True, help="After this moment, UTC.")
@click.option("--to", "until", type=click.DateTime(TIMES), required=True, help="Up to and with this one, UTC.")
@click.option("--hours", type=click.IntRange(1, 24 * 45), default=72, show_default=True, help="How long it may take.")
@click.pass_obj
def backfill(path: Path, edge: str, meter: str, kind: Any, since: datetime, until: datetime, hours: int) -> None:
    """Ask for rows of a meter once more."""
    if since >= until:
        raise click.UsageError("--from must be before --to")
    asked = Backfill(meter=meter, kind=kind, since=since.replace(tzinfo=UTC), until=until.replace(tzinfo=UTC))
    key = keys.private_key(load(path))
    with _database(path) as engine, writing(engine).begin() as connection:
        try:
            id = send(connection, key, edge, asked, AUTHOR, int(time.time()), hours * 3600)
        except NoEdge as error:
            raise click.ClickException(str(error)) from None
    click.echo(id)


@command.command()
@click.argument("meter")
@click.pass_obj
def read(path: Path, meter: str) -> None:
    """Ask a meter what it shows now; each step is told as it happens. Exit code 1 when nothing was shown."""
    with _database(path) as engine:
        try:
            with writing(engine).begin() as connection:
                asked = asking_now.ask(connection, AUTHOR, meter, int(time.time()))
        except (asking_now.NoReader, asking_now.Away) as error:
            raise click.ClickException(str(error)) from None
        if not asked.new:
            click.echo(f"asked less than {asking_now.EVERY} s ago; that is what came of it", err=True)
        asking = _followed(engine, asked.asking)
    if asking.shown is None:
        raise click.ClickException(_outcome(asking))
    click.echo(msgspec.json.encode(asking.shown).decode())


def _followed(engine: Engine, asking: Asking) -> Asking:
    """Until nothing more will come of it."""
    told = 0
    while True:
        now = int(time.time())
        steps = asking.steps(now)
        for step, at in steps[told:]:
            click.echo(f"{datetime.fromtimestamp(at, UTC):%H:%M:%SZ} {step}", err=True)
        told = len(steps)
        if asking.over(now):
            return asking
        time.sleep(LOOK)
        with engine.connect() as connection:
            asking = asking_now.find(connection, asking.id) or asking


def _outcome(asking: Asking) -> str:
    if asking.status is None:
        return "its time passed without an answer"
    return f"{asking.status.name.lower()}: {asking.detail or '-'}"


@contextmanager
def _database(path: Path) -> Iterator[Engine]:
    engine = connect(load(path).sql_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _fields(row: Row[Any]) -> Iterator[str]:
    yield from (row.id, row.edge, row.command, msgspec.json.encode(row.arguments).decode(), row.author)
    yield f"{datetime.fromtimestamp(row.made_at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    yield row.state
    said = [] if row.status is None else [Status(row.status).name.lower()]
    said += [f"{name}={count}" for name, count in (row.result or {}).items()]
    yield " ".join([*said, *([row.detail] if row.detail else [])]) or "-"
