"""«Анализ полноты профиля нагрузки»: which intervals of each day came, and which did not, and when those were."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby

from flask_babel import lazy_gettext as _l

from central.faces import formats, report_words, words
from central.figures.source import ACTIVE_IMPORT
from central.figures.views import DayView, PointView
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import midnight
from central.reports import profiles
from central.reports.asked import Asked
from central.reports.description import Cell, Column, Kind, Line, Place, Report, Row, Words
from central.reports.making import Making, Sum
from central.reports.marks import of_counts
from central.reports.profiles import HALF_HOUR, ONE_DAY

AT_ONCE = 7 * ONE_DAY  # days that are read by their intervals together
PLACES: Mapping[State, Place] = {
    State.MISSING: Place.MISSING,
    State.ESTIMATED: Place.ESTIMATED,
    State.ESTIMATED_OPEN: Place.ESTIMATED,
    State.POWER_OFF: Place.OFF,
    State.NOT_DUE: Place.NOT_DUE,
}
INSTEAD: Mapping[State, Words] = {
    State.MISSING: "",
    State.ESTIMATED: words.STATES[State.ESTIMATED],
    State.ESTIMATED_OPEN: words.STATES[State.ESTIMATED_OPEN],
    State.POWER_OFF: words.STATES[State.POWER_OFF],
}
ALL_DAY = "00:00–24:00"
FIGURES = ("expected", "received", "missing", "estimated", "off", "percent")


def _percent(_line: Line, sums: Mapping[str, Sum]) -> Cell:
    got, off, due = (sums[name].total or 0 for name in ("received", "off", "expected"))
    return Fraction(got + off, due) if due else None


def columns(_asked: Asked, _points: Sequence[PointView]) -> Sequence[Column]:
    return (
        Column("point", _l("Точка учета"), fixed=True, width=28),
        Column("day", _l("Сутки"), Kind.DAY, fixed=True, width=12),
        Column("expected", _l("Ожидалось"), Kind.COUNT, summed=True, width=11),
        Column("received", _l("Получено"), Kind.COUNT, summed=True, width=11),
        Column("missing", _l("Нет данных"), Kind.COUNT, summed=True, width=11),
        Column("estimated", _l("Оценка"), Kind.COUNT, summed=True, width=11),
        Column("off", _l("Отключено"), Kind.COUNT, summed=True, width=11),
        Column("percent", _l("Полнота"), Kind.SHARE, "%", width=10, derived=_percent),
        Column("gaps", _l("Пропуски"), width=32),
        Column("strip", _l("Лента суток"), Kind.STRIP, width=28),
        Column("marks", _l("Отметка"), Kind.MARKS),
    )


def rows(made: Making) -> Iterator[Row]:
    period = made.asked.period
    for one in made.each():
        days = profiles.days(made, one, period.first, period.until)
        for plain, run in groupby(((day, _plain(day, one)) for day in days), key=lambda pair: bool(pair[1])):
            if plain:
                yield from (
                    _row(made, one, day, "" if day.completeness.received else ALL_DAY, strip) for day, strip in run
                )
            else:
                yield from _by_intervals(made, one, [day for day, _ in run])


def _plain(day: DayView, one: PointView) -> str:
    """The strip of a day of one kind of places, through all of it. "" = its intervals tell."""
    counts = day.completeness
    if counts.expected * (one.period or HALF_HOUR) != _seconds(day, one):
        return ""
    kinds = {Place.THERE: counts.received, Place.MISSING: counts.missing}
    return next((place * count for place, count in kinds.items() if count == counts.expected), "")


def _seconds(day: DayView, one: PointView) -> int:
    return midnight(day.day + ONE_DAY, one.tz) - midnight(day.day, one.tz)


def _by_intervals(made: Making, one: PointView, days: Sequence[DayView]) -> Iterator[Row]:
    left = list(days)
    while left:
        first = left[0].day
        there = [day for day in left if day.day < first + AT_ONCE]
        left = left[len(there) :]
        span = midnight(first, one.tz), midnight(there[-1].day + ONE_DAY, one.tz)
        slots = [slot for piece in profiles.places(made, one, *span, (ACTIVE_IMPORT,)) for slot in piece[ACTIVE_IMPORT]]
        for day in there:
            since, until = midnight(day.day, one.tz), midnight(day.day + ONE_DAY, one.tz)
            of_day = [slot for slot in slots if since <= slot.start < until]
            yield _row(made, one, day, _gaps(of_day, one.tz), _strip(of_day, since, until))


def _row(made: Making, one: PointView, day: DayView, gaps: str, strip: str) -> Row:
    counts = day.completeness
    name = report_words.name_of(one)
    cells = (
        name,
        day.day,
        counts.expected,
        counts.received,
        counts.missing,
        counts.estimated,
        counts.off,
        Fraction(counts.received + counts.off, counts.expected) if counts.expected else None,
        gaps,
        strip,
        None,
    )
    opens = dict.fromkeys(FIGURES, profiles.explained(one, ACTIVE_IMPORT, day.day))
    sums = dict.fromkeys(FIGURES, profiles.explained_period(made.asked, one, ACTIVE_IMPORT))
    return Row(cells, group=name, marks=of_counts(counts), opens=opens, sums=sums)


def _gaps(slots: Sequence[Slot], tz: str) -> str:
    """«03:00–05:30; 12:00–12:30 (отключено)»: runs of places that did not come, and what is there instead."""
    found = []
    for state, run in groupby(slots, key=lambda slot: slot.state):
        if state in INSTEAD:
            places = list(run)
            hours = f"{formats.clock(places[0].start, tz)}–{formats.clock(places[-1].end, tz, end=True)}"
            found.append(f"{hours} ({INSTEAD[state]})" if INSTEAD[state] else hours)
    return "; ".join(found)


def _strip(slots: Sequence[Slot], since: int, until: int) -> str:
    """A letter a place; where no meter stood, as many as there would have been."""
    if not slots:
        return ""
    step = min(slot.end - slot.start for slot in slots)
    before, after = (slots[0].start - since) // step, (until - slots[-1].end) // step
    letters = "".join(PLACES.get(slot.state, Place.THERE) for slot in slots)
    return Place.ABSENT * before + letters + Place.ABSENT * after


REPORT = Report(
    word="completeness",
    title=_l("Анализ полноты профиля нагрузки"),
    about=_l(
        "Сколько интервалов профиля (A+) ожидалось за каждые сутки, сколько пришло и каких нет. Полнота — доля "
        "полученных и отключённых среди ожидавшихся; оценка её не повышает."
    ),
    order=10,
    columns=columns,
    rows=rows,
    size=profiles.count_days,
    lines=(Line.TOTAL,),
    wide=True,
)
