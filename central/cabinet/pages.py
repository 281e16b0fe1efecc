"""The cabinet: the main page, «Учетные данные», «Показания счетчика», «Потребление энергоресурсов», «Показание на
дату», «Откуда это», «Что если другой тариф», «Параметры сети», «Журналы событий», «Измерительные комплексы».

Every figure comes from `central.figures`.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from flask import jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from central import figures
from central.accounts.audit import note
from central.accounts.looked import OPENED
from central.cabinet import complexes as complexes_page
from central.cabinet import consumption as consumption_page
from central.cabinet import data as data_page
from central.cabinet import download, line, network_run, news
from central.cabinet import events as events_page
from central.cabinet import explain as explain_page
from central.cabinet import network as network_page
from central.cabinet import reading_at as reading_page
from central.cabinet import readings as readings_page
from central.cabinet import summary as main_page
from central.cabinet import whatif as what_if_page
from central.cabinet.asked import MOST_TOGETHER, asked
from central.cabinet.room import cabinet, last_day, still
from central.db import writing
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.faces.periods import Chosen, choose
from central.faces.tables import XLSX, Table, as_csv, as_workbook
from central.figures import NotFound, TooLong
from central.figures.views import PointView
from central.metering.zones import day_of

MOST_PAST = 12  # points that were a person's and are named; the others are in his download


@dataclass(frozen=True, slots=True)
class Past:
    """Points that were the viewer's; `more`: so many are not among them."""

    points: tuple[PointView, ...]
    more: int


@cabinet.get("/")
def main() -> str | Response:
    if viewer().staff and "point" not in request.args:
        return redirect(url_for("console.points"))
    points, point = _points()
    if point is None:
        return _empty()
    page = main_page.page(point, points)
    return render_template("cabinet/main.html", points=points, past=_past(points), **page)


@cabinet.get("/data")
def data() -> str:
    points, chosen = _several()
    if not chosen:
        return _empty()
    found = asked(chosen, _period(chosen[0]), request.args)
    return render_template("cabinet/data.html", points=points, **data_page.page(found, request.args.get("page", "")))


@cabinet.get("/data/file")
def data_file() -> Response:
    """The same as a file: `form` = csv | xlsx | json; without it csv."""
    _, chosen = _several()
    if not chosen:
        raise NotFound("point")
    form, wanted = request.args.get("form", "csv"), asked(chosen, _period(chosen[0]), request.args)
    if form == "json":
        return jsonify(download.data(wanted))
    _known(form)
    return _file(download.table(wanted), form, wanted.point, wanted.period)


@cabinet.get("/data/line")
def data_line() -> Response:
    """What the chart of a long period is drawn with."""
    _, chosen = _several()
    if not chosen:
        raise NotFound("point")
    try:
        return jsonify(line.data(asked(chosen, _period(chosen[0]), request.args)))
    except TooLong as reason:
        raise NotFound(str(reason)) from None


@cabinet.get("/readings")
def readings() -> str:
    points, point = _points()
    if point is None:
        return _empty()
    return render_template("cabinet/readings.html", points=points, **readings_page.page(point, _period(point)))


@cabinet.get("/consumption")
def consumption() -> str:
    """A month of the points that the address names, else of all, MOST_TOGETHER at most."""
    points, chosen = _several(usual=MOST_TOGETHER)
    if not chosen:
        return _empty()
    page = consumption_page.page(chosen, _period(chosen[0], length="month"))
    return render_template("cabinet/consumption.html", points=points, most_together=MOST_TOGETHER, **page)


@cabinet.get("/events")
def events() -> str:
    """`kind`, `journal` and the period in the address."""
    points, point = _points()
    if point is None:
        return _empty()
    return render_template(
        "cabinet/events.html", points=points, **events_page.page(point, _period(point), request.args)
    )


@cabinet.get("/events/file")
def events_file() -> Response:
    """The same as a file: `form` = csv | xlsx."""
    _, point = _points()
    if point is None:
        raise NotFound("point")
    form, period = _known(request.args.get("form", "csv")), _period(point)
    return _file(events_page.table(point, period, request.args), form, point, period, "events")


@cabinet.get("/reading")
def reading() -> str:
    """What the meter showed at `day` and `time`."""
    points, point = _points()
    if point is None:
        return _empty()
    return render_template("cabinet/reading.html", points=points, **reading_page.page(point, request.args))


@cabinet.get("/complexes")
def complexes() -> str:
    """What stands on the wall of a point."""
    points, point = _points()
    if point is None:
        return _empty()
    return render_template("cabinet/complexes.html", points=points, **complexes_page.page(point))


