"""Places of a profile, or days, gathered to the step of a page: sums keep, the worst state of what is inside shows."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from central.figures.views import DayView
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import midnight

# the gravest first: one such place inside and the whole step is called so
_GRAVEST = (
    State.SUSPECT,
    State.MISSING,
    State.ESTIMATED_OPEN,
    State.ESTIMATED,
    State.MANUAL,
    State.SUBSTITUTED,
    State.COMPUTED,
    State.MEASURED,
    State.POWER_OFF,
    State.ZERO,
    State.NOT_DUE,
)
_ESTIMATED = (State.ESTIMATED, State.ESTIMATED_OPEN)


@dataclass(frozen=True, slots=True)
class Step:
    """One bar and one line of the table: [start, end), energy mWh by zone; `total` None = one of the nothings.

    `estimated` = how much of the total is an estimate; `whole` False = something inside is missing or not yet due.
    """

    start: int
    end: int
    zones: Mapping[str, int]
    total: int | None
    estimated: int
    state: State
    whole: bool


def of_slots(slots: Sequence[Slot], seconds: int, origin: int) -> tuple[Step, ...]:
    """Places gathered to steps of `seconds` counted from `origin`; a step not longer than a place is the place."""
    groups: dict[int, list[Slot]] = {}
    for slot in slots:
        groups.setdefault((slot.start - origin) // seconds, []).append(slot)
    return tuple(_gather(inside) for inside in groups.values())


def _gather(slots: Sequence[Slot]) -> Step:
    zones: Counter[str] = Counter()
    counted = [slot for slot in slots if slot.energy is not None and slot.state is not State.SUSPECT]
    for slot in counted:
        zones[slot.zone] += slot.energy or 0
    return Step(
        start=slots[0].start,
        end=slots[-1].end,
        zones=dict(zones),
        total=sum(zones.values()) if counted else None,
        estimated=sum(slot.energy or 0 for slot in counted if slot.state in _ESTIMATED),
        state=_worst(slot.state for slot in slots),
        whole=all(slot.state not in (State.MISSING, State.NOT_DUE, State.SUSPECT) for slot in slots),
    )


def of_days(days: Iterable[DayView], tz: str, next_day: Callable[[DayView], int]) -> tuple[Step, ...]:
    """One step a day; `next_day` gives the start of the day after (seconds UTC)."""
    return tuple(_day(view, midnight(view.day, tz), next_day(view)) for view in days)


def _day(view: DayView, start: int, end: int) -> Step:
    done = view.completeness
    states = [state for state, energy in view.totals.states.items() if energy]
    if done.missing:
        states.append(State.MISSING)
    if not states and done.not_due and not done.received:
        states.append(State.NOT_DUE)
    if not states and done.off:
        states.append(State.POWER_OFF)
    estimated = sum(view.totals.states.get(state, 0) for state in _ESTIMATED)
    state = _worst(states) if states else State.ZERO
    return Step(
        start, end, view.totals.zones, view.totals.total, estimated, state, not done.missing and not done.not_due
    )


def _worst(states: Iterable[State]) -> State:
    return min(states, key=_GRAVEST.index)
