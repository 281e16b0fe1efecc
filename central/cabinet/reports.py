"""«Отчеты»: the kinds, one of them made and shown at once, its parameters; also the personal ones.

A report's address is all that is asked of it. Without any it is what this person asked last, of the last whole period.
What would take long is not made while a page waits: it is offered as a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from central import figures
from central.accounts import family
from central.accounts.audit import note
from central.accounts.looked import OPENED
from central.cabinet import reports_mail, reports_points, reports_table
from central.cabinet.chosen import past_points
from central.cabinet.reports_table import Table
from central.cabinet.room import cabinet
from central.db import writing
from central.faces import charts, energy, formats, report_words, words
from central.faces.forms import Text
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.faces.periods import LENGTHS
from central.figures import NotFound
from central.figures.views import PointView
from central.metering.zones import day_of
from central.registry.periods import COMPANY
from central.reports import personal
from central.reports.asked import DIGITS, Asked, Only, asked
from central.reports.catalogue import reports
from central.reports.description import Column, Document, Parameter, Report
from central.reports.making import document, making
from central.reports.personal import Personal
from central.reports.whose import whose
from central.timeseries.base import SeriesUnavailable

LAST = "report"  # cookie: the report that was opened last on this device
USUAL = "usual"  # of `pick`: as if nothing had ever been asked
YEAR = 365 * 86_400
MOST_ROWS = 100_000  # that are expected at most: more are not begun while a page waits
MOST_POINTS = 500
PATIENCE = 5.0  # seconds that a page waits for its rows
OWN_WORDS = frozenset(  # of the page, and not asked of the report
    {"page", "kind", "open", "ticked", "seek", "level", "edit", "done", "name", "contract"}
)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a report. `state`: table | empty | none (no points) | large | away (the series does not answer).
    `seconds`: that its making took, or that the page waited; `expected`: rows."""

    state: str
    columns: Sequence[Column]
    document: Document | None = None
    table: Table | None = None
    seconds: float = 0.0
    expected: int = 0
    points: Sequence[PointView] = ()


class _Slow(Exception):
    """The page has waited long enough."""


@cabinet.get("/reports", endpoint="reports")
def every() -> ResponseReturnValue:
    """All kinds, and the one that was opened last on this device, else the first."""
    found = reports()
    report = found.get(request.cookies.get(LAST, "")) or next(iter(found.values()))
    return _page(report, _wanted(report), listed=True)


@cabinet.get("/reports/<word>", endpoint="report")
def one(word: str) -> ResponseReturnValue:
    report = known(word)
    if "sent" in request.args:  # a form of who may not send one
        return answer(report, request.args, None)
    return _page(report, _wanted(report))


@cabinet.get("/reports/personal/<int:key>", endpoint="personal_report")
def of_a_person(key: int) -> ResponseReturnValue:
    kept = personal_of(key)
    report = known(kept.report)
    if "sent" in request.args:
        return answer(report, request.args, kept)
    named = set(request.args) - OWN_WORDS
    return _page(report, asked(report, request.args, today()) if named else again(report, kept.kept), kept)


def known(word: str) -> Report:
    found = reports().get(word)
    if found is None:
        raise NotFound(f"report {word}")
    return found


def personal_of(key: int) -> Personal:
    """Raises NotFound: neither his nor shared with him."""
    with here().source.engine.connect() as connection:
        return personal.one(connection, viewer(), key)


def today() -> date:
    return day_of(here().now, COMPANY)


def mine() -> Sequence[PointView]:
    """Points of who looks. Staff have none of their own: they name them."""
    return () if viewer().staff else figures.points(here().source, viewer(), here().now)


def address(report: Report, wanted: Asked, kept: Personal | None, **more: object) -> str:
    """Of this report, asked so."""
    query: dict[str, Any] = wanted.query | more
    if kept is not None:
        return url_for("cabinet.personal_report", key=kept.id, **query)
    return url_for("cabinet.report", word=report.word, **query)


def refused(
    report: Report,
    wanted: Asked,
    kept: Personal | None,
    errors: Mapping[str, Text],
    typed: Mapping[str, str],
    *,
    edited: bool = True,
) -> ResponseReturnValue:
    """The page in the mode in which a report is changed, or not, with all that was typed."""
    return _page(report, wanted, kept, errors=errors, typed=typed, edited=edited)


