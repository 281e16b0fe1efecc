"""Marks of a row out of what its figures are made of."""

from collections.abc import Iterable, Mapping

from central.figures.steps import Step
from central.metering.slots import Completeness
from central.metering.terms import State
from central.reports.description import Mark

OF_STATE: Mapping[State, Mark] = {
    State.COMPUTED: Mark.COMPUTED,
    State.ESTIMATED: Mark.ESTIMATED,
    State.ESTIMATED_OPEN: Mark.ESTIMATED,
    State.MANUAL: Mark.MANUAL,
    State.SUBSTITUTED: Mark.SUBSTITUTED,
    State.SUSPECT: Mark.SUSPECT,
    State.POWER_OFF: Mark.POWER_OFF,
    State.MISSING: Mark.MISSING,
    State.NOT_DUE: Mark.NOT_DUE,
}


def of_states(states: Iterable[State]) -> tuple[Mark, ...]:
    """Each once, in the order of `Mark`; what is measured has none."""
    found = {OF_STATE[state] for state in states if state in OF_STATE}
    return tuple(mark for mark in Mark if mark in found)


def of_counts(counts: Completeness, states: Iterable[State] = ()) -> tuple[Mark, ...]:
    """Of several places together; `states`: of the energies that they have."""
    there = {
        State.ESTIMATED: counts.estimated,
        State.SUSPECT: counts.suspect,
        State.POWER_OFF: counts.off,
        State.MISSING: counts.missing,
        State.NOT_DUE: counts.not_due,
    }
    return of_states([*(state for state, count in there.items() if count), *states])


def of_step(step: Step, *, lacks: bool = False) -> tuple[Mark, ...]:
    """Of what stands in a step, and of what does not; `lacks`: more than its counts say."""
    there = [state for states in step.energies.values() for state in states]
    return of_counts(step.completeness, [*there, State.MISSING] if lacks else there)


def shares(energies: Iterable[Mapping[State, int]]) -> Mapping[Mark, int]:
    """How much of an energy, mWh by state, each mark is of."""
    found: dict[Mark, int] = {}
    for states in energies:
        for state, energy in states.items():
            if state in OF_STATE:
                found[OF_STATE[state]] = found.get(OF_STATE[state], 0) + energy
    return found
