"""The error table of InfluxDB against the real server; and servers that are slow, dead, or not who they say."""

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from central.timeseries.base import DAY, LiveRow, LoadRow, SeriesRefused, SeriesUnavailable
from central.timeseries.influx import InfluxSeries
from tests.central.programs import until
from tests.central.timeseries.influx_admin import ADMIN, make_admin, statement
from tests.central.timeseries.tls import Authority
from tests.parts import InfluxDB

T0 = 1_763_942_400


def load(end: int, ap: int = 1) -> LoadRow:
    return LoadRow("A-1", end, 1800, 0, {"ap": ap})


def series_of(port: int, user: str = ADMIN, scheme: str = "http", **more: Any) -> InfluxSeries:
    return InfluxSeries(f"{scheme}://127.0.0.1:{port}", "uchet", username=user, password=user, **more)


@pytest.fixture
def server(influxdb: InfluxDB) -> InfluxDB:
    make_admin(influxdb.port)
    return influxdb


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("load,meter=A-1 ap=NaN 1763942400001", "unable to parse"),
        ("load,meter=A-1 ap=9223372036854775808i 1763942400001", "unable to parse"),
        ("load,meter=A-1 1763942400001", "unable to parse"),
        ("load,meter=A-1 ap=1.5 1763942400001", "field type conflict"),
        ("load,meter=A-1 ap=1i 1000", "points beyond retention policy"),
    ],
)
def test_one_bad_line_is_found_and_all_others_stand(server: InfluxDB, bad: str, words: str) -> None:
    series = series_of(server.port, retention_days=1830)
    series.write([load(T0 - 1800)])
    good = [f"load,meter=A-1 ap={n}i,span=1800i,q=0i {(T0 + 1800 * n) * 1000}" for n in range(300)]
    with pytest.raises(SeriesRefused, match=words) as refused:
        series._write([*good[:123], bad, *good[123:]])
    assert bad in str(refused.value), "the very line is named"
    assert [row.values["ap"] for row in series.load("A-1", T0 - 1, T0 + DAY * 30)] == list(range(300))
    series.close()


def test_several_bad_lines_keep_no_good_one_back(server: InfluxDB) -> None:
    series = series_of(server.port, retention_days=1830)
    rows = [load(T0 + 1800 * n, n) for n in range(200)]
    old = [load(DAY * n) for n in range(1, 8)]
    with pytest.raises(SeriesRefused):
        series.write([*rows[:50], *old[:4], *rows[50:], *old[4:]])
    assert series.load("A-1", 0, T0 + DAY * 30) == rows
    series.close()


def test_a_request_that_is_too_large_is_divided(tmp_path: Path) -> None:
    server = InfluxDB(tmp_path / "small")
    settings = server.folder / "influxdb.conf"
    settings.write_text(settings.read_text().replace("[http]\n", "[http]\n  max-body-size = 2000\n"))
    server.start()
    try:
        make_admin(server.port)
        series = series_of(server.port)
        rows = [load(T0 + 1800 * n, n) for n in range(1000)]
        series.write(rows)
        assert series.load("A-1", 0, T0 + DAY * 30) == rows
        series.close()
    finally:
        server.stop()


@pytest.mark.parametrize(("user", "status"), [("nobody", 401), ("stranger", 403)])
def test_who_may_not_is_told_and_the_rows_wait(server: InfluxDB, user: str, status: int) -> None:
    series_of(server.port).write([load(T0)])
    statement(server.port, "CREATE USER stranger WITH PASSWORD 'stranger'", ADMIN)
    series = series_of(server.port, user)
    calls = [
        lambda: series.write([load(T0)]),
        lambda: series.load("A-1", 0, T0),
        lambda: list(series.scan("load", 0, T0)),
    ]
    for call in calls:
        with pytest.raises(SeriesUnavailable, match=f"InfluxDB: {status}"):
            call()
    series.close()


