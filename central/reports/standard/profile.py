"""«Профиль нагрузки»: the intervals of a period in all four directions, each with what it is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from flask_babel import lazy_gettext as _l

from central import figures
from central.faces import words
from central.figures import NotFound
from central.figures.intervals import MOST
from central.figures.source import FIELDS
from central.figures.views import PointView
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import local, midnight
from central.reports.asked import Asked
from central.reports.description import Address, Column, Kind, Line, Report, Row
from central.reports.making import Making
from central.reports.marks import of_states

HALF_HOUR = 1800
DAY = 86_400


def columns(_asked: Asked, _points: Sequence[PointView]) -> Sequence[Column]:
    return (
        Column("point", _l("Точка учета"), fixed=True, width=28),
        Column("start", _l("Начало"), Kind.MOMENT, fixed=True, width=17),
        Column("end", _l("Конец"), Kind.MOMENT, width=17),
        *(Column(channel, words.SIGNS[channel], Kind.ENERGY, words.UNITS[channel], summed=True) for channel in FIELDS),
        Column("state", _l("Состояние"), width=24),
        Column("marks", _l("Отметка"), Kind.MARKS),
    )


def rows(made: Making) -> Iterator[Row]:
    for one in made.each():
        for since, until in _parts(made, one):
            found = _slots(made, one, since, until)
            for start in sorted({start for slots in found.values() for start in slots}):
                yield _row(one, {channel: slots[start] for channel, slots in found.items() if start in slots})


def _parts(made: Making, one: PointView) -> Iterator[tuple[int, int]]:
    """A few days at a time: memory does not grow with the period."""
    since, until = made.span(one)
    days = max(1, MOST * (one.period or HALF_HOUR) // DAY // 12)
    while since < until:
        end = min(until, midnight(local(since, one.tz).date() + timedelta(days=days), one.tz))
        yield since, end
        since = end


def _slots(made: Making, one: PointView, since: int, until: int) -> dict[str, dict[int, Slot]]:
    """Channel -> start of a place -> it. A channel that the meter does not have tells nothing but gaps."""
    found = {}
    for channel in FIELDS:
        with suppress(NotFound):
            view = figures.interval(made.source, made.viewer, one.id, since, until, channel, made.now)
            found[channel] = {slot.start: slot for slot in view.slots}
    return found


def _row(one: PointView, slots: Mapping[str, Slot]) -> Row:
    first = next(iter(slots.values()))
    start = local(first.start, one.tz)
    states = {slot.state for slot in slots.values() if slot.energy is not None} or {first.state}
    if len(states) > 1:
        states.discard(State.ZERO)  # an interval in which something was used
    name = f"{one.code} {one.name}".strip()
    cells = (
        name,
        start,
        local(first.end, one.tz),
        *(slots[channel].energy if channel in slots else None for channel in FIELDS),
        ", ".join(str(words.STATES[state]) for state in sorted(states)),
        None,
    )
    there = {"point": one.id, "by": "profile", "length": "day", "day": start.date().isoformat()}
    opens = {channel: Address("cabinet.explain", there | {"channel": channel}) for channel in slots}
    return Row(cells, group=name, marks=of_states(states), opens=opens)


def size(asked: Asked, points: Sequence[PointView]) -> int:
    return sum(asked.period.days * DAY // (one.period or HALF_HOUR) for one in points)


REPORT = Report(
    word="profile",
    title=_l("Профиль нагрузки"),
    about=_l("Расход по интервалам профиля: A+, A−, R+, R− и состояние каждого интервала."),
    order=70,
    columns=columns,
    rows=rows,
    size=size,
    lines=(Line.TOTAL,),
)
