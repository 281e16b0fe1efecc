"""Rows out of samples: boundaries, interpolation, gaps, falls, days and months."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.meters.boundary import Sample, rows
from protocol.reading import Kind, Quality, Readings

pytestmark = pytest.mark.quick
MIDNIGHT = int(datetime(2026, 10, 31, 21, tzinfo=UTC).timestamp())  # 1 November 00:00 at UTC+3
FOREVER = 1 << 40
COMPUTED, LATE = Quality.COMPUTED, Quality.COMPUTED | Quality.CATCH_UP


def sample(seconds: float, total: int | None, **more: int) -> Sample:
    return Sample(MIDNIGHT + seconds, {"active_import_total": total, **more})


def of(kind: Kind, found: tuple[Readings, ...]) -> list[tuple[int, int, int, tuple[int | None, ...]]]:
    """(seconds after midnight, span, quality, values)"""
    chosen = [readings for readings in found if readings.kind is kind]
    return [(r.end - MIDNIGHT, r.span, r.quality, r.values) for readings in chosen for r in readings.rows]


def load(samples: list[Sample], period: int = 60) -> list[tuple[int, int, int, tuple[int | None, ...]]]:
    return of(Kind.LOAD, rows(samples, period, 180, 0, FOREVER))


def test_samples_on_the_boundary_are_taken_as_they_are() -> None:
    found = load([sample(60.4, 1000), sample(119.8, 1300), sample(180.0, 1350)])
    assert found == [(120, 60, COMPUTED, (300,)), (180, 60, COMPUTED, (50,))]


def test_registers_are_interpolated_to_the_boundary() -> None:
    found = load([sample(50, 1000), sample(110, 1600), sample(170, 1600)])
    assert found == [(120, 60, COMPUTED, (500,))]  # 1100 at 60 s, 1600 at 120 s


def test_a_missed_sample_gives_one_longer_row_and_no_guessed_boundary() -> None:
    found = load([sample(0, 0), sample(60, 10), sample(180, 50), sample(240, 60)])
    assert found == [(60, 60, COMPUTED, (10,)), (180, 120, LATE, (40,)), (240, 60, COMPUTED, (10,))]


def test_a_gap_of_more_than_a_day_gives_no_row() -> None:
    found = load([sample(0, 0), sample(60, 10), sample(60 + 86460, 999), sample(60 + 86520, 1000)])
    assert [row[0] for row in found] == [60, 60 + 86520]


def test_no_row_spans_a_fall() -> None:
    found = load([sample(0, 900), sample(60, 1000), sample(120, 3), sample(180, 5)])
    assert found == [(60, 60, COMPUTED, (100,)), (180, 60, COMPUTED, (2,))]


def test_a_register_that_is_not_measured_stays_so() -> None:
    first, second, third = sample(0, 10, reactive_import_total=7), sample(60, None), sample(120, 30)
    found = rows([first, second, third], 60, 180, 0, FOREVER)
    assert found[0].columns == ("active_import", "reactive_import")
    assert [row.values for row in found[0].rows] == [(None, None), (None, None)]


def test_days_and_months_begin_in_the_meters_own_time() -> None:
    samples = [sample(-20, 100, active_import_t1=40), sample(40, 160, active_import_t1=41), sample(86400, 500)]
    found = rows(samples, 60, 180, 0, FOREVER)
    assert of(Kind.DAILY, found) == [(0, 0, COMPUTED, (120, 40)), (86400, 0, COMPUTED, (500, None))]
    assert of(Kind.MONTHLY, found) == [(0, 0, COMPUTED, (120, 40))]
    elsewhere = rows(samples, 60, 240, 0, FOREVER)  # midnight there was an hour earlier, before the samples
    assert not of(Kind.MONTHLY, elsewhere)


def test_only_rows_that_are_asked_for_are_given() -> None:
    samples = [sample(second, second) for second in range(0, 301, 60)]
    found = rows(samples, 60, 180, MIDNIGHT + 60, MIDNIGHT + 180)
    assert of(Kind.LOAD, found) == [(120, 60, COMPUTED, (60,)), (180, 60, COMPUTED, (60,))]
    assert rows(samples, 60, 180, MIDNIGHT + 300, FOREVER) == ()
    assert rows([], 60, 180, 0, FOREVER) == ()


steps = st.lists(
    st.tuples(st.one_of(st.floats(0.1, 90), st.floats(0.1, 400)), st.integers(0, 10_000)), min_size=2, max_size=60
)


@given(steps, st.integers(0, 59))
def test_rows_add_up_to_the_difference_of_the_registers_and_never_change_later(
    steps: list[tuple[float, int]], first: int
) -> None:
    time, total, samples = float(first), 0, []
    for wait, energy in steps:
        samples.append(sample(time, total))
        time, total = time + wait, total + energy
    found = load(samples)
    assert load(samples[:-1]) == found[: len(load(samples[:-1]))]
    for before, after in pairwise(found):
        assert before[0] <= after[0] - after[1]
    assert sum(row[3][0] or 0 for row in found) <= total
    gaps = [second.time - first.time for first, second in pairwise(samples)]
    if found and max(gaps) <= 90:  # every boundary is known: the chain is whole
        assert [row[1] for row in found] == [60] * len(found)
        assert (
            abs(sum(row[3][0] or 0 for row in found) - (at(samples, found[-1][0]) - at(samples, found[0][0] - 60))) <= 1
        )


def at(samples: list[Sample], second: int) -> float:
    """The register at a boundary, in another way."""
    moment = float(MIDNIGHT + second)
    close = [s for s in samples if abs(s.time - moment) <= 1]
    if close:
        return close[0].registers["active_import_total"] or 0
    before = [s for s in samples if s.time < moment][-1]
    after = next(s for s in samples if s.time > moment)
    old, new = before.registers["active_import_total"] or 0, after.registers["active_import_total"] or 0
    return old + (new - old) * (moment - before.time) / (after.time - before.time)
