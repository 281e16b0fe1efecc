"""A body of the contract into rows of the time series, and which of them are new. Pure.

Same stamp, other value: the first stays, the other is a conflict for people to look at. A row that says REPEATED is
another interval beside the first: it takes the next free `repeat` unless it stands there already.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

from msgspec.structs import replace

from central.timeseries.base import LoadRow, RegisterRow
from protocol.messages.bodies import EVENT_COLUMNS, Body
from protocol.quantities import BY_NAME, Nature
from protocol.reading import Event, Kind, Quality, Row

SeriesRow = LoadRow | RegisterRow
Standing = Mapping[int, SeriesRow]  # what stands at one stamp, by repeat


@dataclass(frozen=True, slots=True)
class Projection:
    """`unknown` columns and `foreign` rows (not this edge's at their time) are what stays behind in the inbox."""

    rows: tuple[SeriesRow, ...] = ()
    events: tuple[Event, ...] = ()
    unknown: tuple[str, ...] = ()
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Of one row: fields that stand with another value, theirs and ours."""

    row: SeriesRow
    kept: dict[str, int]
    came: dict[str, int]


def project(meter: str, body: Body, takes: Callable[[int], bool]) -> Projection:
    """`takes` says of a stamp whether the edge was entitled then."""
    if body.kind == "event":
        events = tuple(event for event in body.events if takes(event.time))
        unknown = tuple(name for name in body.cols if name not in EVENT_COLUMNS)
        return Projection(events=events, unknown=unknown, foreign=len(body.rows) - len(events))
    readings = body.readings
    nature = Nature.INTERVAL if readings.kind is Kind.LOAD else Nature.REGISTER
    fields = [
        quantity.field if (quantity := BY_NAME.get(name)) and quantity.nature is nature else None
        for name in readings.columns
    ]
    repeats: Counter[int] = Counter()
    rows: list[SeriesRow] = []
    for row in readings.rows:
        if takes(row.end):
            repeats[row.end] += bool(row.quality & Quality.REPEATED)
            repeat = repeats[row.end] if row.quality & Quality.REPEATED else 0
            rows.append(_row(meter, readings.kind, row, fields, repeat))
    unknown = tuple(name for name, field in zip(readings.columns, fields, strict=True) if field is None)
    return Projection(rows=tuple(rows), unknown=unknown, foreign=len(readings.rows) - len(rows))


def _row(meter: str, kind: Kind, row: Row, fields: list[str | None], repeat: int) -> SeriesRow:
    values = {field: value for field, value in zip(fields, row.values, strict=True) if field and value is not None}
    if kind is Kind.LOAD:
        return LoadRow(meter, row.end, row.span, row.quality, values, repeat)
    return RegisterRow(meter, row.end, kind, row.quality, values, repeat)


def settle(row: SeriesRow, standing: Standing) -> SeriesRow | Conflict | None:
    """What to write of a row where these stand already: it, its new fields, nothing, or a conflict."""
    if row.repeat:
        for repeat in count(row.repeat):
            if repeat not in standing:
                return replace(row, repeat=repeat)
            if not _differing(row, standing[repeat]):
                return None
    first = standing.get(0)
    if first is None:
        return row
    if differing := _differing(row, first):
        return Conflict(row, {name: first.values[name] for name in differing}, {n: row.values[n] for n in differing})
    new = {name: value for name, value in row.values.items() if name not in first.values}
    return replace(first, values=new) if new else None


def _differing(row: SeriesRow, other: SeriesRow) -> list[str]:
    return [name for name, value in row.values.items() if other.values.get(name, value) != value]


def stamp(row: SeriesRow) -> int:
    return row.end if isinstance(row, LoadRow) else row.time


def kind(row: SeriesRow) -> Kind:
    return Kind.LOAD if isinstance(row, LoadRow) else row.kind
