"""The checks of a day of a point: what they are given, and what stands of what they found.

Run whenever a day is computed, and every night over the day before, the slow ones too. What a check finds is an
exception: open until a person decides about it, or until it is found no more.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import cache, partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from central.db import insert
from central.figures.intervals import check as sum_check
from central.figures.material import Material, readings, tariffs_of
from central.figures.source import ACTIVE_IMPORT, FIELDS
from central.figures.tables import check_limit, conflict, exception, point_day
from central.ingest.tables import event, meter_seen
from central.metering.checks.catalogue import CHECKS, PointKind, Settings, When, found, severity_of, usual
from central.metering.checks.evidence import DayBefore, Event, Evidence, Finding, Register, Row, Sums, Twice
from central.metering.checks.journal import CORRECTIONS, CURRENTS, RELAY_OFF, RELAY_ON, SWITCHING, VOLTAGES
from central.metering.consumption import from_registers, zones_to_total
from central.metering.decree import ACCESS, DIAGNOSIS, INFLUENCES
from central.metering.slots import Slot
from central.metering.terms import Segment, State
from central.registry.look import valid
from central.registry.tables import contract_point, mounting, point, transformer, transformer_place
from central.timeseries.base import LoadRow, Series
from protocol.reading import Kind

OPEN, ASKED, DECIDED, GONE = "open", "asked", "decided", "gone"  # asked: the meter, and it has not answered yet
JOURNALS = (VOLTAGES, CURRENTS, SWITCHING, CORRECTIONS, INFLUENCES, ACCESS, DIAGNOSIS)
OTHER_METER = re.compile(r"serial number (\S+) answers, (\S+) is expected")  # as a concentrator tells it
ONE_DAY = timedelta(days=1)


def settings_of(connection: Connection, points: Collection[int]) -> Mapping[int, Settings]:
    """Point -> the limits of each check, as its company has set them for its kind."""
    rows = connection.execute(select(point.c.id, point.c.organisation, point.c.kind).where(point.c.id.in_(points)))
    kinds = {row.id: (row.organisation, PointKind(row.kind)) for row in rows}
    made: dict[tuple[int, PointKind], Settings] = {}
    for organisation, kind in set(kinds.values()):
        own = select(check_limit).where(check_limit.c.organisation == organisation, check_limit.c.kind == kind)
        made[organisation, kind] = {**usual(kind), **{row.name: row.limits for row in connection.execute(own)}}
    return {key: made[which] for key, which in kinds.items()}


def check(
    connection: Connection,
    series: Series,
    material: Material,
    settings: Settings,
    *,
    point_id: int,
    day: date,
    estimated: int,
    now: int,
    upto: When = When.ALWAYS,
) -> tuple[Finding, ...]:
    """What the checks find in the day that `material` is of. Raises SeriesUnavailable."""
    evidence = _evidence(connection, series, material, point_id, day, estimated, now, upto)
    return found(evidence, settings, upto)


def keep(
    connection: Connection, point_id: int, day: date, findings: Sequence[Finding], now: int, upto: When = When.ALWAYS
) -> None:
    """What was found stands; what is found no more is gone, unless somebody decided about it, or the check was not run.

    What was decided on and is found with other values is open again. One of the same check that begins elsewhere now,
    as a gap that fills, is the same; of several that begin together the first is told.
    """
    findings = list({(one.check, one.channel, one.since): one for one in reversed(findings)}.values())[::-1]
    here = {"its_point": point_id, "its_day": day}
    standing = {(row.name, row.channel, row.since): row for row in connection.execute(_HERE, here).all()}
    new = [one for one in findings if (one.check, one.channel, one.since) not in standing]
    pairs = [(standing.pop(key), one) for one in findings if (key := (one.check, one.channel, one.since)) in standing]
    for one in list(new):
        moved = next(
            (key for key, row in standing.items() if key[:2] == _kind(one) and row.state in (OPEN, GONE)), None
        )
        if moved is not None:
            pairs.append((standing.pop(moved), one))
            new.remove(one)
    for row, one in pairs:
        values = {"since": one.since, "until": one.until, "trace": dict(one.trace), "severity": severity_of(one)}
        if row.state == GONE or any(getattr(row, name) != values[name] for name in ("since", "until", "trace")):
            again = {"state": OPEN, "decision": None, "changed_at": now}
            connection.execute(update(exception).where(exception.c.id == row.id).values(**values, **again))
    if new:  # another worker may have found the same at this moment
        rows = [_row(point_id, day, one, now) for one in new]
        connection.execute(insert(connection, exception).on_conflict_do_nothing(), rows)
    gone = [row.id for row in standing.values() if row.state in (OPEN, ASKED) and _when(row.name) <= upto]
    if gone:
        connection.execute(update(exception).where(exception.c.id.in_(gone)).values(state=GONE, changed_at=now))


def _kind(one: Finding) -> tuple[str, str]:
    return one.check, one.channel


def _row(point_id: int, day: date, one: Finding, now: int) -> dict[str, Any]:
    return {
        "point": point_id,
        "day": day,
        "name": one.check,
        "channel": one.channel,
        "since": one.since,
        "until": one.until,
        "severity": severity_of(one),
        "trace": dict(one.trace),
        "state": OPEN,
        "found_at": now,
        "changed_at": now,
    }


def _when(name: str) -> When:
    """One that there is no more is found no more."""
    return CHECKS[name].when if name in CHECKS else When.ALWAYS


def _evidence(
    connection: Connection,
    series: Series,
    material: Material,
    point_id: int,
    day: date,
    estimated: int,
    now: int,
    upto: When,
) -> Evidence:
    since, until, segments = material.since, material.until, material.segments
    slots = {channel: material.as_came(channel) for channel in material.channels()}
    last, slow = segments[-1] if segments else None, upto >= When.SLOW
    registers = list(_registers(material))
    return Evidence(
        since=since,
        until=until,
        now=now,
        segments=segments,
        slots=slots,
        estimated=estimated,
        rows=[Row(row.meter, row.end, row.span, row.quality, frozenset(row.values)) for row in _own(material)],
        registers=registers,
        sums={channel: _sums(material, channel, places, registers) for channel, places in slots.items()},
        events=_events(connection, segments, since, until),
        twice=_twice(connection, segments, since, until),
        closed_before=not segments or _relay_closed(connection, segments[0].meter, since),
        contracts=_contracts(connection, point_id, since, until),
        three_wires=last is not None and slow and _three_wires(connection, last),
        ratios=_ratios(connection, last, point_id, until) if last is not None and slow else None,
        **(_said(connection, last) if last is not None and upto >= When.NOW else {}),
        like=lambda channel: material.similar(channel, last, day) if last is not None else (),
        before=partial(_before, connection, point_id, day),
        network=cache(partial(_network, series, segments, since, until)) if slow else dict,
    )


def _own(material: Material) -> Iterator[LoadRow]:
    """Rows that end in the day."""
    return (row for row in material.rows if material.since < row.end <= material.until)


def _registers(material: Material) -> Iterator[Register]:
    """Of a meter that stood there all day, as it fixed them at the two midnights."""
    for segment in material.segments:
        if not segment.spans(material.since, material.until):
            continue
        fixed = [row for moment in (material.since, material.until) for row in material.fixed(segment, moment)]
        for channel, stem in FIELDS.items():
            for tariff in sorted(tariffs_of(fixed, stem)):
                yield Register(channel, tariff, segment, readings(fixed, stem, tariff))


def _sums(material: Material, channel: str, slots: Sequence[Slot], registers: Sequence[Register]) -> Sums:
    total = material.difference(channel, material.since, material.until)
    zones = [
        from_registers(one.segment, *one.readings)
        for one in registers
        if one.channel == channel and one.tariff and len(one.readings) == 2
    ]
    energies = [one.energy for one in zones if one.energy is not None]
    compared = None
    if total is not None and total.energy is not None and energies and len(energies) == len(zones):
        compared = zones_to_total(energies, total.energy, (total.segment,))
    return Sums(sum_check(slots, total), compared)


def _events(connection: Connection, segments: Sequence[Segment], since: int, until: int) -> list[Event]:
    rows = connection.execute(_EVENTS, {"meters": _meters(segments), "since": since, "until": until})
    return [Event(*row) for row in rows]


def _twice(connection: Connection, segments: Sequence[Segment], since: int, until: int) -> list[Twice]:
    rows = connection.execute(_TWICE, {"meters": _meters(segments), "since": since, "until": until})
    return [Twice(row.stamp, row.kind != Kind.LOAD, row.kept, row.came) for row in rows]


def _relay_closed(connection: Connection, meter: str, moment: int) -> bool:
    """By the last line of its journal before this moment."""
    return connection.scalar(_RELAY, {"meter": meter, "moment": moment}) not in RELAY_OFF


def _contracts(connection: Connection, point_id: int, since: int, until: int) -> list[tuple[int, int | None]]:
    rows = connection.execute(_CONTRACTS, {"point": point_id, "until": until})
    return [(row.valid_from, row.valid_to) for row in rows if (row.valid_to or until) > since]


def _meters(segments: Sequence[Segment]) -> list[str]:
    return sorted({segment.meter for segment in segments})


# asked for every day that is computed: made once
_METERS: BindParameter[Sequence[str]] = bindparam("meters", expanding=True)
_EVENTS = (
    select(event.c.time, event.c.journal, event.c.code)
    .where(event.c.meter.in_(_METERS), event.c.edge == "", event.c.journal.in_(JOURNALS))
    .where(event.c.time >= bindparam("since"), event.c.time < bindparam("until"))
    .order_by(event.c.time, event.c.uptime)
)
_TWICE = (
    select(conflict.c.stamp, conflict.c.kind, conflict.c.kept, conflict.c.came)
    .where(conflict.c.meter.in_(_METERS))
    .where(conflict.c.stamp > bindparam("since"), conflict.c.stamp <= bindparam("until"))
    .order_by(conflict.c.stamp, conflict.c.id)
)
_RELAY = (
    select(event.c.code)
    .where(event.c.meter == bindparam("meter"), event.c.edge == "", event.c.time < bindparam("moment"))
    .where(event.c.journal == SWITCHING, event.c.code.in_(RELAY_OFF | RELAY_ON))
    .order_by(event.c.time.desc(), event.c.uptime.desc())
    .limit(1)
)
_CONTRACTS = select(contract_point.c.valid_from, contract_point.c.valid_to).where(
    contract_point.c.point == bindparam("point"), contract_point.c.valid_from < bindparam("until")
)
_HERE = (
    select(exception)
    .where(exception.c.point == bindparam("its_point"), exception.c.day == bindparam("its_day"))
    .order_by(exception.c.id)
)


def _three_wires(connection: Connection, segment: Segment) -> bool:
    return connection.scalar(select(mounting.c.wires).where(mounting.c.id == segment.mounting)) == 3


def _ratios(connection: Connection, segment: Segment, point_id: int, until: int) -> tuple[str, str] | None:
    """Ki·Ku of the mounting and of the transformers that stand at the point, where there are any and they differ."""
    query = (
        select(transformer.c.kind, transformer.c.primary, transformer.c.secondary)
        .join(transformer_place, transformer_place.c.transformer == transformer.c.id)
        .where(transformer_place.c.point == point_id, valid(transformer_place, until - 1))
    )
    own: dict[str, set[Fraction]] = {}
    for kind, primary, secondary in connection.execute(query):
        own.setdefault(kind, set()).add(Fraction(primary) / Fraction(secondary))
    mounted = {"current": segment.ki, "voltage": segment.ku}
    if all(ratios == {mounted[kind]} for kind, ratios in own.items()):
        return None
    told = {kind: sorted(own.get(kind, {mounted[kind]})) for kind in mounted}
    return _product(*([ratio] for ratio in mounted.values())), _product(*told.values())


def _product(*ratios: Sequence[Fraction]) -> str:
    """«40 · 1»; several of a kind: «40/30 · 1»."""
    return " · ".join("/".join(f"{float(one):g}" for one in kind) for kind in ratios)


def _said(connection: Connection, segment: Segment) -> dict[str, Any]:
    """What its concentrator says of the meter: another number that answers, its clock."""
    row = connection.execute(select(meter_seen).where(meter_seen.c.meter == segment.meter)).first()
    if row is None:
        return {}
    match = OTHER_METER.search(row.fault or "")
    other = (match[1], match[2]) if match else None
    return {"other_meter": other, "ahead": row.ahead, "clock_stands": row.clock_stands}


def _before(connection: Connection, point_id: int, day: date, number: int) -> list[DayBefore]:
    """The days before, newest first, as far as they were computed without a break."""
    query = (
        select(point_day)
        .where(point_day.c.point == point_id, point_day.c.day < day, point_day.c.day >= day - number * ONE_DAY)
        .order_by(point_day.c.day.desc(), point_day.c.version.desc())
    )
    found: list[DayBefore] = []
    for expected, row in zip(
        (day - back * ONE_DAY for back in range(1, number + 1)),
        (next(rows) for _, rows in groupby(connection.execute(query), key=attrgetter("day"))),
        strict=False,
    ):
        if row.day != expected:
            break
        states = row.energies.get(ACTIVE_IMPORT, {}).values()
        total = sum(energy for zone in states for state, energy in zone.items() if state != State.SUSPECT)
        found.append(DayBefore(total if states and not row.missing else None, row.estimated))
    return found


def _network(series: Series, segments: Sequence[Segment], since: int, until: int) -> Mapping[str, tuple[float, float]]:
    """Of the day: field of an instantaneous value -> the least and the greatest."""
    found: dict[str, list[float]] = {}
    for segment in segments:
        for row in series.live(segment.meter, max(since, segment.since), min(until, segment.until or until)):
            for field, value in row.values.items():
                found.setdefault(field, []).append(value)
    return {field: (min(values), max(values)) for field, values in found.items()}
