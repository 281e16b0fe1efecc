"""The figures as jobs of the worker: the checks of every night, and asking a meter again. Each may be run again."""

import logging
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, select, update

from central.commands import keys
from central.commands.sending import send
from central.config import ConfigError
from central.figures import checking, dirty, exceptions
from central.figures.material import Place
from central.figures.recompute import compute, days_with_holes, newest, places_of
from central.figures.tables import decision, exception, point_day
from central.ingest.tables import edge_meter
from central.jobs.context import Context, JobFailed, JobRefused
from central.logs import about
from central.metering.checks.catalogue import CHECKS, Settings, When
from central.metering.zones import Uncovered, day_of
from central.operation.alarms import Alarm
from central.registry.look import segments_of, valid
from central.registry.tables import mounting, point
from central.timeseries.base import DAY
from protocol.messages.command import Backfill

log = logging.getLogger(__name__)

CHUNK = 100  # points that are looked up at once
TRIES = 3  # of one point, when its day is computed by another worker meanwhile
ONE_DAY = timedelta(days=1)
LIFETIME = 3 * 86_400  # of a command, seconds


def validate(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """All checks over the day before, of every point where a meter stands: a meter that says nothing makes no day; and
    over earlier days that were computed anew since a slow check found something in them."""
    now, counts = context.now, Counter[str]()
    with context.engine.connect() as connection:
        standing = select(mounting.c.point).where(valid(mounting, now)).distinct()
        points = connection.scalars(standing.order_by(mounting.c.point)).all()
    for first in range(0, len(points), CHUNK):
        part = points[first : first + CHUNK]
        with context.engine.connect() as connection:
            places, settings = places_of(connection, part), checking.settings_of(connection, part)
        for key in part:
            context.check()
            found = _checked(context, places[key], settings[key], day_of(now, places[key].tz) - ONE_DAY, When.NOW)
            if found is not None:
                counts["points"] += 1
                counts["found"] += found
    for key, day in _to_look_at_again(context):
        context.check()
        with context.engine.connect() as connection:
            places, settings = places_of(connection, [key]), checking.settings_of(connection, [key])
        _checked(context, places[key], settings[key], day, When.SLOW)
    with context.writing() as connection:
        counts["reopened"] = exceptions.reopen(connection, now)
    return dict(counts)


def _to_look_at_again(context: Context) -> list[tuple[int, date]]:
    slow = [name for name, one in CHECKS.items() if one.when is When.SLOW]
    standing = (exception.c.state.in_(exceptions.STANDING), exception.c.name.in_(slow))
    later = (point_day.c.point == exception.c.point, point_day.c.day == exception.c.day)
    query = select(exception.c.point, exception.c.day).join(point_day, and_(*later))
    query = query.where(*standing, point_day.c.made_at > exception.c.changed_at).distinct()
    with context.engine.connect() as connection:
        return [(row.point, row.day) for row in connection.execute(query.order_by(exception.c.point, exception.c.day))]


def _checked(context: Context, place: Place, settings: Settings, day: date, upto: When) -> int | None:
    """How many findings; None: there was no scheme at that time. A day that another worker has computed meanwhile is
    looked at again: what came healed it."""
    now = context.now
    for _ in range(TRIES):
        with context.engine.connect() as connection:
            before = newest(connection, place.point, day)
            try:
                findings = compute(connection, context.series, place, settings, day, now, upto=upto).findings
            except Uncovered as error:
                ids = {"point": place.point, "day": day}
                log.error("a day cannot be checked: %s", error, extra=about(Alarm.DAY_NOT_COMPUTED, **ids))
                return None
        with context.writing() as connection:
            connection.execute(select(point.c.id).where(point.c.id == place.point).with_for_update())
            if newest(connection, place.point, day) == before:
                checking.keep(connection, place.point, day, findings, now, upto)
                return len(findings)
    return 0


def gaps(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Marks the days with gaps of all points of a company and kind: how long one may be estimated is another now."""
    with context.engine.connect() as connection:
        ours = (point.c.organisation == arguments["organisation"], point.c.kind == arguments["kind"])
        points = connection.scalars(select(point.c.id).where(*ours).order_by(point.c.id)).all()
    count = 0
    for key in points:
        context.check()
        with context.engine.connect() as connection:
            holed = days_with_holes(connection, key, date.min, date.max)
        if holed:
            with context.writing() as connection:
                dirty.mark_days(connection, key, holed, dirty.LIMIT)
            count += len(holed)
    with context.final({"days": count}):
        pass
    return {"days": count}


def reread(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Asks the meters of a decision's time again, through whoever reads them now; else it is open again."""
    try:
        return _asked(context, arguments["decision"])
    except (JobFailed, JobRefused):
        with context.writing() as connection:
            exceptions.unasked(connection, arguments["decision"], context.now)
        raise


def _asked(context: Context, decision_id: int) -> dict[str, Any]:
    try:
        key = keys.private_key(context.config)
    except ConfigError as error:
        raise JobFailed(str(error)) from None
    with context.engine.connect() as connection:
        row = connection.execute(select(decision).where(decision.c.id == decision_id)).one()
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
