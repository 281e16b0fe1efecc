"""Steps keep sums and counts; a comparison says by how much and where."""

from datetime import date, timedelta

import pytest

from central import figures
from central.figures.compare import Comparison, compare
from central.figures.steps import DAY, steps, steps_of_days
from central.figures.views import Totals
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import midnight
from tests.central import scene as s
from tests.central.scene import Scene

FIRST, UNTIL = date(2026, 11, 8), date(2026, 11, 22)


def slots_of(scene: Scene) -> tuple[Slot, ...]:
    since, until = midnight(FIRST, s.TZ), midnight(UNTIL, s.TZ)
    point = scene.points[s.FLAT]
    return figures.interval(
        scene.source, scene.viewer(s.CONSUMER), point, since, until, "active_import", scene.now
    ).slots


@pytest.mark.parametrize("seconds", [60, 1800, 3600, 21_600, DAY])
def test_longer_steps_keep_sums_and_counts(scene: Scene, seconds: int) -> None:
    slots = slots_of(scene)
    found = steps(slots, seconds, s.TZ)
    assert len(found) == len(slots) * 1800 // max(seconds, 1800)
    assert sum(step.total or 0 for step in found) == sum(slot.energy or 0 for slot in slots)
    assert sum(step.completeness.estimated for step in found) == 48 + 14
    assert sum(step.completeness.off for step in found) == 2
    assert (found[0].start, found[-1].end) == (slots[0].start, slots[-1].end)


def test_stored_days_are_the_steps_of_their_intervals(scene: Scene) -> None:
    view = figures.days(
        scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], FIRST, UNTIL, "active_import", scene.now
    )
    stored, summed = steps_of_days(view.days, s.TZ), steps(slots_of(scene), DAY, s.TZ)
    assert [(step.start, step.end, step.total, step.zones) for step in stored] == [
        (step.start, step.end, step.total, step.zones) for step in summed
    ]
    long_row = stored[(s.LONG_ROW[0] - FIRST) // timedelta(days=1)]
    assert long_row.energies["night"][State.ESTIMATED] > 0
    assert State.ESTIMATED not in long_row.energies["peak"]


def test_suspect_energy_stands_beside_the_total() -> None:
    (step,) = steps(
        [Slot(0, 1800, "day", State.SUSPECT, 0, 5), Slot(1800, 3600, "night", State.ZERO, 0, 0)], 3600, "UTC"
    )
    assert (step.zones, step.total) == ({"night": 0}, 0)


@pytest.mark.parametrize(
    ("now", "before", "wanted"),
    [
        ({"day": 100, "night": 60}, {"day": 100, "night": 40}, Comparison(14, "night")),
        ({"day": 90, "night": 30}, {"day": 100, "night": 40}, Comparison(-14, "day")),
        ({"a": 11, "b": 11, "c": 11}, {"a": 10, "b": 10, "c": 10}, Comparison(10, None)),
        ({"all": 5}, {"all": 4}, Comparison(25, None)),
        ({"all": 5}, {"all": 0}, None),
        ({}, {"all": 4}, None),
    ],
)
def test_a_comparison_names_the_zone_where_most_of_it_happened(
    now: dict[str, int], before: dict[str, int], wanted: Comparison | None
) -> None:
    def totals(zones: dict[str, int]) -> Totals:
        return Totals(sum(zones.values()) if zones else None, zones, {}, 0)

    assert compare(totals(now), totals(before)) == wanted
