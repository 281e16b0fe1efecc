"""A backup of all that this central keeps, into a folder that gets its name when it is whole."""

import fcntl
import importlib.metadata
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from central.backup import documents, sql
from central.backup import series as saved_series
from central.backup.manifest import FORMAT, BadBackup, File, Manifest, backups, folder_name, read, sha256, sync, write
from central.commands import keys
from central.concentrators import safe
from central.config import CentralConfig, ConfigError
from central.db import connect
from central.migrations.command import central_id
from central.timeseries.base import Series
from central.timeseries.copying import Say
from central.timeseries.stores import open_series

SECRETS = "secrets"
_PARTIAL = ".partial"
_LOCK = ".lock"


class Busy(Exception):
    """Another backup is being made into this folder."""


def secret_files(config: CentralConfig) -> dict[str, Path]:
    """Files with secrets that nothing can make again as they were, by their names in a backup."""
    return {"secret": config.secret_file, "command.key": keys.file(config), "meters.key": safe.file(config)}


def make(config: CentralConfig, root: Path, now: int, say: Say) -> Path:
    """Returns the new folder. Older ones beyond `[backup] keep` are removed. `now` in seconds UTC.

    Raises Busy, ConfigError, SeriesUnavailable, DBAPIError, OSError: then no backup was made, and the older ones stand.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(root):
        partial = root / _PARTIAL
        shutil.rmtree(partial, ignore_errors=True)  # of one that broke off
        partial.mkdir(mode=0o700)
        engine, series = connect(config.sql_url), open_series(config)
        try:
            write(partial, _fill(partial, config, engine, series, now, say))
        finally:
            series.close()
            engine.dispose()
        made = root / folder_name(now)
        partial.rename(made)
        sync(root)
        for old in backups(root)[: -config.backup.keep]:
            shutil.rmtree(old)
        return made


def _fill(partial: Path, config: CentralConfig, engine: Engine, series: Series, now: int, say: Say) -> Manifest:
    """SQL goes first: whatever it calls done stands in the series, which is saved after it."""
    central = central_id(engine)
    with sql.snapshot(engine) as connection:
        schema = sql.schema_of(connection)
        if schema != sql.known_schemas()[0]:
            raise ConfigError(f"the database has schema {schema}: run `uchet-central migrate` first")
        files = sql.save(connection, partial)
    say(f"{sum(file.rows for file in files.values())} rows of SQL")
    older = backups(partial.parent)
    try:
        before = (older[-1], read(older[-1])) if older else None
    except BadBackup:  # one of another form: nothing is taken over from it
        before = None
    papers = documents.save(config.documents_folder, partial, before, say)
    lines, months = saved_series.save(series, partial, before, say)
    return Manifest(
        format=FORMAT,
        made=datetime.fromtimestamp(now, UTC),
        central=central,
        program=importlib.metadata.version("uchet"),
        schema=schema,
        files=files | papers | lines | _save_secrets(config, partial),
        months=months,
    )


def _save_secrets(config: CentralConfig, partial: Path) -> dict[str, File]:
    (partial / SECRETS).mkdir(mode=0o700)
    files = {}
    for name, path in secret_files(config).items():
        if path.is_file():
            place = partial / SECRETS / name
            with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(path.read_bytes())
            sync(place)
            files[f"{SECRETS}/{name}"] = File(sha256(place), place.stat().st_size)
    return files


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """A lock that dies with its process. Raises Busy."""
    with open(root / _LOCK, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another backup is being made into {root}") from None
        yield
