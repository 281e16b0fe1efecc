"""«Параметры сети»: the last instantaneous values of a point, their run over a period, and how many lie outside limits.

All of it is of the network's side: a value of the meter times its ratio (`metering.network`). A replacement of the
meter or of its transformers cuts the time in two, each part with its own ratio.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from central.accounts.policy import Viewer
from central.figures.heard import heard
from central.figures.source import Opened, Source, opened
from central.figures.views import Heard, Period
from central.metering import network as rules
from central.metering.network import FIELDS, OF_FIELD, Diagram, Judged, Quantity, Ratios, Run
from central.metering.terms import Segment
from central.registry.tables import mounting
from central.timeseries.base import LiveRow, Track

LINES = ("u_a", "u_b", "u_c")
LIMITED = (Quantity.VOLTAGE, Quantity.FREQUENCY)
_WIRES = select(mounting.c.id, mounting.c.wires).where(mounting.c.id.in_(bindparam("mountings", expanding=True)))


@dataclass(frozen=True, slots=True)
class Value:
    """Of the network; `time`: when the meter was asked, seconds UTC."""

    value: float
    time: int


@dataclass(frozen=True, slots=True)
class Latest:
    """Of the meter `serial`: by field the newest value of each. `diagram`: how its vectors lie."""

    serial: str
    ratios: Ratios
    time: int
    values: Mapping[str, Value]
    diagram: Diagram


@dataclass(frozen=True, slots=True)
class History:
    """Of one quantity in [asked.since, asked.until): by field a run for each `step` seconds, None = nothing is known.

    `held`: in which of that time a meter stood there, and this viewer may see; `samples`: rows that have a value;
    `limits`: those that hold all the time for a voltage, most of it for a frequency; `three_wires`: as the last meter.
    """

    quantity: Quantity
    asked: Period
    held: Period
    step: int
    runs: Mapping[str, Sequence[Run | None]]
    samples: int
    limits: tuple[float, ...]
    three_wires: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """Samples of a period beside limits: of a `field`, or of the unbalance between lines (""). A meter that was
    connected otherwise in between is told apart: `nominal` is its own, V."""

    field: str
    nominal: float | None
    judged: Judged


@dataclass(frozen=True, slots=True)
class InstantView:
    """`latest` None = no meter here ever said any; `heard` None = none stands there, or the viewer's time is over."""

    heard: Heard | None
    latest: Latest | None


@dataclass(frozen=True, slots=True)
class NetworkView:
    """A period: the run of a quantity; of voltage and frequency, which have limits, what of both lies outside."""

    history: History
    beside: Sequence[Beside]


@dataclass(frozen=True, slots=True)
class Samples:
    """Every row of a period as it came, times its ratio: for files."""

    fields: Sequence[str]
    rows: Sequence[tuple[int, Mapping[str, float]]]


def instant(source: Source, viewer: Viewer, point_id: int, now: int) -> InstantView:
    """The last values there are; of a former tenant's the last of his time. Raises NotFound, SeriesUnavailable."""
    with opened(source, viewer, point_id, 0, now + 1) as point:
        held = point.visible
        standing = point.entries.segments(held.since, held.until)
        current = standing[-1] if standing and held.until > now else None
        said = heard(point.connection, {current.meter: current.period}, now) if current is not None else {}
        return InstantView(
            heard=said[current.meter] if current is not None else None,
            latest=_latest(point, standing, held),
        )


def network(source: Source, viewer: Viewer, point_id: int, since: int, until: int, quantity: Quantity) -> NetworkView:
    """Of [since, until). Raises NotFound, SeriesUnavailable."""
    with opened(source, viewer, point_id, since, until) as point:
        held = point.visible
        standing = point.entries.segments(held.since, held.until)
        ratios = _ratios(point, standing)
        limited = quantity in LIMITED
        wanted = {field for one in (LIMITED if limited else (quantity,)) for field in FIELDS[one]}
        parts = [(ratios[one.mounting], _tracks(point, one, ratios[one.mounting], wanted, held)) for one in standing]
    stood = Period(max([held.since, *(one.since for one in standing[:1])]), held.until)
    return NetworkView(_history(quantity, Period(since, until), stood, parts), _beside(parts) if limited else ())


def samples(source: Source, viewer: Viewer, point_id: int, since: int, until: int) -> Samples:
    """All values of all quantities in [since, until). Raises NotFound, SeriesUnavailable."""
    with opened(source, viewer, point_id, since, until) as point:
        held = point.visible
        standing = point.entries.segments(held.since, held.until)
        ratios = _ratios(point, standing)
        rows: list[tuple[int, Mapping[str, float]]] = []
        for one in standing:
            k = {field: _factor(ratios[one.mounting], field) for field in OF_FIELD}
            start, end = _within(one, held)
            for row in point.series.live(one.meter, start - 1, end - 1):
                rows.append((row.time, {field: value * k[field] for field, value in row.values.items() if field in k}))
    there = {field for _, values in rows for field in values}
    return Samples([field for field in OF_FIELD if field in there], rows)


