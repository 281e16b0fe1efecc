"""Which readings there should be by now, and which of them are not there.

Expected: of the load profile each place of the tenure of a meter (from mounting to dismounting, its period), of the
registers each midnight and each first of a month by the meter's clock, if it ever gave such. Less what is not due yet,
and less what the meter could not measure: it was without power by its own journal (central.figures.material decides).
Whole days are told by their count alone; only those that lack something are looked at. Times: seconds UTC.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection, select

from central.audits.projection import Standing
from central.figures.material import REACH, Material, Place, outages_of
from central.figures.source import ACTIVE_IMPORT
from central.ingest.tables import tip
from central.metering.slots import Slot
from central.metering.terms import Segment, State
from central.metering.zones import ALL_MONTHS, ANY, Calendar, ZoneRule
from central.registry.look import segments_of
from central.registry.tables import mounting, point
from central.timeseries.base import DAY, DaySum, Series
from protocol.reading import Kind

GRACE = {Kind.LOAD: 6 * 3600, Kind.DAILY: 12 * 3600, Kind.MONTHLY: 24 * 3600}  # what is younger may be under way
_NO_ZONES = Calendar("-", ("all",), (ZoneRule(date.min, None, ALL_MONTHS, ANY, 0, 0, "all"),))


@dataclass(frozen=True, slots=True)
class Tenure:
    """A meter at a point."""

    segment: Segment
    point: int
    tz: str
    offset: int  # minutes east of UTC that its clock runs at

    @property
    def meter(self) -> str:
        return self.segment.meter


@dataclass(frozen=True, slots=True)
class Missing:
    """Readings of one meter and kind that are not there; stamps, oldest first. `step` = what one of them covers."""

    meter: str
    kind: Kind
    stamps: tuple[int, ...]
    step: int


KINDS = tuple(GRACE)


def tenures(
    connection: Connection, since: int, until: int, meter: str | None = None
) -> Iterator[tuple[str, list[Tenure]]]:
    """Meters that stand or stood at a point in [since, until), in the order of names."""
    query = select(mounting.c.id, mounting.c.meter, mounting.c.point, mounting.c.clock_offset, point.c.tz).join(point)
    query = query.where(mounting.c.valid_from < until, (mounting.c.valid_to.is_(None)) | (mounting.c.valid_to > since))
    if meter is not None:
        query = query.where(mounting.c.meter == meter)
    rows = sorted(connection.execute(query), key=lambda row: row.meter)
    for name, group in groupby(rows, key=lambda row: str(row.meter)):
        found = []
        for row in group:
            (segment,) = (one for one in segments_of(connection, row.point, since, until) if one.mounting == row.id)
            found.append(Tenure(segment, row.point, row.tz, row.clock_offset))
        yield name, found


def missing(
    connection: Connection,
    series: Series,
    standing: Standing,
    here: Sequence[Tenure],
    since: int,
    now: int,
) -> list[Missing]:
    """Of one meter, after `since`: one for each kind that it gives. Raises SeriesUnavailable."""
    meter = here[0].meter
    given = {Kind.LOAD, *map(Kind, connection.scalars(select(tip.c.kind).where(tip.c.meter == meter)))}
    sums = standing.of(meter)
    found = []
    for kind in KINDS:
        if kind not in given:
            continue
        stamps: set[int] = set()
        for tenure in here:
            first = max(since, tenure.segment.since)
            last = min(now - GRACE[kind], tenure.segment.until or now)
            if first < last and kind is Kind.LOAD:
                stamps |= _load(connection, series, tenure, sums, first, last)
            elif first < last:
                stamps |= _registers(connection, tenure, kind, sums, first, last)
        step = max(tenure.segment.period for tenure in here) if kind is Kind.LOAD else 1
        found.append(Missing(meter, kind, tuple(sorted(stamps)), step))
    return found


# ---- inside


def _load(
    connection: Connection,
    series: Series,
    tenure: Tenure,
    sums: Mapping[tuple[Kind, int], DaySum],
    first: int,
    last: int,
) -> set[int]:
    """Stamps with first < stamp <= last."""
    segment, found = tenure.segment, set()
    for since, until in _stretches(_lacking(sums, segment.period, first, last), segment.period, first, last):
        place = Place(tenure.point, tenure.tz, _NO_ZONES)
        # slots are told by their start, and not due later than `until`
        asked = replace(segment, begun_by_act=False)  # a row that tells of a time before is none that is lacking
        material = Material(connection, series, place, (asked,), since, until, until + DAY)
        found |= {
            slot.end
            for slot in material.as_read(ACTIVE_IMPORT)
            if slot.state is State.MISSING and _whole(slot, segment) and first < slot.end <= last
        }
    return found


def _whole(slot: Slot, segment: Segment) -> bool:
    """A place of this tenure that is not a piece which its beginning or end has cut off: no row tells of a piece."""
    cut = slot.start == segment.since or slot.end == segment.until
    return segment.spans(slot.start, slot.end) and (not cut or slot.end - slot.start >= segment.period)


def _lacking(sums: Mapping[tuple[Kind, int], DaySum], period: int, first: int, last: int) -> list[int]:
    """UTC days of the stamps that hold fewer rows than a whole day has; days begun or ended within are always looked
    at, since rows beside what is asked for would hide what is missing."""
    days = []
    for day in range(first // DAY, last // DAY + 1):
        there = sums.get((Kind.LOAD, day))
        if (there.rows if there else 0) < DAY // period:
            days.append(day)
    return days


def _stretches(days: Sequence[int], period: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Days that follow each other as [since, until) of the starts of their places."""
    for _, group in groupby(enumerate(days), key=lambda pair: pair[1] - pair[0]):
        run = [day for _, day in group]
        yield max(first - period, run[0] * DAY - period), min(last, (run[-1] + 1) * DAY)


def _registers(
    connection: Connection,
    tenure: Tenure,
    kind: Kind,
    sums: Mapping[tuple[Kind, int], DaySum],
    first: int,
    last: int,
) -> set[int]:
    moments = [at for at in _moments(kind, tenure.offset, first, last) if (kind, at // DAY) not in sums]
    if not moments:
        return set()
    off = outages_of(connection, tenure.meter, moments[0] - REACH, moments[-1] + REACH)
    return {at for at in moments if not any(one.start <= at and (one.end is None or at < one.end) for one in off)}


def _moments(kind: Kind, offset: int, first: int, last: int) -> Iterator[int]:
    """When registers of this kind are frozen, first < moment <= last, by a clock `offset` minutes east of UTC."""
    day = datetime.fromtimestamp(first + offset * 60, UTC).replace(hour=0, minute=0, second=0)
    while (moment := int(day.timestamp()) - offset * 60) <= last:
        if moment > first and (kind is Kind.DAILY or day.day == 1):
            yield moment
        day += timedelta(days=1)
