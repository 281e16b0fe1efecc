"""The daemon's commands: run, status, doctor, config check. What they need is imported when they are called."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from edge.config import Config

DEFAULT = Path("/etc/uchet/edge.toml")

_config = click.option("--config", "path", type=click.Path(path_type=Path), default=DEFAULT, show_default=True)


@click.command()
@_config
@click.option("--verbose", is_flag=True, help="Log more.")
def run(path: Path, verbose: bool) -> None:
    """Read the meters and publish the readings until told to stop."""
    from edge import logs
    from edge.daemon import Daemon, Startup
    from edge.lock import FolderTaken

    logs.setup(verbose)
    try:
        asyncio.run(Daemon(_load(path)).run())
    except (Startup, FolderTaken) as error:
        _stop(str(error), 1)


@click.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="As the page's /state.json.")
def status(path: Path, as_json: bool) -> None:
    """How the running concentrator is: uplink, journal, lines, meters. Exit 1 = it does not answer."""
    from edge.status import ask, lines

    state = ask(_load(path).page.address)
    if state is None:
        _stop("uchet-edge does not answer: is it running? (systemctl status uchet-edge)", 1)
    click.echo(json.dumps(state, ensure_ascii=False) if as_json else "\n".join(lines(state)))


@click.command()
@_config
def doctor(path: Path) -> None:
    """What is wrong on this machine and what to do. Exit 1 = something is."""
    from edge.doctor import examine

    wrong = False
    for finding in examine(_load(path)):
        wrong = wrong or not finding.well
        click.echo(f"{'ok   ' if finding.well else 'WRONG'}  {finding.what}")
        if not finding.well:
            click.echo(f"       {finding.do}")
    sys.exit(1 if wrong else 0)


@click.group()
def config() -> None:
    """The configuration."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT)
def check(file: Path) -> None:
    """Is this file right? Exit 2 = no, and the message says where."""
    from edge.remote.remote import standing

    loaded = _load(file)
    click.echo(f"{file}: right; {len(loaded.line)} lines, {len(loaded.meter)} meters, hash {loaded.hash}")
    click.echo(standing(loaded))


def _load(path: Path) -> "Config":
    from edge.config import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        _stop(str(error), 2)


def _stop(message: str, code: int) -> NoReturn:
    click.echo(f"uchet-edge: {message}", err=True)
    sys.exit(code)