def answer(report: Report, given: MultiDict[str, str], kept: Personal | None) -> ResponseReturnValue:
    """What a form of parameters asked for: its address, or a file. Its buttons change what stands in it."""
    there = mine()
    wanted = sent(report, given, there)
    more: dict[str, object] = {name: given[name] for name in ("edit", "name", "contract") if given.get(name)}
    if given.get("pick") == USUAL:
        wanted = asked(report, MultiDict(), today())
    elif "pick" in given:
        more |= {"open": 1, "seek": given.get("seek") or None, "level": given.get("level") or None}
        there = there or _named(wanted)
        chosen = reports_points.picked(there, _ticked(given), _company(), given)
        every = bool(chosen) and len(chosen) == len(there)
        wanted = replace(wanted, points=() if every else chosen)
        more["ticked"] = "all" if every else None
    elif "turn" in given:
        turned = wanted.period.before if given["turn"] == "before" else wanted.period.after
        wanted = replace(wanted, period=turned or wanted.period)
        more["open"] = 1
    elif "move" in given:
        wanted = _short(report, replace(wanted, columns=moved(report, wanted, there, given["move"])), there)
    elif request.method == "POST" and given.get("form", "html") != "html" and (files := files_of(report)) is not None:
        return redirect(files, 307)  # the address of a form that was not sent makes none: its buttons do
    if request.method == "POST" and kept is None:
        with writing(here().source.engine).begin() as connection:
            personal.remember(connection, viewer(), wanted, here().now)
    return redirect(address(report, wanted, kept, **more), 303)


def _company() -> str:
    with here().source.engine.connect() as connection:
        return whose(connection, viewer())[0]


def _ticked(given: MultiDict[str, str]) -> list[int]:
    return [key for text in given.getlist("point") if (key := whole(text)) is not None]


def sent(report: Report, given: MultiDict[str, str], there: Sequence[PointView]) -> Asked:
    """As short as it can be said."""
    return _short(report, asked(report, given, today()), there)


def _short(report: Report, wanted: Asked, there: Sequence[PointView]) -> Asked:
    """All points are none, all columns in their order too."""
    if there and set(wanted.points) == {point.id for point in there}:
        wanted = replace(wanted, points=())
    his = {point.id: point for point in there}
    chosen = [his[key] for key in wanted.points if key in his] or there or _named(wanted)
    usual = tuple(column.name for column in report.columns(wanted, chosen))
    return replace(wanted, columns=() if wanted.columns == usual else wanted.columns)


def moved(report: Report, wanted: Asked, there: Sequence[PointView], move: str) -> tuple[str, ...]:
    """Columns after one has gone «up name» or «down name»."""
    columns = report.columns(wanted, there)
    names = [columns[place].name for place in wanted.chosen(columns)]
    way, _space, name = move.partition(" ")
    if name in names:
        place = names.index(name)
        other = min(max(place + (-1 if way == "up" else 1), 0), len(names) - 1)
        names[place], names[other] = names[other], names[place]
    return tuple(names)


def files_of(report: Report) -> str | None:
    """Where its files are made; None: not by who looks through a cabinet."""
    return url_for("cabinet.make_report", word=report.word) if viewer().by is None else None


def _wanted(report: Report) -> Asked:
    if set(request.args) - OWN_WORDS or viewer().staff:
        return asked(report, request.args, today())
    with here().source.engine.connect() as connection:
        found = personal.last(connection, viewer(), report.word)
    return again(report, found)


def again(report: Report, found: Mapping[str, Any]) -> Asked:
    """What was kept, for today, of the points that are or were the viewer's."""
    wanted = personal.again(report, found, today())
    return personal.his(wanted, figures.kept_points(here().source, viewer())) if wanted.points else wanted


