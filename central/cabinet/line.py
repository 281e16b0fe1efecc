"""The line of a long period of «Учетные данные», for the script that draws it: numbers of the server, and its words."""

from typing import Any

from flask_babel import gettext as _

from central import figures
from central.cabinet.asked import Asked
from central.faces import energy, words
from central.faces.here import here, viewer
from central.figures import NotFound
from central.metering.terms import State

STATES = (State.MEASURED, State.ESTIMATED, State.SUSPECT, State.POWER_OFF, State.MISSING, State.NOT_DUE)


def data(asked: Asked) -> dict[str, Any]:
    """`rows`: start, end, greatest interval and its start, mean (mWh or mvarh), state. Raises NotFound, TooLong."""
    if not asked.alone:
        raise NotFound("a line is of one point")
    made, point, period = here(), asked.point, asked.period
    found = figures.line(made.source, viewer(), point.id, period.first, period.until, asked.channel, made.now)
    own = energy.size_word(found.own)
    unit = str(words.UNITS[asked.channel])
    return {
        "tz": point.tz,
        "whole": found.each == 1,
        "unit": _("%(unit)s за %(size)s", unit=unit, size=own),
        "measure": unit,
        "most": _("наибольший интервал"),
        "mean": _("в среднем"),
        "told": _told(found.each, own),
        "states": {state: str(words.STATES[state]) for state in STATES},
        "rows": [[run.start, run.end, run.most, run.most_at, run.mean, run.state] for run in found.runs],
    }


def _told(each: int, own: str) -> str:
    if each == 1:
        return str(_("Каждый интервал — %(own)s.", own=own))
    if each:
        return str(
            _("Точка линии — %(each)s по %(own)s: наибольший из них и средний.", each=words.intervals(each), own=own)
        )
    return str(_("Точка линии — сутки: наибольший измеренный интервал (%(own)s) и средний.", own=own))
