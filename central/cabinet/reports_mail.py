"""«Присылать по почте» of a personal report: each month on a day, when its points are complete enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection

from central.accounts.policy import Viewer
from central.faces.forms import Field, Group, Values, typed_in
from central.faces.here import viewer
from central.faces.report_words import FORMATS
from central.reports import schedule
from central.reports.formats import FORMS
from central.reports.personal import Personal

USUAL = {"day": "3", "form": "xlsx", "percent": "100", "days": "5"}
FORM = Group(
    _l("Присылать по почте"),
    (
        Field("day", _l("День месяца"), "whole", help=_l("от 1 до 28")),
        Field("form", _l("Формат отчета"), "choice", choices=[(form, FORMATS[form]) for form in FORMS]),
        Field("percent", _l("Сколько данных должно прийти"), "whole", unit="%"),
        Field("days", _l("Ждать их не дольше"), "whole", unit=_l("сут"), help=_l("потом придёт как есть")),
    ),
)


@dataclass(frozen=True, slots=True)
class Mail:
    """`typed`: what stands in the form; `on`: it is sent so; `sent_for`: the month in which it was sent last."""

    group: Group
    typed: Mapping[str, str]
    on: bool
    sent_for: date | None


def shown(connection: Connection, kept: Personal, typed: Mapping[str, str] | None) -> Mail:
    found = schedule.of(connection, viewer(), kept.id)
    if typed is not None and "percent" in typed:
        return Mail(FORM, typed_in((FORM,), typed), found is not None, found.sent_for if found else None)
    if found is None:
        return Mail(FORM, USUAL, False, None)
    now = {"day": str(found.day), "form": found.form, "percent": str(found.percent), "days": str(found.days)}
    return Mail(FORM, now, True, found.sent_for)


def sent(connection: Connection, who: Viewer, key: int, values: Values | None, now: int) -> None:
    """None: no more. Raises NotFound, Refused."""
    if values is None:
        schedule.drop(connection, who, key)
        return
    schedule.set(connection, who, key, values["day"], values["form"], values["percent"], values["days"], now)
