"""«Показания счетчика»: readings at both ends of a period, consumption by zone, price and cost."""

from central import figures
from central.cabinet import meanwhile
from central.faces import energy
from central.faces.here import here, viewer
from central.faces.periods import Chosen
from central.figures import NotFound
from central.figures.source import FIELDS
from central.figures.views import Heard, PointView, ReadingsView


def page(point: PointView, period: Chosen) -> dict[str, object]:
    made = here()
    since, until = period.span(point.tz)
    view: ReadingsView | None
    try:
        view = figures.readings(made.source, viewer(), point.id, since, min(until, made.now), made.now)
    except NotFound:  # the point is the viewer's, this time is not
        view = None
    zones = energy.zones_of(point.zones)
    settled = (
        figures.settled(made.source, viewer(), point.id, period.first)
        if view is not None and period.length == "month"
        else None
    )
    return {
        "heard": _heard(point),
        "settled": settled,
        "point": point,
        "period": period,
        "view": view,
        "zones": {zone.name: zone for zone in zones},
        "fields": FIELDS,
        "meanwhile": meanwhile.told(meanwhile.cases(point, since, until), since, until) if view is not None else "",
        "query": {"point": point.id, **period.named},
    }


def _heard(point: PointView) -> Heard | None:
    """None: the point is the viewer's no more."""
    made = here()
    try:
        return figures.heard_at(made.source, viewer(), point.id, made.now)
    except NotFound:
        return None
