"""What a person decided about values stands beside them; taken away again, it leaves no trace."""

from dataclasses import replace

import pytest

from central.metering.decisions import Decided, Decision, decided, spread
from central.metering.slots import Slot
from central.metering.terms import State

pytestmark = pytest.mark.quick

A = "active_import"


def slot(start: int, state: State, energy: int | None) -> Slot:
    return Slot(start, start + 10, "all", state, 0, energy)


DAY = (
    slot(0, State.MEASURED, 5),
    slot(10, State.SUSPECT, 900),
    slot(20, State.MISSING, None),
    slot(30, State.SUSPECT, 0),
)


def by(kind: Decided, since: int = 0, until: int | None = None, channel: str = A, **energies: int) -> Decision:
    put = {int(key[1:]): value for key, value in energies.items()}
    if until is None:
        until = max(put) + 10 if put else 100
    return Decision(7, kind, channel, since, until, put)


def told(*decisions: Decision, channel: str = A) -> list[tuple[State, int | None, int | None]]:
    return [(one.state, one.energy, one.decision) for one in decided(DAY, channel, decisions)]


PLAIN = [(one.state, one.energy, None) for one in DAY]


def test_a_suspect_value_that_is_accepted_counts_and_nothing_else_changes() -> None:
    assert told(by(Decided.ACCEPT)) == [PLAIN[0], (State.MEASURED, 900, 7), PLAIN[2], (State.ZERO, 0, 7)]


def test_a_value_that_is_set_aside_leaves_a_gap() -> None:
    gone = (State.MISSING, None, 7)
    assert told(by(Decided.ESTIMATE)) == [gone, gone, PLAIN[2], gone]


def test_another_value_stands_where_one_was_and_where_none_was() -> None:
    assert told(by(Decided.SUBSTITUTE, _10=40, _20=41)) == [
        PLAIN[0],
        (State.SUBSTITUTED, 40, 7),
        (State.SUBSTITUTED, 41, 7),
        PLAIN[3],
    ]


@pytest.mark.parametrize(("since", "until", "which"), [(10, 30, [1]), (0, 10, [0]), (11, 40, [3])])
def test_a_decision_is_about_the_places_that_start_in_its_time(since: int, until: int, which: list[int]) -> None:
    found = told(by(Decided.ESTIMATE, since, until))
    assert [n for n, one in enumerate(found) if one != PLAIN[n]] == which


def test_of_other_channels_and_of_asking_again_nothing_changes() -> None:
    assert told(by(Decided.ESTIMATE), channel="active_export") == PLAIN
    assert told(by(Decided.ESTIMATE, channel=""), channel="active_export") != PLAIN
    assert told(by(Decided.ASK)) == PLAIN


def test_the_later_decision_has_the_last_word() -> None:
    first, then = by(Decided.ESTIMATE), replace(by(Decided.SUBSTITUTE, _10=1), id=8)
    assert told(first, then)[1] == (State.SUBSTITUTED, 1, 8)
    assert told(then, first)[1] == (State.MISSING, None, 7)


@pytest.mark.parametrize("kind", [Decided.FILL, Decided.TYPICAL])
def test_what_fills_a_gap_yields_to_what_came(kind: Decided) -> None:
    assert told(by(kind, _10=40, _20=41)) == [PLAIN[0], PLAIN[1], (State.MANUAL, 41, 7), PLAIN[3]]


def test_what_is_substituted_is_spread_to_the_last_digit() -> None:
    assert spread(100, [(0, 10), (10, 20), (20, 30)]) == {0: 33, 10: 34, 20: 33}
    assert spread(90, [(0, 10), (10, 30)]) == {0: 30, 10: 60}


def test_accepting_leaves_what_is_not_suspect_as_it_is() -> None:
    idle = Slot(0, 10, "all", State.ZERO, 0, 0)
    assert decided((idle,), A, (by(Decided.ACCEPT),)) == (idle,)


@pytest.mark.parametrize("kind", [Decided.FILL, Decided.TYPICAL])
def test_nothing_fills_a_place_without_use_or_power(kind: Decided) -> None:
    for state in (State.ZERO, State.POWER_OFF, State.NOT_DUE):
        there = Slot(0, 10, "all", state, 0, None if state is State.NOT_DUE else 0)
        assert decided((there,), A, (by(kind, e0=5),)) == (there,)


@pytest.mark.parametrize("length", [5, 3, 10, 20, 30])
def test_what_was_put_somewhere_stays_so_much_though_places_are_cut_otherwise_now(length: int) -> None:
    """Two places of 10, the second not beside the first; now places are shorter, or longer."""
    cut = [Slot(at, min(at + length, 60), "all", State.MISSING) for at in range(0, 60, length)]
    put = by(Decided.FILL, e0=7, e30=11)
    found = decided(cut, A, (put,))
    assert sum(slot.energy or 0 for slot in found) == 18
    assert all(slot.decision == 7 for slot in found if slot.start < 10 or (slot.start < 40 and slot.end > 30))
    untouched = [slot for slot in found if slot.start >= 10 and slot.end <= 30]
    assert all(slot.energy is None for slot in untouched)
    if length == 5:
        assert [slot.energy for slot in found] == [4, 3, None, None, None, None, 6, 5, *[None] * 4]
