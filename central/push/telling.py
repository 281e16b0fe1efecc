"""What is due becomes messages: one an account, of what is gravest, which says how many others there are.

A_DAY in any 24 hours; danger goes beyond that, up to DANGER_A_DAY. The rest stands in the cabinet, and the next message
says how many. What a person wants no more, saw already or may not see is not told.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from central.accounts.policy import Viewer
from central.jobs.context import Context
from central.notices import board
from central.notices.choices import choices
from central.notices.kinds import DANGER, Kind
from central.notices.quiet import quiet
from central.notices.tables import notice_reader
from central.push import devices
from central.push.tables import State, push, push_delivery

DAY = 86_400
A_DAY, DANGER_A_DAY = 5, 10  # messages to one person in 24 hours


def make(context: Context) -> int:
    """How many messages."""
    due = push.c.state == State.WAITING, push.c.due_at <= context.now
    with context.engine.connect() as connection:
        accounts = connection.scalars(select(push.c.account).where(*due).distinct()).all()
    made = 0
    for account in sorted(accounts):
        context.check()
        with context.writing() as connection:
            made += _to(connection, account, context.now)
    return made


def _to(connection: Connection, account: int, now: int) -> bool:
    its = push.c.account == account, push.c.state == State.WAITING, push.c.due_at <= now
    rows = connection.execute(select(push).where(*its).order_by(push.c.id).with_for_update()).all()
    phones = devices.alive(connection, account, now)
    wanted = _wanted(connection, account, rows, now) if phones else []
    _turn(connection, [row.id for row in rows if row not in wanted], State.DROPPED)
    hours = quiet(connection, account)
    asleep = [row for row in wanted if row.kind not in DANGER and hours.holds(now, row.tz)]
    for row in asleep:  # it became due before, and nobody came to tell it
        later = update(push).where(push.c.id == row.id)
        connection.execute(later.values(due_at=hours.over(now, row.tz)))
    awake = sorted((row for row in wanted if row not in asleep), key=lambda row: (row.kind not in DANGER, -row.id))
    if not awake:
        return False
    lead = awake[0]
    most = DANGER_A_DAY if lead.kind in DANGER else A_DAY
    if _today(connection, account, now) >= most:
        _turn(connection, [row.id for row in awake], State.HELD)
        return False
    held = _held(connection, account, now)
    rest = [row.id for row in awake[1:]] + held
    _turn(connection, rest, State.WITHIN, told_at=now)
    sent = update(push).where(push.c.id == lead.id)
    connection.execute(sent.values(state=State.SENT, told_at=now, more=len(rest)))
    connection.execute(
        push_delivery.insert(), [{"push": lead.id, "device": key, "due_at": now, "tries": 0} for key in phones]
    )
    return True


def _wanted(connection: Connection, account: int, rows: Sequence[Row[Any]], now: int) -> list[Row[Any]]:
    viewer = Viewer.load(connection, account, now)
    if viewer is None:
        return []
    chosen = choices(connection, account)
    keys = [row.notice for row in rows if row.notice is not None]
    visible = {one.id for one in board.these(connection, viewer, keys)} - _seen(connection, account, keys)
    return [row for row in rows if chosen[Kind(row.kind)].push and (row.notice is None or row.notice in visible)]


def _seen(connection: Connection, account: int, keys: Sequence[int]) -> set[int]:
    read = notice_reader.c.account == account, notice_reader.c.notice.in_(keys), notice_reader.c.seen_at.is_not(None)
    return set(connection.scalars(select(notice_reader.c.notice).where(*read)))


def _held(connection: Connection, account: int, now: int) -> list[int]:
    """What no message has said there is; what was seen meanwhile needs none."""
    rows = connection.execute(select(push).where(push.c.account == account, push.c.state == State.HELD)).all()
    wanted = {row.id for row in _wanted(connection, account, rows, now)} if rows else set()
    _turn(connection, [row.id for row in rows if row.id not in wanted], State.DROPPED)
    return sorted(wanted)


def _today(connection: Connection, account: int, now: int) -> int:
    its = push.c.account == account, push.c.state == State.SENT, push.c.told_at > now - DAY
    return connection.scalar(select(func.count()).select_from(push).where(*its)) or 0


def _turn(connection: Connection, keys: Sequence[int], state: State, **values: int) -> None:
    if keys:
        connection.execute(update(push).where(push.c.id.in_(keys)).values(state=state, **values))
