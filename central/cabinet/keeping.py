"""What a phone keeps for the time without a network: the main figures of each point, in words, and the faces of the
meters that its owner may read, to hand a reading in later.

All is said as of its moment: what holds now («на связи») is not said, since the phone shows it when it no longer does.
"""

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from central import figures
from central.cabinet.chosen import several_points
from central.cabinet.hand_in import asked_of
from central.cabinet.room import cabinet, still
from central.faces import words
from central.faces.formats import NARROW, kilo, moment, money, said
from central.faces.here import here, viewer
from central.faces.preferences import language
from central.faces.whose import whose
from central.figures.compare import compare
from central.figures.meter_faces import MeterFace
from central.figures.views import Concern, Heard, SummaryView, Trouble
from central.metering.rounding import MWH_PER_KWH
from central.metering.zones import day_of
from central.registry.periods import COMPANY

MOST_KEPT = 24  # points: each is reckoned whenever a phone asks


@cabinet.get("/phone/figures")
def phone_figures() -> Response:
    """`who`: whose this is; `made_at`: seconds UTC; `token`: for the forms that the phone sends now."""
    made = here()
    _all, chosen = several_points(usual=MOST_KEPT)
    points = [point for point in chosen if still(point)]
    views = [figures.summary(made.source, viewer(), point.id, made.now) for point in points]
    faces = figures.meter_faces(made.source, viewer(), [point.id for point in points], made.now)
    by_point = {face.point.id: face for face in faces}
    return jsonify(
        who=whose(),
        language=language(),
        made_at=made.now,
        made=moment(made.now, COMPANY),
        token=generate_csrf(),
        entry=url_for("cabinet.hand_in"),
        points=[_point(view, by_point.get(view.point.id)) for view in views],
        meters=[_meter(face) for face in faces],
    )


def _point(view: SummaryView, face: MeterFace | None) -> dict[str, Any]:
    month, tz = view.month, view.point.tz
    cost = month.cost.total if month.cost is not None else None
    first, last = day_of(month.since, tz), day_of(month.until - 1, tz)
    when = said(first, "LLLL").capitalize()
    if last > first:
        when += ", " + _("с %(first)s по %(last)s", first=first.day, last=last.day)
    return {
        "name": view.point.name,
        "address": view.point.address,
        "when": when,
        "energy": kilo(month.totals.total),
        "unit": f"{NARROW}{words.KWH}",
        "money": f"{money(cost)}{NARROW}₽" if cost is not None else "",
        "compared": _compared(view),
        "heard": _heard(view.heard, tz) if view.heard is not None else "",
        "registers": _registers(face, tz) if face is not None else [],
        "troubles": [_trouble(one, tz) for one in view.troubles],
    }


def _compared(view: SummaryView) -> str:
    """With the same days of the month before; "" = there is nothing to compare with."""
    before, month, tz = view.previous_same, view.month, view.point.tz
    found = compare(month.totals, before.totals) if before is not None and month.whole else None
    if before is None or found is None:
        return ""
    return words.compared(found, words.same_days(day_of(before.since, tz), day_of(month.until - 1, tz).day, year=False))


def _heard(heard: Heard, tz: str) -> str:
    when = moment(heard.stamp, tz, end=True, year=False)
    told = _("Последние данные счётчика на %(when)s", when=when) if heard.stamp is not None else _("Данных ещё не было")
    return str(told)


def _registers(face: MeterFace, tz: str) -> Sequence[dict[str, str]]:
    """The last reading of each register that is known."""
    return [
        {
            "caption": one.caption,
            "value": f"{kilo(one.register.last.value)}{NARROW}{words.KWH}",
            "when": moment(one.register.last.moment, tz, end=True, year=False),
        }
        for one in asked_of(face)
        if one.register.last is not None
    ]


def _trouble(one: Trouble, tz: str) -> dict[str, str]:
    what, todo = words.CONCERNS[one.concern]
    parts = [str(todo)]
    if one.concern is Concern.SILENT and one.since is not None:
        parts.insert(0, _("С %(when)s.", when=moment(one.since, tz, end=True, year=False)))
    elif one.count:
        parts.insert(0, f"{words.intervals(one.count)}.")
    return {"what": str(what).capitalize(), "more": " ".join(parts)}


def _meter(face: MeterFace) -> dict[str, Any]:
    """`last`: mWh, as the page of the form has it; `daily` too; `shown`: the digits of the last reading."""
    registers = []
    for one in asked_of(face):
        last = one.register.last
        registers.append(
            {
                "name": one.name,
                "caption": one.caption,
                "colour": one.colour,
                "last": last.value if last is not None else None,
                "moment": last.moment if last is not None else None,
                "shown": _shown(last.value, face.digits) if last is not None else "",
                "when": moment(last.moment, face.point.tz, end=True, year=False) if last is not None else "",
                "daily": one.register.daily,
            }
        )
    return {
        "point": face.point.id,
        "name": face.point.name,
        "address": face.point.address,
        "serial": face.serial,
        "digits": face.digits,
        "registers": registers,
    }


def _shown(value: int, digits: int | None) -> str:
    return f"{value // MWH_PER_KWH:0{digits}}" if digits else kilo(value)