def _ratios(point: Opened, standing: Sequence[Segment]) -> Mapping[int, Ratios]:
    """By mounting."""
    rows = point.connection.execute(_WIRES, {"mountings": [one.mounting for one in standing]})
    wires = {row.id: row.wires for row in rows}
    return {one.mounting: Ratios(one.ki, one.ku, one.primary, wires[one.mounting] == 3) for one in standing}


def _latest(point: Opened, standing: Sequence[Segment], held: Period) -> Latest | None:
    """Of the newest meter that has said any."""
    for one in reversed(standing):
        since, until = _within(one, held)
        own = [row for row in point.series.last_live(one.meter, until - 1) if row.time >= since]
        if own:
            return _latest_of(one, _ratios(point, [one])[one.mounting], own)
    return None


def _latest_of(one: Segment, ratios: Ratios, rows: Sequence[LiveRow]) -> Latest:
    values: dict[str, Value] = {}
    for row in rows:  # the newest comes last, and stays
        for field, value in row.values.items():
            if field in OF_FIELD:
                values[field] = Value(value * _factor(ratios, field), row.time)
    newest = rows[-1]
    together = {field: found.value for field, found in values.items() if found.time == newest.time}
    return Latest(
        serial=one.serial,
        ratios=ratios,
        time=newest.time,
        values=values,
        diagram=rules.diagram(together, three_wires=ratios.three_wires),
    )


def _tracks(point: Opened, one: Segment, ratios: Ratios, fields: set[str], held: Period) -> Mapping[str, Track]:
    since, until = _within(one, held)
    found = point.series.tracks(one.meter, fields, since - 1, until - 1)
    made = {}
    for field, track in found.items():
        k = _factor(ratios, field)
        made[field] = track if k == 1 else Track(track.times, [value * k for value in track.values])
    return made


def _within(one: Segment, held: Period) -> tuple[int, int]:
    return max(one.since, held.since), held.until if one.until is None else min(one.until, held.until)


def _factor(ratios: Ratios, field: str) -> float:
    return float(ratios.of(OF_FIELD[field]))


def _history(
    quantity: Quantity, asked: Period, held: Period, parts: Sequence[tuple[Ratios, Mapping[str, Track]]]
) -> History:
    every = {field: _joined([tracks[field] for _, tracks in parts if field in tracks]) for field in FIELDS[quantity]}
    whole = {field: track for field, track in every.items() if track.times}
    longest = max((track.times for track in whole.values()), key=len, default=[])
    step = rules.step_of(asked.until - asked.since, longest)
    runs = {
        field: tuple(rules.reduced(track.times, track.values, asked.since, asked.until, step))
        for field, track in whole.items()
    }
    last = parts[-1][0] if parts else Ratios()
    return History(
        quantity=quantity,
        asked=asked,
        held=held,
        step=step,
        runs=runs,
        samples=len(longest),
        limits=_across(quantity, last),
        three_wires=last.three_wires,
    )


def _across(quantity: Quantity, ratios: Ratios) -> tuple[float, ...]:
    if quantity is Quantity.VOLTAGE:
        found = rules.voltage_limits(ratios.nominal)
    elif quantity is Quantity.FREQUENCY:
        found = rules.frequency_limits()[0]
    else:
        return ()
    return found.low, found.high


def _beside(parts: Sequence[tuple[Ratios, Mapping[str, Track]]]) -> list[Beside]:
    """Voltages by phase of each way that the meter was connected, unbalance where it can be known, frequency."""
    found: list[Beside] = []
    for ratios in dict.fromkeys(ratios for ratios, _ in parts):
        own = [tracks for one, tracks in parts if one == ratios]
        limits, nominal = rules.voltage_limits(ratios.nominal), ratios.nominal
        for field in LINES:
            values = _values(own, field)
            if values:
                found.append(Beside(field, nominal, rules.judged(values, limits, rules.INTERRUPTED * nominal)))
        if ratios.three_wires:
            uneven = [value for tracks in own for value in _unbalances(tracks)]
            if uneven:
                found += [Beside("", None, rules.judged(uneven, one)) for one in rules.unbalance_limits()]
    hertz = _values([tracks for _, tracks in parts], "f")
    if hertz:
        found += [Beside("f", None, rules.judged(hertz, one, 1.0)) for one in rules.frequency_limits()]
    return found


def _values(parts: Sequence[Mapping[str, Track]], field: str) -> list[float]:
    return _joined([tracks[field] for tracks in parts if field in tracks]).values


def _joined(parts: Sequence[Track]) -> Track:
    """One after the other; mostly there is one."""
    if len(parts) == 1:
        return parts[0]
    return Track([time for one in parts for time in one.times], [value for one in parts for value in one.values])


def _unbalances(tracks: Mapping[str, Track]) -> list[float]:
    """At each moment that all three voltages between lines are known."""
    if any(field not in tracks for field in LINES):
        return []
    first, *others = (dict(zip(*tracks[field], strict=True)) for field in LINES)
    threes = ((value, *(one.get(time) for one in others)) for time, value in first.items())
    found = (rules.unbalance(*three) for three in threes if None not in three)  # type: ignore[arg-type]
    return [value for value in found if value is not None]