def test_two_users_one_for_writing_and_one_for_reading(server: InfluxDB) -> None:
    """What the worker needs is both; the web only reads."""
    series_of(server.port).write([load(T0), LiveRow("A-1", int(time.time()), {"u_a": 1.0})])
    for text in (
        "CREATE USER web WITH PASSWORD 'web'",
        "GRANT READ ON uchet TO web",
        "CREATE USER worker WITH PASSWORD 'worker'",
        "GRANT ALL ON uchet TO worker",
    ):
        statement(server.port, text, ADMIN)
    web, worker = series_of(server.port, "web"), series_of(server.port, "worker")
    worker.write([load(T0 + 1800), LiveRow("A-1", int(time.time()), {"u_a": 2.0})])
    assert web.load("A-1", 0, T0 + 1800) == worker.load("A-1", 0, T0 + 1800) == [load(T0), load(T0 + 1800)]
    with pytest.raises(SeriesUnavailable, match="403"):
        web.write([load(T0)])
    for series in (web, worker):
        series.close()


def test_live_values_have_a_shorter_life_of_their_own(server: InfluxDB) -> None:
    series, now = series_of(server.port, retention_days=1830, live_days=90), int(time.time())
    series.write([load(now), LiveRow("A-1", now, {"u_a": 230.5})])
    policies = json.loads(statement(server.port, "SHOW RETENTION POLICIES ON uchet", ADMIN))
    found = {row[0]: row[1] for row in policies["results"][0]["series"][0]["values"]}
    assert found == {"autogen": f"{1830 * 24}h0m0s", "live": f"{90 * 24}h0m0s"}
    assert series.live("A-1", 0, now) == [LiveRow("A-1", now, {"u_a": 230.5})]
    with pytest.raises(SeriesRefused, match="retention policy"):
        series.write([load(now - 400 * DAY), LiveRow("A-1", now - 91 * DAY, {"u_a": 1.0})])
    assert len(series.load("A-1", 0, now)) == 2, "what is billed is kept for longer"
    series.close()


def test_an_answer_of_two_hundred_may_hold_an_error(server: InfluxDB) -> None:
    series = series_of(server.port)
    series.write([load(T0)])
    with pytest.raises(SeriesUnavailable, match="error parsing query"):
        series._series("SELECT FROM WHERE")
    assert len(series.load("A-1", 0, T0)) == 1
    series.close()


def test_a_settled_month_has_a_mark_until_it_is_written_again(server: InfluxDB) -> None:
    now = [time.time()]
    series = series_of(server.port, wall=lambda: now[0])
    series.write([load(T0)])
    assert series.months() == {"2025-11": ""}, "it may still change unseen"
    now[0] += 3 * 3600
    before = series.months()
    assert before["2025-11"]
    series.write([load(T0 + 40 * DAY)])
    now[0] += 3 * 3600
    assert series.months()["2025-11"] == before["2025-11"]
    series.write([load(T0 + 1800)])
    now[0] += 3 * 3600
    assert series.months()["2025-11"] not in ("", before["2025-11"])
    series.close()


# servers that do not behave


