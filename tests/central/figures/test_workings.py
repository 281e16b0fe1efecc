"""The second law: an explanation, reckoned by somebody who knows nothing of the program, gives the figure shown."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from central.figures.workings import of_places, of_term
from central.metering.consumption import from_registers
from central.metering.slots import Sample, energies, fill
from central.metering.terms import Reading, Segment, State
from central.metering.workings import Rule, as_data
from central.metering.zones import midnight
from tests.central.figures.reckoner import nodes, reckon, shown
from tests.central.metering.parts import MOSCOW, THREE

DAY = midnight(date(2026, 11, 23), MOSCOW)
RATIOS = st.sampled_from([Fraction(1), Fraction(40), Fraction(Decimal("1.333333")), Fraction(3, 7), Fraction(12_000)])


def segment(
    k: Fraction, since: int = 0, until: int | None = None, meter: str = "M-1", power: int | None = None
) -> Segment:
    return Segment(int(meter[-1]), meter, "1", since, until, k, Fraction(1), False, 1800, 10_000, 10**12, power)


@st.composite
def profiles(draw: st.DrawFn) -> tuple[list[Segment], list[Sample]]:
    """Two days of one or two meters: whole rows, partial, too long ones, repeated stamps, gaps, impossible values."""
    cut = draw(st.none() | st.integers(DAY + 600, DAY + 2 * 86_400 - 600))
    segments = [segment(draw(RATIOS), until=cut, power=draw(st.none() | st.just(15_000)))]
    if cut is not None:
        segments.append(segment(draw(RATIOS), since=cut, meter="M-2"))
    samples = []
    end = DAY
    while end < DAY + 2 * 86_400:
        span = draw(st.sampled_from([0, 600, 1800, 1800, 1800, 3600, 5400, 7001]))
        end += draw(st.sampled_from([1800, 1800, 1800, 600, 5400]))
        value = draw(st.integers(0, 5_000_000) | st.integers(-5, 10**10))
        meter = segments[-1].meter if cut is not None and end > cut else "M-1"
        samples.append(Sample(meter, end, span, draw(st.sampled_from([0, 2, 4, 128])), value))
    return segments, samples


@given(profiles())
def test_places_are_what_their_rows_give(made: tuple[list[Segment], list[Sample]]) -> None:
    slots = fill(*made, THREE, MOSCOW, DAY, DAY + 2 * 86_400, DAY + 3 * 86_400)
    tree = of_places(slots, THREE.zones, MOSCOW)
    told = as_data(tree)
    for node in nodes(told):
        assert reckon(node) == shown(node)
    counted = [(state, energy) for states in energies(slots).values() for state, energy in states.items()]
    assert reckon(told) == sum(energy for state, energy in counted if state is not State.SUSPECT)
    beside = [reckon(node) for node in told.get("beside", ()) if node["value"] is not None]  # type: ignore[attr-defined]
    assert sum(beside) == sum(energy for state, energy in counted if state is State.SUSPECT)


@given(RATIOS, st.integers(0, 10**12 - 1), st.integers(0, 10**12 - 1), st.booleans(), st.none() | st.integers(1, 10**6))
def test_a_register_is_what_its_readings_give(
    k: Fraction, first: int, last: int, whole: bool, power: int | None
) -> None:
    at = segment(k, power=power)
    term = from_registers(at, Reading(DAY, first, "daily"), Reading(DAY + 86_400, last, "daily"), whole=whole)
    tree = of_term(term, 1)
    assert tree.value == term.energy
    if term.energy is None:
        assert tree.rule is Rule.SUSPECT
    else:
        assert reckon(as_data(tree)) == term.energy