def _make(report: Report, wanted: Asked, there: Sequence[PointView], page: int, its: tuple[str, str]) -> Made:
    """`its`: organisation and contract. Raises NotFound: a point is named that is not the viewer's."""
    at, who = here(), viewer()
    begun = perf_counter()

    def patient(_done: int, _of: int) -> None:
        if perf_counter() - begun > PATIENCE:
            raise _Slow

    run = making(at.source, who, at.now, report, wanted, patient, there)
    _noted(run.points)
    columns = report.columns(wanted, run.points)
    if not run.points:
        return Made("none", columns)
    expected = report.size(run)
    if expected > MOST_ROWS or len(run.points) > MOST_POINTS:
        return Made("large", columns, expected=expected, points=run.points)
    try:
        found = document(run, *its)
        drawn = reports_table.table(found, page)
    except _Slow:
        return Made("large", columns, seconds=PATIENCE, expected=expected, points=run.points)
    except SeriesUnavailable:
        return Made("away", columns, points=run.points)
    state = "table" if drawn.count else "empty"
    return Made(state, columns, found, drawn, perf_counter() - begun, expected, run.points)


def _noted(points: Sequence[PointView]) -> None:
    """Who of the company looked at whose points."""
    at, who = here(), viewer()
    if who.staff or who.by is not None:
        with writing(at.source.engine).begin() as connection:
            for point in points:
                note(connection, at.now, who.by or who.account, OPENED, point.code, request.path)


def _page(
    report: Report,
    wanted: Asked,
    kept: Personal | None = None,
    *,
    listed: bool = False,
    errors: Mapping[str, Text] | None = None,
    typed: Mapping[str, str] | None = None,
    edited: bool = False,
) -> ResponseReturnValue:
    there, args, who = mine(), request.args, viewer()
    edited, sends = edited or args.get("edit") == "1", who.role == "consumer" and who.by is None
    with here().source.engine.connect() as connection:
        its = whose(connection, who)
        own = personal.mine(connection, who)
        held = [one for one in family.held(connection, who) if one.giver is None] if edited else []
        mail = reports_mail.shown(connection, kept, typed) if kept is not None and sends else None
        nodes = reports_points.kinds(connection, who, there)
    made = _make(report, wanted, there, max(whole(args.get("page", "")) or 1, 1), its)
    if made.table is not None and made.table.number > made.table.pages:
        return redirect(address(report, wanted, kept, page=made.table.pages))
    where = {"word": report.word} if kept is None else {"key": kept.id}
    page = render_template(
        "cabinet/reports.html",
        report=report,
        asked=wanted,
        personal=kept,
        listed=listed,
        fewer=kept is not None and not set(args) - OWN_WORDS and len(wanted.points) < len(kept.kept.get("point", ())),
        kinds=_kinds(args.get("kind", ""), own),
        kind=args.get("kind", ""),
        run=made,
        edited=edited,
        picker=reports_points.picker(there or _named(wanted), wanted, its[0], nodes, args),
        past=past_points(there) if made.state == "none" and not who.staff else None,
        told=told(report, wanted, there),
        choices=_choices(report, wanted),
        columns=_columns(wanted, made.columns),
        held=[(str(one.contract), f"№ {one.number}") for one in held],
        typed=typed or {name: args.get(name, "") for name in ("name", "contract")},
        errors=errors or {},
        made_at=formats.moment(here().now, COMPANY),
        chart=_chart(made),
        legend=_legend(made, wanted),
        most=(MOST_ROWS, MOST_POINTS),
        strip_key=[(looks, words.STATES[state]) for looks, _height, state in reports_table.PLACES.values()],
        endpoint="cabinet.report" if kept is None else "cabinet.personal_report",
        keep=wanted.query | where,
        files=files_of(report),
        sends=sends,
        mail=mail,
        form_words=report_words.FORMATS,
        address=address(report, wanted, kept),
        link=lambda **more: address(report, wanted, kept, **more),
        turned=lambda period: address(report, replace(wanted, period=period), kept),
        without=lambda key: address(
            report, replace(wanted, points=tuple(one for one in wanted.points if one != key)), kept, open=1
        ),
    )
    response = make_response(page, 422 if errors else 503 if made.state == "away" else 200)
    if kept is None and not listed:
        response.set_cookie(LAST, report.word, max_age=YEAR, httponly=True, samesite="Lax", secure=here().https)
    return response


