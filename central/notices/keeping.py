"""One notice is kept once, and for each who saw the point then: in his cabinet, and when a letter is due.

In the quiet hours of a person only danger comes; the rest waits for their end, by the point's clock. Of the same at
the same point one letter in RESTING, and one message to the phone: what flaps is told together.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from central.accounts.policy import readers
from central.db import insert
from central.notices.choices import choices_of
from central.notices.kinds import DANGER, Kind, told_as
from central.notices.quiet import Quiet, quiet_of
from central.notices.tables import notice, notice_reader
from central.push.asking import Asked, ask_each, last_of

PAGE = "/notices"  # of the cabinet, where each notice has a place of its own
RESTING = 6 * 3600  # seconds between two letters of one kind about one point


def keep(
    connection: Connection,
    values: dict[str, Any],
    tz: str,
    moment: int,
    now: int,
    *,
    past: bool,
    people: Sequence[int] | None = None,
    letters: bool = True,
) -> bool:
    """`values`: of the notice. Told to who saw the point at `moment`, or to these `people` alone; what is `past` is
    kept and told to nobody; not `letters`: one of its own has gone. False: it was there already; that it ended by now
    is written."""
    new = insert(connection, notice).values(**values, made_at=now).on_conflict_do_nothing()
    key = connection.scalar(new.returning(notice.c.id))
    if key is None:
        if values["until"] is not None:
            same = (notice.c[name] == values[name] for name in ("point", "meter", "kind", "since", "code"))
            ended = update(notice).where(*same, notice.c.until.is_(None))
            connection.execute(ended.values(until=values["until"]))
        return False
    if not past:
        whom = readers(connection, values["point"], moment, now) if people is None else people
        _tell(connection, key, values, tz, whom, now, letters)
    return True


def _tell(
    connection: Connection, key: int, values: dict[str, Any], tz: str, people: Sequence[int], now: int, letters: bool
) -> None:
    if not people:
        return
    point, kind = values["point"], Kind(values["kind"])
    told = told_as(kind, values["since"], values["until"])
    chosen, hours = choices_of(connection, people, told), quiet_of(connection, people)
    before = _letters_before(connection, people, point, kind)
    rows = [
        {
            "notice": key,
            "account": account,
            "shown": chosen[account].cabinet,
            "letter_at": due_at(kind, before.get(account), tz, now, hours[account])
            if letters and chosen[account].letter
            else None,
        }
        for account in people
    ]
    connection.execute(notice_reader.insert(), rows)
    last = last_of(connection, people, point, kind)
    asked = [
        Asked(account, told, f"{PAGE}#notice-{key}", tz, due_at(kind, last.get(account), tz, now, hours[account]), key)
        for account in people
        if chosen[account].push
    ]
    ask_each(connection, asked, now)


def due_at(kind: Kind, before: int | None, tz: str, now: int, hours: Quiet) -> int:
    """When a letter or a message may go. `before`: when the last one of the same went, or goes; `hours`: quiet ones."""
    due = now if before is None else max(now, before if before > now else before + RESTING)
    return due if kind in DANGER else hours.over(due, tz)


def _letters_before(connection: Connection, people: Sequence[int], point: int, kind: Kind) -> dict[int, int]:
    when = func.max(func.coalesce(notice_reader.c.told_at, notice_reader.c.letter_at))
    query = (
        select(notice_reader.c.account, when)
        .join(notice, notice.c.id == notice_reader.c.notice)
        .where(notice.c.point == point, notice.c.kind == kind, notice_reader.c.account.in_(people))
        .group_by(notice_reader.c.account)
    )
    return {account: moment for account, moment in connection.execute(query) if moment is not None}
