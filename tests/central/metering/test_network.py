"""Parameters of the network: what a value is on the network's side, limits, unbalance, angles, runs."""

import cmath
import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from central.metering import network as n
from central.metering.network import Angle, By, Quantity, Ratios

pytestmark = pytest.mark.quick

VOLTS = st.floats(1.0, 1e5)


def test_a_value_is_multiplied_by_the_ratio_of_its_quantity_once() -> None:
    through = Ratios(Fraction(40), Fraction(100))
    assert through.of(Quantity.VOLTAGE) == 100
    assert through.of(Quantity.CURRENT) == 40
    assert {through.of(one) for one in (Quantity.ACTIVE, Quantity.REACTIVE, Quantity.APPARENT)} == {4000}
    assert {through.of(one) for one in (Quantity.FACTOR, Quantity.FREQUENCY)} == {1}
    assert {Ratios(Fraction(40), Fraction(100), primary=True).of(one) for one in Quantity} == {1}


@pytest.mark.parametrize(
    ("ratios", "volts"),
    [
        (Ratios(), 230),
        (Ratios(Fraction(30)), 230),
        (Ratios(three_wires=True), 400),
        (Ratios(ku=Fraction(100)), 5773.5),
        (Ratios(ku=Fraction(100), primary=True), 5773.5),
        (Ratios(ku=Fraction(60), three_wires=True), 6000),
    ],
)
def test_nominal_voltage_follows_from_how_the_meter_is_connected(ratios: Ratios, volts: float) -> None:
    assert ratios.nominal == pytest.approx(volts, abs=0.01)


def test_limits_are_those_of_the_standard() -> None:
    volts = n.voltage_limits(230.0)
    assert (volts.low, volts.high, volts.allowed) == (pytest.approx(207), pytest.approx(253), 0)
    often, ever = n.frequency_limits()
    assert (often.low, often.high, often.allowed) == (49.8, 50.2, Fraction(1, 20))
    assert (ever.low, ever.high, ever.allowed) == (49.6, 50.4, 0)
    assert [(one.high, one.allowed) for one in n.unbalance_limits()] == [(2, Fraction(1, 20)), (4, 0)]


def test_samples_are_counted_outside_and_a_limit_is_within() -> None:
    limits = n.voltage_limits(230.0)
    found = n.judged([206.9, 207.0, 230.0, 253.0, 253.1, 260.0], limits)
    assert (found.below, found.above, found.samples, found.off) == (1, 2, 6, 0)
    assert found.share == Fraction(1, 2)
    assert (found.least, found.greatest) == (206.9, 260.0)


def test_an_interruption_is_no_deviation() -> None:
    found = n.judged([0.0, 3.0, 11.4, 11.5, 230.0], n.voltage_limits(230.0), 11.5)
    assert (found.off, found.samples, found.below) == (3, 2, 1)
    dead = n.judged([0.0, 0.0], n.voltage_limits(230.0), 11.5)
    assert (dead.share, dead.least, dead.greatest, dead.off) == (None, None, None, 2)
    assert n.judged([], n.voltage_limits(230.0)).share is None


@given(
    st.lists(st.sampled_from([0.0, 5.0, 100.0, 206.0, 207.5, 230.0, 252.0, 254.0]), max_size=60),
)
def test_every_sample_is_told_once(values: list[float]) -> None:
    found = n.judged(values, n.voltage_limits(230.0), 11.5)
    assert found.off == sum(value < 11.5 for value in values)
    assert found.below == sum(11.5 <= value < 207 for value in values)
    assert found.above == sum(value > 253 for value in values)
    assert found.samples + found.off == len(values)


@given(VOLTS, st.floats(0.0, 0.5), st.floats(-math.pi, math.pi))
def test_unbalance_is_that_of_the_symmetrical_components(volts: float, share: float, turn: float) -> None:
    """Made of a positive and a negative sequence, found again out of three lengths alone."""
    a = cmath.exp(2j * math.pi / 3)
    forth, back = volts, volts * share * cmath.exp(1j * turn)
    ab, bc, ca = forth + back, forth * a**2 + back * a, forth * a + back * a**2
    assert abs(ab + bc + ca) < 1e-6 * volts
    found = n.unbalance(abs(ab), abs(bc), abs(ca))
    assert found == pytest.approx(100 * share, abs=1e-3)


def test_three_lengths_that_make_no_triangle_have_no_unbalance() -> None:
    assert n.unbalance(0.0, 0.0, 0.0) is None
    assert n.unbalance(1.0, 1.0, 10.0) is None
    assert n.unbalance(100.0, 100.0, 100.0) == 0


