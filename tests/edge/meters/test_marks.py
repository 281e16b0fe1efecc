"""What records mean: cut intervals, outages, repeated stamps, filled days, a clock in doubt."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.meters.marks import Record, load_rows, needs_outages, outages, register_rows, repeats
from protocol.reading import Event, Quality

pytestmark = pytest.mark.quick
HALF = 1800
BASE = 1_793_491_200  # on the hour


def record(minutes: float, *values: int, doubtful: bool = False) -> Record:
    return Record(BASE + round(minutes * 60), doubtful, values)


def rows(records: list[Record], *off: tuple[float, float]) -> list[tuple[float, int, int]]:
    """(minutes, seconds run, quality)"""
    found = load_rows(records, HALF, 180, [(BASE + a * 60, BASE + b * 60) for a, b in off])
    return [((row.end - BASE) / 60, row.span, row.quality) for row in found]


def event(minutes: float, code: int, journal: int = 2) -> Event:
    return Event(BASE + round(minutes * 60), journal, code)


def test_whole_intervals_have_nothing_against_them() -> None:
    assert rows([record(30, 1), record(60, 2)]) == [(30, HALF, 0), (60, HALF, 0)]
    assert not needs_outages([record(30, 1), record(60, 2)], HALF, 180)


def test_an_interval_cut_by_an_outage_runs_until_it_and_from_its_end() -> None:
    records = [record(30, 1), record(40, 1), record(60, 1)]
    assert needs_outages(records, HALF, 180)
    off = Quality.PARTIAL | Quality.POWER_OFF
    assert rows(records, (40, 55)) == [(30, HALF, 0), (40, 600, off), (60, 300, off)]


def test_an_outage_over_whole_intervals_leaves_the_first_after_it_partial() -> None:
    records = [record(30, 1), record(120, 1)]
    assert needs_outages(records, HALF, 180)
    assert rows(records, (30, 100)) == [(30, HALF, 0), (120, 1200, Quality.PARTIAL | Quality.POWER_OFF)]


def test_without_the_journal_a_cut_interval_is_still_partial() -> None:
    assert rows([record(40, 1), record(60, 1)]) == [(40, 600, Quality.PARTIAL), (60, 1200, Quality.PARTIAL)]


def test_a_stamp_after_the_clock_was_set_back_is_another_interval() -> None:
    assert rows([record(30, 1), record(60, 2), record(30, 3)]) == [
        (30, HALF, 0),
        (30, HALF, Quality.REPEATED),
        (60, HALF, 0),
    ]


def test_a_clock_in_doubt_is_marked() -> None:
    assert rows([record(30, 1, doubtful=True)]) == [(30, HALF, Quality.METER_CLOCK)]


def test_intervals_are_cut_where_the_meters_clock_cuts_them() -> None:
    (aligned,) = load_rows([record(90, 1)], 3600, 330, [])
    (cut,) = load_rows([record(60, 1)], 3600, 330, [])
    assert (aligned.quality, cut.quality) == (0, Quality.PARTIAL)


def test_outages_are_pairs_of_the_switching_journal() -> None:
    lines = [
        event(50, 2),
        event(10, 1),
        event(20, 1, journal=0),
        event(70, 1),
        event(72, 1),
        event(80, 2),
        event(90, 1),
    ]
    assert [((a - BASE) / 60, (b - BASE) / 60) for a, b in outages(lines)] == [(10, 50), (70, 80), (90, inf)]
    assert outages([event(5, 2)]) == []


def test_a_day_without_power_is_filled_and_an_empty_flat_is_not() -> None:
    day = 24 * 60
    records = [record(0, 5), record(day, 5), record(2 * day, 5), record(3 * day, 6)]
    assert repeats(records)
    off = [(BASE + 60.0 * (day + 5), BASE + 60.0 * (2 * day + 5))]
    assert [row.quality for row in register_rows(records, off)] == [0, 0, Quality.FILLED, 0]
    assert [row.quality for row in register_rows(records)] == [0, 0, 0, 0]
    assert all(row.span == 0 for row in register_rows(records))


minutes = st.integers(0, 600)


@given(st.lists(minutes, max_size=30, unique=True), st.lists(st.tuples(minutes, minutes), max_size=5))
def test_no_second_is_counted_twice(stamps: list[int], off: list[tuple[int, int]]) -> None:
    found = rows([record(minute, 0) for minute in stamps], *((min(pair), max(pair)) for pair in off[:1]))
    ends = [round(row[0] * 60) for row in found]
    assert ends == sorted(ends)
    for (end, span, _), before in zip(found, [-HALF / 60, *(row[0] for row in found)], strict=False):
        assert 0 <= span <= HALF
        if end - before < 30 and before > end - 30:
            assert span <= max(end - before, 30) * 60
    assert sum(span for _, span, _ in found) <= (max(stamps, default=0) - min(stamps, default=0)) * 60 + HALF
