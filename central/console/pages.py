"""The lists of the console: points and concentrators with their last success."""

from flask import render_template, request

from central import figures
from central.console.room import ROWS, TZ, console, page_asked
from central.faces.here import here, viewer


@console.get("/points")
def points() -> str:
    made = here()
    asked = request.args.get("q", "").strip()[:100]
    state = request.args.get("state", "")
    view = figures.point_list(
        made.source, viewer(), made.now, asked=asked, silent=state == "silent", page=page_asked(), rows=ROWS
    )
    return render_template("console/points.html", view=view, asked=asked, state=state, on_page=ROWS, tz=TZ)


@console.get("/edges")
def edges() -> str:
    made = here()
    view = figures.edge_list(made.source, viewer(), made.now, page=page_asked(), rows=ROWS)
    return render_template("console/edges.html", view=view, now=made.now, on_page=ROWS, tz=TZ)
