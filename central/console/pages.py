"""The console, read-only as yet: points and concentrators with their last success."""

from flask import render_template, request

from central import figures
from central.console.room import ROWS, TZ, console
from central.faces.here import here, viewer


@console.get("/points")
def points() -> str:
    made = here()
    asked = request.args.get("q", "").strip()[:100]
    state = request.args.get("state", "")
    view = figures.point_list(
        made.source, viewer(), made.now, asked=asked, silent=state == "silent", page=_page(), rows=ROWS
    )
    return render_template("console/points.html", view=view, asked=asked, state=state, on_page=ROWS, tz=TZ)


@console.get("/edges")
def edges() -> str:
    made = here()
    view = figures.edge_list(made.source, viewer(), made.now, page=_page(), rows=ROWS)
    return render_template("console/edges.html", view=view, now=made.now, on_page=ROWS, tz=TZ)


def _page() -> int:
    """The page asked for; nonsense is the first."""
    given = request.args.get("page", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 1
