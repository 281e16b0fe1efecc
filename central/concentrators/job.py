"""The job `configure`: versions that are wanted by now, since entitlements and mountings begin and end by time, and
those that wait for a seal. Right after `refresh` for one edge, now and then for all.
"""

import logging
from typing import Any

from sqlalchemy import select, union

from central.concentrators.sealing import seal
from central.concentrators.tables import edge_config
from central.concentrators.versions import refresh
from central.ingest.tables import edge_meter
from central.jobs.context import Context
from central.logs import about
from central.operation.alarms import Alarm
from central.sparingly import Sparingly

log = logging.getLogger(__name__)

AUTHOR = "worker"
_sparingly = Sparingly()


def run(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """`arguments`: {"edge"?}. Again and again changes nothing."""
    made = held = 0
    for name in [arguments["edge"]] if "edge" in arguments else _edges(context):
        context.check()
        with context.writing() as connection:
            outcome = refresh(connection, name, context.now, AUTHOR)
            held += seal(connection, context.config, name, context.now) is not None
        made += outcome.new
        if outcome.blocked is not None and _sparingly.may_say(name, context.now):
            ids = {"edge": name, "reason": "blocked"}
            log.warning("%s", outcome.blocked, extra=about(Alarm.CONFIGURATION_HELD, **ids))
    return {"made": made, "held": held}


def _edges(context: Context) -> list[str]:
    """Those that central configures, or may begin to."""
    hung = select(edge_meter.c.edge).where(edge_meter.c.line.is_not(None))
    configured = select(edge_config.c.edge).where(edge_config.c.wanted.is_not(None))
    with context.engine.connect() as connection:
        return sorted(connection.scalars(union(hung, configured)))
