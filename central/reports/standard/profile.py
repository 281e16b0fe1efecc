"""«Профиль нагрузки»: the intervals of a period in all four directions, each with what it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.faces import report_words, words
from central.faces.formats import kilo
from central.figures.source import ACTIVE_IMPORT, FIELDS
from central.figures.views import PointView
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import local
from central.reports import drawing, profiles
from central.reports.asked import Asked
from central.reports.description import Address, Chart, Column, Kind, Line, Mark, Report, Row
from central.reports.making import Making
from central.reports.marks import OF_STATE, of_states
from central.reports.profiles import is_untold

States = frozenset[State]


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
    period = made.asked.period
    for one in made.each():
        writing = Writing(one, made.asked)
        for since, until in profiles.parts(made, one, period.first, period.until):
            for piece in profiles.places(made, one, since, until):
                yield from writing.rows(piece)


class Writing:
    """The rows of a point. Words and addresses are made once for all rows that have the same: there may be millions."""

    def __init__(self, one: PointView, asked: Asked) -> None:
        self._one, self._digits, self._name = one, asked.digits, report_words.name_of(one)
        self._sums = {channel: profiles.explained_period(asked, one, channel) for channel in FIELDS}
        self._said: dict[States, str] = {}
        self._opens: dict[tuple[date, tuple[str, ...]], Mapping[str, Address]] = {}

    def rows(self, piece: Mapping[str, Sequence[Slot]]) -> Iterator[Row]:
        """`piece`: channel -> its places, of the same times in all of them."""
        for slots in zip(*piece.values(), strict=True):
            there = {channel: slot for channel, slot in zip(piece, slots, strict=True) if not is_untold(slot)}
            yield self._row(slots[0], there)

    def _row(self, first: Slot, slots: Mapping[str, Slot]) -> Row:
        start = local(first.start, self._one.tz)
        states = {slot.state for slot in slots.values()}
        marks = of_states(states) if states & OF_STATE.keys() else ()
        cells = (
            self._name,
            start,
            local(first.end, self._one.tz),
            *(_counted(slots[channel]) if channel in slots else None for channel in FIELDS),
            self._states(frozenset(states)),
            None,
        )
        return Row(
            cells,
            group=self._name,
            marks=marks,
            remark=self._suspect(slots) if Mark.SUSPECT in marks else "",
            opens=self._explained(start.date(), tuple(slots)),
            sums=self._sums,
        )

    def _states(self, states: States) -> str:
        if states not in self._said:
            used = states - {State.ZERO} or states  # an interval in which something was used
            self._said[states] = ", ".join(str(words.STATES[state]) for state in sorted(used))
        return self._said[states]

    def _explained(self, day: date, channels: tuple[str, ...]) -> Mapping[str, Address]:
        if (day, channels) not in self._opens:
            self._opens = {
                (day, channels): {channel: profiles.explained(self._one, channel, day) for channel in channels}
            }
        return self._opens[day, channels]

    def _suspect(self, slots: Mapping[str, Slot]) -> str:
        """What stands beside the sums."""
        found = [
            f"{words.SIGNS[channel]} {kilo(slot.energy, self._digits)} {words.UNITS[channel]}"
            for channel, slot in slots.items()
            if slot.state is State.SUSPECT
        ]
        return str(_("не вошло %(energies)s", energies=", ".join(found)))


def _counted(slot: Slot) -> int | None:
    return None if slot.state is State.SUSPECT else slot.energy


def chart(made: Making) -> Chart | None:
    return drawing.drawn(made, ACTIVE_IMPORT)


def size(made: Making) -> int:
    return sum(tenure.places() for _one, there in profiles.tenures(made) for tenure in there)


REPORT = Report(
    word="profile",
    title=_l("Профиль нагрузки"),
    about=_l("Расход по интервалам профиля: A+, A−, R+, R− и состояние каждого интервала."),
    order=70,
    columns=columns,
    rows=rows,
    size=size,
    lines=(Line.TOTAL,),
    chart=chart,
)
