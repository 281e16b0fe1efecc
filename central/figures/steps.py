"""Intervals put together into longer steps: quarters of an hour, hours, days, months; points put together into one.

Sums and counts are kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from central.figures.daily import ONE_DAY
from central.figures.totals import together
from central.figures.views import DayView
from central.metering.slots import Completeness, Slot, completeness, energies
from central.metering.terms import State
from central.metering.zones import day_of, midnight, month_start
from protocol.reading import Quality

DAY = 86_400
MONTH = 31 * DAY  # of the calendar, however long it is
COMPUTED = int(Quality.COMPUTED)  # a flag is ten times slower than its bits


class Step(Struct, frozen=True, gc=False):
    """[start, end), seconds UTC. `energies`: zone -> state -> mWh (mvarh), suspect ones beside the others.

    `due` = seconds of it that were to be measured by now, of all its points together. `computed` = how many of its
    places were made by the concentrator from registers, not by the meter.
    """

    start: int
    end: int
    energies: Mapping[str, Mapping[State, int]]
    completeness: Completeness
    due: int
    computed: int = 0

    @property
    def zones(self) -> dict[str, int]:
        """Zone -> energy without the suspect; only zones of which something is known."""
        return {
            zone: sum(energy for state, energy in states.items() if state is not State.SUSPECT)
            for zone, states in self.energies.items()
            if any(state is not State.SUSPECT for state in states)
        }

    @property
    def total(self) -> int | None:
        found = None
        for states in self.energies.values():
            for state, energy in states.items():
                if state is not State.SUSPECT:
                    found = energy if found is None else found + energy
        return found


def steps(slots: Iterable[Slot], seconds: int, tz: str) -> tuple[Step, ...]:
    """Steps are counted from local midnight and never reach over it; shorter than the places: one step a place."""

    def place(slot: Slot) -> tuple[int, int]:
        origin = midnight(day_of(slot.start, tz), tz)
        return origin, (slot.start - origin) // seconds if seconds < DAY else 0

    return tuple(_step(tuple(group)) for _, group in groupby(slots, key=place))


def steps_of_days(days: Iterable[DayView], tz: str) -> tuple[Step, ...]:
    """Whole days as they stand in `point_day`."""
    return tuple(_of_day(day, midnight(day.day, tz), midnight(day.day + ONE_DAY, tz)) for day in days)


def _of_day(day: DayView, start: int, end: int) -> Step:
    counts = day.completeness
    places = counts.expected + counts.not_due
    return Step(start, end, day.energies, counts, (end - start) * counts.expected // places if places else 0)


def steps_of_months(found: Iterable[Step], tz: str) -> tuple[Step, ...]:
    """Days put together by the months of the calendar."""
    return tuple(_sum(list(group)) for _, group in groupby(found, key=lambda one: month_start(day_of(one.start, tz))))


def steps_of_many(found: Iterable[Sequence[Step]]) -> tuple[Step, ...]:
    """Steps of several points that begin together are one."""
    together_there: dict[int, list[Step]] = defaultdict(list)
    for of_one in found:
        for step in of_one:
            together_there[step.start].append(step)
    found = (together_there[start] for start in sorted(together_there))
    return tuple(_sum(parts) if len(parts) > 1 else parts[0] for parts in found)


def _sum(parts: Sequence[Step]) -> Step:
    by_zone: dict[str, dict[State, int]] = defaultdict(dict)
    for part in parts:
        for zone, states in part.energies.items():
            for state, energy in states.items():
                by_zone[zone][state] = by_zone[zone].get(state, 0) + energy
    counts = together(part.completeness for part in parts)
    end = max(part.end for part in parts)
    due, computed = sum(part.due for part in parts), sum(part.computed for part in parts)
    return Step(parts[0].start, end, by_zone, counts, due, computed)


def _step(slots: tuple[Slot, ...]) -> Step:
    computed = sum(1 for slot in slots if slot.parts and slot.quality & COMPUTED)
    due = sum(slot.end - slot.start for slot in slots if slot.state is not State.NOT_DUE)
    return Step(slots[0].start, slots[-1].end, energies(slots), completeness(slots), due, computed)
