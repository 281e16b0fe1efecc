"""`uchet-central jobs`: what the workers do beside readings, what is dead, and what becomes of it."""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection, Engine, Row, select

from central.accounts.audit import note
from central.config import CentralConfig, load
from central.db import connect, writing
from central.jobs import queue
from central.jobs.asking import enqueue
from central.jobs.kinds import KINDS
from central.jobs.tables import State, job
from central.migrations.command import central_id

LOOK = 0.5  # seconds between two looks of --wait
_OVER = (State.DONE, State.DEAD, State.DROPPED)


@click.group()
def jobs() -> None:
    """Jobs of the workers: list, show, run, retry, drop, schedule."""


def _open(path: Path) -> tuple[CentralConfig, Engine]:
    config = load(path)
    engine = connect(config.sql_url)
    central_id(engine)  # says so when `migrate` was not run
    return config, engine


def _clock(config: CentralConfig) -> Callable[[int | None], str]:
    zone = ZoneInfo(config.worker.time_zone)
    return lambda moment: "-" if moment is None else datetime.fromtimestamp(moment, zone).isoformat(" ")


@jobs.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in State]), help="Only those; dead ones wait for you."
)
@click.option("--kind", help="Only of this kind.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest.")
@click.pass_obj
def list_(path: Path, state: str | None, kind: str | None, limit: int) -> None:
    """Newest first: id, kind, state, tries, due, finished, key, error."""
    config, engine = _open(path)
    clock = _clock(config)
    query = select(job).order_by(job.c.id.desc()).limit(limit)
    for column, value in ((job.c.state, state), (job.c.kind, kind)):
        query = query if value is None else query.where(column == value)
    with engine.connect() as connection:
        for row in connection.execute(query):
            cells = (row.id, row.kind, row.state, row.tries, clock(row.due_at), clock(row.finished_at), row.key or "-")
            click.echo("\t".join(map(str, (*cells, row.error or "-"))))


@jobs.command()
@click.argument("number", metavar="ID", type=int)
@click.pass_obj
def show(path: Path, number: int) -> None:
    """All that is known of one job; personal arguments are not shown."""
    config, engine = _open(path)
    clock = _clock(config)
    with engine.connect() as connection:
        row = _row(connection, number)
    for name, value in row._mapping.items():
        if name == "arguments" and (row.kind not in KINDS or KINDS[row.kind].private):
            value = f"(not shown: {', '.join(value) or 'none'})"
        elif name.endswith("_at"):
            value = clock(value)
        elif isinstance(value, dict):
            value = json.dumps(value, ensure_ascii=False)
        click.echo(f"{name:<15}{'-' if value is None else value}")


@jobs.command()
@click.argument("number", metavar="ID", type=int)
@click.pass_obj
def retry(path: Path, number: int) -> None:
    """Try a dead job again, as often as a new one."""
    _decide(path, number, "retry", queue.retry, "waits for a worker")


@jobs.command()
@click.argument("number", metavar="ID", type=int)
@click.pass_obj
def drop(path: Path, number: int) -> None:
    """Never do a dead or waiting job."""
    _decide(path, number, "drop", queue.drop, "is dropped")


def _decide(path: Path, number: int, what: str, how: Callable[[Connection, int, int], bool], done: str) -> None:
    _config, engine = _open(path)
    now = int(time.time())
    with writing(engine).begin() as connection:
        if not how(connection, number, now):
            raise click.ClickException(f"job {number} is {_row(connection, number).state}")
        note(connection, now, None, f"job {what}", f"job {number}")
    click.echo(f"job {number} {done}")


@jobs.command()
@click.argument("kind", type=click.Choice(sorted(name for name, kind in KINDS.items() if not kind.private)))
@click.option("--arguments", default="{}", help="A JSON object.")
@click.option("--wait", is_flag=True, help="Until it is over; exit code 1 when it is not done.")
@click.pass_obj
def run(path: Path, kind: str, arguments: str, wait: bool) -> None:
    """Have a job done now, by a worker that runs."""
    _config, engine = _open(path)
    now = int(time.time())
    with writing(engine).begin() as connection:
        number = enqueue(connection, kind, _object(arguments), now)
        note(connection, now, None, "job run", f"job {number}", kind)
    click.echo(f"job {number} waits for a worker")
    while wait:
        with engine.connect() as connection:
            row = _row(connection, number)
        if row.state in _OVER:
            click.echo(json.dumps(row.result, ensure_ascii=False) if row.state == State.DONE else row.error)
            sys.exit(0 if row.state == State.DONE else 1)
        time.sleep(LOOK)


@jobs.command()
@click.pass_obj
def schedule(path: Path) -> None:
    """What is due by itself, and when next."""
    config, _engine = _open(path)
    clock, zone, now = _clock(config), ZoneInfo(config.worker.time_zone), int(time.time())
    for name, kind in sorted(KINDS.items()):
        if kind.schedule is not None:
            ready = "" if kind.ready(config) else f"\tnot configured: [{kind.needs}]"
            click.echo(f"{name}\t{kind.schedule}\t{clock(kind.schedule.following(now, zone))}{ready}")


def _row(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(select(job).where(job.c.id == number)).first()
    if row is None:
        raise click.ClickException(f"there is no job {number}")
    return row


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if not isinstance(found, dict):
        raise click.BadParameter("a JSON object is asked for")
    return found
