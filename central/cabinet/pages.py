"""The cabinet: the main page, «Учетные данные», «Показания счетчика», «Показание на дату», «Откуда это», «Что если
другой тариф».

Every figure comes from `central.figures`.
"""

from collections.abc import Sequence
from urllib.parse import quote

from flask import jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from central import figures
from central.accounts.audit import note
from central.accounts.looked import OPENED
from central.cabinet import data as data_page
from central.cabinet import download
from central.cabinet import explain as explain_page
from central.cabinet import reading_at as reading_page
from central.cabinet import readings as readings_page
from central.cabinet import summary as main_page
from central.cabinet import whatif as what_if_page
from central.cabinet.room import cabinet
from central.db import writing
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.faces.periods import Chosen, choose
from central.faces.tables import XLSX, as_csv, as_workbook
from central.figures import NotFound
from central.figures.views import PointView
from central.metering.zones import day_of


@cabinet.get("/")
def main() -> str | Response:
    if viewer().staff and "point" not in request.args:
        return redirect(url_for("console.points"))
    points, point = _points()
    if point is None:
        return render_template("cabinet/empty.html")
    return render_template("cabinet/main.html", points=points, **main_page.page(point, points))


@cabinet.get("/data")
def data() -> str:
    points, point = _points()
    if point is None:
        return render_template("cabinet/empty.html")
    page = data_page.page(point, _period(point), request.args)
    return render_template("cabinet/data.html", points=points, **page)


@cabinet.get("/data/file")
def data_file() -> Response:
    """The same as a file: `form` = csv | xlsx | json; without it csv."""
    _, point = _points()
    if point is None:
        raise NotFound("point")
    form, asked = request.args.get("form", "csv"), (point, _period(point), request.args)
    if form == "json":
        return jsonify(download.data(*asked))
    if form not in ("csv", "xlsx"):
        raise NotFound("form")
    found = download.table(*asked)
    body = as_workbook(found) if form == "xlsx" else "".join(as_csv(found))
    answer = Response(body, mimetype=XLSX if form == "xlsx" else "text/csv")
    name = quote(f"{point.code} {found.title} {asked[1].first.isoformat()}.{form}")
    answer.headers["Content-Disposition"] = f"attachment; filename=data.{form}; filename*=UTF-8''{name}"
    return answer


@cabinet.get("/readings")
def readings() -> str:
    points, point = _points()
    if point is None:
        return render_template("cabinet/empty.html")
    period = choose(request.args.get("length"), request.args.get("day"), day_of(here().now, point.tz))
    return render_template("cabinet/readings.html", points=points, **readings_page.page(point, period))


@cabinet.get("/reading")
def reading() -> str:
    """What the meter showed at `day` and `time`."""
    points, point = _points()
    if point is None:
        return render_template("cabinet/empty.html")
    return render_template("cabinet/reading.html", points=points, **reading_page.page(point, request.args))


@cabinet.get("/explain")
def explain() -> str:
    """How a figure came about: `by` = bill | profile."""
    points, point = _points()
    if point is None:
        return render_template("cabinet/empty.html")
    return render_template(
        "cabinet/explain.html", points=points, **explain_page.page(point, _period(point), request.args)
    )


@cabinet.get("/whatif")
def what_if() -> str:
    """`scheme`: the other one."""
    points, point = _points()
    if point is None:
        return render_template("cabinet/empty.html")
    return render_template("cabinet/whatif.html", points=points, **what_if_page.page(point, request.args))


@cabinet.get("/explain.json")
def explain_data() -> Response:
    """`by` = bill | profile of a period | reading at a moment."""
    _, point = _points()
    if point is None:
        raise NotFound("point")
    if request.args.get("by") == "reading":
        return jsonify(reading_page.data(point, request.args))
    return jsonify(explain_page.data(point, _period(point), request.args))


def _period(point: PointView) -> Chosen:
    asked = request.args.get("length"), request.args.get("day")
    return choose(*asked, day_of(here().now, point.tz), usual=_usual("month"))


def _usual(length: str) -> str:
    """A day named without a length is that day."""
    return "day" if "day" in request.args else length


def _points() -> tuple[tuple[PointView, ...], PointView | None]:
    """All points of a consumer, and the one that the address names, else the first. A foreign one is «not found».

    Staff open one point from the console, or look through a consumer's cabinet; each opening is audited.
    """
    made, who = here(), viewer()
    points = () if who.staff else figures.points(made.source, who, made.now)
    point = _named(points) if "point" in request.args else next(iter(points), None)
    if point is not None and (who.staff or who.by is not None):
        with writing(made.source.engine).begin() as connection:
            note(connection, made.now, who.by or who.account, OPENED, point.code, request.path)
    return points, point


def _named(points: Sequence[PointView]) -> PointView:
    key = whole(request.args["point"])
    if key is None:
        raise NotFound("point")
    found = next((one for one in points if one.id == key), None)
    return found or figures.point_view(here().source, viewer(), key, here().now)
