"""The main page: how much this month, more or less than before, is the meter talking, is there anything to do."""

from collections.abc import Sequence

from flask_babel import gettext as _

from central import figures
from central.cabinet import complexes, news, notices
from central.faces import charts, energy, words
from central.faces.formats import kilo, said
from central.faces.here import here, viewer
from central.faces.periods import ONE_DAY
from central.figures.compare import compare
from central.figures.steps import steps
from central.figures.views import Concern, PointView, SummaryView, Trouble
from central.metering.zones import day_of

HALF_HOUR = 1800
MOST_OTHERS = 3  # other points whose troubles are told each by itself; the rest are folded


def page(point: PointView, points: Sequence[PointView]) -> dict[str, object]:
    made = here()
    view = figures.summary(made.source, viewer(), point.id, made.now)
    others = _others(point, points)
    zones = energy.zones_of(point.zones)
    size = max(HALF_HOUR, point.period or HALF_HOUR)
    found = steps(view.yesterday.slots, size, point.tz)
    yesterday = day_of(view.yesterday.asked.since, point.tz)
    unit = str(words.KWH)
    bars = energy.bars(
        found, zones, unit, yesterday, day_of(view.yesterday.asked.until, point.tz), size, point.tz, made.now
    )
    chart = charts.bars(
        bars,
        energy.captions(
            "yesterday",
            _("Вчера, шаг: %(size)s", size=energy.size_word(size)),
            _("Всего %(total)s кВт·ч", total=kilo(view.yesterday.totals.total)),
            _("%(unit)s, столбик — %(size)s", unit=unit, size=energy.size_word(size)),
            "24",
        ),
    )
    return {
        "point": view.point,
        "view": view,
        "zones": zones,
        "yesterday": yesterday,
        "before_yesterday": yesterday - ONE_DAY,
        "today": yesterday + ONE_DAY,
        "chart": chart,
        "peak": view.yesterday.maximum,
        "comparison": compare(view.month.totals, view.previous_same.totals)
        if view.previous_same and view.month.whole
        else None,
        "months": _months(view, zones),
        "lapse": complexes.ahead(point),
        "others": others[:MOST_OTHERS],
        "folded": others[MOST_OTHERS:],
        "Concern": Concern,
        "news": news.latest(),
        "notices": notices.latest(),
    }


def _months(view: SummaryView, zones: Sequence[energy.Zone]) -> dict[str, object]:
    """The two strips, each of the month's name, its drawing and its total."""
    found = [energy.strip(view.month.totals, zones, view.forecast)]
    if view.previous is not None:
        same = view.previous_same.totals.total if view.previous_same else None
        found.append(energy.earlier_strip(same, view.previous.totals.total))
    return {
        "this": said(day_of(view.month.since, view.point.tz), "LLLL").capitalize(),
        "before": said(day_of(view.previous.since, view.point.tz), "LLLL").capitalize() if view.previous else "",
        "end": said(day_of(view.month.since, view.point.tz), "MMMM"),
        "strips": charts.strips(found),
    }


def _others(point: PointView, points: Sequence[PointView]) -> list[tuple[PointView, Trouble]]:
    """Other points of the same person whose meters are silent."""
    made = here()
    others = {one.id: one for one in points if one.id != point.id}
    found = figures.silent(made.source, viewer(), list(others), made.now)
    return [(one, found[key]) for key, one in others.items() if key in found]
