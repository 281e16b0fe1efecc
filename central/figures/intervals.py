"""The intervals of one channel of a point: each with zone, state, quality and parts, and the checks of their sums."""

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from central.accounts.policy import Viewer
from central.figures.material import Material, Place
from central.figures.source import FIELDS, Opened, Source, opened
from central.figures.totals import totals
from central.figures.views import IntervalView, NotFound, Period
from central.metering.consumption import RegisterTerm, SumCheck, intervals_to_register
from central.metering.slots import Slot, completeness, energies, maximum
from central.metering.terms import State

MOST = 20_000  # intervals: a year of half-hours, two weeks of minutes; longer periods are read from the days
UNCOUNTED = frozenset({State.MISSING, State.SUSPECT, State.NOT_DUE})


class TooLong(ValueError):
    """A period that this view does not serve; the message says how long it may be."""


def interval(
    source: Source, viewer: Viewer, point_id: int, since: int, until: int, channel: str, now: int
) -> IntervalView:
    """Intervals that START in [since, until). Raises NotFound, TooLong, SeriesUnavailable; KeyError for no channel."""
    FIELDS[channel]
    with opened(source, viewer, point_id, since, until) as point:
        return within(point, Period(since, until), channel, now)


def profile(
    source: Source,
    viewer: Viewer,
    point_id: int,
    since: int,
    until: int,
    now: int,
    channels: Collection[str] = FIELDS,
) -> Mapping[str, tuple[Slot, ...]]:
    """The same intervals of those of these channels that the meter tells of in this time, read once; active import is
    told of always. Raises NotFound, TooLong, SeriesUnavailable."""
    with opened(source, viewer, point_id, since, until) as point:
        seen = _seen_of(point, Period(since, until))
        material = _material(point, [(seen.since, seen.until)], now)
        return {
            channel: _seen(material, point.reach, channel) for channel in material.channels() if channel in channels
        }


def within(point: Opened, asked: Period, channel: str, now: int) -> IntervalView:
    """The same of a point that is open already. Raises TooLong; NotFound: nothing of `asked` may be seen."""
    _seen_of(point, asked)
    return view(point, asked, channel, now)


def _seen_of(point: Opened, asked: Period) -> Period:
    """What of `asked` may be seen. Raises TooLong, NotFound."""
    if not (point.visible.since < asked.until and asked.since < point.visible.until):
        raise NotFound(f"point {point.id}")
    seconds = asked.until - asked.since
    segments = point.entries.segments(point.visible.since, point.visible.until)
    count = seconds // min((segment.period for segment in segments), default=seconds)
    if count > MOST:
        raise TooLong(f"{count} intervals, at most {MOST}")
    return Period(max(asked.since, point.visible.since), min(asked.until, point.visible.until))


def view(point: Opened, asked: Period, channel: str, now: int) -> IntervalView:
    """However many there are; what of `asked` may be seen."""
    since, until = max(asked.since, point.visible.since), min(asked.until, point.visible.until)
    material = _material(point, [(since, until)], now)
    slots = _seen(material, point.reach, channel)
    term = material.difference(channel, since, until)
    found = energies(slots)
    return IntervalView(
        point=point.view(now),
        channel=channel,
        asked=asked,
        slots=slots,
        totals=totals([found], point.calendar.zones),
        completeness=completeness(slots),
        maximum=maximum(slots),
        registers=term.energy if term else None,
        check=check(slots, term),
        calendar=point.calendar,
        segments=material.segments,
    )


def slots(point: Opened, spans: Sequence[tuple[int, int]], channel: str, now: int) -> tuple[Slot, ...]:
    """The places alone, of spans of time that may be seen, in their order."""
    return _seen(_material(point, spans, now), point.reach, channel) if spans else ()


def _material(point: Opened, spans: Sequence[tuple[int, int]], now: int) -> Material:
    since, until = spans[0][0], spans[-1][1]
    place, segments = (
        Place(point.id, point.tz, point.calendar, point.entries.terms),
        point.entries.segments(since, until),
    )
    return Material(point.connection, point.series, place, segments, since, until, now, spans)


def _seen(material: Material, reach: Period, channel: str) -> tuple[Slot, ...]:
    """Places without the readings that closed them, where these are of another's time."""

    def told(slot: Slot) -> Slot:
        term = slot.closing.term if slot.closing is not None else None
        ours = term is None or (reach.since <= term.start.moment and term.end.moment <= reach.until)
        return slot if ours else replace(slot, closing=None)

    return tuple(map(told, material.slots(channel)))


def _closed(slot: Slot) -> bool:
    """Whether it was made from the very registers that it would be compared with."""
    return slot.state in (State.ESTIMATED, State.COMPUTED) and not slot.parts


def check(slots: Sequence[Slot], term: RegisterTerm | None) -> SumCheck | None:
    """Intervals against the register difference of the same time; None where they cannot be compared."""
    if term is None or term.energy is None or any(slot.state in UNCOUNTED or _closed(slot) for slot in slots):
        return None
    energy = sum(slot.energy or 0 for slot in slots)
    return intervals_to_register(energy, len(slots), term.energy, (term.segment,))
