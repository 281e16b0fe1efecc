"""A personal report sent by mail each month: on a day, when its points are complete enough, or so many days later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Connection, case, delete, select

from central.accounts.policy import Viewer
from central.db import insert
from central.metering.zones import day_of, month_start
from central.registry.periods import COMPANY
from central.registry.refusals import Refused
from central.reports import personal
from central.reports.formats import FORMS
from central.reports.tables import report_schedule

DAYS = range(1, 29)  # that each month has
PERCENTS = range(101)
WAITS = range(21)  # days
MOST = 20  # of one account


@dataclass(frozen=True, slots=True)
class Schedule:
    """`day` of the month; `percent`: so complete its points are to be; `days`: so long it waits for that."""

    day: int
    form: str
    percent: int
    days: int
    sent_for: date | None


def of(connection: Connection, viewer: Viewer, personal_key: int) -> Schedule | None:
    """His own. Raises NotFound: there is no such report for him."""
    personal.one(connection, viewer, personal_key)
    row = connection.execute(select(report_schedule).where(*_its(viewer, personal_key))).first()
    return None if row is None else Schedule(row.day, row.form, row.percent, row.days, row.sent_for)


def set(
    connection: Connection, viewer: Viewer, personal_key: int, day: int, form: str, percent: int, days: int, now: int
) -> None:
    """Once more changes it: what was sent this month is not sent again, what waits for its data goes on waiting unless
    its day is another. Raises NotFound, Refused."""
    personal.one(connection, viewer, personal_key)
    for name, value, allowed, sentence in (
        ("day", day, DAYS, _l("День месяца: от 1 до 28")),
        ("percent", percent, PERCENTS, _l("Полнота: от 0 до 100 %%")),
        ("days", days, WAITS, _l("Ждать можно от 0 до 20 дней")),
    ):
        if value not in allowed:
            raise Refused(name, sentence)
    if form not in FORMS:
        raise Refused("form", _l("Выберите формат"))
    his = connection.scalars(
        select(report_schedule.c.personal).where(report_schedule.c.account == viewer.account)
    ).all()
    if personal_key not in his and len(his) >= MOST:
        raise Refused(None, _l("По почте можно получать %(most)s отчётов. Отмените ненужный.", most=MOST))
    values: Mapping[str, object] = {"day": day, "form": form, "percent": percent, "days": days}
    new = insert(connection, report_schedule).values(
        personal=personal_key, account=viewer.account, made_at=now, **values
    )
    since = case((report_schedule.c.day == day, report_schedule.c.made_at), else_=now)
    changed = {**values, "made_at": since}
    connection.execute(new.on_conflict_do_update(index_elements=["personal", "account"], set_=changed))


def drop(connection: Connection, viewer: Viewer, personal_key: int) -> None:
    """It is sent no more; where it was not, nothing changes."""
    connection.execute(delete(report_schedule).where(*_its(viewer, personal_key)))


def due(day: int, since: int, today: date) -> date | None:
    """PURE: the day of this schedule that came last; None: none has come since it was made (seconds UTC)."""
    found = today.replace(day=day)
    if found > today:
        found = (month_start(today) - timedelta(days=1)).replace(day=day)
    return found if day_of(since, COMPANY) <= found else None


def _its(viewer: Viewer, personal_key: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return report_schedule.c.account == viewer.account, report_schedule.c.personal == personal_key
