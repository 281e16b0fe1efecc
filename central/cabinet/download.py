"""«Учетные данные» as a file: the values of a point in steps, each with what it is, or which nothing stands there.

A zero that was measured, a time without power, a gap and what has not come yet are four different things, in the state
beside the value; only the first two are a 0.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from central.cabinet.data import STEPS, USUAL, offered, show
from central.faces import energy, words
from central.faces.periods import Chosen
from central.faces.tables import Cell, Table
from central.figures import NotFound
from central.figures.steps import Step
from central.figures.views import PointView
from central.metering.rounding import MWH_PER_KWH
from central.metering.terms import State

MIXED = "mixed"  # several states in one step: the counts tell


def data(point: PointView, period: Chosen, args: Mapping[str, str]) -> dict[str, Any]:
    """For programs: whole mWh (mvarh), ISO times with offset, states by their code words. Raises NotFound."""
    channel, step, found = _asked(point, period, args)
    return {
        "point": point.code,
        "channel": channel,
        "unit": "mWh" if channel.startswith("active") else "mvarh",
        "step": step,
        "tz": point.tz,
        "stamp": "[start, end)",
        "rows": [
            {
                "start": _iso(one.start, point.tz),
                "end": _iso(one.end, point.tz),
                "total": one.total,
                "zones": one.zones,
                "state": state(one),
                "counts": counts(one),
            }
            for one in found
        ],
    }


def table(point: PointView, period: Chosen, args: Mapping[str, str]) -> Table:
    """For people. Raises NotFound."""
    channel, step, found = _asked(point, period, args)
    zones = energy.zones_of(point.zones)
    unit = words.UNITS[channel]
    named = [zone.label for zone in zones] if len(zones) > 1 else []
    return Table(
        title=str(words.CHANNELS[channel]),
        about=[
            (_("Точка учёта"), f"{point.code}, {point.name}, {point.address}"),
            (_("Счётчик"), point.serial or ""),
            (_("Период"), period.caption),
            (_("Величина"), f"{words.CHANNELS[channel]}, {unit}"),
            (_("Шаг"), offered(point, period)[step]),
            (_("Часовой пояс"), point.tz),
            (_("Отметки времени"), _("начало и конец шага; начало входит, конец — нет")),
        ],
        columns=[_("Начало"), _("Конец"), *named, _("Всего, %(unit)s", unit=unit), _("Состояние"), *_captions()],
        rows=_rows(found, [zone.name for zone in zones] if named else [], point.tz),
    )


def state(step: Step) -> str:
    """What its places are, when all of them are the same: zero and power off are a 0, missing and not due nothing."""
    found = {name for name, count in counts(step).items() if count}
    if found == {State.MEASURED.value}:  # of what came, or was put there
        put = {state.value for of_zone in step.energies.values() for state in of_zone}
        found = put - {State.ZERO.value} or put  # an hour with an idle half is measured
    return found.pop() if len(found) == 1 else MIXED


def counts(step: Step) -> dict[str, int]:
    """Places of a step by what they are, measured ones first."""
    one = step.completeness
    return {
        State.MEASURED.value: one.received - one.suspect,
        State.SUSPECT.value: one.suspect,
        State.POWER_OFF.value: one.off,
        State.ESTIMATED.value: one.estimated,
        State.MISSING.value: one.missing,
        State.NOT_DUE.value: one.not_due,
    }


def _captions() -> list[str]:
    names = (State.MEASURED, State.SUSPECT, State.POWER_OFF, State.ESTIMATED, State.MISSING, State.NOT_DUE)
    return [_("Интервалов: %(state)s", state=words.STATES[name]) for name in names]


def _rows(found: tuple[Step, ...], zones: list[str], tz: str) -> Iterator[list[Cell]]:
    for one in found:
        word = state(one)
        told = _("разное") if word == MIXED else str(words.STATES[State(word)])
        by_zone = [_kilo(one.zones.get(zone)) if one.total is not None else None for zone in zones]
        yield [_iso(one.start, tz), _iso(one.end, tz), *by_zone, _kilo(one.total), told, *counts(one).values()]


def _kilo(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / MWH_PER_KWH


def _iso(moment: int, tz: str) -> str:
    return datetime.fromtimestamp(moment, ZoneInfo(tz)).isoformat(timespec="minutes")


def _asked(point: PointView, period: Chosen, args: Mapping[str, str]) -> tuple[str, str, tuple[Step, ...]]:
    channel = args.get("channel", "active_import")
    if channel not in words.CHANNELS:
        raise NotFound("channel")
    may = offered(point, period)
    step = args.get("step", "")
    step = step if step in may else USUAL[period.length]
    found = show(point, period, channel, STEPS[step])
    return channel, step, tuple(found.steps) if found is not None else ()
