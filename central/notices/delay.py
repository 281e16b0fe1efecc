"""How long it takes from what happened to who is told: measured on every notice, so that «within a day» is a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Connection, case, exists, func, select

from central.notices.kinds import DECREE, Kind
from central.notices.tables import notice, notice_reader

MANY = 1_000
MOST_SECONDS = 86_400  # event_notice_max_delay of decree № 890, row 5


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds."""

    most: int
    median: int


@dataclass(frozen=True, slots=True)
class Delay:
    """Of so many cases: from the meter's line to this server, from there to the cabinet, to the first letter (of those
    that have one), and from the line to the cabinet in all."""

    cases: int
    received: Took
    shown: Took
    letter: Took | None
    whole: Took


def measured(connection: Connection, since: int) -> Delay | None:
    """Of the newest MANY cases that somebody was told of since then; None = there are none. A power cut is told from
    its end on."""
    happened = case((notice.c.kind == Kind.SWITCHED_OFF, func.coalesce(notice.c.until, notice.c.since)),
                    else_=notice.c.since)  # fmt: skip
    whom = exists().where(notice_reader.c.notice == notice.c.id)
    told = select(func.min(notice_reader.c.told_at)).where(notice_reader.c.notice == notice.c.id).scalar_subquery()
    query = (
        select(happened.label("happened"), notice.c.received_at, notice.c.made_at, told.label("told_at"))
        .where(notice.c.made_at >= since, notice.c.kind.in_([kind.value for kind in DECREE]))
        .where(notice.c.received_at.is_not(None), whom)
        .order_by(notice.c.made_at.desc(), notice.c.id.desc())
        .limit(MANY)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    letters = [row.told_at - row.received_at for row in rows if row.told_at is not None]
    return Delay(
        cases=len(rows),
        received=_took([row.received_at - row.happened for row in rows]),
        shown=_took([row.made_at - row.received_at for row in rows]),
        letter=_took(letters) if letters else None,
        whole=_took([row.made_at - row.happened for row in rows]),
    )


def _took(seconds: Sequence[int]) -> Took:
    return Took(max(seconds), int(median(seconds)))
