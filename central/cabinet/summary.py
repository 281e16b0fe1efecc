"""The main page: how much this month, more or less than before, is the meter talking, is there anything to do."""

from collections.abc import Sequence

from flask_babel import gettext as _

from central import figures
from central.cabinet import complexes, news
from central.faces import charts, energy, words
from central.faces.formats import kilo, said
from central.faces.here import here, viewer
from central.faces.periods import ONE_DAY
from central.figures.compare import compare
from central.figures.steps import steps
from central.figures.views import Concern, PointView, SummaryView, Trouble
from central.metering.zones import day_of

HALF_HOUR = 1800
MOST_OTHERS = 3  # other points whose troubles are told here; more have their own page


def page(point: PointView, points: Sequence[PointView]) -> dict[str, object]:
    made = here()
    view = figures.summary(made.source, viewer(), point.id, made.now)
    zones = energy.zones_of(point.zones)
    halves = steps(view.yesterday.slots, HALF_HOUR, point.tz)
    yesterday = day_of(view.yesterday.asked.since, point.tz)
    unit = str(words.KWH)
    bars = energy.bars(
        halves, zones, unit, yesterday, day_of(view.yesterday.asked.until, point.tz), HALF_HOUR, point.tz, made.now
    )
    chart = charts.bars(
        bars,
        energy.captions(
            "yesterday",
            _("Вчера по получасам"),
            _("Всего %(total)s кВт·ч", total=kilo(view.yesterday.totals.total)),
            _("кВт·ч за 30 минут"),
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
        "peak": max((step for step in halves if step.total), key=lambda step: step.total or 0, default=None),
        "comparison": compare(view.month.totals, view.previous_same.totals) if view.previous_same else None,
        "months": _months(view, zones),
        "lapse": complexes.ahead(point),
        "others": _others(point, points),
        "Concern": Concern,
        "news": news.latest(),
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
    return [(others[key], trouble) for key, trouble in sorted(found.items())][:MOST_OTHERS]
