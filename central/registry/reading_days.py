"""On which days a company takes readings, as it says itself."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from central.metering.handed import Window
from central.registry.tables import organisation


@dataclass(frozen=True, slots=True)
class Terms:
    """`silent_days`: after so many days of a meter's silence its readings are taken on any day."""

    window: Window
    silent_days: int


def terms(connection: Connection, company: int) -> Terms:
    row = connection.execute(select(organisation).where(organisation.c.id == company)).one()
    return Terms(Window(row.reading_first_day, row.reading_last_day), row.silent_days)
