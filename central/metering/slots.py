"""The places of a load profile: which are expected, what fills each, and which nothing stands where nothing does.

Rows come as the meter stamped them: a stamp is the END of an interval. A place is one period of the point's local day.
Rows that lie inside a place fill it together (partial rows around an outage, repeated stamps after the clock was set
back: both count). A row longer than the period is split by time over its places: they are estimated, closed by the row.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import replace

from central.metering.consumption import RegisterTerm
from central.metering.rounding import half_away, running, whole_if_can
from central.metering.terms import Segment, State, possible
from central.metering.zones import Calendar, day_of, days, midnight
from protocol.reading import Quality

_DAY = timedelta(days=1)
_LONGEST_DAY = 25 * 3600  # the clocks are set back
DUE_AFTER = 3600  # a place is not yet missing until so long after its end
MEASURED = frozenset({State.MEASURED, State.ZERO})
NO_MAXIMUM = int(Quality.POWER_OFF | Quality.PARTIAL | Quality.CATCH_UP)  # a flag is ten times slower than its bits
REPEATED = int(Quality.REPEATED)
RECEIVED = frozenset({State.MEASURED, State.ZERO, State.COMPUTED, State.MANUAL, State.SUBSTITUTED, State.SUSPECT})


class Sample(Struct, frozen=True, gc=False):
    """One row of one channel: mWh or mvarh before K. `span` = seconds really run, 0 = the period."""

    meter: str
    end: int
    span: int
    quality: int
    value: int


class Part(Struct, frozen=True, gc=False):
    """What a row gives to a place: `value` is its share before K; `whole` = all of the row lies in this place."""

    segment: Segment
    sample: Sample
    value: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Closing:
    """How a missing place was estimated: the rest (`term` less `known`, at least 0) in proportion to `weights`.

    `known` = energy of the other places that the register counts; the place is the `number`th of the missing ones.
    """

    term: RegisterTerm
    tariff: int
    known: int
    weights: tuple[int, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Typical:
    """How a missing place was estimated that no register closes: the mean of what similar days used at its time.

    `before` = the exact energy of the places of the gap before it, whose rest is carried: the energy is
    round(before + Σ used/n) − round(before).
    """

    used: tuple[Fraction, ...]  # mWh or mvarh, by each similar day
    before: Fraction


class Slot(Struct, frozen=True, gc=False):
    """One place [start, end), seconds UTC. `energy`: mWh or mvarh with K applied; None = one of the nothings.

    A suspect place keeps its energy here to stand beside the sums, and is in none of them.
    """

    start: int
    end: int
    zone: str
    state: State
    quality: int = 0
    energy: int | None = None
    parts: tuple[Part, ...] = ()
    closing: Closing | None = None
    typical: Typical | None = None
    decision: int | None = None  # of a person, that made it what it is: decisions.py


@dataclass(frozen=True, slots=True)
class Outage:
    """The meter was without power, [start, end), by its own journal; `end` None = it has not come back."""

    start: int
    end: int | None


class Completeness(Struct, frozen=True, gc=False):
    """Places by what stands there: expected (all that are due) = received + off + estimated + missing.

    Power off stays in `expected`, an estimate does not raise what was received; suspect ones are among the received.
    """

    expected: int
    received: int
    off: int
    estimated: int
    suspect: int
    missing: int
    not_due: int

    @property
    def percent(self) -> Fraction | None:
        """(received + off) / expected · 100; None when nothing is due."""
        return Fraction(100 * (self.received + self.off), self.expected) if self.expected else None


@dataclass(frozen=True, slots=True)
class Maximum:
    """The greatest mean power (mW, K applied) over a whole measured interval, and the row that it comes of;
    `computed` = between samples of the edge."""

    power: int
    start: int
    end: int
    computed: bool
    part: Part


def places(segments: Sequence[Segment], since: int, until: int, tz: str) -> tuple[tuple[int, int], ...]:
    """Places [start, end) that START in [since, until), while a meter stands at the point or between two meters.

    The grid begins at local midnight; its step is the period of the meter in force, or of the one before; where a
    tenure begins or ends inside a place, the place is cut in two.
    """
    if not segments or since >= until:
        return ()
    ordered = sorted(segments, key=lambda segment: segment.since)
    begin = max(since, ordered[0].since)
    last = ordered[-1].until
    stop = until if last is None else min(until, last)
    found = []
    for day in days(day_of(begin, tz), day_of(max(begin, stop - 1), tz) + _DAY):
        origin, day_end = midnight(day, tz), midnight(day + _DAY, tz)
        through = next((one for one in ordered if one.spans(origin, day_end)), None)
        if through is not None and begin <= origin and day_end <= stop:  # nearly always
            step = through.period
            found += [(start, min(start + step, day_end)) for start in range(origin, day_end, step)]
            continue
        found += [
            (start, end) for start, end in _grid(ordered, origin, day_end) if since <= start < stop and end > begin
        ]
    return tuple(found)


def count_places(segments: Sequence[Segment], since: int, until: int, tz: str, now: int) -> tuple[int, int]:
    """How many `places` there are, and how many of them are due by now. A day through which one meter stands is not
    laid out for it: pages ask this of every day of a year."""
    there = [one for one in segments if one.since < until and (one.until is None or since < one.until)]
    if len(there) == 1 and there[0].since <= since and (there[0].until is None or until <= there[0].until):
        period = there[0].period
        if until - since <= _LONGEST_DAY and since == midnight(day_of(since, tz), tz):
            count = -(-(until - since) // period)
            last_end_due = now - DUE_AFTER
            due = count if until <= last_end_due else max(0, (last_end_due - since) // period)
            return count, min(due, count)
    grid = places(segments, since, until, tz)
    return len(grid), sum(1 for _, end in grid if end + DUE_AFTER <= now)


def _grid(ordered: Sequence[Segment], origin: int, day_end: int) -> Iterator[tuple[int, int]]:
    """The places of one local day."""
    ends = {end for segment in ordered for end in (segment.since, segment.until) if end is not None}
    cuts = sorted(end for end in ends if origin < end < day_end)
    start = origin
    while start < day_end:
        period = _in_force(ordered, start).period
        turn = min((segment.since for segment in ordered if segment.since > start), default=day_end)
        while start < min(turn, day_end):
            end = min(origin + ((start - origin) // period + 1) * period, day_end)
            end = next((cut for cut in cuts if start < cut < end), end)
            yield start, end
            start = end


def _in_force(ordered: Sequence[Segment], moment: int) -> Segment:
    begun = [segment for segment in ordered if segment.since <= moment]
    return begun[-1] if begun else ordered[0]


def fill(
    segments: Sequence[Segment],
    samples: Iterable[Sample],
    calendar: Calendar,
    tz: str,
    since: int,
    until: int,
    now: int,
    due_after: int = DUE_AFTER,
) -> tuple[Slot, ...]:
    """The places of [since, until) with what is in them. Samples of other meters or outside a tenure are ignored."""
    grid = places(segments, since, until, tz)
    parts = _parts(grid, segments, samples)
    ratios = {segment.mounting: whole_if_can(segment.k) for segment in segments}
    found: list[Slot] = []
    for day, of_day in groupby(grid, key=lambda place: day_of(place[0], tz)):
        spans = list(of_day)
        inside = [tuple(parts.get(start, ())) for start, _ in spans]
        exact = [sum([part.value * ratios[part.segment.mounting] for part in those]) for those in inside]
        zones = calendar.zones_on(day, [start for start, _ in spans], tz)
        for (start, end), those, energy, zone in zip(spans, inside, running(exact), zones, strict=True):
            found.append(_slot(start, end, zone, those, energy, now, due_after))
    return tuple(found)


def _parts(
    grid: Sequence[tuple[int, int]], segments: Sequence[Segment], samples: Iterable[Sample]
) -> dict[int, list[Part]]:
    """By the start of a place."""
    found: dict[int, list[Part]] = defaultdict(list)
    starts = {end: start for start, end in grid}
    for sample in samples:
        start = starts.get(sample.end)
        owner = _plainly_of(segments, sample, start) if start is not None else None
        if start is not None and owner is not None:
            found[start].append(Part(owner, sample, sample.value, True))
            continue
        for segment in _owners(segments, sample):
            for start, value, whole in _spread(grid, sample):
                if segment.since <= start and (segment.until is None or start < segment.until):
                    found[start].append(Part(segment, sample, value, whole))
    return found


def _plainly_of(segments: Sequence[Segment], sample: Sample, start: int) -> Segment | None:
    """Whose a row is that ends with the place which begins at `start`, and lies in it and in one tenure: nearly every
    row is such. None = look closer."""
    for one in segments:
        if one.meter == sample.meter and one.since <= start and (one.until is None or sample.end <= one.until):
            begin = sample.end - (sample.span or 1)
            known = sample.end - (sample.span or one.period)
            return one if start <= begin and not (one.begun_by_act and known < one.since) else None
    return None


def _owners(segments: Sequence[Segment], sample: Sample) -> Sequence[Segment]:
    """The tenures that a row is of: the one it ends in, and, where it began before that, the same meter's one before.

    A row that tells of a time before an act is nobody's: how much of it is the point's, or has this tenure's K, the
    act's registers tell, not the clock.
    """
    last = next((one for one in segments if one.meter == sample.meter and _tenure(one, sample.end)), None)
    if last is None:
        return ()
    if last.begun_by_act and sample.end - (sample.span or last.period) < last.since:
        return ()
    if sample.end - (sample.span or 1) >= last.since:
        return (last,)
    return (*(one for one in segments if one.meter == sample.meter and one.until == last.since), last)


def _tenure(segment: Segment, end: int) -> bool:
    """Whether an interval that ends then is of this segment."""
    return segment.since < end and (segment.until is None or end <= segment.until)


def _spread(grid: Sequence[tuple[int, int]], sample: Sample) -> Iterable[tuple[int, int, bool]]:
    """Places that a row lies in: (start of the place, share, whether all of it is there).

    Without a known span the row belongs to the place it ends in. A share is the difference of the rounded running sums
    at the ends of its place, so whoever asks for other places divides the same row in the same way.
    """
    begin = sample.end - (sample.span or 1)
    first = max(0, bisect_right(grid, begin, key=itemgetter(0)) - 1)
    for number in range(first, len(grid)):
        start, end = grid[number]
        if start >= sample.end:
            return
        if start <= begin and sample.end <= end:
            yield start, sample.value, True
        elif end > begin:
            cuts = (max(start, begin), min(end, sample.end))
            before, upto = (_prefix(sample, begin, cut) for cut in cuts)
            yield start, upto - before, cuts == (begin, sample.end)


def _prefix(sample: Sample, begin: int, cut: int) -> int:
    return half_away(Fraction(sample.value * (cut - begin), sample.end - begin))


def _slot(start: int, end: int, zone: str, parts: tuple[Part, ...], energy: int, now: int, due_after: int) -> Slot:
    if not parts:
        return Slot(start, end, zone, State.NOT_DUE if end + due_after > now else State.MISSING)
    quality = parts[0].sample.quality
    if len(parts) > 1:
        for part in parts:
            quality |= part.sample.quality
    return Slot(start, end, zone, _state(parts, energy, start, end), quality, energy, parts)


def _state(parts: tuple[Part, ...], energy: int, start: int, end: int) -> State:
    power_max, seconds = parts[0].segment.permitted(start, end), end - start
    if len(parts) == 1 and parts[0].whole and not parts[0].sample.quality & REPEATED:  # nearly always
        if parts[0].value < 0 or not possible(energy, seconds, power_max):
            return State.SUSPECT
        return State.MEASURED if energy else State.ZERO
    seconds *= 1 + sum(1 for part in parts if part.sample.quality & REPEATED)  # each runs its own time
    if any(part.value < 0 for part in parts) or not possible(energy, seconds, power_max):
        return State.SUSPECT
    if not all(part.whole for part in parts):
        return State.ESTIMATED
    return State.MEASURED if energy else State.ZERO


def close_outages(
    slots: Sequence[Slot], outages: Sequence[Outage], start: int, end: int, registers: int, segment: Segment
) -> tuple[Slot, ...]:
    """Missing places inside an outage are power off, 0, when the registers say that nothing was used.

    `registers` = register difference·K between `start` and `end`. All gaps between two registers are one: the rest,
    difference less what was measured, must lie within 2·d·K of 0; otherwise the event hides nothing and the places
    stay missing. Places outside [start, end) come back as they are.
    """
    between = [slot for slot in slots if start <= slot.start and slot.end <= end]
    rest = registers - sum(slot.energy or 0 for slot in between if slot.state is not State.SUSPECT)
    if abs(rest) > 2 * segment.resolution * segment.k:
        return tuple(slots)
    inside = {slot.start for slot in between}
    return tuple(
        replace(slot, state=State.POWER_OFF, quality=int(Quality.POWER_OFF), energy=0)
        if slot.start in inside and slot.state is State.MISSING and covered(slot, outages)
        else slot
        for slot in slots
    )


def covered(slot: Slot, outages: Sequence[Outage]) -> bool:
    """Whether an outage has a moment of this place."""
    return any(outage.start < slot.end and (outage.end is None or slot.start < outage.end) for outage in outages)


def completeness(slots: Iterable[Slot]) -> Completeness:
    return _counted(tuple(sorted(Counter([slot.state for slot in slots]).items())))


@lru_cache(maxsize=4_096)  # most steps of a chart have the same counts as the one before
def _counted(found: tuple[tuple[State, int], ...]) -> Completeness:
    counts = Counter(dict(found))
    return Completeness(
        expected=counts.total() - counts[State.NOT_DUE],
        received=sum(counts[state] for state in RECEIVED),
        off=counts[State.POWER_OFF],
        estimated=counts[State.ESTIMATED] + counts[State.ESTIMATED_OPEN],
        suspect=counts[State.SUSPECT],
        missing=counts[State.MISSING],
        not_due=counts[State.NOT_DUE],
    )


def energies(slots: Iterable[Slot]) -> dict[str, dict[State, int]]:
    """Energy by zone and state, suspect beside the others; the nothings are not in it, a measured zero is."""
    found: dict[str, dict[State, int]] = defaultdict(lambda: defaultdict(int))
    for slot in slots:
        if slot.energy is not None:
            found[slot.zone][slot.state] += slot.energy
    return {zone: dict(states) for zone, states in found.items()}


def maximum(slots: Iterable[Slot]) -> Maximum | None:
    """Over whole measured intervals (span = period known, no power off, partial or catch-up bit); the earliest wins."""
    greatest: dict[int, tuple[int, int, Part]] = {}  # of each tenure, by what the meter said: K is one through it
    for slot in slots:
        if slot.state not in MEASURED:
            continue
        for part in slot.parts:
            sample, period = part.sample, part.segment.period
            if sample.span != period or sample.quality & NO_MAXIMUM or sample.end != slot.end:
                continue
            held = greatest.get(id(part.segment))
            if held is None or sample.value > held[0]:
                greatest[id(part.segment)] = sample.value, sample.end, part
    best: Maximum | None = None
    for value, end, part in sorted(greatest.values(), key=itemgetter(1)):
        period = part.segment.period
        power = half_away(Fraction(value * 3600, period) * part.segment.k)
        if best is None or power > best.power:
            best = Maximum(power, end - period, end, bool(part.sample.quality & Quality.COMPUTED), part)
    return best
