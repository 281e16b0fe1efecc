"""«Детализация потребления энергоресурса (общая таблица)»: steps of time down, a column for each point, their sum."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from msgspec import Struct

from central.faces import report_words, words
from central.faces.report_words import LETTERS, NAMED
from central.figures.views import PointView
from central.metering.zones import midnight, month_start, next_month
from central.reports import profiles, stepping
from central.reports.asked import Asked
from central.reports.description import Address, Cell, Column, Kind, Mark, Parameter, Report, Row
from central.reports.making import Making
from central.reports.marks import shares
from central.reports.stepping import Stepped

NOTHINGS = (Mark.MISSING, Mark.SUSPECT, Mark.NOT_DUE)  # of which nothing is known, the gravest first
CELLS = 100_000  # that are held at once, at most: the table is made some days at a time
UNTOLD = "—"


class Held(Struct, frozen=True, gc=False):
    """A cell of the table."""

    cell: Cell
    marks: tuple[Mark, ...]
    shares: Mapping[Mark, int]
    opens: Address


def columns(asked: Asked, points: Sequence[PointView]) -> Sequence[Column]:
    """The sum stands before the points: there may be hundreds of them."""
    unit = words.UNITS[asked.channel]
    return (
        *stepping.columns(asked),
        Column("total", _l("Всего"), Kind.ENERGY, unit, summed=True, fixed=True),
        Column("marks", _l("Отметка"), Kind.MARKS, width=20),
        *(
            Column(_of_point(one), report_words.name_of(one), Kind.ENERGY, unit, summed=True, width=16)
            for one in points
        ),
    )


def _of_point(one: PointView) -> str:
    return f"point_{one.id}"


def rows(made: Making) -> Iterator[Row]:
    asked, points = made.asked, made.points
    sums = {_of_point(one): profiles.explained_period(asked, one, asked.channel) for one in points}
    spans = list(_spans(asked, points))
    for number, (first, until) in enumerate(spans):
        when: dict[tuple[date, int], tuple[int, tuple[Cell, ...]]] = {}  # how long it is, and how it is written
        table: dict[tuple[date, int], dict[int, Held]] = defaultdict(dict)
        for place, one in enumerate(points):
            made.progress((number * len(points) + place) // len(spans), len(points))
            for found in stepping.stepped(made, one, first, until):
                step, begun = found.step, midnight(found.first, one.tz)
                key = found.first, step.start - begun if asked.step in stepping.SECONDS else 0
                if key not in when or step.end - step.start < when[key][0]:
                    when[key] = step.end - step.start, stepping.cells(asked, found, one.tz)
                table[key][place] = _held(asked, one, found)
        for key in sorted(table):
            yield _row(when[key][1], table[key], points, sums)
    made.progress(len(points), len(points))


def _spans(asked: Asked, points: Sequence[PointView]) -> Iterator[tuple[date, date]]:
    """Local days [first, until) that are held at once; whole months, unless the steps are shorter than days."""
    first, until = asked.period.first, min(asked.period.until, asked.period.today + timedelta(days=1))
    days = max(1, CELLS * stepping.SECONDS.get(asked.step, profiles.DAY) // profiles.DAY // len(points))
    while first < until:
        end = first + timedelta(days=days)
        if asked.step not in stepping.SECONDS:
            end = max(month_start(end), next_month(first))
        yield first, min(end, until)
        first = end


def _held(asked: Asked, one: PointView, found: Stepped) -> Held:
    marks, total = found.marks, found.step.total
    cell: Cell = total
    if total is None:
        cell = next((str(LETTERS[mark]) for mark in NOTHINGS if mark in marks), UNTOLD)
    return Held(cell, marks, shares(found.step.energies.values()), stepping.opens(one, asked, found))


def _row(
    when: tuple[Cell, ...], there: Mapping[int, Held], points: Sequence[PointView], sums: Mapping[str, Address]
) -> Row:
    known = [held.cell for held in there.values() if isinstance(held.cell, int)]
    cells = [there[place].cell if place in there else "" for place in range(len(points))]
    found = {mark for held in there.values() for mark in held.marks}
    marked = {points[place].code: held.marks for place, held in sorted(there.items()) if held.marks}
    return Row(
        (*when, sum(known) if known else None, None, *cells),
        marks=tuple(mark for mark in Mark if mark in found),
        remark=_told(marked) if len(points) > 1 else "",
        opens={_of_point(points[place]): held.opens for place, held in there.items()},
        sums=sums,
        shares=_together(held.shares for held in there.values()),
    )


def _told(marked: Mapping[str, tuple[Mark, ...]]) -> str:
    """«Т-45: р; Т-46: нет; ещё 5»."""
    told = [
        f"{code}: {', '.join(dict.fromkeys(str(LETTERS[mark]) for mark in marks))}" for code, marks in marked.items()
    ]
    more = [_("ещё %(count)s", count=len(told) - NAMED)] if len(told) > NAMED else []
    return "; ".join([*told[:NAMED], *more])


def _together(parts: Iterator[Mapping[Mark, int]]) -> Mapping[Mark, int]:
    found: dict[Mark, int] = defaultdict(int)
    for part in parts:
        for mark, energy in part.items():
            found[mark] += energy
    return found


def size(made: Making) -> int:
    return max(stepping.sizes(made), default=0)


def notes(made: Making) -> Sequence[str]:
    step = stepping.SECONDS.get(made.asked.step)
    if step is None or not any(one.period > step for _point, there in profiles.tenures(made) for one in there):
        return ()
    return [_("Где интервал счётчика длиннее шага, весь его расход стоит в строке, с которой интервал начинается.")]


REPORT = Report(
    word="together",
    title=_l("Детализация потребления энергоресурса (общая таблица)"),
    about=_l(
        "Расход всех точек в одной таблице: строка — шаг времени, столбец — точка учета; время своё у каждой точки."
    ),
    order=30,
    columns=columns,
    rows=rows,
    size=size,
    parameters=frozenset({Parameter.CHANNEL, Parameter.STEP}),
    notes=notes,
    wide=True,
)
