"""Something is to be told to people's phones, in the caller's transaction: kept until its time, for who has a phone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from central.db import insert
from central.notices.choices import choices
from central.notices.kinds import DANGER, Kind
from central.notices.quiet import quiet
from central.notices.tables import notice
from central.push.tables import State, push, push_device


@dataclass(frozen=True, slots=True)
class Asked:
    """`path`: of the page that a tap opens, one thing each; `tz`: whose nights are kept; `due_at`: not before; `notice`
    None = it is of no point."""

    account: int
    kind: Kind
    path: str
    tz: str
    due_at: int
    notice: int | None = None


def ask(connection: Connection, account: int, kind: Kind, path: str, tz: str, now: int) -> None:
    """Of what is no notice of a point: to who wants it, out of his quiet hours."""
    due = now if kind in DANGER else quiet(connection, account).over(now, tz)
    if choices(connection, account)[kind].push:
        ask_each(connection, [Asked(account, kind, path, tz, due)], now)


def ask_each(connection: Connection, asked: Sequence[Asked], now: int) -> None:
    """Each once: what is asked for again is there already. What a person wants to be told is the caller's to know."""
    told = {one.account for one in asked}
    if not told:
        return
    with_phone = set(
        connection.scalars(select(push_device.c.account).where(push_device.c.account.in_(told)).distinct())
    )
    rows = [
        {
            "account": one.account,
            "kind": one.kind.value,
            "notice": one.notice,
            "path": one.path,
            "tz": one.tz,
            "due_at": one.due_at,
            "state": State.WAITING,
            "more": 0,
            "made_at": now,
        }
        for one in asked
        if one.account in with_phone
    ]
    if rows:
        connection.execute(insert(connection, push).on_conflict_do_nothing(), rows)


def last_of(connection: Connection, accounts: Collection[int], point: int, kind: Kind) -> dict[int, int]:
    """Account -> when the last one of this kind about this point went, or goes."""
    query = (
        select(push.c.account, func.max(func.coalesce(push.c.told_at, push.c.due_at)))
        .join(notice, notice.c.id == push.c.notice)
        .where(notice.c.point == point, notice.c.kind == kind, push.c.account.in_(accounts))
        .group_by(push.c.account)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
