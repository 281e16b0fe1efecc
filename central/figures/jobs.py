"""The figures as jobs of the worker: the checks of every night, and asking a meter again. Each may be run again."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from central.commands import keys
from central.commands.sending import send
from central.config import ConfigError
from central.figures import checking
from central.figures.recompute import compute, places_of
from central.figures.tables import decision
from central.ingest.tables import edge_meter
from central.jobs.context import Context, JobFailed, JobRefused
from central.logs import about
from central.metering.zones import Uncovered
from central.operation.alarms import Alarm
from central.registry.look import segments_of, valid
from central.registry.tables import mounting
from protocol.messages.command import Backfill

log = logging.getLogger(__name__)

CHUNK = 100  # points a transaction
ONE_DAY = timedelta(days=1)
LIFETIME = 3 * 86_400  # of a command, seconds
DAY = 86_400


def validate(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """All checks over the day before, of every point where a meter stands: a meter that says nothing makes no day."""
    now, found, looked = context.now, 0, 0
    with context.engine.connect() as connection:
        standing = select(mounting.c.point).where(valid(mounting, now)).distinct()
        points = connection.scalars(standing.order_by(mounting.c.point)).all()
    for first in range(0, len(points), CHUNK):
        part = points[first : first + CHUNK]
        made = []
        with context.engine.connect() as connection:
            places, settings = places_of(connection, part), checking.settings_of(connection, part)
            for key in part:
                context.check()
                day = datetime.fromtimestamp(now, ZoneInfo(places[key].tz)).date() - ONE_DAY
                try:
                    computed = compute(connection, context.series, places[key], settings[key], day, now, nightly=True)
                except Uncovered as error:
                    ids = {"point": key, "day": day}
                    log.error("a day cannot be checked: %s", error, extra=about(Alarm.DAY_NOT_COMPUTED, **ids))
                    continue
                made.append((key, day, computed.findings))
        with context.writing() as connection:
            for key, day, findings in made:
                checking.keep(connection, key, day, findings, now, nightly=True)
                found += len(findings)
        looked += len(made)
    return {"points": looked, "found": found}


def reread(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Asks the meters of a decision's time again, through whoever reads them now."""
    try:
        key = keys.private_key(context.config)
    except ConfigError as error:
        raise JobFailed(str(error)) from None
    with context.engine.connect() as connection:
        row = connection.execute(select(decision).where(decision.c.id == arguments["decision"])).one()
        if row.undone_at is not None:
            raise JobRefused("it was taken back")
        segments = segments_of(connection, row.point, row.since, row.until)
        edges = {
            one.meter: connection.scalar(
                select(edge_meter.c.edge).where(edge_meter.c.meter == one.meter, valid(edge_meter, context.now))
            )
            for one in segments
        }
    asked = {meter: edge for meter, edge in edges.items() if edge is not None}
    if not asked:
        raise JobRefused("no concentrator reads this meter now")
    commands: list[str] = []
    with context.final({"commands": 2 * len(asked)}) as connection:
        for meter, edge in asked.items():
            for span in _spans(meter, row.since, row.until):
                commands.append(send(connection, key, edge, span, f"decision {row.id}", context.now, LIFETIME))
        connection.execute(update(decision).where(decision.c.id == row.id).values(command=commands[0]))
    return {"commands": len(commands)}


def _spans(meter: str, since: int, until: int) -> tuple[Backfill, Backfill]:
    """The intervals of this time, and the registers around it."""
    start, end, before, after = (
        datetime.fromtimestamp(moment, UTC) for moment in (since, until, since - DAY, until + DAY)
    )
    return (
        Backfill(meter=meter, kind="load", since=start, until=end),
        Backfill(meter=meter, kind="daily", since=before, until=after),
    )
