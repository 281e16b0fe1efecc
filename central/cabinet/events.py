"""«Журналы событий»: what the meters of a point wrote down, by kind, journal and period; outages of the year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from central import figures
from central.faces import event_words, formats, notice_words
from central.faces.forms import Text
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.faces.periods import Chosen
from central.faces.tables import Cell, Table
from central.figures import NotFound
from central.figures.events import EventLine, EventsView, Wanted
from central.figures.views import PointView
from central.metering.decree import Happened
from central.metering.journals import EventKind
from central.metering.zones import day_of
from central.notices.kinds import Kind

ROWS = 50
OUTAGES = 10  # of the year, in sight; the others are folded
IMPORTANT = "important"  # of `kind`: the cases of the decree


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: its name in the address, caption, how many lines."""

    name: str
    caption: Text
    count: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A line in words. `text`: as the standard has it. `words`: of a case, what it is called, why and what to
    do; `lasted`: how long it did, `lasts`: it does, or its end has not come."""

    line: EventLine
    text: str
    icon: str
    title: str
    words: notice_words.Words | None
    lasted: str
    lasts: bool


def asked(args: Mapping[str, str]) -> tuple[Wanted, dict[str, str]]:
    """`kind` = important | power | …, `journal` = its number; and the same for the address. What is not understood is
    not asked for."""
    kind, number = args.get("kind", ""), whole(args.get("journal", ""))
    if number is not None:
        return Wanted(journal=number), {"journal": str(number)}
    if kind == IMPORTANT:
        return Wanted(important=True), {"kind": IMPORTANT}
    if kind in tuple(EventKind):
        return Wanted(kind=EventKind(kind)), {"kind": kind}
    return Wanted(), {}


def page(point: PointView, period: Chosen, args: Mapping[str, str]) -> dict[str, object]:
    made, (wanted, query) = here(), asked(args)
    keep = {"point": point.id, **query}
    number = max(whole(args.get("page", "")) or 1, 1)
    try:
        view = _read(point, period, wanted, number, ROWS)
    except NotFound:
        return {"point": point, "period": period, "keep": keep, "query": query, "view": None}
    pages = max(1, -(-view.count // ROWS))
    if number > pages:
        number, view = pages, _read(point, period, wanted, pages, ROWS)
    return {
        "point": point,
        "period": period,
        "keep": keep,
        "query": query,
        "view": view,
        "kinds": _kinds(view),
        "journals": [Chip(str(key), notice_words.journal(key), count) for key, count in view.journals.items()],
        "days": _days([_shown(line) for line in view.lines], point.tz),
        "number": number,
        "pages": pages,
        "told": _("%(first)s–%(last)s из %(count)s", first=(number - 1) * ROWS + 1,
                  last=min(number * ROWS, view.count), count=view.count),
        "year": day_of(max(view.year.since, 0), point.tz).year,
        "most": OUTAGES,
        "lasted": notice_words.lasted,
        "silent": view.heard.silent,
        "today": day_of(made.now, point.tz),
    }  # fmt: skip


def table(point: PointView, period: Chosen, args: Mapping[str, str]) -> Table:
    """All of the lines that are asked for, whatever page one is on. Raises NotFound."""
    view = _read(point, period, asked(args)[0], 1, None)
    return Table(
        title=_("Журналы событий"),
        about=[
            (_("Точка учёта"), f"{point.code}, {point.name}, {point.address}"),
            (_("Период"), period.caption),
            (_("Часовой пояс"), point.tz),
        ],
        columns=[
            _("Время"), _("Журнал"), _("Номер журнала"), _("Код"), _("Событие"), _("Важное"), _("Длилось, с"),
            _("Счётчик"), _("Получено"),
        ],
        rows=(_row(line, point.tz) for line in view.lines),
    )  # fmt: skip


def _row(line: EventLine, tz: str) -> list[Cell]:
    case = line.case
    lasted = (
        case.until - case.since if case is not None and case.until is not None and case.until > case.since else None
    )
    return [
        _iso(line.time, tz),
        notice_words.journal(line.journal),
        line.journal,
        line.code,
        event_words.event(line.journal, line.code),
        notice_words.title(Kind(case.case), line.journal, line.code) if case is not None else "",
        lasted,
        line.serial,
        _iso(line.received_at, tz),
    ]


def _iso(moment: int, tz: str) -> str:
    return datetime.fromtimestamp(moment, ZoneInfo(tz)).isoformat(timespec="seconds")


def _read(point: PointView, period: Chosen, wanted: Wanted, number: int, rows: int | None) -> EventsView:
    made, (since, until) = here(), period.span(point.tz)
    return figures.events(made.source, viewer(), point.id, since, until, wanted, made.now, page=number, rows=rows)


def _kinds(view: EventsView) -> list[Chip]:
    found = [Chip("", _("Все"), view.total), Chip(IMPORTANT, _("Важные"), len(view.cases))]
    return [*found, *(Chip(kind, notice_words.EVENT_KINDS[kind][0], count) for kind, count in view.kinds.items())]


def _shown(line: EventLine) -> Shown:
    words, title, lasted, lasts = None, "", "", False
    if line.case is not None:
        kind = Kind(line.case.case)
        words, title = notice_words.KINDS[kind], notice_words.title(kind, line.journal, line.code)
        lasted, lasts = _lasted(line.case), line.case.until is None
    icon = words.icon if words is not None else notice_words.EVENT_KINDS[line.kind][1]
    return Shown(line, event_words.event(line.journal, line.code), icon, title, words, lasted, lasts)


def _lasted(case: Happened) -> str:
    return notice_words.lasted(case.until - case.since) if case.until is not None and case.until > case.since else ""


def _days(found: Sequence[Shown], tz: str) -> list[tuple[date, str, list[Shown]]]:
    """The newest first: day, «Вторник, 24 ноября 2026», its lines."""
    days = groupby(found, key=lambda one: day_of(one.line.time, tz))
    return [(day, _said(day), list(lines)) for day, lines in days]


def _said(day: date) -> str:
    told = formats.said(day, "EEEE, d MMMM y")
    return told[:1].upper() + told[1:]
