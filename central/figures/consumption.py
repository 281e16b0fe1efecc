"""A month of a point beside others: the one before, the same a year ago, and what it will come to."""

from datetime import date

from central.accounts.policy import Viewer
from central.figures.daily import ONE_DAY
from central.figures.forecast import forecast
from central.figures.month_figure import earlier, month_figure
from central.figures.source import Source, opened
from central.figures.views import MonthBeside, NotFound
from central.metering.zones import midnight, month_start, next_month


def consumption(source: Source, viewer: Viewer, point_id: int, first: date, now: int) -> MonthBeside:
    """`first`: the month's first day. Raises NotFound: nothing of the month may be seen; SeriesUnavailable."""
    with opened(source, viewer, point_id, 0, now + 1) as point:
        if (
            point.visible.until <= midnight(first, point.tz)
            or midnight(next_month(first), point.tz) <= point.visible.since
        ):
            raise NotFound(f"point {point_id} in {first}")
        month = month_figure(point, first, now)
        before = earlier(point, first, month_start(first - ONE_DAY), month, now)
        year = earlier(point, first, first.replace(year=first.year - 1), month, now)
        return MonthBeside(point.view(now), month, forecast(point, month, now), *before, *year)
