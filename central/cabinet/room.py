"""The blueprint of the cabinet, and until when a point is the viewer's."""

from datetime import date

from flask import Blueprint

from central.faces.here import here
from central.figures.views import PointView
from central.metering.zones import day_of

cabinet = Blueprint("cabinet", __name__)


@cabinet.app_template_global()
def still(point: PointView) -> bool:
    """Whether it is the viewer's now: a former tenant has his past, and no main page of it."""
    return point.visible.until > here().now


def last_day(point: PointView) -> date:
    """Of the viewer's time with it, in its zone: today, or the one before a former tenant left."""
    return day_of(min(here().now, point.visible.until - 1), point.tz)
