"""One notice is kept once, and for each who saw the point then: in his cabinet, and when a letter is due.

At night only danger comes; the rest waits for the morning of the point. Of the same at the same point one letter in
RESTING: what flaps is told together.
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, update

from central.accounts.policy import readers
from central.db import insert
from central.metering.zones import local
from central.notices.choices import choices_of
from central.notices.kinds import DANGER, Kind
from central.notices.tables import notice, notice_reader

MORNING, NIGHT = time(8), time(22)  # of the point's clock
RESTING = 6 * 3600  # seconds between two letters of one kind about one point
ONE_DAY = timedelta(days=1)


def keep(connection: Connection, values: dict[str, Any], tz: str, moment: int, now: int, *, past: bool) -> bool:
    """`values`: of the notice. Told to who saw the point at `moment`; what is `past` is kept and told to nobody. False:
    it was there already; that it ended by now is written."""
    new = insert(connection, notice).values(**values, made_at=now).on_conflict_do_nothing()
    key = connection.scalar(new.returning(notice.c.id))
    if key is None:
        if values["until"] is not None:
            same = (notice.c[name] == values[name] for name in ("point", "meter", "kind", "since", "code"))
            ended = update(notice).where(*same, notice.c.until.is_(None))
            connection.execute(ended.values(until=values["until"]))
        return False
    if not past:
        _tell(connection, key, values["point"], Kind(values["kind"]), tz, moment, now)
    return True


def _tell(connection: Connection, key: int, point: int, kind: Kind, tz: str, moment: int, now: int) -> None:
    people = readers(connection, point, moment, now)
    if not people:
        return
    chosen, before = choices_of(connection, people, kind), _letters_before(connection, people, point, kind)
    rows = [
        {
            "notice": key,
            "account": account,
            "shown": chosen[account].cabinet,
            "letter_at": letter_at(kind, before.get(account), tz, now) if chosen[account].letter else None,
        }
        for account in people
    ]
    connection.execute(notice_reader.insert(), rows)


def letter_at(kind: Kind, before: int | None, tz: str, now: int) -> int:
    """When a letter may go. `before`: when the last one of the same went, or goes."""
    due = now if before is None else max(now, before if before > now else before + RESTING)
    here = local(due, tz)
    if kind in DANGER or MORNING <= here.time() < NIGHT:
        return due
    day = here.date() if here.time() < MORNING else here.date() + ONE_DAY
    return int(datetime.combine(day, MORNING, ZoneInfo(tz)).timestamp())


def _letters_before(connection: Connection, people: list[int], point: int, kind: Kind) -> dict[int, int]:
    when = func.max(func.coalesce(notice_reader.c.told_at, notice_reader.c.letter_at))
    query = (
        select(notice_reader.c.account, when)
        .join(notice, notice.c.id == notice_reader.c.notice)
        .where(notice.c.point == point, notice.c.kind == kind, notice_reader.c.account.in_(people))
        .group_by(notice_reader.c.account)
    )
    return {account: moment for account, moment in connection.execute(query) if moment is not None}
