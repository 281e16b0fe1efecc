"""`uchet-central actions`: is the journal of actions what it was when it was sealed?

Exit code 0: it is whole. 1: it is not, and the output says where. It looks, and changes nothing.
"""

import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from central.actions import seals
from central.actions.verify import verify as checked
from central.config import load
from central.db import connect
from central.migrations.command import central_id


@click.group()
def actions() -> None:
    """The journal of actions: verify."""


@actions.command()
@click.option("--head", help="A SHA-256 of a letter: its seal must be in the chain.")
@click.pass_obj
def verify(path: Path, head: str | None) -> None:
    """Compute all seals again, from the first row on; exit code 1 where the chain is broken."""
    config = load(path)
    engine = connect(config.sql_url)
    central_id(engine)  # says so when `migrate` was not run
    zone = ZoneInfo(config.worker.time_zone)
    with engine.connect() as connection:
        state, found = seals.state(connection), checked(connection)
        told = None if head is None else seals.by_sha(connection, head.strip().lower())
    wrong = [f"BROKEN at seal {fault.seal}: {fault.wrong}" for fault in found.faults]
    if head is not None and told is None:
        wrong.append("BROKEN: no seal of the chain has the sha of that letter: it was rewritten after the letter")
    if state.since is not None and state.since < time.time() - seals.LATE:
        since = datetime.fromtimestamp(state.since, zone)
        wrong.append(f"NOT SEALED: rows since {since:%Y-%m-%d %H:%M} are under no seal; does the worker run?")
    for line in wrong:
        click.echo(line)
    click.echo(f"{found.seals} seals over {found.rows} rows; {state.unsealed} rows wait for the next one")
    if state.newest is not None:
        made = datetime.fromtimestamp(state.newest.made_at, zone)
        click.echo(f"the newest is {state.newest.number} of {made:%Y-%m-%d %H:%M}, sha {state.newest.sha}")
    if told is not None:
        click.echo(f"the letter tells of seal {told.number}: it is in the chain")
    click.echo("the chain is NOT whole" if wrong else "the chain is whole")
    sys.exit(1 if wrong else 0)
