"""«Аудит»: the way of a reading, day by day, from a day to a meter to its messages; what is missing; what differs."""

from datetime import UTC, date, datetime

from flask import render_template, request
from sqlalchemy import func, select

from central.audits import views
from central.console.room import TZ, console
from central.faces.here import here
from central.faces.numbers import whole
from central.registry.tables import organisation
from central.timeseries.base import DAY

EPOCH = date(1970, 1, 1)


@console.get("/audit")
def audit() -> str:
    made = here()
    engine = made.source.engine
    with engine.connect() as connection:
        if connection.scalar(select(func.count()).select_from(organisation)) != 1:
            return render_template("console/audit_closed.html")  # they would see each other's messages
    asked = {name: request.args.get(name, "").strip()[:40] for name in ("day", "edge", "meter")}
    edge, meter, day = asked["edge"] or None, asked["meter"] or None, _day(asked["day"])
    wrong = bool(asked["day"]) and day is None
    common = {"asked": asked, "wrong": wrong, "tz": TZ, "day": day, "date_of": date_of, "now": made.now}
    if day is None:
        view = views.overview(engine, made.now, edge=edge, meter=meter)
        return render_template("console/audit.html", view=view, on_page=views.ROWS, most=views.MOST, **common)
    if meter is None:
        after = tuple((request.args.get("after", "") + "//").split("/")[:3])
        lines = views.day_view(engine, day, edge=edge, after=(after[0], after[1], after[2]))
        return render_template("console/audit_day.html", view=lines, later=any(after), **common)
    last = whole(request.args.get("after", "")) or 0
    found = views.meter_view(engine, day, meter, edge=edge, after=last)
    return render_template("console/audit_meter.html", view=found, later=last > 0, **common)


def date_of(day: int) -> date:
    """UTC day since 1970."""
    return datetime.fromtimestamp(day * DAY, UTC).date()


def _day(text: str) -> int | None:
    try:
        return (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        return None
