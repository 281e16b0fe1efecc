"""«Закрытие месяца»: the company's months, what can be closed and what cannot; a point's month; the corrections."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal

from flask import Response, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.console.room import ROWS, TZ, console, page_asked
from central.db import writing
from central.faces import formats, words
from central.faces.forms import Field, Text
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.faces.tables import BOM, Cell, line
from central.figures import closing, months
from central.figures.closed import all_closings, closings, corrected_in, lines_of
from central.figures.monthly import bill, shares
from central.figures.tables import period_close
from central.figures.views import Correction, NotFound
from central.metering.rounding import MWH_PER_KWH
from central.metering.zones import day_of, month_start, next_month
from central.registry import show
from central.registry.refusals import Refused

SHOWN = 12  # months of the list
EARLIEST = date(2000, 1, 1)
MOST = 300  # characters of a reason


@console.get("/months")
def all_months() -> str:
    made = here()
    with made.source.engine.connect() as connection:
        found = months.months(connection, viewer(), day_of(made.now, TZ), SHOWN)
    going = any(one.run is not None and one.run.going for one in found)
    return render_template("console/months.html", months=found, this=month_start(day_of(made.now, TZ)), going=going)


@console.get("/months/month")
def month() -> str:
    """`state`: hindered | free; those that are hindered first, where there are any."""
    wanted, page = _month_asked(), page_asked()
    with here().source.engine.connect() as connection:
        found = months.one(connection, viewer(), wanted)
        free = request.args.get("state") == "free" or not found.hindered
        left = months.unclosed(connection, viewer(), wanted, page, ROWS, free=free)
    count = found.free if free else found.hindered
    over = next_month(wanted) <= day_of(here().now, TZ)
    return render_template(
        "console/month.html", one=found, left=left, free=free, count=count, page=page, on_page=ROWS, over=over
    )


@console.post("/months/run")
def run_month() -> ResponseReturnValue:
    """Looks at all points, or, with `close`, closes what nothing hinders."""
    made, wanted = here(), _month_asked()
    with suppress(Refused), writing(made.source.engine).begin() as connection:  # it only looks yet: the page tells so
        closing.ask(connection, viewer(), wanted, made.now, closing=bool(request.form.get("close")))
    return redirect(url_for("console.month", month=formats.year_month(wanted)), 303)


@console.get("/months/corrections")
def corrections() -> str:
    wanted, page = _month_asked(), page_asked()
    with here().source.engine.connect() as connection:
        found = months.one(connection, viewer(), wanted)
        rows = months.charged(connection, viewer(), wanted, page, ROWS)
    return render_template("console/corrections.html", one=found, rows=rows, page=page, on_page=ROWS)


@console.get("/months/corrections.csv")
def corrections_file() -> Response:
    """A line for each line of each correction."""
    wanted, engine, who = _month_asked(), here().source.engine, viewer()

    def lines() -> Iterator[str]:
        yield BOM + line(_columns())
        with engine.connect() as connection:
            for one in months.all_charged(connection, who, wanted):
                yield from (line(cells) for cells in _cells(one))

    name = f"corrections-{formats.year_month(wanted)}.csv"
    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def _columns() -> list[str]:
    return [
        _("Номер"),
        _("Сделано"),
        _("Причина"),
        _("Изменение реестра"),
        _("Точка"),
        _("Договор"),
        _("Потребитель"),
        _("За месяц"),
        _("Начислено в"),
        _("Зона"),
        _("Было, кВт·ч"),
        _("Стало, кВт·ч"),
        _("Разность, кВт·ч"),
        _("Было, ₽"),
        _("Стало, ₽"),
        _("Разность, ₽"),
    ]


def _cells(one: Correction) -> Iterator[list[Cell]]:
    about: list[Cell] = [str(one.id), formats.moment(one.made_at, TZ), words.correction_cause(one)]
    about += [str(one.change[0]) if one.change else "", one.code, one.contract or "", one.holder or ""]
    about += [formats.year_month(one.month), formats.year_month(one.charged_in)]
    for charged in one.lines:
        sides = [charged.before, charged.after]
        energies = [side.energy if side else 0 for side in sides]
        amounts = [side.amount if side else Decimal(0) for side in sides]
        kwh = [Decimal(value) / MWH_PER_KWH for value in (*energies, charged.energy)]
        yield [*about, words.line(charged.told), *kwh, *amounts, charged.amount]


@console.get("/points/<int:key>/month")
def point_month(key: int) -> ResponseReturnValue:
    return _point_month(key)


@console.post("/points/<int:key>/month")
def close_point(key: int) -> ResponseReturnValue:
    """`contract` of the form: whose month; 0 = of the time in no contract."""
    made, wanted, contract = here(), _month_asked(), _number("contract")
    field = why_close(contract)
    try:
        reason = request.form.get(field.name, "")[:MOST]
        closing.close(made.source, viewer(), key, wanted, contract or None, made.now, reason)
    except Refused as refused:
        return _point_month(key, refused, field)
    return redirect(url_for("console.point_month", key=key, month=formats.year_month(wanted)), 303)


@console.post("/points/<int:key>/month/undo")
def open_month(key: int) -> ResponseReturnValue:
    """`closing` of the form: which is undone."""
    made, number = here(), _number("closing")
    field = why_open(number)
    try:
        with writing(made.source.engine).begin() as connection:
            reason = request.form.get(field.name, "")[:MOST]
            if closing.undo(connection, viewer(), number, reason, made.now) != key:
                raise NotFound(f"closing {number} at point {key}")
    except Refused as refused:
        return _point_month(key, refused, field)
    return redirect(url_for("console.point_month", key=key, month=formats.year_month(_month_asked())), 303)


def why_close(contract: int | None) -> Field:
    return Field(f"why-close-{contract or 0}", _l("Почему месяц закрывается, хотя не всё в порядке"), "area", most=MOST)


def why_open(number: int) -> Field:
    return Field(f"why-open-{number}", _l("Почему месяц открывается снова"), "area", most=MOST)


def _number(name: str) -> int:
    given = whole(request.form.get(name, ""))
    if given is None:
        raise NotFound(name)
    return given


def _point_month(key: int, refused: Refused | None = None, field: Field | None = None) -> ResponseReturnValue:
    """`field`: of the form that was refused; it comes back with what was typed."""
    made, who, wanted = here(), viewer(), _month_asked()
    with made.source.engine.connect() as connection:
        page = show.point_page(connection, who, key, made.now)
        mine = period_close.c.point == key, period_close.c.month == wanted
        found = closings(connection, connection.execute(all_closings().where(*mine)).all())
        standing = {one.contract: one for one in found if one.undone_at is None}
        bills = [
            bill(connection, made.source.series, page.row, share, made.now)
            for share in shares(connection, [page.row], wanted)[key]
            if share.contract not in standing
        ]
        charged = corrected_in(connection, key, wanted)
    errors: dict[str, Text] = {}
    if refused is not None and field is not None:
        errors[field.name if refused.field else ""] = refused.sentence
    view = render_template(
        "console/point_month.html",
        page=page,
        month=wanted,
        previous=_before(wanted),
        next=next_month(wanted) if next_month(wanted) <= day_of(made.now, page.row.tz) else None,
        closed=list(standing.values()),
        undone=[one for one in found if one.undone_at is not None],
        bills=[(one, lines_of(one.lines)) for one in bills],
        contracts={one.contract: one for one in page.contracts},
        charged=charged,
        errors=errors,
        captions={field.name: field.caption} if field is not None else {},
        typed=request.form,
        why_close=why_close,
        why_open=why_open,
        tree_node=page.row.node,
    )
    return view, 200 if refused is None else 422


def _month_asked() -> date:
    """`month` of the address, as «2026-10»; what is none is the last month that is over."""
    this = month_start(day_of(here().now, TZ))
    try:
        asked = date.fromisoformat(f"{request.args.get('month', '')}-01")
    except ValueError:
        asked = _before(this)
    return min(max(asked, EARLIEST), next_month(this))


def _before(month: date) -> date:
    return month_start(date.fromordinal(month.toordinal() - 1))
