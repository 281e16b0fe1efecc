"""The time series in InfluxDB, by the two paths that 1.8, 2 and 3 share: `/write` (line protocol), `/query` (InfluxQL).

    answer of /write                    what becomes of it
    204                                 held
    400 of several lines                divided until the lines are found that the server never takes; the others stand
    400 of one line                     SeriesRefused
    413                                 divided
    404 database not found              created once, then written again
    anything else, or no answer         SeriesUnavailable: the same rows again later
A line written twice is one point. Time is in milliseconds: a repeat stands n ms beside the first of its stamp.
"""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from central.timeseries.base import LiveRow, LoadRow, RegisterRow, SeriesRefused, SeriesUnavailable
from central.timeseries.rows import LIVE_FIELDS, LOAD_FIELDS, REGISTER_FIELDS, AnyRow, check
from protocol.reading import Kind

BATCH = 5000  # lines a request
_GZIP_FROM = 1024  # bytes

Point = Mapping[str, Any]  # column -> value, `time` in milliseconds


class InfluxSeries:
    """A `Series`. Nothing is asked of the server until it is needed; may be shared by threads."""

    def __init__(
        self,
        url: str,
        database: str,
        *,
        username: str = "",
        password: str = "",
        token: str = "",
        retention_days: int = 0,
        timeout: float = 10.0,
    ) -> None:
        """`username` for InfluxDB 1.x, `token` for 2 and 3; `retention_days` of a database we create, 0 = for ever."""
        self._database = database
        self._retention = f"{retention_days}d" if retention_days else "INF"
        basic = {"token": f"{username}:{password}", "auth_basic": True} if username else {"token": token}
        self._client = InfluxDBClient(url=url, org="-", timeout=int(timeout * 1000), **basic)

    def write(self, rows: Sequence[AnyRow]) -> None:
        check(rows)
        lines = [line(row) for row in rows]
        for start in range(0, len(lines), BATCH):
            self._write(lines[start : start + BATCH])

    def load(self, meter: str, since: int, until: int) -> list[LoadRow]:
        query = f"SELECT {_columns(LOAD_FIELDS)}, span, q FROM load WHERE {_RANGE}"  # noqa: S608 - our own names
        return [
            LoadRow(
                meter, point["time"] // 1000, point["span"], point["q"], _values(point, LOAD_FIELDS), _repeat(point)
            )
            for point in self._select(query, meter, since, until)
        ]

    def registers(self, meter: str, kinds: Sequence[Kind], since: int, until: int) -> list[RegisterRow]:
        points = self._select(_registers(kinds), meter, since, until) if kinds else []
        rows = [_register(meter, point) for point in points]
        return sorted(rows, key=lambda row: (row.time, row.repeat, row.kind))

    def last_register(self, meter: str, kinds: Sequence[Kind], until: int) -> RegisterRow | None:
        if not kinds:
            return None
        newest = f"{_registers(kinds)} ORDER BY time DESC LIMIT {len(kinds)}"  # of one stamp there is one of each kind
        rows = [_register(meter, point) for point in self._select(newest, meter, -1, until)]
        return max(rows, key=lambda row: (row.time, row.repeat, row.kind), default=None)

    def live(self, meter: str, since: int, until: int) -> list[LiveRow]:
        query = f"SELECT {_columns(LIVE_FIELDS)} FROM live WHERE {_RANGE}"  # noqa: S608 - our own names
        return [
            LiveRow(
                meter,
                point["time"] // 1000,
                {name: float(value) for name, value in _values(point, LIVE_FIELDS).items()},
            )
            for point in self._select(query, meter, since, until)
        ]

    def erase(self) -> None:
        for measurement in ("load", "register", "live"):
            self._query(f"DELETE FROM {measurement}")  # noqa: S608 - our own names

    def close(self) -> None:
        self._client.close()

    # the two paths

    def _write(self, lines: list[str]) -> None:
        try:
            self._made(lambda: self._post_lines(lines))
        except ApiException as error:
            if error.status not in (400, 413):
                raise _unavailable(error) from error
            if len(lines) == 1:
                raise SeriesRefused(f"InfluxDB: {_said(error)}: {lines[0][:200]}") from error
            self._divide(lines)

    def _divide(self, lines: list[str]) -> None:
        """Both halves are tried whatever the first one's fate: one bad line keeps no other from being stored."""
        refused = None
        for half in (lines[: len(lines) // 2], lines[len(lines) // 2 :]):
            try:
                self._write(half)
            except SeriesRefused as error:
                refused = error
        if refused is not None:
            raise refused

    def _post_lines(self, lines: list[str]) -> None:
        body = "\n".join(lines).encode("ascii")
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if len(body) >= _GZIP_FROM:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        self._call("/write", {"db": self._database, "precision": "ms"}, headers, body=body)

    def _select(self, query: str, meter: str, since: int, until: int) -> list[Point]:
        """The points of since < time <= until (a repeat belongs to its second), without fields that are null."""
        bounds = query.format(since=(since + 1) * 1000, until=(until + 1) * 1000)
        return [
            {column: value for column, value in zip(series["columns"], row, strict=True) if value is not None}
            for series in self._query(bounds, meter=meter).get("series", ())
            for row in series["values"]
        ]

    def _query(self, text: str, **bound: str) -> dict[str, Any]:
        """The one result of one statement with its bound parameters."""
        try:
            result: dict[str, Any] = self._made(lambda: self._post_query(text, bound))
        except ApiException as error:
            raise _unavailable(error) from error
        return result

    def _post_query(self, text: str, bound: Mapping[str, str]) -> dict[str, Any]:
        """Raises ApiException, _Missing, SeriesUnavailable. An error may hide in an answer of 200."""
        query = {"db": self._database, "epoch": "ms", "params": json.dumps(bound)}
        answer = self._call(
            "/query", query, {"Content-Type": "application/x-www-form-urlencoded"}, post_params={"q": text}
        )
        result: dict[str, Any] = json.loads(answer)["results"][0]
        said = result.get("error")
        if said:
            raise _Missing if "database not found" in said else SeriesUnavailable(f"InfluxDB: {said}")
        return result

    def _call(self, path: str, query: Mapping[str, str], headers: Mapping[str, str], **body: Any) -> bytes:
        """Raises ApiException, _Missing, SeriesUnavailable."""
        try:
            response = self._client.api_client.call_api(
                path,
                "POST",
                query_params=list(query.items()),
                header_params=dict(headers),
                _preload_content=False,  # else the answer is kept in the client, which threads share
                _return_http_data_only=True,
                **body,
            )
            data: bytes = response.data
        except ApiException as error:
            if error.status == 404 and "database not found" in _said(error):
                raise _Missing from error
            raise
        except urllib3.exceptions.HTTPError as error:
            raise SeriesUnavailable(f"InfluxDB does not answer: {error}") from error
        return data

    def _made(self, call: Callable[[], Any]) -> Any:
        """The call; when the database is not there, it is created and the call made once more."""
        try:
            return call()
        except _Missing:
            name = f'"{self._database}"'
            shards = "26w" if self._retention == "INF" else "4w"
            self._post_query(
                f'CREATE DATABASE {name} WITH DURATION {self._retention} SHARD DURATION {shards} NAME "autogen"', {}
            )
        try:
            return call()
        except _Missing as error:
            raise SeriesUnavailable("InfluxDB: the database is not there and was not created") from error


class _Missing(Exception):
    """The database is not there."""


def line(row: AnyRow) -> str:
    """One line of line protocol, milliseconds. Tags are names of ours and need no escaping: `check` saw to it."""
    match row:
        case LoadRow():
            fields = [*_integers(row.values), f"span={row.span}i", f"q={row.quality}i"]
            return f"load,meter={row.meter} {','.join(fields)} {row.end * 1000 + row.repeat}"
        case RegisterRow():
            fields = [*_integers(row.values), f"q={row.quality}i"]
            tags = f"kind={row.kind.value},meter={row.meter}"
            return f"register,{tags} {','.join(fields)} {row.time * 1000 + row.repeat}"
        case LiveRow():
            floats = ",".join(f"{name}={value!r}" for name, value in row.values.items())
            return f"live,meter={row.meter} {floats} {row.time * 1000}"


def _integers(values: Mapping[str, int]) -> list[str]:
    return [f"{name}={value}i" for name, value in values.items()]


_RANGE = "meter = $meter AND time >= {since}ms AND time < {until}ms"


def _columns(fields: Sequence[str]) -> str:
    return ", ".join(fields)


def _registers(kinds: Sequence[Kind]) -> str:
    either = " OR ".join(f"kind = '{kind.value}'" for kind in kinds)
    return f"SELECT {_columns(REGISTER_FIELDS)}, q, kind FROM register WHERE {_RANGE} AND ({either})"  # noqa: S608


def _register(meter: str, point: Point) -> RegisterRow:
    values = _values(point, REGISTER_FIELDS)
    return RegisterRow(meter, point["time"] // 1000, Kind(point["kind"]), point["q"], values, _repeat(point))


def _values(point: Point, fields: Sequence[str]) -> dict[str, Any]:
    return {name: point[name] for name in fields if name in point}


def _repeat(point: Point) -> int:
    return int(point["time"] % 1000)


def _said(error: ApiException) -> str:
    """The server's own words. The body was not read yet: `_preload_content` is off."""
    response = error.body
    text = response if isinstance(response, str) else (response or b"").decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text[:200] or str(error.reason)


def _unavailable(error: ApiException) -> SeriesUnavailable:
    return SeriesUnavailable(f"InfluxDB: {error.status} {_said(error)}")
