"""The time series in InfluxDB, by the two paths that 1.8, 2 and 3 share: `/write` (line protocol), `/query` (InfluxQL).

    answer of /write                    what becomes of it
    204                                 held
    400, 422 of several lines           divided until the lines are found that the server never takes; the others stand
    400, 422 of one line                SeriesRefused
    413                                 divided
    404 database not found              created once, then written again; so the retention policy of live values
    anything else, or no answer         SeriesUnavailable: the same rows again later
A line written twice is one point. Time is in milliseconds: a repeat stands n ms beside the first of its stamp.
Live values stand under the retention policy `live` (2: the bucket «database/live», 3: the database of that name).
`touched,month=2026-11 mark=…` says when rows of a month were last written, to the hour.
"""

import gzip
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from central.timeseries.base import (
    DAY,
    LATEST,
    LIVE,
    LIVE_DAYS,
    AnyRow,
    Column,
    DaySum,
    LiveRow,
    LoadRow,
    RegisterRow,
    SeriesRefused,
    SeriesUnavailable,
    Track,
    stamp,
    wrapped,
)
from central.timeseries.dicts import dicts
from central.timeseries.lines import LOAD, REGISTER, line
from central.timeseries.months import between, month_of
from central.timeseries.rows import LIVE_FIELDS, LOAD_FIELDS, REGISTER_FIELDS, check
from protocol.reading import Kind

BATCH = 5000  # lines a request
_GZIP_FROM = 1024  # bytes
_METERS = 50  # named in one question: with more of them the server answers slower
_ORDER = attrgetter("time", "repeat", "kind")  # of registers of several kinds
_CHUNK = 10_000  # points of an answer that is read while it comes
_HOUR = 3600
_SETTLED = 2 * _HOUR  # a month touched later than so long ago may change without its mark
_DIVIDED = (400, 413, 422)  # the server never takes one of the lines, or not so many
_DAY = DAY * 1000
_TOUCHED = "touched"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_FIELDS = {LOAD: LOAD_FIELDS, REGISTER: REGISTER_FIELDS, LIVE: LIVE_FIELDS}
_BESIDE = {LOAD: ("span", "q"), REGISTER: ("q",), LIVE: ()}  # columns that are no value


