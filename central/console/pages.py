"""The console, read-only as yet: points and concentrators with their last success."""

from flask import Blueprint, render_template, request

from central import figures
from central.faces.here import here, viewer
from central.figures.views import PointStatus

console = Blueprint("console", __name__, url_prefix="/console")
ROWS = 50
TZ = "Europe/Moscow"  # of what belongs to no point: the company's own time


@console.get("/points")
def points() -> str:
    made = here()
    view = figures.overview(made.source, viewer(), made.now)
    asked = request.args.get("q", "").strip()[:100]
    state = request.args.get("state", "")
    found = [status for status in view.points if _fits(status, asked.casefold(), state)]
    pages = max(1, -(-len(found) // ROWS))
    given = request.args.get("page", "")
    page = min(max(int(given) if given.isdecimal() and len(given) < 6 else 1, 1), pages)
    return render_template(
        "console/points.html",
        view=view,
        asked=asked,
        state=state,
        found=found[(page - 1) * ROWS : page * ROWS],
        count=len(found),
        silent=sum(status.heard.silent for status in view.points),
        page=page,
        pages=pages,
        on_page=ROWS,
        tz=TZ,
    )


@console.get("/edges")
def edges() -> str:
    made = here()
    return render_template("console/edges.html", view=figures.overview(made.source, viewer(), made.now), tz=TZ)


def _fits(status: PointStatus, asked: str, state: str) -> bool:
    if state == "silent" and not status.heard.silent:
        return False
    point = status.point
    texts = (point.name, point.address, point.code, point.path, point.serial, status.meter, status.contract)
    return not asked or any(asked in (text or "").casefold() for text in (*texts, status.holder, status.edge))