@cabinet.get("/explain")
def explain() -> str:
    """How a figure came about: `by` = bill | profile."""
    points, point = _points()
    if point is None:
        return _empty()
    return render_template(
        "cabinet/explain.html", points=points, **explain_page.page(point, _period(point), request.args)
    )


@cabinet.get("/whatif")
def what_if() -> str:
    """`scheme`: the other one."""
    points, point = _points()
    if point is None:
        return _empty()
    return render_template("cabinet/whatif.html", points=points, **what_if_page.page(point, request.args))


@cabinet.get("/network")
def network() -> str:
    """`what`: the quantity that is drawn, voltage | current | active | reactive | apparent | factor | frequency."""
    points, point = _points()
    if point is None:
        return _empty()
    found = network_page.asked(point, request.args)
    return render_template(
        "cabinet/network.html", points=points, **network_page.page(found, request.args.get("page", ""))
    )


@cabinet.get("/network/file")
def network_file() -> Response:
    """The same as a file: `form` = csv | xlsx; without it csv. `each`: every sample of all quantities."""
    _, point = _points()
    if point is None:
        raise NotFound("point")
    form, wanted = _known(request.args.get("form", "csv")), network_page.asked(point, request.args)
    if "each" in request.args:
        found = network_run.every(point, network_run.samples(point, wanted.period), wanted.period)
    else:
        view = network_page.view_of(wanted)
        if view is None:
            raise NotFound("period")
        found = network_run.table(point, view.history, wanted.period)
    return _file(found, form, point, wanted.period)


@cabinet.get("/explain.json")
def explain_data() -> Response:
    """`by` = bill | profile of a period | reading at a moment."""
    _, point = _points()
    if point is None:
        raise NotFound("point")
    if request.args.get("by") == "reading":
        return jsonify(reading_page.data(point, request.args))
    return jsonify(explain_page.data(point, _period(point), request.args))


def _known(form: str) -> str:
    """Of a file."""
    if form not in ("csv", "xlsx"):
        raise NotFound("form")
    return form


def _file(found: Table, form: str, point: PointView, period: Chosen, plain: str = "data") -> Response:
    """`plain`: its name for who cannot read the other."""
    body = as_workbook(found) if form == "xlsx" else "".join(as_csv(found))
    answer = Response(body, mimetype=XLSX if form == "xlsx" else "text/csv")
    name = quote(f"{point.code} {found.title} {period.first.isoformat()}.{form}")
    answer.headers["Content-Disposition"] = f"attachment; filename={plain}.{form}; filename*=UTF-8''{name}"
    return answer


def _empty() -> str:
    """There is no point to show: what the person waits for, what was his, and the news."""
    return render_template("cabinet/empty.html", past=_past(()), news=news.latest())


def _period(point: PointView, **fixed: str) -> Chosen:
    """That the address names; of a point that is the viewer's no longer his last month, where it names no day."""
    asked = request.args.to_dict() | fixed
    if "day" not in asked and not still(point):
        asked = {"length": "month"} | asked | {"day": last_day(point).isoformat()}
    return choose(asked, day_of(here().now, point.tz))


def _past(points: Sequence[PointView]) -> Past:
    """What is the viewer's no longer, beside the points that are."""
    made, who = here(), viewer()
    now = {point.id for point in points}
    keys = [key for key in figures.kept_points(made.source, who) if key not in now]
    found = []
    for key in keys[:MOST_PAST]:
        with suppress(NotFound):  # a contract that has not begun
            found.append(figures.point_view(made.source, who, key, made.now))
    return Past(tuple(found), len(keys[MOST_PAST:]))


def _points() -> tuple[tuple[PointView, ...], PointView | None]:
    """All points of a consumer, and the one that the address names, else the first."""
    points, chosen = _several()
    return points, chosen[0] if chosen else None


def _several(usual: int = 1) -> tuple[tuple[PointView, ...], tuple[PointView, ...]]:
    """All points of a consumer, and those that the address names, MOST_TOGETHER at most, else the first
    ones, `usual` many. A foreign one is «not found».

    Staff open points from the console, or look through a consumer's cabinet; each opening is audited.
    """
    made, who = here(), viewer()
    points = () if who.staff else figures.points(made.source, who, made.now)
    named = dict.fromkeys(request.args.getlist("point"))
    chosen = tuple(_named(points, key) for key in list(named)[:MOST_TOGETHER]) or points[:usual]
    if who.staff or who.by is not None:
        with writing(made.source.engine).begin() as connection:
            for point in chosen:
                note(connection, made.now, who.by or who.account, OPENED, point.code, request.path)
    return points, chosen


def _named(points: Sequence[PointView], text: str) -> PointView:
    key = whole(text)
    if key is None:
        raise NotFound("point")
    found = next((one for one in points if one.id == key), None)
    return found or figures.point_view(here().source, viewer(), key, here().now)
