"""Bodies of journal rows: what a meter said, once, in the form that travels and is kept.

{"v":1,"made":"2026-11-24T04:10:05Z","kind":"load","offset":420,"t0":"2026-11-23T17:00:00Z",
 "cols":["active_import","active_export"],"rows":[[1800,1800,0,412350,0],…]}

A row = `end - t0` in seconds, span, quality bits, then one integer (or null: not measured) a column. An event body
has kind "event", columns journal, code, uptime, and the same shape. Columns that this version does not know are kept.
Limits: 64 KiB, 1,000 rows, 1,000 columns; whoever makes bodies splits (`split`).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from types import GenericAlias
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.errors import Garbled, LocalError
from protocol.reading import Event, Kind, Readings, Row

VERSION = 1
MAX_BYTES = 64 * 1024
MAX_ROWS = 1000
MAX_COLUMNS = 1000
EVENT = "event"
EVENT_COLUMNS = ("journal", "code", "uptime")
EVENT_REQUIRED = frozenset({"journal", "code"})  # never null

KINDS = frozenset({kind.value for kind in Kind} | {EVENT})


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The decoded body; `rows` cells: [end - t0, span, quality, value…]."""

    v: int
    made: datetime
    kind: str
    offset: int  # minutes used to turn the meter's clock into UTC
    t0: datetime
    cols: tuple[str, ...]
    rows: tuple[tuple[int | None, ...], ...]

    @property
    def readings(self) -> Readings:
        """Raises LocalError when this is a body of events."""
        if self.kind == EVENT:
            raise LocalError("a body of events holds no readings")
        t0 = int(self.t0.timestamp())
        rows = tuple(Row(t0 + row[0], row[1], row[2], row[3:]) for row in self.rows)  # type: ignore[operator, arg-type]
        return Readings(Kind(self.kind), self.cols, rows)

    @property
    def events(self) -> tuple[Event, ...]:
        """Raises LocalError when this is not a body of events."""
        if self.kind != EVENT:
            raise LocalError(f"a body of {self.kind} holds no events")
        t0 = int(self.t0.timestamp())
        at = {name: 3 + number for number, name in enumerate(self.cols)}
        found = []
        for row in self.rows:
            uptime = row[at["uptime"]] if "uptime" in at else None
            found.append(Event(t0 + (row[0] or 0), row[at["journal"]] or 0, row[at["code"]] or 0, uptime))
        return tuple(found)


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """All but the rows: how wide they are is known only from here."""

    v: int
    made: Annotated[datetime, Meta(tz=True)]
    kind: str
    offset: int
    t0: Annotated[datetime, Meta(tz=True)]
    cols: Annotated[tuple[str, ...], Meta(max_length=MAX_COLUMNS)]
    rows: msgspec.Raw


_head = msgspec.json.Decoder(_Head)
_Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Span = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Bits = Annotated[int, Meta(ge=0, le=255)]


@lru_cache(maxsize=256)
def _rows(required: tuple[bool, ...]) -> msgspec.json.Decoder[tuple[tuple[int | None, ...], ...]]:
    """For rows with these columns: each as wide as it must be, what cannot be null is not."""
    cells = (_Integer if never_null else _Integer | None for never_null in required)
    row = GenericAlias(tuple, (_Integer, _Span, _Bits, *cells))
    return msgspec.json.Decoder(Annotated[GenericAlias(tuple, (row, ...)), Meta(max_length=MAX_ROWS)])


def decode(payload: bytes) -> Body:
    """Raises Garbled, with the reason, for anything that is not a body of version 1.

    The checks of the rows are types, so they are made while the JSON is read: nothing is walked a second time.
    """
    if len(payload) > MAX_BYTES:
        raise Garbled(f"too large: {len(payload)} bytes, at most {MAX_BYTES}")
    try:
        head = _head.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Garbled(f"not a body: {error}") from None
    if head.v != VERSION:
        raise Garbled(f"version {head.v}, this program reads version {VERSION}")
    if head.kind not in KINDS:
        raise Garbled(f"unknown kind {head.kind!r}")
    event = head.kind == EVENT
    required = tuple([name in EVENT_REQUIRED for name in head.cols]) if event else (False,) * len(head.cols)
    try:
        rows = _rows(required).decode(head.rows)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Garbled(f"rows: {error}") from None
    if len(set(head.cols)) != len(head.cols):
        raise Garbled("a column stands twice")
    if event and not EVENT_REQUIRED.issubset(head.cols):
        raise Garbled("events without journal or code")
    return Body(v=head.v, made=head.made, kind=head.kind, offset=head.offset, t0=head.t0, cols=head.cols, rows=rows)


def encode_readings(readings: Readings, *, made: int, offset: int) -> Iterator[bytes]:
    """Bodies for these rows, as few as the limits allow; `made` seconds UTC, `offset` minutes. No rows, no body."""
    cells = [(row.end, row.span, row.quality, *row.values) for row in readings.rows]
    return _bodies(readings.kind.value, readings.columns, cells, made, offset)


def encode_events(events: Iterable[Event], *, made: int, offset: int) -> Iterator[bytes]:
    """Bodies for these events, as few as the limits allow."""
    cells = [(event.time, 0, 0, event.journal, event.code, event.uptime) for event in events]
    return _bodies(EVENT, EVENT_COLUMNS, cells, made, offset)


def _bodies(
    kind: str, columns: Sequence[str], cells: Sequence[tuple[int | None, ...]], made: int, offset: int
) -> Iterator[bytes]:
    for part in split(cells):
        t0 = part[0][0] or 0
        body = Body(
            v=VERSION,
            made=datetime.fromtimestamp(made, UTC),
            kind=kind,
            offset=offset,
            t0=datetime.fromtimestamp(t0, UTC),
            cols=tuple(columns),
            rows=tuple(((row[0] or 0) - t0, *row[1:]) for row in part),
        )
        yield msgspec.json.encode(body)


def split(cells: Sequence[tuple[int | None, ...]]) -> Iterator[Sequence[tuple[int | None, ...]]]:
    """Runs of rows that fit the limits of one body whatever their values are."""
    if not cells:
        return
    width = max(len(row) for row in cells)
    size = max(1, min(MAX_ROWS, (MAX_BYTES - 4096) // (width * 21)))
    for start in range(0, len(cells), size):
        yield cells[start : start + size]
