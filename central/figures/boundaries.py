"""Readings of a point's registers at both ends of a period, meter by meter, and what was used between them.

A reading is of exactly its boundary: fixed then, said by the act of a replacement, read by a person, or, unless only
what was fixed is wanted, reckoned from the nearest one along a whole profile (`reading_at`). Never of another moment:
where there is none, there is no consumption. Many points are read by few questions.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from central.accounts.policy import Viewer
from central.figures.bills import PROFILE, REGISTERS
from central.figures.daily import ONE_DAY, days_view
from central.figures.material import FIXED
from central.figures.reading_at import MeterAt, fields_of
from central.figures.source import ACTIVE_IMPORT, FIELDS, Opened, Source, opened, opened_all
from central.figures.views import Between, Boundaries, ChannelBetween, DaysView, NotFound, Period, RegisterBetween
from central.metering.consumption import from_registers
from central.metering.slots import DUE_AFTER
from central.metering.terms import Segment
from central.metering.zones import day_of, midnight
from central.registry.look import Terms
from central.timeseries.base import RegisterRow, Series

CHUNK = 200  # points that are read at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """`zones`: each zone apart, else the total register. `fixed`: nothing that is reckoned. `replaced`: all meters that
    stood there, else the last one alone."""

    channels: tuple[str, ...] = (ACTIVE_IMPORT,)
    zones: bool = True
    fixed: bool = False
    replaced: bool = True


USUAL = Wanted()


def boundaries(
    source: Source, viewer: Viewer, point_id: int, since: int, until: int, now: int, wanted: Wanted = USUAL
) -> Boundaries:
    """Of one point. Raises NotFound, SeriesUnavailable; KeyError for no channel."""
    with opened(source, viewer, point_id, since, until) as point:
        return _boundaries(point, Period(since, until), now, wanted, {})


def all_boundaries(
    source: Source, viewer: Viewer, periods: Mapping[int, Period], now: int, wanted: Wanted = USUAL
) -> Iterator[Boundaries]:
    """Of many points, each in its period, in this order; one of which nothing may be seen then is not in it. Raises
    SeriesUnavailable; KeyError for no channel."""
    for chunk in _chunks(periods.items()):
        found = []
        with opened_all(source, viewer, dict(chunk)) as points:
            frozen = _frozen(source.series, points, now, wanted)
            for key, period in chunk:
                if key in points:
                    found.append(_boundaries(points[key], period, now, wanted, frozen))
        yield from found


Frozen = Mapping[tuple[str, int], Sequence[RegisterRow]]  # meter, moment -> what it fixed then


@dataclass(frozen=True, slots=True)
class _Stand:
    """A meter with one ratio under one set of terms."""

    segment: Segment
    terms: Terms
    start: int
    end: int


def _chunks(periods: Iterable[tuple[int, Period]]) -> Iterator[list[tuple[int, Period]]]:
    left = iter(periods)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _frozen(series: Series, points: Mapping[int, Opened], now: int, wanted: Wanted) -> Frozen:
    """What the meters of many points fixed at the ends of their periods."""
    meters: dict[int, set[str]] = defaultdict(set)
    for point in points.values():
        period = _over(point, now)
        for stand in _stands(point, _standing(point, period, wanted), period, wanted):
            for moment in (stand.start, stand.end):
                if moment in (period.since, period.until):
                    meters[moment].add(stand.segment.meter)
    found: dict[tuple[str, int], Sequence[RegisterRow]] = {}
    for moment, of_moment in meters.items():
        rows = series.registers_at(of_moment, FIXED, moment)
        found |= {(meter, moment): rows.get(meter, ()) for meter in of_moment}
    return found


def _boundaries(point: Opened, asked: Period, now: int, wanted: Wanted, frozen: Frozen) -> Boundaries:
    period = _over(point, now)
    segments = point.entries.segments(period.since, period.until)
    standing = _standing(point, period, wanted)
    stands = _stands(point, standing, period, wanted)
    meters = _Meters(point, now, frozen)
    return Boundaries(
        point=point.id,
        tz=point.tz,
        asked=asked,
        period=period,
        segments=standing,
        types={segment.meter: point.entries.types[segment.meter] for segment in standing},
        zones=_zones(stands),
        channels={channel: _channel(point, stands, meters, channel, now, wanted) for channel in wanted.channels},
        replaced=tuple(after.since for before, after in pairwise(segments) if before.meter != after.meter),
        without=tuple(
            Period(before.until, after.since)
            for before, after in pairwise(standing)
            if before.until is not None and before.until < after.since
        ),
        by_registers=not point.entries.hourly and all(one.terms.zone_source == REGISTERS for one in stands),
        open=point.visible.until > now,
        due=period.until + DUE_AFTER <= now,
    )


def _over(point: Opened, now: int) -> Period:
    """What of the visible time is over; where it is not, up to the last midnight: there readings are fixed."""
    since, until = point.visible.since, point.visible.until
    return Period(since, until if until <= now else max(since, midnight(day_of(now, point.tz), point.tz)))


def _standing(point: Opened, period: Period, wanted: Wanted) -> tuple[Segment, ...]:
    """Tenures of the period, oldest first; of its last meter alone, each of its ratios, unless all are wanted."""
    segments = point.entries.segments(period.since, period.until) if period.since < period.until else ()
    if wanted.replaced:
        return segments
    first = next((n for n in range(len(segments), 0, -1) if segments[n - 1].meter != segments[-1].meter), 0)
    return segments[first:]


def _stands(point: Opened, segments: Sequence[Segment], period: Period, wanted: Wanted) -> list[_Stand]:
    """Cut where the terms begin to count otherwise."""
    terms = point.entries.terms
    changes = [
        midnight(after.since, point.tz)
        for before, after in pairwise(terms)
        if _counting(before, wanted) != _counting(after, wanted)
    ]
    found = []
    for segment in segments:
        start = max(period.since, segment.since)
        end = min(period.until, period.until if segment.until is None else segment.until)
        for first, last in pairwise([start, *(cut for cut in changes if start < cut < end), end]):
            found.append(_Stand(segment, point.terms_on(day_of(first, point.tz)), first, last))
    return found


def _counting(terms: Terms, wanted: Wanted) -> object:
    return (tuple(terms.tariffs.items()), terms.whole) if wanted.zones else terms.whole


class _Meters:
    """The meters of a point at the boundaries, each asked for once."""

    def __init__(self, point: Opened, now: int, frozen: Frozen) -> None:
        self._point, self._now, self._frozen = point, now, frozen
        self._found: dict[tuple[int, int], MeterAt] = {}

    def at(self, segment: Segment, moment: int) -> MeterAt:
        key = segment.mounting, moment
        if key not in self._found:
            frozen = self._frozen.get((segment.meter, moment))
            self._found[key] = MeterAt(self._point, segment, moment, self._now, frozen)
        return self._found[key]

    def lack(self, stand: _Stand, wanted: frozenset[str]) -> bool:
        """Whether the meter has no such registers: it spoke of others, and not of all of these."""
        at = [self.at(stand.segment, moment) for moment in (stand.start, stand.end)]
        there = fields_of(*(one.frozen for one in at))
        if not wanted <= there:  # what it said around tells too: that is to be read
            there |= fields_of(*(one.rows for one in at if not one.frozen))
        return bool(there) and not wanted <= there


def _channel(
    point: Opened, stands: Sequence[_Stand], meters: _Meters, channel: str, now: int, wanted: Wanted
) -> ChannelBetween:
    stem = FIELDS[channel]
    total = frozenset({f"{stem}0"})
    of_zones = [
        frozenset(f"{stem}{tariff}" for tariff in stand.terms.tariffs.values()) if wanted.zones else total
        for stand in stands
    ]
    lacking = any(meters.lack(stand, fields) for stand, fields in zip(stands, of_zones, strict=True))
    by_profile = lacking or (wanted.zones and any(stand.terms.zone_source == PROFILE for stand in stands))
    if not by_profile:
        return ChannelBetween(_registers(point, stands, meters, channel, wanted))
    only_total = replace(wanted, zones=False)
    having = [stand for stand in stands if not meters.lack(stand, total)]
    if wanted.fixed:  # nothing else counts: what one meter does not have is not known
        return ChannelBetween(_registers(point, stands, meters, channel, only_total) if having else ())
    registers = _registers(point, having, meters, channel, only_total) if having else ()
    return ChannelBetween(registers, _days(point, stands, channel, now))


def _registers(
    point: Opened, stands: Sequence[_Stand], meters: _Meters, channel: str, wanted: Wanted
) -> tuple[RegisterBetween, ...]:
    """Zone by zone in the order of the tariffs, those of the last terms first; or the total register."""
    if not wanted.zones:
        return (_register(None, (), [_between(point, meters, stand, channel, 0, wanted) for stand in stands]),)
    found = []
    for zone in _zones(stands):
        having = [stand for stand in stands if zone in stand.terms.tariffs]
        parts = [_between(point, meters, one, channel, one.terms.tariffs[zone], wanted) for one in having]
        found.append(_register(zone, tuple(having[-1].terms.tariffs), parts))
    return tuple(found)


def _zones(stands: Sequence[_Stand]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(zone for stand in reversed(stands) for zone in stand.terms.tariffs))


def _register(zone: str | None, zones: tuple[str, ...], parts: Sequence[Between]) -> RegisterBetween:
    energies = [part.energy for part in parts]
    known = [energy for energy in energies if energy is not None]
    return RegisterBetween(zone, zones, tuple(parts), sum(known) if parts and len(known) == len(energies) else None)


def _between(point: Opened, meters: _Meters, stand: _Stand, channel: str, tariff: int, wanted: Wanted) -> Between:
    at = [meters.at(stand.segment, moment) for moment in (stand.start, stand.end)]
    first, last = ((one.fixed if wanted.fixed else one.reading)(channel, tariff) for one in at)
    whole = stand.terms.whole
    term = None
    if first is not None and last is not None:
        term = from_registers(stand.segment, first, last, whole=whole)
    return Between(
        segment=stand.segment,
        tariff=tariff,
        whole=whole,
        start=stand.start,
        end=stand.end,
        first=first,
        last=last,
        term=term,
    )


def _days(point: Opened, stands: Sequence[_Stand], channel: str, now: int) -> DaysView | None:
    """By the profile, while these meters stood there; None = nothing of that has begun."""
    if not stands:
        return None
    seen = Period(stands[0].start, stands[-1].end)
    first, until = day_of(seen.since, point.tz), day_of(seen.until - 1, point.tz) + ONE_DAY
    try:
        return days_view(replace(point, visible=seen), first, until, channel, now, priced=False)
    except NotFound:
        return None