@contextmanager
def listener(answer: bytes | None) -> Iterator[int]:
    """Takes connections and answers so, or never."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop, taken = threading.Event(), list[socket.socket]()

        def serve() -> None:
            while not stop.is_set():
                try:
                    taken.append(server.accept()[0])
                    if answer is not None:
                        taken[-1].recv(65536)
                        taken[-1].sendall(answer)
                        taken[-1].close()
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            stop.set()
            socket.create_connection(server.getsockname()).close()
            thread.join()
            for connection in taken:
                connection.close()


def _answer(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"not http at all\r\n\r\n",
        _answer("500 Internal Server Error", '{"error":"engine"}'),
        _answer("503 Service Unavailable", "hinted handoff queue full"),
        _answer("429 Too Many Requests", "{}"),
        _answer("404 Not Found", "<html>a proxy</html>"),
        _answer("302 Found", ""),
        _answer("200 OK", "<html>a login page</html>"),
        _answer("200 OK", '{"results":[]}'),
    ],
    ids=lambda answer: "never" if answer is None else answer[:30].decode() or "closed",
)
def test_a_server_that_does_not_behave_is_away(answer: bytes | None) -> None:
    with listener(answer) as port:
        series = series_of(port, timeout=0.3)
        began = time.monotonic()
        for call in (lambda: series.load("A-1", 0, T0), lambda: list(series.scan("load", 0, T0))):
            with pytest.raises(SeriesUnavailable):
                call()
        if answer is None or not answer.startswith(b"HTTP/1.1 200"):
            with pytest.raises(SeriesUnavailable):
                series.write([load(T0)])
        assert time.monotonic() - began < 5
        series.close()


def test_a_slow_server_costs_its_time_and_no_row(server: InfluxDB) -> None:
    series = series_of(server.port, timeout=1.0)
    series.write([load(T0)])
    server.freeze()
    try:
        began = time.monotonic()
        with pytest.raises(SeriesUnavailable):
            series.write([load(T0 + 1800)])
        assert time.monotonic() - began < 5
    finally:
        server.thaw()

    def written() -> bool:
        with suppress(SeriesUnavailable):
            series.write([load(T0 + 1800)])
            return len(series.load("A-1", 0, T0 + 1800)) == 2
        return False

    until(written)
    series.close()


# over TLS


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@contextmanager
def over_tls(folder: Path, certificate: Path) -> Iterator[InfluxDB]:
    server = InfluxDB(folder / "tls")
    settings = server.folder / "influxdb.conf"
    settings.write_text(
        settings.read_text().replace(
            "[http]\n", f'[http]\n  https-enabled = true\n  https-certificate = "{certificate}"\n'
        )
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_over_tls_with_our_authority(tmp_path: Path, authority: Authority) -> None:
    with over_tls(tmp_path, authority.certificate()) as server:
        make_admin(server.port, authority.file)
        series = series_of(server.port, scheme="https", ca=str(authority.file))
        series.write([load(T0 + 1800 * n, n) for n in range(1000)])
        assert len(series.load("A-1", 0, T0 + DAY * 30)) == 1000
        series.close()


@pytest.mark.parametrize("wrong", ["another authority", "the machine's", "another name", "of the past"])
def test_a_certificate_that_does_not_hold_is_refused(tmp_path: Path, authority: Authority, wrong: str) -> None:
    certificate = authority.certificate(
        "127.0.0.2" if wrong == "another name" else "127.0.0.1", days=-1 if wrong == "of the past" else 5
    )
    trusted = {"another authority": str(Authority(tmp_path / "other").file), "the machine's": None}
    with over_tls(tmp_path, certificate) as server:
        series = series_of(server.port, scheme="https", ca=trusted.get(wrong, str(authority.file)), timeout=2.0)
        with pytest.raises(SeriesUnavailable, match="certificate verify failed"):
            series.load("A-1", 0, T0)
        with pytest.raises(SeriesUnavailable, match="certificate verify failed"):
            series.write([load(T0)])
        series.close()


# what InfluxDB 2 and 3 are told


class _Noting(http.server.BaseHTTPRequestHandler):
    seen: list[tuple[str, str | None]] = []  # noqa: RUF012 - emptied by the test

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.path, self.headers.get("Authorization")))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_token_goes_into_the_header_and_the_policy_into_the_address() -> None:
    """No server of these versions was at hand: this is what goes over the wire."""
    _Noting.seen.clear()
    with http.server.HTTPServer(("127.0.0.1", 0), _Noting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        series = InfluxSeries(f"http://127.0.0.1:{server.server_port}", "uchet", token="secret")
        series.write([load(T0), LiveRow("A-1", T0, {"u_a": 1.0})])
        series.close()
        server.shutdown()
        thread.join()
    assert _Noting.seen == [
        ("/write?db=uchet&precision=ms", "Token secret"),
        ("/write?db=uchet&precision=ms&rp=live", "Token secret"),
    ]
