"""When a meter last spoke, and whether it is silent."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from central.figures.views import Heard
from central.ingest.tables import meter_seen
from central.metering.slots import DUE_AFTER

SILENT_PERIODS = 2  # of the load profile, before data that is due is missed
NEVER = Heard(None, None, None, None, True)


def heard(connection: Connection, periods: Mapping[str, int], now: int) -> dict[str, Heard]:
    """Meter -> when it was heard; `periods`: meter -> period of its profile, seconds. A meter never heard is silent."""
    query = select(meter_seen).where(meter_seen.c.meter.in_(list(periods)))
    found = dict.fromkeys(periods, NEVER)
    for row in connection.execute(query):
        latest = now - SILENT_PERIODS * periods[row.meter] - DUE_AFTER
        silent = row.last_stamp is None or row.last_stamp < latest
        found[row.meter] = Heard(row.last_stamp, row.last_received_at, row.last_success_at, row.fault, silent)
    return found
