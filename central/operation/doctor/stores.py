"""SQL and the series."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from central import partitions
from central.backup.sql import known_schemas, schema_of
from central.operation.doctor.findings import Finding, Patient
from central.operation.probes import NO_METER
from central.timeseries.base import LIVE
from central.timeseries.influx import InfluxSeries
from central.timeseries.stores import open_series

OLDEST_POSTGRESQL = 14
DEFAULT_POLICY = "autogen"
_DURATION = re.compile(r"(?:(\d+)h)?(?:\d+m)?(?:\d+s)?")


def sql(patient: Patient) -> Iterator[Finding]:
    """It answers, with the schema of this program. Raises DBAPIError."""
    with patient.sql.connect() as connection:
        if partitions.is_partitioned(patient.sql):
            version = str(connection.scalar(text("SHOW server_version")))
            old = int(version.partition(".")[0]) < OLDEST_POSTGRESQL
            do = f"обновите сервер: проверено на 15, нужен {OLDEST_POSTGRESQL} или новее" if old else ""
            yield Finding("база SQL", f"отвечает, PostgreSQL {version}", do)
        else:
            yield Finding("база SQL", f"отвечает, SQLite {sqlite3.sqlite_version}")
        schema, newest = schema_of(connection), known_schemas()[0]
    if schema == newest:
        yield Finding("схема", f"{schema}, последняя")
    elif schema and schema not in known_schemas():
        do = "установите программу не старее той, что обновила базу"
        yield Finding("схема", f"{schema}: эта программа её не знает", do)
    else:
        what = f"{schema or 'пуста'}, а нужна {newest}"
        yield Finding("схема", what, "остановите службы, выполните `uchet-central migrate`, запустите снова")


def weeks(patient: Patient) -> Iterator[Finding]:
    """Partitions of the inbox, on PostgreSQL. Raises DBAPIError."""
    if partitions.is_partitioned(patient.sql):
        here, week = partitions.inbox_weeks(patient.sql), partitions.week_of(patient.now)
        missing = [name for name, number in (("текущую", week), ("следующую", week + 1)) if number not in here]
        what = f"входящих по неделям: {len(here)}" + (f", нет на {' и '.join(missing)} неделю" if missing else "")
        yield Finding("разделы", what, "запустите ingest: он создаёт их сам, заранее" if missing else "")


def files(patient: Patient) -> Iterator[Finding]:
    """SQLite's own check of the files that are SQLite's. Raises sqlite3.Error."""
    config = patient.config
    names = ["central.sqlite"] if not config.sql.url else []
    if config.sql.url.startswith("sqlite:///"):
        names = [config.sql.url.removeprefix("sqlite:///")]
    if config.series.kind == "sqlite":
        names.append("series.sqlite")
    for path in filter(Path.is_file, (config.data / name for name in names)):
        yield _file(path)


def _file(path: Path) -> Finding:
    do = "остановите службы, сохраните файл, восстановите данные: `uchet-central restore` из последней копии"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        return Finding("целостность", f"{path.name}: {error}", do)
    return Finding("целостность", f"{path.name}: {said}", "" if said == "ok" else do)


def series(patient: Patient) -> Iterator[Finding]:
    """The store answers and takes what is written. Raises SeriesUnavailable, ConfigError."""
    settings = patient.config.series
    if settings.kind == "sqlite" and not (patient.config.data / "series.sqlite").is_file():
        yield Finding("ряды", "SQLite, файла ещё нет: его создаст worker")
        return
    store = open_series(patient.config)
    try:
        if isinstance(store, InfluxSeries):
            yield from _influx(store, settings.retention_days, settings.live_days)
        else:
            store.load(NO_METER, 0, 1)
            yield Finding("ряды", "SQLite, файл читается")
    finally:
        store.close()


def _influx(store: InfluxSeries, billed_days: int, live_days: int) -> Iterator[Finding]:
    server = store.server()
    name = f"InfluxDB {server.version or 'без номера версии'}"
    if server.policies is None:
        yield Finding("ряды", f"{name} отвечает, базы ещё нет: её создаст worker")
        return
    yield Finding("ряды", f"{name} отвечает, читать и писать можно")
    for policy, days in ((DEFAULT_POLICY, billed_days), (LIVE, live_days)):
        held = server.policies.get(policy)
        if held is None:
            continue
        kept = _days(held)
        short = kept != 0 and (days == 0 or kept < days)
        wanted = f"{days}d" if days else "INF"
        do = f"данные удалятся раньше: ALTER RETENTION POLICY «{policy}» … DURATION {wanted}, либо исправьте [series]"
        what = f"{policy}: {f'{kept} сут' if kept else 'всегда'}, задано {f'{days} сут' if days else 'всегда'}"
        yield Finding("срок хранения", what, do if short else "")


def _days(duration: str) -> int:
    """`2160h0m0s` -> 90; 0 = for ever."""
    found = _DURATION.fullmatch(duration)
    return int(found[1]) // 24 if found and found[1] else 0
