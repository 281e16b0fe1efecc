"""A backup back into this installation: SQL as it was, secrets, and what the series lacks of it.

The programs are to be stopped; edges and broker need not be. Afterwards each edge is told where central stands at its
next `about`, and sends again what central has not.
"""

import os
from pathlib import Path

from central.accounts.audit import note
from central.backup import documents, sql
from central.backup import series as saved_series
from central.backup.make import SECRETS, secret_files
from central.backup.manifest import BadBackup, Manifest, find, read, under, verify
from central.config import CentralConfig
from central.db import connect, writing
from central.timeseries.base import Series
from central.timeseries.copying import Say
from central.timeseries.rebuild import Sql, copy_months, remake_tips
from central.timeseries.stores import open_series


class NotEmpty(Exception):
    """There is an installation already."""


def checked(path: Path) -> tuple[Path, Manifest]:
    """The backup in this folder (or the newest of those in it): whole, and of a form known here. Raises BadBackup."""
    folder = find(path)
    manifest = read(folder)
    verify(folder, manifest)
    if manifest.schema not in sql.known_schemas():
        raise BadBackup(
            f"{folder} was made by a newer program ({manifest.program}, schema {manifest.schema}): "
            "upgrade this one first"
        )
    return folder, manifest


def restore(config: CentralConfig, path: Path, now: int, say: Say, *, force: bool = False) -> Manifest:
    """`now` in seconds UTC. Raises BadBackup, NotEmpty (nothing was touched then), SeriesUnavailable, DBAPIError.

    Broken off after SQL, it is run again with `force`: nothing is lost, nothing comes twice.
    """
    folder, manifest = checked(path)
    config.data.mkdir(parents=True, exist_ok=True)
    engine, series = connect(config.sql_url), open_series(config)
    try:
        if not force and not sql.is_empty(engine):
            raise NotEmpty("there is an installation already; --force puts the backup in its place")
        sql.restore(engine, folder / sql.FOLDER, manifest.schema, [name for name, _ in under(manifest, sql.FOLDER)])
        with writing(engine).begin() as connection:
            note(connection, now, None, "restored", folder.name)  # letters of later seals are of a chain that is gone
        say("SQL is restored")
        _restore_secrets(config, folder, manifest)
        if count := documents.restore(config.documents_folder, folder, manifest):
            say(f"{count} documents are there")
        restore_series(folder, manifest, series, Sql(engine, now), say)
    finally:
        series.close()
        engine.dispose()
    return manifest


def restore_series(folder: Path, manifest: Manifest, series: Series, around: Sql, say: Say) -> None:
    """What the series lacks of the backup; what it has beyond that stays, and the worker is told of it."""
    remake_tips(around.engine, series, around.now)
    copy_months(saved_series.SavedSeries(folder, manifest), series, around, say)


def _restore_secrets(config: CentralConfig, folder: Path, manifest: Manifest) -> None:
    places = secret_files(config)
    for name, _ in under(manifest, SECRETS):
        if name in places:
            new = places[name].with_name(places[name].name + ".new")
            new.unlink(missing_ok=True)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write((folder / SECRETS / name).read_bytes())
            new.rename(places[name])
