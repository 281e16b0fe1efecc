"""The cabinet: the main page, «Учетные данные», «Показания счетчика», «Потребление энергоресурсов», «Показание на
дату», «Откуда это», «Что если другой тариф», «Параметры сети», «Журналы событий», «Измерительные комплексы».

Every figure comes from `central.figures`.
"""

from urllib.parse import quote

from flask import jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from central.cabinet import complexes as complexes_page
from central.cabinet import consumption as consumption_page
from central.cabinet import data as data_page
from central.cabinet import download, line, network_run
from central.cabinet import events as events_page
from central.cabinet import explain as explain_page
from central.cabinet import network as network_page
from central.cabinet import reading_at as reading_page
from central.cabinet import readings as readings_page
from central.cabinet import summary as main_page
from central.cabinet import whatif as what_if_page
from central.cabinet.asked import MOST_TOGETHER, asked
from central.cabinet.chosen import no_point, one_point, past_points, several_points
from central.cabinet.room import cabinet, last_day, still
from central.faces.here import here, viewer
from central.faces.periods import Chosen, choose
from central.faces.tables import XLSX, Table, as_csv, as_workbook
from central.figures import NotFound, TooLong, together
from central.figures.views import PointView
from central.metering.zones import day_of


@cabinet.get("/")
def main() -> str | Response:
    if viewer().staff and "point" not in request.args:
        return redirect(url_for("console.points"))
    points, point = one_point()
    if point is None:
        return no_point()
    page = main_page.page(point, points)
    return render_template("cabinet/main.html", points=points, past=past_points(points), **page)


@cabinet.get("/data")
def data() -> str:
    points, chosen = several_points()
    if not chosen:
        return no_point()
    found = asked(chosen, _period(chosen[0]), request.args)
    with together(here().source):
        page = data_page.page(found, request.args.get("page", ""))
    return render_template("cabinet/data.html", points=points, **page)


@cabinet.get("/data/file")
def data_file() -> Response:
    """The same as a file: `form` = csv | xlsx | json; without it csv."""
    _, chosen = several_points()
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
    _, chosen = several_points()
    if not chosen:
        raise NotFound("point")
    try:
        return jsonify(line.data(asked(chosen, _period(chosen[0]), request.args)))
    except TooLong as reason:
        raise NotFound(str(reason)) from None


@cabinet.get("/readings")
def readings() -> str:
    points, point = one_point()
    if point is None:
        return no_point()
    return render_template("cabinet/readings.html", points=points, **readings_page.page(point, _period(point)))


@cabinet.get("/consumption")
def consumption() -> str:
    """A month of the points that the address names, else of all, MOST_TOGETHER at most."""
    points, chosen = several_points(usual=MOST_TOGETHER)
    if not chosen:
        return no_point()
    page = consumption_page.page(chosen, _period(chosen[0], length="month"))
    return render_template("cabinet/consumption.html", points=points, most_together=MOST_TOGETHER, **page)


@cabinet.get("/events")
def events() -> str:
    """`kind`, `journal` and the period in the address."""
    points, point = one_point()
    if point is None:
        return no_point()
    return render_template(
        "cabinet/events.html", points=points, **events_page.page(point, _period(point), request.args)
    )


@cabinet.get("/events/file")
def events_file() -> Response:
    """The same as a file: `form` = csv | xlsx."""
    _, point = one_point()
    if point is None:
        raise NotFound("point")
    form, period = _known(request.args.get("form", "csv")), _period(point)
    return _file(events_page.table(point, period, request.args), form, point, period, "events")


@cabinet.get("/reading")
def reading() -> str:
    """What the meter showed at `day` and `time`."""
    points, point = one_point()
    if point is None:
        return no_point()
    return render_template("cabinet/reading.html", points=points, **reading_page.page(point, request.args))


@cabinet.get("/complexes")
def complexes() -> str:
    """What stands on the wall of a point."""
    points, point = one_point()
    if point is None:
        return no_point()
    return render_template("cabinet/complexes.html", points=points, **complexes_page.page(point))


@cabinet.get("/explain")
def explain() -> str:
    """How a figure came about: `by` = bill | profile."""
    points, point = one_point()
    if point is None:
        return no_point()
    return render_template(
        "cabinet/explain.html", points=points, **explain_page.page(point, _period(point), request.args)
    )


@cabinet.get("/whatif")
def what_if() -> str:
    """`scheme`: the other one."""
    points, point = one_point()
    if point is None:
        return no_point()
    return render_template("cabinet/whatif.html", points=points, **what_if_page.page(point, request.args))


@cabinet.get("/network")
def network() -> str:
    """`what`: the quantity that is drawn, voltage | current | active | reactive | apparent | factor | frequency."""
    points, point = one_point()
    if point is None:
        return no_point()
    found = network_page.asked(point, request.args)
    return render_template(
        "cabinet/network.html", points=points, **network_page.page(found, request.args.get("page", ""))
    )


@cabinet.get("/network/file")
def network_file() -> Response:
    """The same as a file: `form` = csv | xlsx; without it csv. `each`: every sample of all quantities."""
    _, point = one_point()
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
    _, point = one_point()
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


def _period(point: PointView, **fixed: str) -> Chosen:
    """That the address names; of a point that is the viewer's no longer his last month, where it names no day."""
    asked = request.args.to_dict() | fixed
    if "day" not in asked and not still(point):
        asked = {"length": "month"} | asked | {"day": last_day(point).isoformat()}
    return choose(asked, day_of(here().now, point.tz))
