"""InfluxDB alone: its error table, its rights, our line protocol against the client's own escaping."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from influxdb_client import Point, WritePrecision

from central.timeseries.base import AnyRow, LiveRow, LoadRow, RegisterRow, SeriesRefused, SeriesUnavailable
from central.timeseries.influx import InfluxSeries
from central.timeseries.lines import line, parse
from protocol.reading import Kind
from tests.central.timeseries.influx_admin import ADMIN, make_admin, statement
from tests.parts import InfluxDB

T0 = 1_763_942_400


def load(end: int, ap: int = 1) -> LoadRow:
    return LoadRow("A-1", end, 1800, 0, {"ap": ap})


@pytest.fixture
def server(influxdb: InfluxDB) -> InfluxDB:
    make_admin(influxdb.port)
    return influxdb


def series_of(server: InfluxDB, user: str = ADMIN, **more: Any) -> InfluxSeries:
    return InfluxSeries(f"http://127.0.0.1:{server.port}", "uchet", username=user, password=user, **more)


@pytest.mark.quick
@pytest.mark.parametrize(
    "row",
    [
        LoadRow("A-1", T0, 1800, 3, {"ap": 412350, "am": 0, "rp": -5, "rm": 2**62}, 2),
        RegisterRow("MIL-00045", T0, Kind.MONTHLY, 0, {"ap0": 1, "ap8": 2}),
        LiveRow("z", T0, {"u_a": 230.0, "pf": 1e-07, "p": -1234.5}),
    ],
)
def test_a_line_is_what_the_client_would_write(row: AnyRow) -> None:
    measurement = {LoadRow: "load", RegisterRow: "register", LiveRow: "live"}[type(row)]
    point = Point(measurement).tag("meter", row.meter)
    fields: dict[str, int | float] = dict(row.values)
    time = row.end if isinstance(row, LoadRow) else row.time
    if isinstance(row, RegisterRow):
        point = point.tag("kind", row.kind.value)
    if isinstance(row, LoadRow):
        fields["span"] = row.span
    if not isinstance(row, LiveRow):
        fields["q"] = row.quality
        time = time * 1000 + row.repeat
    else:
        time *= 1000
    for name, value in fields.items():
        point = point.field(name, value)
    head, values, stamp = line(row).split(" ")
    wanted_head, wanted_values, wanted_stamp = point.time(time, WritePrecision.MS).to_line_protocol().split(" ")
    assert (head, stamp) == (wanted_head, wanted_stamp)
    assert _parsed(values) == _parsed(wanted_values)
    assert parse(line(row)) == row


@pytest.mark.quick
@pytest.mark.parametrize(
    "text",
    [
        "",
        "load,meter=a ap=1i,span=2i,q=0i",
        "load,meter=a ap=1.5,span=2i,q=0i 1000",
        "load,meter=a ap=1i,q=0i 1000",
        "load ap=1i,span=1i,q=0i 1000",
        "register,kind=hourly,meter=a ap0=1i,q=0i 1000",
        "live,meter=a u_a=nan 1000",
        "temperature,meter=a t=1i 1000",
    ],
)
def test_what_is_no_line_of_ours_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a line of the series"):
        parse(text)


def _parsed(text: str) -> dict[str, int | float]:
    pairs = (pair.split("=") for pair in text.split(","))
    return {name: int(value[:-1]) if value.endswith("i") else float(value) for name, value in pairs}


def test_the_database_is_made_with_its_retention(server: InfluxDB) -> None:
    series = series_of(server, retention_days=1830)
    assert series.load("A-1", 0, T0) == [], "a first read makes it too"
    series.write([load(T0)])
    policies = json.loads(statement(server.port, "SHOW RETENTION POLICIES ON uchet", ADMIN))
    (values,) = policies["results"][0]["series"][0]["values"]
    assert values[:3] == ["autogen", f"{1830 * 24}h0m0s", f"{4 * 7 * 24}h0m0s"]
    assert values[-1] is True
    series.close()


def test_one_line_of_another_type_is_refused_and_all_others_are_stored(server: InfluxDB) -> None:
    series = series_of(server)
    statement(server.port, "CREATE DATABASE uchet", ADMIN)
    series._post_lines([f"load,meter=other am=1.5 {(T0 + 10) * 1000}"])  # a float; types are kept by shard
    good = [load(T0 + 1800 * n, n) for n in range(100)]
    bad = LoadRow("A-1", T0 + 900, 900, 0, {"am": 5})
    with pytest.raises(SeriesRefused, match=r"field type conflict.*am=5i"):
        series.write([*good[:50], bad, *good[50:]])
    stored = series.load("A-1", T0 - 1, T0 + 10**6)
    assert [row.values["ap"] for row in stored] == list(range(100))
    series.close()


def test_a_row_older_than_the_retention_is_refused(server: InfluxDB) -> None:
    series = series_of(server, retention_days=30)
    with pytest.raises(SeriesRefused, match="retention policy"):
        series.write([load(86_400)])
    series.close()


def test_rights(server: InfluxDB) -> None:
    admin = series_of(server)
    admin.write([load(T0)])
    for text in (
        "CREATE USER reader WITH PASSWORD 'reader'",
        "CREATE USER writer WITH PASSWORD 'writer'",
        "GRANT READ ON uchet TO reader",
        "GRANT WRITE ON uchet TO writer",
    ):
        statement(server.port, text, ADMIN)
    reader, writer, nobody = series_of(server, "reader"), series_of(server, "writer"), series_of(server, "nobody")
    assert reader.load("A-1", 0, T0) == [load(T0)]
    writer.write([load(T0 + 1800)])
    refused: list[Callable[[], object]] = [
        lambda: reader.write([load(T0)]),
        lambda: writer.load("A-1", 0, T0),
        lambda: nobody.write([load(T0)]),
        lambda: nobody.load("A-1", 0, T0),
    ]
    for call in refused:
        with pytest.raises(SeriesUnavailable, match=r"InfluxDB: 40[13]"):
            call()


def test_a_user_who_may_not_make_the_database_is_told_so(server: InfluxDB) -> None:
    statement(server.port, "CREATE USER writer WITH PASSWORD 'writer'", ADMIN)
    with pytest.raises(SeriesUnavailable):
        series_of(server, "writer").write([load(T0)])


def test_a_name_cannot_break_out_of_a_query(server: InfluxDB) -> None:
    series = series_of(server)
    series.write([load(T0)])
    assert series.load("x' OR meter = 'A-1", 0, T0) == []
    assert series.load("x\\' OR 1=1", 0, T0) == []


def test_what_was_written_survives_a_kill(server: InfluxDB) -> None:
    series = series_of(server, timeout=2.0)
    for n in range(20):
        series.write([load(T0 + 1800 * n, n)])
        if n % 5 == 4:
            server.kill()
            with pytest.raises(SeriesUnavailable):
                series.write([load(T0 + 1800 * n, n)])
            server.start()
    assert len(series.load("A-1", 0, T0 + 10**6)) == 20


def test_a_wiped_server_takes_rows_again(server: InfluxDB) -> None:
    series = series_of(server)
    series.write([load(T0)])
    statement(server.port, "DROP DATABASE uchet", ADMIN)
    series.write([load(T0 + 1800)])
    assert series.load("A-1", 0, T0 + 1800) == [load(T0 + 1800)]
