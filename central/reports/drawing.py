"""Charts of reports: what all its points used together, drawn as the cabinet draws it."""

from collections.abc import Sequence

from flask_babel import gettext as _

from central.faces import charts, energy, words
from central.faces.formats import kilo
from central.faces.periods import Chosen
from central.figures.steps import DAY, MONTH, Step, steps, steps_of_days, steps_of_many, steps_of_months
from central.figures.views import PointView
from central.metering.slots import Slot
from central.reports import profiles
from central.reports.description import Chart
from central.reports.making import Making
from central.reports.profiles import HALF_HOUR

MOST_POINTS = 50  # of more of them no chart is made: each is read once more for it
BY_INTERVALS = 7  # days


def drawn(made: Making, channel: str) -> Chart | None:
    """Intervals of a day or a week, of longer periods days or months, whatever is few enough. None = the points are too
    many, or have not one clock."""
    if not drawable(made.points):
        return None
    period, tz = made.asked.period, made.points[0].tz
    if period.days <= BY_INTERVALS:
        slots = sorted(_slots(made, channel), key=lambda slot: slot.start)
        periods = (one.period for _point, there in profiles.tenures(made) for one in there)
        own = max(periods, default=HALF_HOUR)
        size = energy.for_chart(own, period.days * DAY)
        found = steps(slots, size, tz)
    else:
        found, size = by_days(made, period, channel), DAY
        if period.days > charts.MOST_BARS:
            found, size = steps_of_months(found, tz), MONTH
    return chart(made, found, channel, size)


def drawable(points: Sequence[PointView]) -> bool:
    return len(points) <= MOST_POINTS and len({one.tz for one in points}) == 1


def by_days(made: Making, period: Chosen, channel: str) -> tuple[Step, ...]:
    """What all points used together, day by day."""
    return steps_of_many(
        steps_of_days(profiles.days(made, one, period.first, period.until, channel), one.tz) for one in made.points
    )


def chart(
    made: Making, found: Sequence[Step], channel: str, size: int, earlier: Sequence[Step | None] = ()
) -> Chart | None:
    """Bars of `size` seconds; `earlier`: those of another period, by their places. None = there is nothing to draw."""
    if not found:
        return None
    period, tz = made.asked.period, made.points[0].tz
    unit = str(words.UNITS[channel])
    zones = energy.zones_together(made.points)
    bars = energy.bars(found, zones, unit, period.first, period.until, size, tz, made.now, earlier=earlier)
    known = [step.total for step in found if step.total is not None]
    each, total = energy.size_word(size), kilo(sum(known) if known else None)
    captions = energy.captions(
        f"report-{made.report.word}",
        f"{words.CHANNELS[channel]}, {period.caption}",
        _("Всего %(total)s %(unit)s, столбик — %(size)s", total=total, unit=unit, size=each),
        _("%(unit)s, столбик — %(size)s", unit=unit, size=each),
        "24" if period.days == 1 else "",
    )
    return Chart(bars, captions)


def _slots(made: Making, channel: str) -> list[Slot]:
    period = made.asked.period
    return [
        slot
        for one in made.points
        for since, until in profiles.parts(made, one, period.first, period.until)
        for piece in profiles.places(made, one, since, until, (channel,))
        for slot in piece.get(channel, ())
    ]
