"""`uchet-central push`: the key of messages to phones."""

import time
from pathlib import Path

import click

from central.accounts.audit import note
from central.config import load
from central.db import connect, writing
from central.migrations.command import central_id
from central.push import keys


@click.group()
def push() -> None:
    """Messages to phones."""


@push.command("new-key")
@click.confirmation_option(prompt="Each phone will have to be turned on again by its owner. Go on?")
@click.pass_obj
def new_key(path: Path) -> None:
    """Make another key, when the secret of [web] is another for good: all phones are turned off."""
    config = load(path)
    engine = connect(config.sql_url)
    central_id(engine)  # says so when `migrate` was not run
    now = int(time.time())
    with writing(engine).begin() as connection:
        gone = keys.renew(connection, config.web_secret, now)
        note(connection, now, None, "push new key", "", f"phones turned off: {gone}")
    click.echo(f"a new key is made; phones turned off: {gone}")