@given(st.floats(1.0, 1e4), st.floats(-179.0, 180.0))
def test_the_angle_is_that_of_the_powers_with_their_signs(apparent: float, degrees: float) -> None:
    active, reactive = (apparent * f(math.radians(degrees)) for f in (math.cos, math.sin))
    for values in ({"p_a": active, "q_a": reactive, "u_b": 230.0}, {"p": active, "q": reactive}):
        found = n.angle_of(values, "a")
        assert found is not None
        assert found.by is By.POWERS
        assert found.degrees == pytest.approx(degrees, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"pf_a": 0.5, "q": 3.0, "p": 1.0, "u_b": 1.0}, Angle(60, By.FACTOR)),
        ({"pf_a": 0.5, "q": -3.0, "p": 1.0, "u_b": 1.0}, Angle(-60, By.FACTOR)),
        ({"pf_a": 0.5}, Angle(60, By.FACTOR)),
        ({"pf_a": -0.5}, Angle(120, By.FACTOR)),
        ({"pf_a": 0.5, "p": -1.0, "q": -1.0}, Angle(-120, By.FACTOR)),
        ({"pf": 1.0004}, Angle(0, By.FACTOR)),
        ({"p": 1.0, "q": 1.0, "u_b": 230.0, "u_c": 230.0}, Angle(45, By.WHOLE)),
        ({"pf": 0.5, "u_b": 230.0}, Angle(60, By.WHOLE)),
        ({"p_a": 0.0, "q_a": 0.0}, None),
        ({"u_a": 230.0, "i_a": 1.0}, None),
    ],
)
def test_an_angle_is_of_the_best_that_the_meter_tells(values: dict[str, float], found: Angle | None) -> None:
    got = n.angle_of(values, "a")
    assert (got is None) == (found is None)
    if got is not None and found is not None:
        assert (got.degrees, got.by) == (pytest.approx(found.degrees), found.by)


def test_vectors_of_three_phases_are_a_third_of_a_turn_apart_and_currents_lag() -> None:
    values = {"u_a": 230.0, "u_b": 231.0, "u_c": 229.0}
    values |= {f"i_{phase}": 2.0 for phase in "abc"} | {f"p_{phase}": 1.0 for phase in "abc"}
    values |= {"q_a": 1.0, "q_b": 0.0, "q_c": -1.0}
    found = n.diagram(values)
    assert [(one.field, one.length, one.angle) for one in found.voltages] == [
        ("u_a", 230, 0),
        ("u_b", 231, -120),
        ("u_c", 229, 120),
    ]
    assert [(one.field, round(one.angle, 6)) for one in found.currents] == [("i_a", -45), ("i_b", -120), ("i_c", 165)]


def test_a_current_without_an_angle_or_that_does_not_flow_is_not_drawn() -> None:
    found = n.diagram({"u_a": 230.0, "u_b": 0.0, "u_c": 230.0, "i_a": 1.0, "i_b": 0.0})
    assert [one.field for one in found.voltages] == ["u_a", "u_c"]
    assert found.currents == ()


def test_a_meter_for_three_wires_shows_lines_and_the_common_angle() -> None:
    """Uab, Ucb, Uac as they lie in a symmetrical network: differences of the voltages to neutral."""
    neutral = {phase: cmath.exp(1j * math.radians(turn)) for phase, turn in n.TURNS.items()}
    lines = {"a": ("a", "b"), "b": ("c", "b"), "c": ("a", "c")}
    for phase, (to, of) in lines.items():
        assert math.degrees(cmath.phase(neutral[to] - neutral[of])) == pytest.approx(n.LINE_TURNS[phase])
    values = {
        "u_a": 6000.0,
        "u_b": 6010.0,
        "u_c": 5990.0,
        "i_a": 2.0,
        "i_c": 2.0,
        "p": 1.0,
        "q": 1.0,
        "p_a": 9.0,
        "q_a": 0.1,
    }
    found = n.diagram(values, three_wires=True)
    assert [round(one.angle) for one in found.voltages] == [30, 90, -30]
    assert [(one.field, round(one.angle)) for one in found.currents] == [("i_a", -45), ("i_c", 75)]
    assert {angle.by for angle in found.angles.values()} == {By.WHOLE}


@given(st.lists(st.integers(0, 7199), min_size=1, max_size=50, unique=True), st.sampled_from([60, 600, 900]))
def test_runs_hold_every_sample_once_and_keep_the_ends(times: list[int], step: int) -> None:
    times = sorted(times)
    values = [float(time % 97) for time in times]
    runs = list(n.reduced(times, values, 0, 7200, step))
    assert len(runs) == 7200 // step
    assert sum(run.samples for run in runs if run) == len(times)
    for place, run in enumerate(runs):
        own = [value for time, value in zip(times, values, strict=True) if time // step == place]
        assert (run is None) == (not own)
        if run is not None:
            assert (run.least, run.greatest) == (min(own), max(own))
            assert run.mean == pytest.approx(sum(own) / len(own))


def test_what_is_before_and_after_the_time_is_left_out() -> None:
    runs = list(n.reduced([0, 99, 100, 199, 200], [1.0, 2.0, 3.0, 4.0, 5.0], 100, 200, 60))
    assert [run and run.samples for run in runs] == [1, 1]


@given(st.sampled_from([86_400, 7 * 86_400, 31 * 86_400]), st.sampled_from([1, 30, 60, 300, 900, 3600]))
def test_a_step_makes_few_runs_and_a_steady_poll_leaves_no_gap(seconds: int, apart: int) -> None:
    assume(seconds / apart < 100_000)
    times = [time + (7 * time % max(1, apart // 4)) for time in range(0, seconds, apart)]
    step = n.step_of(seconds, times)
    assert seconds / step <= n.MOST_RUNS
    assert None not in list(n.reduced(times, [1.0] * len(times), 0, seconds, step))
