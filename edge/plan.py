"""What is due now: which reads of which meter, over which stretch of time, in which order. Pure.

The present goes before the past, and of the past the newest goes first: today is seen within minutes of a first start,
last month within hours. The watermark of a kind moves only over stamps that can be (at most one period after now); a
stretch that was jumped over stands as a gap until it has been read. Times: seconds UTC.

The journals of a meter are read together under one mark: the moment when all of them were read. Each reading looks back
from it by days, and by as much as the meter's clock is behind ours; every night the last month of them is read again.
What is known is not journalled twice.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from edge.config import DAY, Schedule
from edge.journal.rows import Span
from edge.meters.base import Meter, ModbusMeter
from protocol.messages.bodies import EVENT
from protocol.reading import Event, Kind

JOURNALS = range(11)  # all of ГОСТ Р 58940-2020, table Д.1; those that a meter does not have give nothing
LOOK_BACK = 2 * DAY  # of journals: a line may be written late, and bears the stamp of a clock that may be behind ours
CLOCK_JOURNAL, CLOCK_CODES = 3, frozenset({3, 63, 68})  # time set, set by satellite, corrected (table Д.5)
NIGHT = 3 * 3600  # local time of the nightly reading again
CLOCK_EVERY = 3600
CHUNK = {Kind.LOAD.value: DAY, Kind.DAILY.value: 31 * DAY, Kind.MONTHLY.value: 366 * DAY, EVENT: 31 * DAY}


class What(IntEnum):
    """Kinds of reads, most urgent first."""

    SAMPLE = 0  # registers at the boundary of a period
    ASKED = 1  # what the meter shows now, for somebody who waits for it
    NOW = 2
    LOAD = 3
    DAILY = 4
    MONTHLY = 5
    EVENTS = 6
    CLOCK = 7
    LIVE = 8
    PAST = 9


@dataclass(frozen=True, slots=True)
class Ask:
    """One read: `kind` of the rows and since < stamp <= until, where that means something."""

    what: What
    kind: str = ""
    since: int = 0
    until: int = 0
    gap: tuple[int, int] | None = None  # what this read leaves out: (since, until]


@dataclass(slots=True)
class Memory:
    """What is known of one meter. `done` = when a kind of read last went well."""

    marks: Mapping[str, int] = field(default_factory=dict)
    gaps: tuple[Span, ...] = ()
    done: dict[What, int] = field(default_factory=dict)
    night: int = 0  # when the last days were last put down to be read again
    behind: float = 0.0  # seconds by which the meter's clock was behind ours


def due(meter: Meter, schedule: Schedule, memory: Memory, now: int) -> list[Ask]:
    """The reads of the present that are due, most urgent first."""
    asks = _simple(meter, schedule, memory, now)
    if not isinstance(meter, ModbusMeter):
        asks += _archives(meter, schedule, memory, now)
    return sorted(asks, key=lambda ask: ask.what)


def past(memory: Memory) -> Ask | None:
    """One chunk of what is still to be read, the newest."""
    if not memory.gaps:
        return None
    gap = max(memory.gaps, key=lambda span: (span.until, span.kind == Kind.LOAD))
    return Ask(What.PAST, gap.kind, max(gap.since, gap.until - CHUNK[gap.kind]), gap.until)


def nightly(meter: Meter, schedule: Schedule, memory: Memory, now: int) -> list[Span]:
    """Once a night: the last days, of journals the last month, are read again, for what meters mend late."""
    night = midnight(now - NIGHT, meter.offset) + NIGHT
    if isinstance(meter, ModbusMeter) or not schedule.reread or not memory.night < night <= now:
        return []
    since = now - schedule.reread * DAY
    spans = [Span(meter.id, kind.value, since, now) for kind in (Kind.LOAD, Kind.DAILY)]
    return spans + ([Span(meter.id, EVENT, now - CHUNK[EVENT], now)] if schedule.events else [])


def after_events(meter: Meter, events: Iterable[Event], now: int) -> list[Span]:
    """A meter's clock was set: what stands around that moment is read again."""
    times = [e.time for e in events if e.journal == CLOCK_JOURNAL and e.code in CLOCK_CODES and e.time <= now]
    return [Span(meter.id, kind.value, min(times) - DAY, now) for kind in (Kind.LOAD, Kind.DAILY)] if times else []


def mark(stamps: Collection[int], now: int, period: int) -> int | None:
    """How far the watermark may go over these stamps; None = it stays."""
    return max((stamp for stamp in stamps if stamp <= now + period), default=None)


def boundary(now: int, period: int) -> int:
    """The last boundary of a period at or before now."""
    return now // period * period


def midnight(now: int, offset: int) -> int:
    """The last midnight of a clock that runs `offset` minutes east of UTC, at or before now."""
    return (now + offset * 60) // DAY * DAY - offset * 60


def month_start(now: int, offset: int) -> int:
    """00:00 of the first of the month by that clock."""
    local = datetime.fromtimestamp(now, UTC) + timedelta(minutes=offset)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int(first.timestamp()) - offset * 60


# ---- inside


def _turn(memory: Memory, what: What, every: int, now: int, delay: int = 0) -> bool:
    """A new slot of `every` seconds has begun since this was last done; every 0 = never."""
    if not every:
        return False
    last = memory.done.get(what)
    return last is None or (now - delay) // every > (last - delay) // every


def _simple(meter: Meter, schedule: Schedule, memory: Memory, now: int) -> list[Ask]:
    modbus = isinstance(meter, ModbusMeter)
    turns = (
        (What.SAMPLE, meter.period if modbus else 0),
        (What.NOW, schedule.now),
        (What.CLOCK, 0 if modbus else CLOCK_EVERY),
        (What.LIVE, schedule.live),
    )
    return [Ask(what) for what, every in turns if _turn(memory, what, every, now)]


def _archives(meter: Meter, schedule: Schedule, memory: Memory, now: int) -> list[Ask]:
    ripe = now - schedule.delay
    turns = (
        (What.LOAD, Kind.LOAD.value, schedule.load or meter.period, boundary(ripe, meter.period)),
        (What.DAILY, Kind.DAILY.value, schedule.daily, midnight(ripe, meter.offset)),
        (What.MONTHLY, Kind.MONTHLY.value, schedule.monthly, month_start(ripe, meter.offset)),
    )
    asks = []
    for what, kind, every, latest in turns:
        last = memory.marks.get(kind)
        if (last is None or last < latest) and _turn(memory, what, every, now, schedule.delay):
            asks.append(_newest(what, kind, last, latest, now, meter.period, schedule.depth))
    if _turn(memory, What.EVENTS, schedule.events, now):
        last = memory.marks.get(EVENT)
        since = None if last is None else last - LOOK_BACK - int(memory.behind)
        asks.append(_newest(What.EVENTS, EVENT, since, now, now, meter.period, schedule.depth))
    return asks


def _newest(what: What, kind: str, last: int | None, latest: int, now: int, period: int, depth: int) -> Ask:
    """From the mark to now; when that is more than a chunk, its newest chunk, and the rest is a gap."""
    floor = latest - depth * DAY if last is None else last
    since = max(floor, latest - CHUNK[kind])
    return Ask(what, kind, since, now + period, (floor, since) if since > floor else None)
