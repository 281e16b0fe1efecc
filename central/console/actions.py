"""«Журнал действий»: who of the company did what, when, on what; the state of its seals; what is found as a file."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection

from central.actions import seals, search
from central.actions.search import NOBODY, Action, Asked, Person
from central.console.room import ROWS, TZ, console, number_asked
from central.faces import action_words as words
from central.faces.formats import number
from central.faces.here import here, viewer
from central.faces.tables import XLSX, Cell, Table, as_csv, as_workbook
from central.figures import NotFound
from central.metering.zones import local, midnight

MOST = 100_000  # rows of a file
NAMED = 20  # people that a part of a name may mean
STAFF_SHOWN = 200  # names that are offered
WITHOUT = _l("без учётной записи")  # in the place of a name


@console.get("/actions")
def actions() -> ResponseReturnValue:
    """`account`, `action`, `object`, `since`, `until`: what is looked for; `who`: a name or a mail, that is typed."""
    made, who = here(), viewer()
    typed = request.args.get("who", "").strip()[:100]
    with made.source.engine.connect() as connection:
        asked, about, wrong = _asked(connection)
        meant: list[Person] = []
        if "who" in request.args:
            meant = _meant(connection, typed, about)
            if not typed or len(meant) == 1:
                return redirect(url_for("console.actions", **_address(asked, meant[0].id if meant else None)))
        rows = search.found(connection, who, asked, ROWS + 1, number_asked("before"))
        page = {
            "state": seals.state(connection),
            "kinds": words.grouped(search.actions(connection)),
            "colleagues": search.staff(connection, who, STAFF_SHOWN),
        }
    older = rows[ROWS - 1].id if len(rows) > ROWS else None
    page |= {"found": rows[:ROWS], "older": older, "asked": asked, "about": about, "wrong": wrong, "tz": TZ}
    page |= {"typed": typed, "meant": meant, "searched": "who" in request.args, "without": WITHOUT, "most": MOST}
    narrowed = asked != Asked() or wrong
    return render_template(
        "console/actions.html", **page, narrowed=narrowed, keep=_address(asked, asked.account), words_of=words
    )


@console.get("/actions/file")
def actions_file() -> Response:
    """The same as a file: `form` = csv | xlsx; without it csv."""
    form = request.args.get("form", "csv")
    if form not in ("csv", "xlsx"):
        raise NotFound("form")
    with here().source.engine.connect() as connection:
        asked, about, _wrong = _asked(connection)
        table = _table(connection, asked, about)
        body = as_workbook(table) if form == "xlsx" else "".join(as_csv(table))
    answer = Response(body, mimetype=XLSX if form == "xlsx" else "text/csv")
    name = quote(f"{table.title} {local(here().now, TZ):%Y-%m-%d}.{form}")
    answer.headers["Content-Disposition"] = f"attachment; filename=actions.{form}; filename*=UTF-8''{name}"
    return answer


def _asked(connection: Connection) -> tuple[Asked, Person | None, tuple[str, ...]]:
    """What the address asks for, the person it names, and the days that are none. Raises NotFound: there is no such
    person in the company."""
    args, key, wrong = request.args, number_asked("account"), []
    about = None
    if key is not None and key != NOBODY:
        about = search.person(connection, viewer(), key)
        if about is None:
            raise NotFound("account")
    moments: dict[str, int | None] = {}
    for name, later in (("since", 0), ("until", 1)):
        text = args.get(name, "").strip()[:20]
        day = _day(text)
        if text and day is None:
            wrong.append(text)
        moments[name] = None if day is None else midnight(day + timedelta(days=later), TZ)
    asked = Asked(key, args.get("action", "")[:40], args.get("object", "").strip()[:100], **moments)
    return asked, about, tuple(wrong)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(2000, 1, 1) <= found <= date(2100, 1, 1) else None


def _meant(connection: Connection, typed: str, chosen: Person | None) -> list[Person]:
    if not typed:
        return []
    if typed == str(WITHOUT):
        return [Person(NOBODY, typed, "", "")]
    if chosen is not None and typed == chosen.name:
        return [chosen]
    return search.people(connection, viewer(), typed, NAMED)


def _address(asked: Asked, account: int | None) -> dict[str, Any]:
    """The same search as arguments of an address, which names people by their ids alone."""
    days = {"since": _first(asked.since), "until": _first(asked.until, 1)}
    given = {"account": account, "action": asked.action, "object": asked.part, **days}
    return {name: value for name, value in given.items() if value not in (None, "")}


def _first(moment: int | None, back: int = 0) -> str | None:
    return None if moment is None else (local(moment, TZ).date() - timedelta(days=back)).isoformat()


def _table(connection: Connection, asked: Asked, about: Person | None) -> Table:
    count = search.count(connection, viewer(), asked, MOST + 1)
    told = [
        (_("Кто"), str(WITHOUT) if asked.account == NOBODY else about.name if about else _("все")),
        (_("Что"), words.said(asked.action) if asked.action else _("все")),
        (_("Объект"), asked.part),
        (_("Период"), f"{_first(asked.since) or ''}…{_first(asked.until, 1) or ''}"),
        (_("Часовой пояс"), TZ),
    ]
    if count > MOST:
        told.append((_("Не всё"), _("Только последние %(most)s записей: сузьте период", most=number(MOST, 0))))
    columns = [_("№"), _("Когда"), _("Кто"), _("Учётная запись"), _("Что"), _("Действие"), _("Объект")]
    columns += [_("Подробности"), _("Печать №")]
    return Table(_("Журнал действий"), told, columns, _cells(search.every(connection, viewer(), asked, MOST)))


def _cells(found: Iterator[Action]) -> Iterator[list[Cell]]:
    said: dict[str, str] = {}
    for one in found:
        if one.action not in said:
            said[one.action] = words.said(one.action)
        when = local(one.at, TZ).isoformat(sep=" ")[:19]
        who = words.who(one.action, one.who, one.detail)
        yield [one.id, when, who, one.account, said[one.action], one.action, one.subject, one.detail, one.seal]
