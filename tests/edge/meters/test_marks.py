"""What the journal of switching adds: seconds really run, power off, filled days."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.meters.marks import has_holes, outages, with_fillings, with_outages
from protocol.reading import Event, Quality, Row

pytestmark = pytest.mark.quick
HALF = 1800
BASE = 1_793_491_200  # on the hour
OFF = Quality.PARTIAL | Quality.POWER_OFF


def row(minutes: int, span: int = HALF) -> Row:
    """As a profile is decoded: the span is what the stamps alone tell."""
    return Row(BASE + minutes * 60, span, Quality.PARTIAL if span < HALF else 0, (1,))


def marked(rows: list[Row], *off: tuple[float, float]) -> list[tuple[int, int, int]]:
    """(minutes, seconds run, quality)"""
    found = with_outages(rows, HALF, [(BASE + a * 60, BASE + b * 60) for a, b in off])
    return [((row.end - BASE) // 60, row.span, row.quality) for row in found]


def event(minutes: int, code: int, journal: int = 2) -> Event:
    return Event(BASE + minutes * 60, journal, code)


def test_whole_intervals_have_nothing_against_them() -> None:
    assert marked([row(30), row(60)]) == [(30, HALF, 0), (60, HALF, 0)]
    assert not has_holes([row(30), row(60)], HALF)


def test_an_interval_cut_by_an_outage_runs_until_it_and_from_its_end() -> None:
    rows = [row(30), row(40, 600), row(60, 1200)]
    assert has_holes(rows, HALF)
    assert marked(rows, (40, 55)) == [(30, HALF, 0), (40, 600, OFF), (60, 300, OFF)]


def test_an_outage_over_whole_intervals_leaves_the_first_after_it_partial() -> None:
    rows = [row(30), row(120)]
    assert has_holes(rows, HALF)
    assert marked(rows, (30, 100)) == [(30, HALF, 0), (120, 1200, OFF)]


def test_without_an_outage_a_cut_interval_stays_partial() -> None:
    assert marked([row(40, 600)], (100, 120)) == [(40, 600, Quality.PARTIAL)]


def test_outages_are_pairs_of_the_switching_journal() -> None:
    lines = [event(50, 2), event(10, 1), event(20, 1, journal=0)]
    lines += [event(70, 1), event(72, 1), event(80, 2), event(90, 1)]
    assert [((a - BASE) / 60, (b - BASE) / 60) for a, b in outages(lines)] == [(10, 50), (70, 80), (90, inf)]
    assert outages([event(5, 2)]) == []


def test_a_midnight_without_power_is_filled_and_an_empty_flat_is_not() -> None:
    day = 86400
    rows = [Row(BASE + number * day, 0, 0, (value,)) for number, value in enumerate((5, 5, 5, 6))]
    off = [(BASE + day + 300.0, BASE + 2 * day + 300.0)]
    assert [row.quality for row in with_fillings(rows, off)] == [0, 0, Quality.FILLED, 0]
    assert list(with_fillings(rows, [])) == rows


minutes = st.integers(0, 600)


@given(st.lists(minutes, max_size=30, unique=True), st.lists(st.tuples(minutes, st.sampled_from([1, 2])), max_size=9))
def test_seconds_run_and_seconds_off_fit_into_the_interval(ends: list[int], switching: list[tuple[int, int]]) -> None:
    off = outages(event(minute, code) for minute, code in switching)
    rows = [row(minute) for minute in sorted(ends)]
    for before, after in zip(rows, with_outages(rows, HALF, off), strict=True):
        dark = sum(1 for second in range(after.end - HALF, after.end) if any(a <= second < b for a, b in off))
        assert after.span == HALF - dark
        assert (after.quality == OFF) == (dark > 0)
        assert (after.end, after.values) == (before.end, before.values)
