"""The letter that a schedule asks for: the file with it, or a link to one that is too large for a letter.

It goes once a month: the schedule says so in the transaction that queues the letter and ends the making.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, or_, update

from central.accounts.policy import Viewer
from central.faces.formats import day
from central.faces.speaking import speaking
from central.mail.message import Attached
from central.mail.outbox import post
from central.reports.formats import FORMS
from central.reports.made import telling
from central.reports.made.desk import Made
from central.reports.tables import State, report_file, report_schedule

LARGEST = 5 * 1024 * 1024  # bytes that a letter carries
_NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')  # signs that no file's name may have on one system or another


def send(
    connection: Connection, viewer: Viewer | None, one: Made, letter: Mapping[str, Any], home: str, now: int
) -> None:
    """`letter`: `month` for which it is sent; `name` of the personal report; `percent` that came, null = nothing was
    due; `wanted` per cent; `due`, the day it was to be sent; `late`: days it waited for more."""
    connection.execute(update(report_file).where(report_file.c.id == one.id).values(seen_at=0))
    month = date.fromisoformat(letter["month"])
    if one.schedule is None or not mark(connection, one.schedule, month) or viewer is None:
        return
    carried = one.state is State.READY and (one.size or 0) <= LARGEST
    about = {**letter, "due": day(date.fromisoformat(letter["due"])), "carried": carried}
    template = "report_sent" if one.state is State.READY else "report_unsent"
    found = telling.written(viewer, one, home, template, **{"report": about.pop("name"), **about})
    if carried and one.sha256 is not None:
        with speaking(viewer.language):
            name = file_name(one)
        found = structs.replace(found, attached=Attached(one.sha256, name, FORMS[one.form].mimetype))
    post(connection, found, now, one.account, f"schedule {one.schedule} {month}")


def mark(connection: Connection, schedule: int, month: date) -> bool:
    """It is sent for this month; False: it was, or there is no such schedule any more."""
    unsent = or_(report_schedule.c.sent_for.is_(None), report_schedule.c.sent_for < month)
    sent = update(report_schedule).where(report_schedule.c.id == schedule, unsent).values(sent_for=month)
    return connection.execute(sent.returning(report_schedule.c.id)).first() is not None


def file_name(one: Made) -> str:
    """«Профиль нагрузки, октябрь 2026.pdf»."""
    said = _NO_NAME.sub("-", f"{one.title}, {one.period.within}")
    return f"{said}.{FORMS[one.form].extension}"
