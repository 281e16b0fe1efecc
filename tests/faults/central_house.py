"""A whole central with real parts, for faults of its stores: broker, ingest, worker, one point, a hand-made edge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import func, select

from central.cli import main
from central.config import load
from central.db import connect, writing
from central.figures.tables import conflict, dirty, point_day
from central.ingest.bindings import bind
from central.ingest.tables import State, inbox
from central.migrations.command import prepare
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import ONE_ZONE
from central.timeseries.base import BILLED, DAY, AnyRow
from central.timeseries.stores import open_series
from protocol.messages import bodies
from protocol.reading import Kind, Quality, Readings, Row
from tests.central.parts import NOW, T0
from tests.central.programs import Program, until
from tests.central.publisher import Disk, Publisher
from tests.central.timeseries.influx_admin import ADMIN
from tests.parts import InfluxDB, Mosquitto

METER = "A-1"
SLOTS = 48


def series_section(server: InfluxDB | None) -> str:
    if server is None:
        return '[series]\nkind = "sqlite"\n'
    return (
        f'[series]\nkind = "influxdb"\nurl = "http://127.0.0.1:{server.port}"\n'
        f'username = "{ADMIN}"\npassword = "{ADMIN}"\n'
    )


@dataclass(frozen=True)
class Held:
    """What central shows: rows of the series, figures of days (the version in force), conflicts."""

    rows: tuple[AnyRow, ...]
    days: dict[tuple[int, date], dict[str, Any]]
    conflicts: tuple[tuple[Any, ...], ...]


class CentralHouse:
    def __init__(self, folder: Path, mosquitto: Mosquitto, series: str, sql: str = "") -> None:
        access = 'username = "central"\npassword = "central"\n'
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.broker = folder, mosquitto.port
        text = f'[central]\ndata = "data"\n[mqtt]\nport = {mosquitto.port}\n{access}{series}{sql}'
        (folder / "central.toml").write_text(text)
        self.config = load(folder / "central.toml")
        self.central = prepare(self.config)
        self.engine = connect(self.config.sql_url)
        with writing(self.engine).begin() as connection, entering(connection, at=NOW, kind="test") as change:
            bind(connection, "edge-1", METER, 0, None, NOW)
            company = enter.add_organisation(change, "Энергосеть")
            scheme = enter.add_scheme(change, "одна зона", ONE_ZONE, date(2013, 11, 26))
            meter = enter.add_meter(change, METER, serial="1", type="Милур", maker="Милур")
            point = enter.add_point(
                change, company, "Т-1", name="Дом", address="ул. Садовая, 1", tz="Europe/Moscow", scheme=scheme
            )
            enter.mount(change, point, meter, T0 - 400 * DAY, act="акт 1")
        self.programs = [Program(folder, name) for name in ("ingest", "worker")]
        for program in self.programs:
            program.start()

    def command(self, *arguments: object) -> str:
        """`uchet-central …`, which must succeed."""
        done = CliRunner().invoke(main, ["--config", str(self.folder / "central.toml"), *map(str, arguments)])
        assert done.exit_code == 0, done.output
        return done.output

    def deliver(self, disk: Disk, seconds: float = 60.0) -> None:
        publisher = Publisher(self.broker, disk, self.central)
        try:
            publisher.run_until_acknowledged(seconds, patience=1.0)
        finally:
            publisher.close()

    def settle(self) -> None:
        """Until the worker has nothing to do."""
        counts = [
            select(func.count()).where(inbox.c.state == State.NEW),
            select(func.count()).select_from(dirty),
        ]
        until(lambda: [self._scalar(count) for count in counts] == [0, 0])

    def _scalar(self, query: Any) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def held(self) -> Held:
        series = open_series(self.config)
        try:
            rows = tuple(row for kind in BILLED for row in series.scan(kind, 0, 2**32))
        finally:
            series.close()
        with self.engine.connect() as connection:
            found = connection.execute(select(point_day).order_by(point_day.c.version)).mappings().all()
            days = {
                (row["point"], row["day"]): {
                    name: row[name] for name in ("energies", "expected", "got", "missing", "max_power", "registers")
                }
                for row in found
            }
            columns = (conflict.c.meter, conflict.c.kind, conflict.c.stamp, conflict.c.kept, conflict.c.came)
            conflicts = connection.execute(select(*columns).order_by(conflict.c.id)).all()
        return Held(rows, days, tuple(tuple(row) for row in conflicts))

    def close(self) -> None:
        for program in self.programs:
            program.stop()
        self.engine.dispose()


def write_days(disk: Disk, first: int, count: int) -> None:
    """Half-hours and a register of the midnight, day by day; the second is told twice, each time otherwise."""
    for day in range(first, first + count):
        start = T0 + day * DAY
        half_hours = [(start + 1800 * (n + 1), 100_000 + 7 * day + n) for n in range(SLOTS)]
        disk.append(body(Kind.LOAD, half_hours))
        disk.append(body(Kind.LOAD, [(start + 3600, 999_000 + day)]))  # a conflict
        disk.append(body(Kind.LOAD, [(start + 7200, 5), (start + 7200, 6)], Quality.REPEATED))
        disk.append(body(Kind.DAILY, [(start, 4_000_000_000 + day * 5_000_000)]))


def body(kind: Kind, cells: Sequence[tuple[int, int]], quality: int = 0) -> bytes:
    column = "active_import" if kind is Kind.LOAD else "active_import_total"
    rows = tuple(Row(stamp, 1800 if kind is Kind.LOAD else 0, int(quality), (value,)) for stamp, value in cells)
    (made,) = bodies.encode_readings(Readings(kind, (column,), rows), made=NOW, offset=180)
    return made
