"""«Учетные данные» as a file: the values of a point in steps, each with what it is, or which nothing stands there.

A zero that was measured, a time without power, a gap and what has not come yet are four different things, in the state
beside the value; only the first two are a 0.

Of points in several time zones a step is whole days of the calendar, of each point its own: they have dates and no
offset.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from central.cabinet import meanwhile
from central.cabinet.asked import Asked
from central.cabinet.data import show
from central.faces import words
from central.faces.tables import Cell, Table
from central.figures.steps import Step
from central.metering.decree import Happened
from central.metering.rounding import MWH_PER_KWH
from central.metering.terms import State

MIXED = "mixed"  # several states in one step: the counts tell


def data(asked: Asked) -> dict[str, Any]:
    """For programs: whole mWh (mvarh), ISO times with offset, states by their code words; of points in several zones
    dates, and `tz` is null."""
    point, channel, step, found = asked.point, asked.channel, asked.step, _found(asked)
    cases = _cases(asked)
    return {
        **({"point": point.code} if asked.alone else {"points": [one.code for one in asked.points]}),
        "channel": channel,
        "unit": "mWh" if channel.startswith("active") else "mvarh",
        "step": step,
        **({"tz": point.tz} if len(asked.clocks) == 1 else {"tz": None, "clocks": asked.clocks}),
        "stamp": "[start, end)",
        "rows": [
            {
                "start": _stamp(asked, one.start),
                "end": _stamp(asked, one.end),
                "total": one.total,
                "zones": one.zones,
                "state": state(one),
                "counts": counts(one),
                "meanwhile": meanwhile.words(cases, one.start, one.end),
            }
            for one in found
        ],
    }


def table(asked: Asked) -> Table:
    """For people."""
    channel, found = asked.channel, _found(asked)
    zones = asked.zones
    unit = words.UNITS[channel]
    of_point = [(_("Точка учёта"), f"{one.code}, {one.name}, {one.address}") for one in asked.points]
    meters = ", ".join(one.serial for one in asked.points if one.serial)
    named = [zone.label for zone in zones] if len(zones) > 1 else []
    return Table(
        title=str(words.CHANNELS[channel]),
        about=[
            *of_point,
            (_("Счётчик"), meters),
            (_("Период"), asked.period.caption),
            (_("Величина"), f"{words.CHANNELS[channel]}, {unit}"),
            (_("Шаг"), asked.steps[asked.step]),
            (_("Часовой пояс"), ", ".join(asked.clocks)),
            (
                _("Отметки времени"),
                _("начало и конец шага; начало входит, конец — нет")
                if len(asked.clocks) == 1
                else _("даты по часам каждой точки; начало входит, конец — нет"),
            ),
        ],
        columns=[
            _("Начало"),
            _("Конец"),
            *named,
            _("Всего, %(unit)s", unit=unit),
            _("Состояние"),
            *_captions(),
            _("Что ещё случилось"),
        ],
        rows=_rows(asked, found, [zone.name for zone in zones] if named else []),
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


def _cases(asked: Asked) -> Sequence[Happened]:
    return meanwhile.cases(asked.point, *asked.period.span(asked.point.tz)) if asked.alone else ()


def _rows(asked: Asked, found: Sequence[Step], zones: list[str]) -> Iterator[list[Cell]]:
    cases = _cases(asked)
    for one in found:
        word = state(one)
        told = _("разное") if word == MIXED else str(words.STATES[State(word)])
        by_zone = [_kilo(one.zones.get(zone)) if one.total is not None else None for zone in zones]
        yield [
            _stamp(asked, one.start),
            _stamp(asked, one.end),
            *by_zone,
            _kilo(one.total),
            told,
            *counts(one).values(),
            meanwhile.told(cases, one.start, one.end),
        ]


def _kilo(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / MWH_PER_KWH


def _stamp(asked: Asked, moment: int) -> str:
    there = datetime.fromtimestamp(moment, ZoneInfo(asked.point.tz))
    return there.isoformat(timespec="minutes") if len(asked.clocks) == 1 else there.date().isoformat()


def _found(asked: Asked) -> Sequence[Step]:
    shown = show(asked, every=True)
    return (shown.steps or ()) if shown is not None else ()
