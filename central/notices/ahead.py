"""The job `notices_ahead`, every morning: a verification that ends in WARNED days, a meter that is silent for as many
days as its company lets it be, and the days on which readings are taken, where nobody but a person reads the meter."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from central.accounts.policy import readers
from central.handing.states import Handed
from central.handing.tables import handed_in
from central.ingest.tables import meter_seen
from central.jobs.context import Context
from central.metering.handed import Window
from central.metering.zones import day_of, midnight
from central.notices.keeping import keep
from central.notices.kinds import NO_JOURNAL, Kind
from central.notices.tables import notice
from central.registry.look import valid
from central.registry.tables import mounting, organisation, point, verification

DAY = 86_400
ONE_DAY = timedelta(days=1)
WARNED = (90, 30)  # days before a verification ends
UNREAD = 2 * DAY  # a meter that has said nothing for so long, or never, is to be read by a person
LONGEST = 30  # days more: who is silent for longer was told, or was silent before there was anything to tell him


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Each of them once, however often it is run."""
    with context.writing() as connection:
        ends = _verifications(connection, context.now)
    context.check()
    with context.writing() as connection:
        silent = _silent(connection, context.now)
        _speak_again(connection, context.now)
    context.check()
    with context.writing() as connection:
        to_read = _readings(connection, context.now)
    return {"verifications": ends, "silent": silent, "readings": to_read}


def _verifications(connection: Connection, now: int) -> int:
    last = func.max(verification.c.valid_until)
    its = select(verification.c.meter, last.label("ends")).where(verification.c.meter.is_not(None))
    today = day_of(now, "UTC")
    near = its.group_by(verification.c.meter).having(last.between(today, today + timedelta(days=max(WARNED) + 1)))
    found = near.subquery()
    query = (
        select(mounting.c.point, mounting.c.meter, point.c.tz, found.c.ends)
        .join(found, found.c.meter == mounting.c.meter)
        .join(point, point.c.id == mounting.c.point)
        .where(valid(mounting, now))
        .order_by(mounting.c.point)
    )
    return sum(_ends(connection, *row, now) for row in connection.execute(query).all())


def _ends(connection: Connection, point_id: int, meter: str, tz: str, ends: date, now: int) -> bool:
    """The nearest warning that is due: who is met 20 days before is not told of 90."""
    left = (ends - day_of(now, tz)).days
    days = min((one for one in WARNED if left <= one), default=None)
    if days is None or left <= 0:  # `ends` is the first day without it
        return False
    since = midnight(ends - timedelta(days=days), tz)
    values = _values(Kind.VERIFICATION, point_id, meter, since, midnight(ends, tz), days)
    return keep(connection, values, tz, now, now, past=False)


def _silent(connection: Connection, now: int) -> int:
    query = (
        select(mounting.c.point, mounting.c.meter, point.c.tz, meter_seen.c.last_stamp)
        .join(meter_seen, meter_seen.c.meter == mounting.c.meter)
        .join(point, point.c.id == mounting.c.point)
        .join(organisation, organisation.c.id == point.c.organisation)
        .where(valid(mounting, now))
        .where(meter_seen.c.last_stamp >= now - (organisation.c.silent_days + LONGEST) * DAY)
        .where(meter_seen.c.last_stamp <= now - organisation.c.silent_days * DAY)
        .order_by(mounting.c.point)
    )
    return sum(
        keep(
            connection,
            _values(Kind.SILENT, row.point, row.meter, row.last_stamp, None, 0),
            row.tz,
            now,
            now,
            past=False,
        )
        for row in connection.execute(query).all()
    )


def _speak_again(connection: Connection, now: int) -> None:
    spoke = select(notice.c.id).join(meter_seen, meter_seen.c.meter == notice.c.meter)
    spoke = spoke.where(notice.c.kind == Kind.SILENT, notice.c.until.is_(None))
    keys = connection.scalars(spoke.where(meter_seen.c.last_stamp > notice.c.since)).all()
    if keys:
        connection.execute(update(notice).where(notice.c.id.in_(keys)).values(until=now))


def _readings(connection: Connection, now: int) -> int:
    """Once a month: as the days begin, or on one of them, as soon as the meter has been silent for long enough. Where
    they are taken on any day there is nothing to say."""
    query = (
        select(mounting.c.point, mounting.c.meter, point.c.tz, organisation.c.reading_first_day,
               organisation.c.reading_last_day)
        .join(point, point.c.id == mounting.c.point)
        .join(organisation, organisation.c.id == point.c.organisation)
        .outerjoin(meter_seen, meter_seen.c.meter == mounting.c.meter)
        .where(valid(mounting, now), mounting.c.valid_from <= now - UNREAD)
        .where(or_(meter_seen.c.meter.is_(None), meter_seen.c.last_stamp <= now - UNREAD))
        .where(organisation.c.reading_first_day.is_not(None))
        .order_by(mounting.c.point)
    )  # fmt: skip
    return sum(_open(connection, *row, now) for row in connection.execute(query).all())


def _open(
    connection: Connection, point_id: int, meter: str, tz: str, first: int | None, last: int | None, now: int
) -> bool:
    taken = Window(first, last).taken(day_of(now, tz))
    handed = handed_in.c.point == point_id, handed_in.c.month == taken.month, handed_in.c.state != Handed.DECLINED
    if not taken.open or connection.scalar(select(handed_in.c.id).where(*handed).limit(1)) is not None:
        return False
    people = readers(connection, point_id, now, now, own=True)
    since, until = midnight(taken.opens, tz), midnight(taken.closes + ONE_DAY, tz)
    values = _values(Kind.READINGS_OPEN, point_id, meter, since, until, 0)
    return bool(people) and keep(connection, values, tz, now, now, past=False, people=people)


def _values(kind: Kind, point_id: int, meter: str, since: int, until: int | None, code: int) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "point": point_id,
        "meter": meter,
        "since": since,
        "until": until,
        "journal": NO_JOURNAL,
        "code": code,
        "received_at": None,
    }
