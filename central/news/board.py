"""What is on the board of a company: for its consumers what stands on a day, for its people all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.tables import account
from central.news.tables import news

LONGEST = 5_000  # characters of a text


class Stage(StrEnum):
    WAITING = "waiting"  # for its day
    SHOWN = "shown"
    OVER = "over"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Item:
    """`author`: who wrote it."""

    id: int
    day: date
    last: date | None
    title: str
    text: str
    made_at: int
    changed_at: int | None
    withdrawn_at: int | None
    author: str

    def stage(self, today: date) -> Stage:
        if self.withdrawn_at is not None:
            return Stage.WITHDRAWN
        if today < self.day:
            return Stage.WAITING
        return Stage.OVER if self.last is not None and self.last < today else Stage.SHOWN


@dataclass(frozen=True, slots=True)
class Page:
    """Of the news, the newest first: `number` counts from 1, `count` is of all."""

    items: Sequence[Item]
    number: int
    count: int


def shown(connection: Connection, organisation: int, today: date, page: int, rows: int) -> Page:
    """Of what stands on this day; past the last page there is the last."""
    stands = news.c.withdrawn_at.is_(None), news.c.day <= today, or_(news.c.last.is_(None), news.c.last >= today)
    return _page(connection, [news.c.organisation == organisation, *stands], page, rows)


def every(connection: Connection, viewer: Viewer, page: int, rows: int) -> Page:
    """The same of all that the viewer's company ever wrote."""
    return _page(connection, [news.c.organisation == viewer.company], page, rows)


def one(connection: Connection, viewer: Viewer, key: int) -> Item | None:
    """None: the company has no such."""
    row = connection.execute(_all().where(news.c.id == key, news.c.organisation == viewer.company)).first()
    return None if row is None else _item(row)


def write(
    connection: Connection,
    viewer: Viewer,
    key: int | None,
    day: date,
    last: date | None,
    title: str,
    text: str,
    now: int,
) -> int:
    """`key` None: a new one. What it was is not kept: it is no document. Returns its key."""
    values: dict[str, Any] = {"day": day, "last": last, "title": title, "text": text}
    if key is None:
        values |= {"organisation": viewer.company, "made_at": now, "made_by": viewer.account}
        made = connection.execute(news.insert().values(**values)).inserted_primary_key
        assert made is not None
        key = int(made[0])
    else:
        connection.execute(_own(viewer, key).values(**values, changed_at=now))
    note(connection, now, viewer.account, "news written", f"news {key}")
    return key


def withdraw(connection: Connection, viewer: Viewer, key: int, now: int) -> None:
    connection.execute(_own(viewer, key).values(withdrawn_at=now))
    note(connection, now, viewer.account, "news withdrawn", f"news {key}")


def put_back(connection: Connection, viewer: Viewer, key: int, now: int) -> None:
    connection.execute(_own(viewer, key).values(withdrawn_at=None))
    note(connection, now, viewer.account, "news put back", f"news {key}")


def _own(viewer: Viewer, key: int) -> Any:
    return update(news).where(news.c.id == key, news.c.organisation == viewer.company)


def _page(connection: Connection, where: Sequence[ColumnElement[bool]], page: int, rows: int) -> Page:
    count = connection.scalar(select(func.count()).select_from(news).where(*where)) or 0
    number = min(max(page, 1), max(-(-count // rows), 1))
    query = _all().where(*where).order_by(news.c.day.desc(), news.c.id.desc())
    found = connection.execute(query.limit(rows).offset((number - 1) * rows))
    return Page([_item(row) for row in found], number, count)


def _all() -> Select[Any]:
    return select(news, account.c.name.label("author")).join(account, account.c.id == news.c.made_by)


def _item(row: Row[Any]) -> Item:
    return Item(**{name: getattr(row, name) for name in Item.__slots__})
