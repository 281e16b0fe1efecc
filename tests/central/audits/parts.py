"""Parts for the tests of the audits: a small central without a broker, with a point, an edge's journal and its word."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, update

from central.audits import ledger
from central.audits.ledger import Line
from central.cli import main
from central.config import CentralConfig
from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.tables import edge as edges
from central.migrations.command import prepare
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import ONE_ZONE
from central.timeseries.base import Series
from central.timeseries.stores import open_series
from central.worker import Worker
from protocol.messages import bodies, control
from protocol.messages.chain import GENESIS, link
from protocol.messages.control import Health
from protocol.messages.topics import EdgeTopic, RowTopic
from protocol.reading import Event, Kind, Readings, Row
from tests.central.parts import CENTRAL, NoFigures, config

DAY = 86_400
PERIOD = 1800
METER = "A-1"


@dataclass
class Bench:
    """`now` is the time of all that comes in; `counts` is what the edge says of (meter, day)."""

    folder: Path
    now: int
    edge: str = "edge-1"
    store: str = "s1"
    seq: int = 0
    sha: str = GENESIS
    counts: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    settings: str = ""

    def __post_init__(self) -> None:
        self.config: CentralConfig = config(self.folder, self.settings)
        prepare(self.config)
        self.engine: Engine = connect(self.config.sql_url)
        self.series: Series = open_series(self.config)
        self.worker = Worker(self.engine, self.series, NoFigures())
        self.receiver = Receiver(self.engine, CENTRAL)
        with writing(self.engine).begin() as connection, entering(connection, at=self.now, kind="test") as change:
            bind(connection, self.edge, METER, 0, None, self.now)
            company = enter.add_organisation(change, "Энергосеть")
            self.company = company
            self.scheme = enter.add_scheme(change, "одна зона", ONE_ZONE, date(2013, 11, 26))

    def mount(self, since: int, until: int | None = None, meter: str = METER, **more: Any) -> None:
        """At a point of its own."""
        with writing(self.engine).begin() as connection, entering(connection, at=self.now, kind="test") as change:
            key = enter.add_meter(change, meter, serial=meter, type="Милур", maker="Милур")
            point = enter.add_point(
                change,
                self.company,
                f"Т-{meter}",
                name="Дом",
                address="ул. Садовая, 1",
                tz="Europe/Moscow",
                scheme=self.scheme,
            )
            enter.mount(change, point, key, since, act="акт 1", **more)
            if until is not None:
                from central.registry.tables import mounting

                connection.execute(update(mounting).where(mounting.c.meter == meter).values(valid_to=until))

    def row(self, body: bytes, meter: str = METER, channel: str = "archive") -> tuple[RowTopic, bytes]:
        """The journal's next row; counted as the edge counts."""
        self.seq += 1
        topic = RowTopic(self.edge, channel, meter, self.store, self.seq, self.sha)
        self.sha = link(self.sha, body)
        if channel in ("archive", "event"):
            decoded = bodies.decode(body)
            figures = self.counts.setdefault((meter, int(decoded.made.timestamp()) // DAY), [0, 0, 0])
            for number in range(3):
                figures[number] += len(decoded.rows)
        return topic, body

    def load(self, *rows: tuple[int, int], made: int | None = None, kind: Kind = Kind.LOAD) -> bytes:
        column = "active_import" if kind is Kind.LOAD else "active_import_total"
        cells = tuple(Row(at, PERIOD if kind is Kind.LOAD else 0, 0, (value,)) for at, value in rows)
        when = self.now if made is None else made
        (body,) = bodies.encode_readings(Readings(kind, (column,), cells), made=when, offset=180)
        return body

    def events(self, *found: tuple[int, int]) -> bytes:
        """Lines of the journal of switching on and off: time, code."""
        lines = [Event(at, 2, code, None) for at, code in found]
        (body,) = bodies.encode_events(lines, made=self.now, offset=180)
        return body

    def receive(self, *rows: tuple[RowTopic, bytes]) -> None:
        self.receiver.take([Message(str(topic), body) for topic, body in rows], self.now)

    def tell(self) -> None:
        """The edge's health message."""
        counts: dict[str, list[tuple[int, int, int, int]]] = {}
        for (meter, day), (read, journal, sent) in self.counts.items():
            counts.setdefault(meter, []).append((day, read, journal, sent))
        health = Health(
            time=datetime.fromtimestamp(self.now, UTC),
            waiting=0,
            oldest=None,
            days_left=None,
            clock="trusted",
            meters={},
            store=self.store,
            counts=counts,
        )
        self.now += 1
        message = Message(str(EdgeTopic(self.edge, "health")), control.encode(health))
        self.receiver.take([message], self.now)

    def work(self) -> int:
        return sum(iter(lambda: self.worker.step(self.now), 0))

    def line(self, day: int | None = None) -> Line:
        found = list(ledger.lines(self.engine, *([day, day] if day is not None else [0, self.now // DAY + 1])))
        assert len(found) == 1, found
        return found[0]

    def steps(self) -> tuple[int | None, ...]:
        """read, journal, sent, received, projected of the only line."""
        one = self.line()
        return (one.read, one.journal, one.sent, one.received, one.projected)

    def online(self, state: str = "online") -> None:
        with writing(self.engine).begin() as connection:
            connection.execute(update(edges).values(state=state, last_at=self.now))

    def rows(self, query: Any) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def all(self, table: Any) -> Sequence[Any]:
        return self.rows(select(table))

    def command(self, *arguments: object) -> Result:
        return CliRunner().invoke(main, ["--config", str(self.folder / "central.toml"), *map(str, arguments)])

    def close(self) -> None:
        self.series.close()
        self.engine.dispose()
