"""`uchet-central series rebuild` and `uchet-central series move`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from central.accounts.audit import note
from central.backup.manifest import BadBackup
from central.backup.restore import checked
from central.backup.series import SavedSeries
from central.config import CentralConfig, ConfigError, load
from central.db import connect, writing
from central.ingest.retention import KEEP_DONE
from central.migrations.command import central_id
from central.timeseries.base import BILLED, DAY, Series, SeriesError
from central.timeseries.copying import Compared, compare
from central.timeseries.months import bounds
from central.timeseries.rebuild import Idle, Sql, ask_edges, copy_months, give_inbox, remake_tips, told, wait_for_worker
from central.timeseries.sqlite import SqliteSeries
from central.timeseries.stores import open_series


@click.group()
def series() -> None:
    """The time series: make it anew, move it to another store."""


DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say what would be done.")


@series.command()
@click.option("--from-backup", type=click.Path(path_type=Path), help="A backup, or a folder of them: the newest.")
@click.option("--wipe", is_flag=True, help="Erase what the series holds first; needs a backup of the last days.")
@click.option("--ask-edges", "ask", is_flag=True, help="Let the edges send all they hold (45 days) once more.")
@DRY_RUN
@click.pass_obj
def rebuild(path: Path, from_backup: Path | None, wipe: bool, ask: bool, dry_run: bool) -> None:
    """Make the series anew from a backup, the inbox (14 days), the edges. Safe beside running programs, and twice."""
    config = load(path)
    with _opened(config) as (engine, target):
        folder, manifest = checked(from_backup) if from_backup else (None, None)
        saved = SavedSeries(folder, manifest) if folder and manifest else None
        sql = Sql(engine, int(time.time()))
        if wipe and (manifest is None or manifest.made.timestamp() < sql.now - KEEP_DONE):
            raise click.ClickException(
                "--wipe needs --from-backup and a backup of the last 14 days: "
                "what is older than the inbox would be lost"
            )
        if not dry_run:
            _noted(engine, "series rebuild", "wiped first" if wipe else "")
        if wipe and not dry_run:
            target.erase()
            click.echo("the series is empty")
        if not dry_run:
            remake_tips(engine, target, sql.now)
        if saved is None:
            click.echo("no backup was named: only what the inbox and the edges hold comes back")
        else:
            found = copy_months(saved, target, sql, click.echo, dry_run=dry_run)
            click.echo(f"backup: {told(found, dry_run)}")
        _project_again(engine, ask, dry_run)


@series.command()
@click.option(
    "--from",
    "source",
    required=True,
    help="Where the series is now: sqlite:/path/to/series.sqlite, or the central.toml of before.",
)
@DRY_RUN
@click.pass_obj
def move(path: Path, source: str, dry_run: bool) -> None:
    """Bring all of another store into the one of [series], then compare. Safe beside running programs, and twice."""
    config = load(path)
    with _opened(config) as (engine, target):
        old = _source(config, source)
        now = int(time.time())
        if not dry_run:
            _noted(engine, "series move")
        try:
            live_since = now - (config.series.live_days - 1) * DAY
            copy_months(old, target, Sql(engine, now), click.echo, dry_run=dry_run, live_since=live_since)
            _project_again(engine, False, dry_run)
            lacking = 0 if dry_run else _compare(old, target)
        finally:
            old.close()
    if lacking:
        raise click.ClickException(f"{lacking} days of meters are not the same: run it again, then look at them")


def _noted(engine: Engine, what: str, detail: str = "") -> None:
    with writing(engine).begin() as connection:
        note(connection, int(time.time()), None, what, "", detail)


def _project_again(engine: Engine, ask: bool, dry_run: bool) -> None:
    """The inbox, in the order it came, over what was copied; then the edges, if they are to be asked."""
    given = give_inbox(engine, dry_run=dry_run)
    click.echo(f"inbox: {given} messages {'would go' if dry_run else 'go'} to the worker once more")
    if ask:
        stores = ask_edges(engine, dry_run=dry_run)
        click.echo(f"edges: {stores} journals {'would be' if dry_run else 'are'} asked for from their beginning")
    if not dry_run:
        wait_for_worker(engine, click.echo)
        click.echo("the worker has taken all of it")


def _compare(old: Series, target: Series) -> int:
    """Prints a table; returns how many days of meters are not the same."""
    lacking = 0
    click.echo(f"{'month':8} {'kind':8} {'rows':>12} {'sum':>22} {'rows here':>12} {'sum here':>22}")
    for month in old.months():
        for kind in BILLED:
            found = compare(old, target, kind, *bounds(month))
            lacking += found.lacking
            if found.rows or found.there:
                click.echo(_told(month, kind, found))
    return lacking


def _told(month: str, kind: str, found: Compared) -> str:
    more = found.there - found.rows
    verdict = f"{found.lacking} DAYS DIFFER" if found.lacking else f"and {more} newer" if more else "equal"
    return f"{month:8} {kind:8} {found.rows:12} {found.total:22} {found.there:12} {found.total_there:22}  {verdict}"


def _source(config: CentralConfig, text: str) -> Series:
    """Raises ConfigError."""
    kind, _, rest = text.partition(":")
    if kind == "sqlite":
        file = Path(rest)
        if not file.is_file():
            raise ConfigError(f"{file} is not there")
        if config.series.kind == "sqlite" and file.resolve() == (config.data / "series.sqlite").resolve():
            raise ConfigError("[series] is this very store: name the new one there first")
        return SqliteSeries(file, config.series.live_days)
    before = load(Path(text))
    if (before.series, before.data.resolve()) == (config.series, config.data.resolve()):
        raise ConfigError("both configurations name the same store")
    return open_series(before)


@contextmanager
def _opened(config: CentralConfig) -> Iterator[tuple[Engine, Series]]:
    """What goes wrong inside is one line and exit code 1; started again, it goes on."""
    engine, target = connect(config.sql_url), open_series(config)
    try:
        central_id(engine)  # says so when `migrate` was not run
        yield engine, target
    except (BadBackup, Idle, SeriesError, DBAPIError, OSError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        target.close()
        engine.dispose()
