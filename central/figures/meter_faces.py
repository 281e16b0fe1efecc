"""The faces of meters as their consumer stands before them: which registers there are, and what is known of each.

What is known is of the viewer's own time: the last reading of the tenant before is not told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, select

from central.accounts.policy import Viewer, may_act, since_when
from central.figures.heard import heard
from central.figures.material import FIXED
from central.figures.registers import ALL_KINDS
from central.figures.source import ACTIVE_IMPORT, FIELDS, Source, describe_all
from central.figures.views import Heard, PointView
from central.metering.rounding import MWH_PER_KWH
from central.metering.terms import ACT, MANUAL, Reading
from central.metering.zones import day_of
from central.registry.look import Terms, in_force, terms_of, valid
from central.registry.natural import by_code
from central.registry.tables import manual_reading, meter, meter_type, mounting, point

DAY = 86_400
USUAL = 30 * DAY  # before the last fixed reading: what is usual is the mean since then
LEAST = 7 * DAY


@dataclass(frozen=True, slots=True)
class FaceRegister:
    """One register. `field`: of the series; `zones`: that it counts, none = all; `daily`: what it usually counts in a
    day, mWh before K. None = nobody knows."""

    field: str
    zones: tuple[str, ...]
    tariff: int
    last: Reading | None
    daily: int | None


@dataclass(frozen=True, slots=True)
class MeterFace:
    """A meter that stands at the point now. `digits` before the comma, None = not known; `k` as Segment has it.

    `known`: all registers of the last reading, also those that are not asked for. `silent_since`: when it was last
    heard, else when it was mounted; None = it is not silent.
    """

    point: PointView
    organisation: int
    mounting: int
    meter: str
    serial: str
    type: str
    period: int
    since: int
    digits: int | None
    register_end: int | None
    k: Fraction
    power_max: int | None
    registers: tuple[FaceRegister, ...]
    known: Mapping[str, Reading]
    heard: Heard

    @property
    def silent_since(self) -> int | None:
        if not self.heard.silent:
            return None
        return self.since if self.heard.stamp is None else self.heard.stamp


def meter_faces(source: Source, viewer: Viewer, points: Sequence[int], now: int) -> tuple[MeterFace, ...]:
    """Of these points, where the viewer himself may hand something in, in the order of the codes; a point without a
    meter has none. Of a moment that is past: as they stood then. Raises SeriesUnavailable."""
    with source.engine.connect() as connection:
        query = select(point).where(may_act(viewer, now), point.c.id.in_(points))
        rows = sorted(connection.execute(query), key=by_code)
        keys = [row.id for row in rows]
        views = {view.id: view for view in describe_all(connection, rows, now)}
        terms, standing = terms_of(connection, keys), _standing(connection, keys, now)
        last = heard(connection, {row.meter: row.period for row in standing.values()}, now)
        by_hand = _by_hand(connection, [row.id for row in standing.values()])
        own = since_when(connection, viewer, keys, now)
        found = []
        for row in rows:
            if row.id in standing and row.id in own:
                stands, held = standing[row.id], in_force(terms[row.id], day_of(now, row.tz))
                said = by_hand.get(stands.id, {})
                found.append(_face(source, views[row.id], row, stands, held, last, said, own[row.id], now))
        return tuple(found)


def _face(
    source: Source,
    view: PointView,
    row: Row[Any],
    stands: Row[Any],
    terms: Terms,
    last: Mapping[str, Heard],
    by_hand: Mapping[str, Reading],
    own: int,
    now: int,
) -> MeterFace:
    since = max(own, stands.valid_from)
    said, daily = _read(source, stands.meter, since, now)
    known = dict(said)
    for more in (_of_act(stands), by_hand):
        for field, one in more.items():
            if since <= one.moment <= now and (field not in known or known[field].moment < one.moment):
                known[field] = one
    stem = FIELDS[ACTIVE_IMPORT]
    return MeterFace(
        point=view,
        organisation=row.organisation,
        mounting=stands.id,
        meter=stands.meter,
        serial=stands.serial,
        type=stands.type,
        period=stands.period,
        since=stands.valid_from,
        digits=_digits(stands),
        register_end=stands.register_end,
        k=Fraction(1) if stands.values_are == "primary" else Fraction(stands.ki) * Fraction(stands.ku),
        power_max=terms.power_max,
        registers=tuple(
            FaceRegister(field := f"{stem}{tariff}", zones, tariff, known.get(field), daily.get(field))
            for tariff, zones in _asked(terms, said.keys()).items()
        ),
        known=known,
        heard=last[stands.meter],
    )


def _asked(terms: Terms, said: Collection[str]) -> dict[int, tuple[str, ...]]:
    """Tariff register -> the zones that it counts, as the point is billed; the total counts all. A meter that itself
    says its total alone has no other to be read: it closes gaps, and its zones come from the profile."""
    found: dict[int, tuple[str, ...]] = {}
    for zone, tariff in terms.tariffs.items():
        found[tariff] = (*found.get(tariff, ()), zone) if tariff else ()
    stem = FIELDS[ACTIVE_IMPORT]
    simple = f"{stem}0" in said and not any(f"{stem}{tariff}" in said for tariff in found)
    return {0: ()} if simple else found


def _read(source: Source, meter_id: str, since: int, now: int) -> tuple[dict[str, Reading], dict[str, int]]:
    """The newest of each register that the meter itself said, and what each usually counts in a day."""
    found: dict[str, Reading] = {}
    daily: dict[str, int] = {}
    for kinds in (FIXED, ALL_KINDS):
        newest = source.series.last_register(meter_id, kinds, now)
        if newest is not None and since <= newest.time:
            for row in source.series.registers(meter_id, kinds, newest.time - 1, newest.time):
                found |= {name: Reading(row.time, value, row.kind.value) for name, value in row.values.items()}
        if newest is not None and kinds is FIXED:
            daily = _daily(source, meter_id, found, newest.time, since)
    return found, daily


def _daily(source: Source, meter_id: str, found: Mapping[str, Reading], last: int, since: int) -> dict[str, int]:
    first = source.series.registers(meter_id, FIXED, max(last - USUAL, since) - 1, last - LEAST)
    if not first:
        return {}
    oldest = first[0]
    return {
        name: (one.value - oldest.values[name]) * DAY // (last - oldest.time)
        for name, one in found.items()
        if name in oldest.values and one.value >= oldest.values[name]
    }


def _standing(connection: Connection, points: Sequence[int], now: int) -> dict[int, Row[Any]]:
    """Point -> the mounting in force there, with its meter and what the directory says of its type."""
    query = (
        select(mounting, meter.c.serial, meter.c.type, meter.c.register_end, meter_type.c.digits)
        .join(meter, meter.c.id == mounting.c.meter)
        .outerjoin(meter_type, (meter_type.c.maker == meter.c.maker) & (meter_type.c.name == meter.c.type))
        .where(mounting.c.point.in_(points), valid(mounting, now))
        .order_by(mounting.c.valid_from)
    )
    return {row.point: row for row in connection.execute(query)}


def _by_hand(connection: Connection, mountings: Sequence[int]) -> dict[int, dict[str, Reading]]:
    """Mounting -> the newest that people read of each register."""
    query = select(manual_reading).where(manual_reading.c.mounting.in_(mountings)).order_by(manual_reading.c.read_at)
    found: dict[int, dict[str, Reading]] = {}
    for row in connection.execute(query):
        one = found.setdefault(row.mounting, {})
        one |= {name: Reading(row.read_at, value, MANUAL) for name, value in row.registers.items()}
    return found


def _of_act(stands: Row[Any]) -> dict[str, Reading]:
    """Where the registers stood when the meter was mounted."""
    return {name: Reading(stands.valid_from, value, ACT) for name, value in (stands.reg_start or {}).items()}


def _digits(stands: Row[Any]) -> int | None:
    if stands.digits is not None:
        return int(stands.digits)
    if stands.register_end is None:
        return None
    return len(str(stands.register_end // MWH_PER_KWH)) - 1
