"""What is due, in which order, and how far a watermark may go."""

from dataclasses import replace

import pytest

from edge.config import DAY, Schedule
from edge.journal.rows import Span
from edge.meters.base import ModbusMeter, SpodesMeter
from edge.plan import Ask, Memory, What, after_events, due, mark, midnight, month_start, nightly, past
from protocol.reading import Event
from tests.edge.parts import NOW, PERIOD

pytestmark = pytest.mark.quick

METER = SpodesMeter("m-1", "A", offset=180)
MODBUS = ModbusMeter("m-2", "A", "t", offset=180, period=60)
ONLY_LOAD = Schedule(daily=0, monthly=0, events=0, now=0, live=0)
MIDNIGHT = NOW - 15 * 3600  # NOW is 15:00 of the meter's clock
DONE = dict.fromkeys(What, NOW)
CURRENT = {"load": NOW, "daily": MIDNIGHT, "monthly": month_start(NOW, 180), "event": NOW}


def asked(asks: list[Ask]) -> list[What]:
    return [ask.what for ask in asks]


def test_a_new_meter_is_asked_for_everything_the_newest_of_its_past_first() -> None:
    asks = due(METER, Schedule(), Memory(), NOW)
    assert asked(asks) == [What.NOW, What.LOAD, What.DAILY, What.MONTHLY, What.EVENTS, What.CLOCK, What.LIVE]
    load = asks[1]
    end = (NOW - 60) // PERIOD * PERIOD
    assert (load.since, load.until) == (end - DAY, NOW + PERIOD)
    assert load.gap == (end - 90 * DAY, end - DAY)


def test_nothing_is_due_when_all_is_read() -> None:
    assert due(METER, Schedule(), Memory(CURRENT, done=dict(DONE)), NOW + 30) == []


def test_load_is_due_when_a_period_has_ended_and_the_meter_had_time_to_close_it() -> None:
    memory = Memory(CURRENT, done=dict(DONE))
    end = NOW + PERIOD
    assert due(METER, ONLY_LOAD, memory, end + 59) == [] == [
        ask for ask in due(METER, ONLY_LOAD, memory, end + 59) if ask.what is What.LOAD
    ]  # fmt: skip
    (ask,) = [ask for ask in due(METER, ONLY_LOAD, memory, end + 60) if ask.what is What.LOAD]
    assert (ask.since, ask.gap) == (NOW, None)


def test_a_late_meter_is_asked_once_a_period_not_at_once_again() -> None:
    memory = Memory({**CURRENT, "load": NOW - PERIOD}, done={**DONE, What.LOAD: NOW + 70})
    assert due(METER, ONLY_LOAD, memory, NOW + 100) == []
    assert asked(due(METER, ONLY_LOAD, memory, NOW + PERIOD + 60)) == [What.LOAD]


def test_the_day_is_due_after_the_meters_own_midnight_until_it_is_there() -> None:
    schedule = Schedule(load=DAY, monthly=0, events=0, now=0, live=0)
    memory = Memory(CURRENT, done=dict(DONE))
    night = MIDNIGHT + DAY
    assert What.DAILY not in asked(due(METER, schedule, memory, night + 59))
    assert What.DAILY in asked(due(METER, schedule, memory, night + 60))
    memory.done[What.DAILY] = night + 60
    assert What.DAILY not in asked(due(METER, schedule, memory, night + 600))
    assert What.DAILY in asked(due(METER, schedule, memory, night + 3660))
    memory.marks = {**CURRENT, "daily": night}
    assert What.DAILY not in asked(due(METER, schedule, memory, night + 3660))


def test_never_is_never() -> None:
    memory = Memory(CURRENT, done={What.CLOCK: NOW + 50 * DAY})
    assert asked(due(METER, ONLY_LOAD, memory, NOW + 50 * DAY)) == [What.LOAD]


def test_a_long_silence_gives_the_last_day_first_and_a_gap() -> None:
    memory = Memory({**CURRENT, "load": NOW - 10 * DAY}, done=dict(DONE))
    later = NOW + PERIOD + 60
    (ask,) = [ask for ask in due(METER, ONLY_LOAD, memory, later) if ask.what is What.LOAD]
    assert (ask.since, ask.gap) == (NOW + PERIOD - DAY, (NOW - 10 * DAY, NOW + PERIOD - DAY))


def test_the_past_is_read_from_its_newest_end_in_chunks() -> None:
    memory = Memory(gaps=(Span("m-1", "load", NOW - 5 * DAY, NOW - DAY), Span("m-1", "load", 0, 100)))
    assert past(memory) == Ask(What.PAST, "load", NOW - 2 * DAY, NOW - DAY)
    assert past(Memory()) is None


def test_a_modbus_meter_is_sampled_at_each_boundary_and_has_no_archive() -> None:
    memory = Memory(done={What.SAMPLE: NOW - 30})
    schedule = Schedule(now=0, live=0)
    assert asked(due(MODBUS, schedule, memory, NOW - 1)) == []
    assert asked(due(MODBUS, schedule, memory, NOW)) == [What.SAMPLE]


@pytest.mark.parametrize(("stamps", "expected"), [([], None), ([NOW], NOW), ([NOW, NOW + PERIOD], NOW + PERIOD)])
def test_the_watermark_follows_the_stamps(stamps: list[int], expected: int | None) -> None:
    assert mark(stamps, NOW, PERIOD) == expected


def test_one_wrong_stamp_of_2099_does_not_end_reading() -> None:
    assert mark([NOW - PERIOD, 4_070_908_800], NOW, PERIOD) == NOW - PERIOD


def test_every_night_the_last_days_are_read_again_once() -> None:
    memory = Memory(night=NOW)
    assert nightly(METER, Schedule(), memory, NOW + 3600) == []
    night = MIDNIGHT + DAY + 3 * 3600
    spans = nightly(METER, Schedule(), memory, night)
    days = [Span("m-1", kind, night - 3 * DAY, night) for kind in ("load", "daily")]
    assert spans == [*days, Span("m-1", "event", night - 31 * DAY, night)]
    assert nightly(METER, Schedule(events=0), memory, night) == days
    memory.night = night
    assert nightly(METER, Schedule(), memory, night + 3600) == []
    assert nightly(MODBUS, Schedule(), Memory(), night) == []


def test_a_clock_event_reads_again_from_before_it() -> None:
    events = [Event(NOW - 500, 3, 3), Event(NOW - 900, 2, 3), Event(NOW + 10 * DAY, 3, 68)]
    assert after_events(METER, events, NOW)[0] == Span("m-1", "load", NOW - 500 - DAY, NOW)
    assert after_events(METER, events[1:], NOW) == []


@pytest.mark.parametrize(("offset", "hour"), [(0, 12), (180, 15), (-300, 7), (720, 0)])
def test_midnight_is_the_meters_own(offset: int, hour: int) -> None:
    assert midnight(NOW, offset) == NOW - hour * 3600


def test_the_month_begins_by_the_meters_clock() -> None:
    assert month_start(1_793_480_400, 180) == 1_793_480_400  # 2026-11-01T00:00+03:00
    assert month_start(1_793_480_399, 180) == 1_790_802_000
    assert month_start(1_793_480_399, 240) == 1_793_480_400 - 3600


def test_the_period_of_the_meter_rules() -> None:
    memory = Memory({**CURRENT, "load": NOW}, done=dict(DONE))
    assert asked(due(replace(METER, period=900), ONLY_LOAD, memory, NOW + 960)) == [What.LOAD]
