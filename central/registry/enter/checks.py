"""What all entries share: one of a list, a unique name, a time zone, a moment that has come."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, ColumnElement, Connection, Row, Table, select

from central.registry.periods import said
from central.registry.refusals import Refused

SOON = 3600  # seconds: two clocks may differ, an act of tomorrow is a mistake


def one_of(field: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise Refused(
            field, _l("«%(value)s» здесь не бывает; можно: %(allowed)s", value=value, allowed=", ".join(allowed))
        )


def filled(field: str, value: str, most: int) -> str:
    """The text without spaces around it."""
    text = value.strip()
    if not text:
        raise Refused(field, _l("не заполнено"))
    if len(text) > most:
        raise Refused(field, _l("длиннее %(most)s знаков", most=most))
    return text


def unique(connection: Connection, field: str, column: Column[Any], value: object, taken: LazyString) -> None:
    """`taken`: what to say when another row has this value."""
    if connection.execute(select(column).where(column == value).limit(1)).first() is not None:
        raise Refused(field, taken)


def time_zone(field: str, name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        sentence = _l("«%(value)s» — не часовой пояс; пишется так: Europe/Moscow, Asia/Yekaterinburg", value=name)
        raise Refused(field, sentence) from None


def not_future(field: str, moment: int, now: int, tz: str = "UTC") -> None:
    """What has happened is entered, not what will."""
    if moment > now + SOON:
        raise Refused(field, _l("%(when)s ещё не наступило; вносится то, что уже произошло", when=said(moment, tz)))


def not_future_day(field: str, day: date, today: date) -> None:
    if day > today:
        raise Refused(field, _l("%(when)s ещё не наступило; вносится то, что уже произошло", when=said(day)))


def found(connection: Connection, field: str, table: Table, key: object, missing: LazyString) -> Row[Any]:
    """The row with this primary key; Refused with `missing` when there is none."""
    row = connection.execute(select(table).where(next(iter(table.primary_key.columns)) == key)).first()
    if row is None:
        raise Refused(field, missing)
    return row


def rows_of(connection: Connection, table: Table, where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """In the order of their beginning."""
    return connection.execute(select(table).where(where).order_by(table.c.valid_from)).all()
