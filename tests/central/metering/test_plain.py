"""Days that nothing is special of: what their rows sum to is what their places sum to, or they are not such days."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.metering.plain import PlainDay, Rows, plain_day
from central.metering.slots import Completeness, Sample, completeness, energies, fill, maximum
from central.metering.terms import Segment, State
from central.metering.zones import midnight
from protocol.reading import Quality
from tests.central.metering.parts import METER, PERIOD, THREE, sample, segment

pytestmark = pytest.mark.quick

BERLIN = "Europe/Berlin"
FIRST = date(2026, 10, 24)  # on the next day the clocks are set back
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
SINCE, UNTIL = midnight(DAYS[0], BERLIN), midnight(DAYS[-1] + timedelta(days=1), BERLIN)
COUNT = (UNTIL - SINCE) // PERIOD


def rows_of(samples: list[Sample]) -> Rows:
    ordered = sorted(samples, key=lambda one: one.end)
    columns = [[getattr(one, name) for one in ordered] for name in ("end", "span", "quality", "value")]
    return Rows.of(*columns)


def by_places(samples: list[Sample], meter: Segment, day: date) -> PlainDay:
    since, until = midnight(day, BERLIN), midnight(day + timedelta(days=1), BERLIN)
    slots = fill([meter], samples, THREE, BERLIN, since, until, UNTIL + 86_400)
    greatest, counts = maximum(slots), completeness(slots)
    assert greatest is not None
    assert counts == Completeness(len(slots), len(slots), 0, 0, 0, 0, 0)
    return PlainDay(energies(slots), len(slots), greatest.power, greatest.end)


def full(values: list[int]) -> list[Sample]:
    return [sample(SINCE + PERIOD * (n + 1), value) for n, value in enumerate(values)]


values = st.lists(st.integers(0, 900_000) | st.just(0), min_size=COUNT, max_size=COUNT)
strange = st.one_of(
    st.tuples(st.just("drop"), st.integers(0, COUNT - 1), st.none()),
    st.tuples(st.just("span"), st.integers(0, COUNT - 1), st.sampled_from([0, 600, 3600, 30 * PERIOD, 86_400])),
    st.tuples(st.just("quality"), st.integers(0, COUNT - 1), st.sampled_from([int(bit) for bit in Quality])),
    st.tuples(st.just("shift"), st.integers(0, COUNT - 1), st.sampled_from([-900, -1, 1, 600])),
    st.tuples(st.just("again"), st.integers(0, COUNT - 1), st.sampled_from([0, int(Quality.REPEATED)])),
    st.tuples(st.just("value"), st.integers(0, COUNT - 1), st.sampled_from([-1, 10**9])),
)
meters = st.sampled_from(
    [
        METER,
        segment(ki=Fraction(20)),
        segment(ki=Fraction(3, 2)),
        segment(power_max=1_500),
        segment(power_max=1_500, powers=((SINCE + 125 * PERIOD, 100_000),)),
        segment(since=SINCE + 60 * PERIOD),
        segment(until=SINCE + 120 * PERIOD),
        segment(since=SINCE, begun_by_act=True),
        segment(period=900),
    ]
)


@given(values, st.lists(strange, max_size=2), meters)
def test_a_day_that_is_plain_has_the_sums_of_its_places(
    found: list[int], mutations: list[tuple[str, int, int]], meter: Segment
) -> None:
    samples: list[Sample | None] = list(full(found))
    for kind, place, what in mutations:
        one = samples[place]
        if one is None:
            continue
        if kind == "again":
            samples.append(Sample(one.meter, one.end, one.span, what, one.value))
        else:
            end, span, quality, value = one.end, one.span, one.quality, one.value
            end += what if kind == "shift" else 0
            span, quality, value = (
                what if kind == name else old for name, old in (("span", span), ("quality", quality), ("value", value))
            )
            samples[place] = None if kind == "drop" else Sample(one.meter, end, span, quality, value)
    there = [one for one in samples if one is not None]
    rows = rows_of(there)
    for day in DAYS:
        plain = plain_day(rows, meter, THREE, day, BERLIN)
        assert plain is None or plain == by_places(there, meter, day)


def test_a_whole_day_is_plain_also_when_the_clocks_are_set() -> None:
    rows = rows_of(full([1000 * (n % 48) for n in range(COUNT)]))
    found = [plain_day(rows, METER, THREE, day, BERLIN) for day in DAYS]
    assert [day.count for day in found if day] == [48, 50, 48]
    first = found[0]
    assert first is not None
    assert first.energies["night"][State.ZERO] == 0
    assert (first.power, first.at) == (47_000 * 2, SINCE + 48 * PERIOD)


def test_a_row_of_the_next_day_that_tells_of_this_one_makes_it_no_plain_day() -> None:
    samples = full([1000] * COUNT)
    late = midnight(DAYS[1], BERLIN) + 5 * PERIOD
    assert plain_day(rows_of(samples), METER, THREE, FIRST, BERLIN) is not None
    samples.append(sample(late, 90_000, span=9 * PERIOD))
    assert plain_day(rows_of(samples), METER, THREE, FIRST, BERLIN) is None
