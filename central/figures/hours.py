"""What was used in each hour of the days on which a point is billed by a scheme that is priced by the hour."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from central.figures.intervals import view
from central.figures.source import ACTIVE_IMPORT, Opened
from central.figures.views import Period
from central.metering.cost import Cost
from central.metering.hourly import HOUR, HourPrice
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import day_of, midnight

ZERO = Decimal("0.00")
ONE_DAY = timedelta(days=1)
Hours = Mapping[int, int]  # beginning of an hour -> mWh


def is_hourly(point: Opened, day: date) -> bool:
    """Whether this day is priced by the hour: from that of the first hour that has a price on."""
    first = point.entries.hourly.get(point.terms_on(day).scheme)
    return first is not None and first < midnight(day + ONE_DAY, point.tz)


def hours_of(point: Opened, period: Period, now: int) -> dict[date, Hours]:
    """Day -> its hours, of active import; of days that are priced by the hour alone. Raises SeriesUnavailable."""
    if not point.entries.hourly:
        return {}
    return by_hours(point, view(point, period, ACTIVE_IMPORT, now).slots)


def by_hours(point: Opened, slots: Iterable[Slot]) -> dict[date, Hours]:
    """The same of places that are read already: an interval is of the hour in which it begins."""
    found: dict[date, dict[int, int]] = {}
    for slot in slots:
        day = day_of(slot.start, point.tz)
        if slot.energy is not None and slot.state is not State.SUSPECT and is_hourly(point, day):
            hour = slot.start - slot.start % HOUR
            inside = found.setdefault(day, {})
            inside[hour] = inside.get(hour, 0) + slot.energy
    return dict(found)


def hour_prices(point: Opened, days: Mapping[date, Hours]) -> dict[int, HourPrice]:
    """Of all hours of these days."""
    schemes: dict[int, list[int]] = defaultdict(list)
    for day, hours in days.items():
        schemes[point.terms_on(day).scheme] += hours
    found: dict[int, HourPrice] = {}
    for scheme, wanted in schemes.items():
        prices = point.entries.hour_prices(scheme, min(wanted), max(wanted) + 1)
        found |= {hour: prices[hour] for hour in wanted if hour in prices}
    return found


def with_hours(found: Cost | None, days: Iterable[Hours], prices: Mapping[int, HourPrice]) -> Cost | None:
    """A cost and what these hours cost besides; None when there is neither."""
    together = {hour: energy for hours in days for hour, energy in hours.items()}
    if not together:
        return found
    return (found or Cost((), ZERO, ())).with_hours(together, prices)