class Server(NamedTuple):
    """`policies`: how long each keeps (`43920h0m0s`; `0s` = for ever); None = our database is not there yet."""

    version: str
    policies: dict[str, str] | None


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
        ca: str | None = None,
        retention_days: int = 0,
        live_days: int = LIVE_DAYS,
        timeout: float = 10.0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`username` for InfluxDB 1.x, `token` for 2 and 3; of an https address the certificate is always checked.

        `ca`: a file with the authorities to trust, None = the machine's. `retention_days`, `live_days`: of what we
        create, 0 = for ever. `wall` gives seconds UTC, `timeout` is in seconds.
        """
        self._database = database
        self._retention = _duration(retention_days)
        self._live_retention = _duration(live_days)
        self._wall = wall
        basic = {"token": f"{username}:{password}", "auth_basic": True} if username else {"token": token}
        self._client = InfluxDBClient(
            url=url, org="-", timeout=int(timeout * 1000), verify_ssl=True, ssl_ca_cert=ca, **basic
        )

    def write(self, rows: Sequence[AnyRow]) -> None:
        check(rows)
        live = [line(row) for row in rows if isinstance(row, LiveRow)]
        billed = [line(row) for row in rows if not isinstance(row, LiveRow)]
        if billed:
            billed = self._touched(rows) + billed
        for lines, policy in ((billed, ""), (live, LIVE)):
            for start in range(0, len(lines), BATCH):
                self._write(lines[start : start + BATCH], policy)

    def load(self, meter: str, since: int, until: int) -> list[LoadRow]:
        return self._rows(LOAD, since, until, meter)  # type: ignore[return-value]

    def column(self, meter: str, field: str, since: int, until: int) -> Column:
        rows = [row for row in self.load(meter, since, until) if field in row.values]
        ends, spans, qualities = ([getattr(row, name) for row in rows] for name in ("end", "span", "quality"))
        return Column(ends, spans, qualities, [row.values[field] for row in rows])

    def registers(self, meter: str, kinds: Sequence[Kind], since: int, until: int) -> list[RegisterRow]:
        rows: list[RegisterRow] = []
        for kind in kinds:
            rows += self._rows(kind, since, until, meter)  # type: ignore[arg-type]
        return rows if len(kinds) == 1 else sorted(rows, key=_ORDER)

    def registers_at(self, meters: Collection[str], kinds: Sequence[Kind], moment: int) -> dict[str, list[RegisterRow]]:
        found: dict[str, list[RegisterRow]] = defaultdict(list)
        names = sorted(meters)
        for start in range(0, len(names), _METERS):
            bound = {f"m{number}": meter for number, meter in enumerate(names[start : start + _METERS])}
            ours = " OR ".join(f"meter = ${name}" for name in bound)
            for kind in kinds:
                query = f"{_select(kind, moment - 1, moment)} AND ({ours}) GROUP BY meter"
                for series in self._series(query, **bound):
                    meter = series["tags"]["meter"]
                    found[meter] += _made(kind, meter, series["values"])  # type: ignore[arg-type]
        return {meter: sorted(rows, key=_ORDER) for meter, rows in found.items()}

    def last_register(self, meter: str, kinds: Sequence[Kind], until: int) -> RegisterRow | None:
        newest = [row for kind in kinds for row in self._rows(kind, -1, until, meter, " ORDER BY time DESC LIMIT 1")]
        return max(newest, key=_ORDER, default=None)  # type: ignore[return-value]

    def live(self, meter: str, since: int, until: int) -> list[LiveRow]:
        return self._rows(LIVE, since, until, meter)  # type: ignore[return-value]

    def last_live(self, meter: str, until: int) -> list[LiveRow]:
        return self._rows(LIVE, -1, until, meter, f" ORDER BY time DESC LIMIT {LATEST}")[::-1]  # type: ignore[return-value]

    def tracks(self, meter: str, fields: Collection[str], since: int, until: int) -> dict[str, Track]:
        wanted = [field for field in LIVE_FIELDS if field in fields]
        if not wanted:
            return {}
        query = f"SELECT {', '.join(wanted)} FROM {LIVE} WHERE {_where(LIVE, since, until)} AND meter = $meter"  # noqa: S608
        found: dict[str, Track] = {}
        for series in self._series(query, LIVE, meter=meter):
            times, *columns = zip(*series["values"], strict=True)
            for field, column in zip(wanted, columns, strict=True):
                there = [
                    (time // 1000, float(value)) for time, value in zip(times, column, strict=True) if value is not None
                ]
                if there:
                    found[field] = Track([time for time, _ in there], [value for _, value in there])
        return found

    def months(self) -> dict[str, str]:
        first, last = self._end("first"), self._end("last")
        if not first:
            return {}
        settled = self._wall() - _SETTLED
        marks = {
            series["tags"]["month"]: f"{time}:{mark}"
            for series in self._series("SELECT last(mark) FROM touched GROUP BY month")
            for time, mark in series["values"]
            if time / 1000 < settled
        }
        return {month: marks.get(month, "") for month in between(min(first), max(last))}

    def newest(self, kind: str, until: int) -> dict[str, int]:
        query = f"{_select(kind, -1, until)} GROUP BY meter ORDER BY time DESC LIMIT 1"
        found = self._streamed(query, _policy(kind))
        return {series["tags"]["meter"]: series["values"][0][0] // 1000 for series in found}

    def scan(self, kind: str, since: int, until: int) -> Iterator[AnyRow]:
        for series in self._streamed(f"{_select(kind, since, until)} GROUP BY meter", _policy(kind)):
            yield from _made(kind, series["tags"]["meter"], series["values"])

    def sums(self, kind: str, since: int, until: int, meter: str | None = None) -> Iterator[DaySum]:
        one, bound = ("", {}) if meter is None else (" AND meter = $meter", {"meter": meter})
        if kind == LIVE:  # floats are not added up, and no field is in every row
            query = f"{_select(kind, since, until)}{one} GROUP BY meter"
        else:
            values = ", ".join(f"sum({name})" for name in _FIELDS[_measurement(kind)])
            query = (
                f"SELECT count(q), {values} FROM {_measurement(kind)} WHERE {_where(kind, since, until)}{one} "  # noqa: S608
                "GROUP BY time(1d), meter fill(none)"
            )
        counted: dict[int, int] = {}
        for series in self._streamed(query, _policy(kind), True, **bound):
            name = series["tags"]["meter"]
            if kind != LIVE:
                for time, rows, *totals in series["values"]:
                    yield DaySum(name, time // _DAY, rows, wrapped(sum(filter(None, totals))))
                continue
            for time, *_ in series["values"]:
                counted[time // _DAY] = counted.get(time // _DAY, 0) + 1
            if not series.get("partial"):
                yield from (DaySum(name, day, rows, 0) for day, rows in counted.items())
                counted = {}

    def erase(self) -> None:
        for measurement, policy in ((LOAD, ""), (REGISTER, ""), (_TOUCHED, ""), (LIVE, LIVE)):
            self._series(f"DROP MEASUREMENT {measurement}", policy)

    def close(self) -> None:
        self._client.close()

    def _rows(self, kind: str, since: int, until: int, meter: str, newest: str = "") -> list[AnyRow]:
        query = f"{_select(kind, since, until)} AND meter = $meter{newest}"
        rows: list[AnyRow] = []
        for series in self._series(query, _policy(kind), meter=meter):
            rows += _made(kind, meter, series["values"])
        return rows

    def _end(self, which: str) -> list[int]:
        """Seconds of the first or last billed rows there are."""
        found = self._series(f"SELECT {which}(q) FROM {LOAD}, {REGISTER}")  # noqa: S608 - our own names
        return [series["values"][0][0] // 1000 for series in found]

    def _touched(self, rows: Sequence[AnyRow]) -> list[str]:
        """A point a month and hour: what is written again within the hour has another mark at the same time."""
        days = {stamp(row) // DAY for row in rows if not isinstance(row, LiveRow)}
        months = {month_of(day * DAY) for day in days}
        hour = int(self._wall()) // _HOUR * _HOUR
        return [f"{_TOUCHED},month={month} mark={secrets.randbits(62)}i {hour * 1000}" for month in sorted(months)]

    def server(self) -> Server:
        """Whom we speak to, as it says. Nothing is made and nothing written; an empty write shows that we may.

        Raises SeriesUnavailable.
        """
        asked = {"q": f'SHOW RETENTION POLICIES ON "{self._database}"'}
        try:
            with self._call("/query", {}, _FORM, post_params=asked) as response:
                version = response.headers.get("X-Influxdb-Version", "")
                result = json.loads(response.data)["results"][0]
            if said := result.get("error"):
                raise _missing(said) or SeriesUnavailable(f"InfluxDB: {said}")
            with self._call("/write", {}, {"Content-Type": "text/plain"}, body=b""):
                pass
        except _Missing:
            return Server(version, None)
        except ApiException as error:
            raise _unavailable(error) from error
        rows = [row for series in result.get("series", ()) for row in series["values"]]
        return Server(version, {row[0]: row[1] for row in rows})

    # the two paths

    def _write(self, lines: list[str], policy: str = "") -> None:
        try:
            self._made(lambda: self._post_lines(lines, policy))
        except ApiException as error:
            if error.status not in _DIVIDED:
                raise _unavailable(error) from error
            if len(lines) == 1:
                raise SeriesRefused(f"InfluxDB: {_said(error)}: {lines[0][:200]}") from error
            self._divide(lines, policy)

    def _divide(self, lines: list[str], policy: str) -> None:
        """Both halves are tried whatever the first one's fate: one bad line keeps no other from being stored."""
        refused = None
        for half in (lines[: len(lines) // 2], lines[len(lines) // 2 :]):
            try:
                self._write(half, policy)
            except SeriesRefused as error:
                refused = error
        if refused is not None:
            raise refused

    def _post_lines(self, lines: list[str], policy: str = "") -> None:
        body = "\n".join(lines).encode("ascii")
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if len(body) >= _GZIP_FROM:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        with self._call("/write", {"precision": "ms"} | _under(policy), headers, body=body):
            pass

    def _series(self, query: str, policy: str = "", **bound: str) -> list[dict[str, Any]]:
        """The whole answer of one statement with its bound parameters, series by series."""
        return list(self._streamed(query, policy, False, **bound))

    def _streamed(self, query: str, policy: str = "", chunked: bool = True, **bound: str) -> Iterator[dict[str, Any]]:
        """The answer while it comes: a series may come in several parts, all but its last say `partial`."""
        try:
            answers = self._made(lambda: self._first(self._post_query(query, policy, chunked, bound)))
        except ApiException as error:
            raise _unavailable(error) from error
        for result in answers:
            yield from result.get("series", ())

    @staticmethod
    def _first(results: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same, after the first was read: errors of the statement come now."""
        return chain([next(results, {})], results)

    def _post_query(
        self, text: str, policy: str = "", chunked: bool = False, bound: Mapping[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Result by result. Raises ApiException, _Missing, SeriesUnavailable."""
        query = {"epoch": "ms", "params": json.dumps(bound or {})} | _under(policy)
        if chunked:
            query |= {"chunked": "true", "chunk_size": str(_CHUNK)}
        with self._call("/query", query, _FORM, post_params={"q": text}) as response:
            for answer in _lines(response) if chunked else [response.data]:
                yield _result(answer)

    @contextmanager
    def _call(self, path: str, query: Mapping[str, str], headers: Mapping[str, str], **body: Any) -> Iterator[Any]:
        """The response, not read yet. Raises ApiException, _Missing, SeriesUnavailable, also while it is read."""
        response = None
        try:
            response = self._client.api_client.call_api(
                path,
                "POST",
                query_params=[("db", self._database), *query.items()],
                header_params=dict(headers),
                _preload_content=False,  # else the answer is kept in the client, which threads share
                _return_http_data_only=True,
                **body,
            )
            yield response
            response.read()  # to its end, so that the connection serves again
        except ApiException as error:
            if missing := _missing(_said(error)):
                raise missing from error
            raise
        except urllib3.exceptions.HTTPError as error:
            raise SeriesUnavailable(f"InfluxDB does not answer: {error}") from error
        finally:
            if response is not None:
                response.close()

    def _made(self, call: Callable[[], Any]) -> Any:
        """The call; when the database or the policy of live values is not there, they are created, each once."""
        for _ in range(2):
            try:
                return call()
            except _Missing as missing:
                list(self._post_query(self._creation(missing.what)))
        try:
            return call()
        except _Missing as error:
            raise SeriesUnavailable(f"InfluxDB: the {error.what} is not there and was not created") from error

    def _creation(self, what: str) -> str:
        if what == "database":
            shards = "26w" if self._retention == "INF" else "4w"
            return (
                f'CREATE DATABASE "{self._database}" WITH DURATION {self._retention} SHARD DURATION {shards} '
                'NAME "autogen"'
            )
        return (
            f'CREATE RETENTION POLICY "{LIVE}" ON "{self._database}" DURATION {self._live_retention} '
            "REPLICATION 1 SHARD DURATION 1d"
        )


class _Missing(Exception):
    """The database, or a retention policy, is not there."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def _missing(said: str) -> _Missing | None:
    """Whether the server's words say so."""
    return next((_Missing(what) for what in ("database", "retention policy") if f"{what} not found" in said), None)


def _result(answer: bytes) -> dict[str, Any]:
    """The one result of one statement. Raises _Missing, SeriesUnavailable: an error may hide in an answer of 200."""
    try:
        result: dict[str, Any] = msgspec.json.decode(answer)["results"][0]
        said = result.get("error")
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError):
        raise SeriesUnavailable(f"not an answer of InfluxDB: {answer[:100]!r}") from None
    if said:
        raise _missing(said) or SeriesUnavailable(f"InfluxDB: {said}")
    return result


def _lines(response: Any) -> Iterator[bytes]:
    """An answer line by line, while it comes."""
    rest = b""
    for part in response.stream(1 << 16):
        *whole, rest = (rest + part).split(b"\n")
        yield from filter(None, whole)
    if rest:
        yield rest


def _measurement(kind: str) -> str:
    return kind if kind in _FIELDS else REGISTER


def _policy(kind: str) -> str:
    return LIVE if kind == LIVE else ""


def _under(policy: str) -> dict[str, str]:
    return {"rp": policy} if policy else {}


def _duration(days: int) -> str:
    return f"{days}d" if days else "INF"


def _select(kind: str, since: int, until: int) -> str:
    measurement = _measurement(kind)
    columns = ", ".join((*_FIELDS[measurement], *_BESIDE[measurement]))
    return f"SELECT {columns} FROM {measurement} WHERE {_where(kind, since, until)}"  # noqa: S608 - our own names


def _where(kind: str, since: int, until: int) -> str:
    """The points of since < time <= until; a repeat belongs to its second."""
    of_kind = "" if kind in _FIELDS else f" AND kind = '{Kind(kind).value}'"
    return f"time >= {(since + 1) * 1000}ms AND time < {(until + 1) * 1000}ms{of_kind}"


def _made(kind: str, meter: str, points: Sequence[Sequence[Any]]) -> Iterable[AnyRow]:
    """Rows of points whose columns are those of `_select`."""
    fields = _FIELDS[_measurement(kind)]
    times, *columns = zip(*points, strict=True)
    stamps, again = [time // 1000 for time in times], [time % 1000 for time in times]
    values, beside = _values(fields, columns[: len(fields)], len(points)), columns[len(fields) :]
    if kind == LIVE:  # a whole number comes as an integer
        whole = ({name: float(value) for name, value in found.items()} for found in values)
        return map(LiveRow, repeat(meter), stamps, whole)
    if kind == LOAD:
        return map(LoadRow, repeat(meter), stamps, *beside, values, again)
    return map(RegisterRow, repeat(meter), stamps, repeat(Kind(kind)), *beside, values, again)


def _values(fields: Sequence[str], columns: Sequence[Sequence[Any]], rows: int) -> list[dict[str, Any]]:
    """Row by row; a field that is null was not measured."""
    there = [(name, column) for name, column in zip(fields, columns, strict=True) if any(map(_measured, column))]
    values = dicts(tuple(name for name, _ in there), (column for _, column in there), rows)
    if not any(None in column for _, column in there):
        return values
    return [{name: value for name, value in found.items() if value is not None} for found in values]


def _measured(value: object) -> bool:
    return value is not None


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
