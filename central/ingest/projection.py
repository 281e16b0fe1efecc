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
from protocol.messages.bodies import EVENT, EVENT_COLUMNS, Body
from protocol.quantities import BY_NAME, Nature
from protocol.reading import Event, Kind, Quality

SeriesRow = LoadRow | RegisterRow
Standing = Mapping[int, SeriesRow]  # what stands at one stamp, by repeat
_REPEATED = int(Quality.REPEATED)


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


def project(meter: str, body: Body, takes: Callable[[int], bool] | None = None) -> Projection:
    """`takes` says of a stamp whether the edge was entitled then; None = at all of them."""
    if body.kind == EVENT:
        events = tuple(event for event in body.events if takes is None or takes(event.time))
        unknown = tuple(name for name in body.cols if name not in EVENT_COLUMNS)
        return Projection(events=events, unknown=unknown, foreign=len(body.rows) - len(events))
    kind = Kind(body.kind)
    fields = [_field(name, Nature.INTERVAL if kind is Kind.LOAD else Nature.REGISTER) for name in body.cols]
    t0 = int(body.t0.timestamp())
    repeats: Counter[int] = Counter()
    rows: list[SeriesRow] = []
    for end, span, quality, *cells in body.rows:
        at = t0 + (end or 0)
        if takes is not None and not takes(at):
            continue
        repeat = 0
        if (quality or 0) & _REPEATED:
            repeats[at] += 1
            repeat = repeats[at]
        values = {field: cell for field, cell in zip(fields, cells, strict=True) if cell is not None and field}
        if kind is Kind.LOAD:
            rows.append(LoadRow(meter, at, span or 0, quality or 0, values, repeat))
        else:
            rows.append(RegisterRow(meter, at, kind, quality or 0, values, repeat))
    unknown = tuple(name for name, field in zip(body.cols, fields, strict=True) if field is None)
    return Projection(rows=tuple(rows), unknown=unknown, foreign=len(body.rows) - len(rows))


def _field(name: str, nature: Nature) -> str | None:
    quantity = BY_NAME.get(name)
    return quantity.field if quantity and quantity.nature is nature else None


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
