"""`uchet-central backup` and `uchet-central restore`."""

import time
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from central.backup.make import Busy, make
from central.backup.manifest import BadBackup
from central.backup.restore import NotEmpty, checked
from central.backup.restore import restore as put_back
from central.config import CentralConfig, ConfigError, load
from central.timeseries.base import SeriesError

FOLDER = click.argument("folder", type=click.Path(path_type=Path), required=False)


def root_of(config: CentralConfig, folder: Path | None) -> Path:
    """The folder of backups: the one named, or that of the configuration. Raises ConfigError."""
    if folder is None and not config.backup.folder:
        raise ConfigError("which folder? name it, or set `folder` in [backup]")
    return folder or config.path(config.backup.folder)


@click.command()
@FOLDER
@click.pass_obj
def backup(path: Path, folder: Path | None) -> None:
    """Save SQL, the series and the secrets into a new folder inside FOLDER; programs may run."""
    config = load(path)
    try:
        made = make(config, root_of(config, folder), int(time.time()), click.echo)
    except (Busy, SeriesError, DBAPIError, OSError) as error:
        raise click.ClickException(f"no backup was made: {error}") from None
    click.echo(f"the backup is {made}")


@click.command()
@FOLDER
@click.option("--force", is_flag=True, help="In the place of the installation that is there.")
@click.option("--check", is_flag=True, help="Only see whether the backup is whole and can be read here.")
@click.pass_obj
def restore(path: Path, folder: Path | None, force: bool, check: bool) -> None:
    """Put back the backup FOLDER (or the newest inside it). Stop ingest, worker and web first."""
    config = load(path)
    root = root_of(config, folder)
    try:
        if check:
            found, manifest = checked(root)
            click.echo(f"{found} is whole: {len(manifest.files)} files of {manifest.made:%Y-%m-%d %H:%M} UTC")
            return
        manifest = put_back(config, root, int(time.time()), click.echo, force=force)
    except (BadBackup, NotEmpty, SeriesError, DBAPIError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"this is central {manifest.central} as it was at {manifest.made:%Y-%m-%d %H:%M} UTC")
    click.echo("start the programs: the edges send again what came later")
