"""Working days of the production calendar of Russia, with the days off that the Government moves each year."""

from datetime import date, timedelta
from functools import cache

import holidays


@cache
def _calendar() -> holidays.HolidayBase:
    return holidays.country_holidays("RU")


def next_working_day(day: date) -> date:
    """The first after this one."""
    found = day + timedelta(days=1)
    while not _calendar().is_working_day(found):
        found += timedelta(days=1)
    return found