def _chart(made: Made) -> Markup | None:
    drawn = made.document.chart if made.document is not None else None
    return charts.bars(drawn.bars, drawn.captions) if drawn is not None else None


def _legend(made: Made, wanted: Asked) -> dict[str, Any]:
    """Of the chart: zones that are drawn, what the lines over its bars are of, whether anything is estimated."""
    drawn = made.document.chart if made.document is not None else None
    if drawn is None:
        return {}
    parts = [part for bar in drawn.bars for part in bar.parts]
    colours = {part.colour for part in parts}
    zones = energy.zones_together(made.points)
    before = wanted.period.before if any(bar.before is not None for bar in drawn.bars) else None
    return {
        "zones": [zone for zone in zones if zone.colour in colours] if len(zones) > 1 else (),
        "before": before.caption if before is not None else "",
        "estimated": any(part.estimated for part in parts),
    }


def _named(wanted: Asked) -> Sequence[PointView]:
    """Points that staff, or a former tenant, have named."""
    return [figures.point_view(here().source, viewer(), key, here().now) for key in wanted.points]


def _kinds(kind: str, own: Sequence[Personal]) -> Mapping[str, Sequence[tuple[str, str, bool]]]:
    """Address, title and whether it is another's of the reports in whose titles this stands."""
    standard = [(url_for("cabinet.report", word=one.word), str(one.title), False) for one in reports().values()]
    personal_ones = [(url_for("cabinet.personal_report", key=one.id), one.name, not one.own) for one in own]
    return {
        "standard": [one for one in standard if kind.casefold() in one[1].casefold()],
        "personal": [one for one in personal_ones if kind.casefold() in one[1].casefold()],
    }


def told(report: Report, wanted: Asked, there: Sequence[PointView]) -> list[str]:
    """Parameters in one line: «все точки (3)», «активная энергия, прием», «тарифы», «2 десятичных знака»."""
    may = report.parameters
    found = [_told_points(wanted, there)]
    if Parameter.CHANNEL in may:
        found.append(str(words.CHANNELS[wanted.channel]).lower())
    if Parameter.STEP in may:
        found.append(_("шаг: %(step)s", step=report_words.STEPS[wanted.step]))
    switches = (
        (Parameter.TARIFFS, wanted.tariffs),
        (Parameter.FIXED, wanted.fixed),
        (Parameter.REPLACED, wanted.replaced),
    )
    found += [str(report_words.PARAMETERS[name]).lower() for name, on in switches if name in may and on]
    found.append(report_words.digits(wanted.digits))
    if Only.MARKED in wanted.only:
        found.append(_("только строки с отметками"))
    if wanted.find:
        found.append(_("найти: %(text)s", text=wanted.find))
    return found


def _told_points(wanted: Asked, there: Sequence[PointView]) -> str:
    if not wanted.points:
        return str(_("все точки (%(count)s)", count=len(there)))
    named = [one.name or one.code for one in there if one.id in wanted.points]
    if 0 < len(named) == len(wanted.points) <= report_words.NAMED:
        return ", ".join(named)
    return words.points(len(wanted.points))


def _choices(report: Report, wanted: Asked) -> dict[str, Any]:
    """What each list of the form offers: word and caption."""
    lengths = [(name, words.LENGTHS[name]) for name in LENGTHS if name in report.lengths]
    return {
        "lengths": [(name, _("Произвольный") if name == "own" else caption) for name, caption in lengths],
        "digits": [(count, report_words.digits(count)) for count in DIGITS],
        "channels": list(words.CHANNELS.items()),
        "steps": list(report_words.STEPS.items()),
        "formats": [(form, caption) for form, caption in report_words.FORMATS.items()],
        "switches": [
            (name.value, report_words.PARAMETERS[name], getattr(wanted, name.value))
            for name in (Parameter.TARIFFS, Parameter.FIXED, Parameter.REPLACED)
            if name in report.parameters
        ],
    }


def _columns(wanted: Asked, columns: Sequence[Column]) -> list[tuple[Column, bool]]:
    """Those that are shown in their order, then the others."""
    shown = wanted.chosen(columns)
    return [(columns[place], True) for place in shown] + [
        (column, False) for place, column in enumerate(columns) if place not in shown
    ]
