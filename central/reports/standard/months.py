"""«Месяц по сравнению с предыдущим»: day by day what was used in both, the difference, and both so far."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import zip_longest

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from msgspec import Struct

from central.faces import energy, formats, report_words, words
from central.faces.periods import Chosen
from central.faces.report_words import LETTERS
from central.figures.steps import DAY, Step
from central.figures.views import PointView
from central.metering.zones import day_of, days
from central.reports import drawing, profiles
from central.reports.asked import Asked
from central.reports.description import Address, Cell, Chart, Column, Kind, Line, Mark, Parameter, Report, Row
from central.reports.making import Making, Sum
from central.reports.marks import of_counts, shares
from central.reports.profiles import ONE_DAY
from central.reports.stepping import whole


class Side(Struct, frozen=True):
    """One of the two months at a day of it. `cell`: "" = nothing is to be there, `dated` False: there is no such day in
    the calendar; `so_far`: since the month began; `whole`: it may be compared."""

    cell: Cell
    so_far: int | None = None
    whole: bool = False
    marks: tuple[Mark, ...] = ()
    shares: Mapping[Mark, int] = {}
    opens: Address | None = None
    opens_so_far: Address | None = None
    dated: bool = True


NO_DAY, ABSENT, NOT_DUE = Side("", dated=False), Side(""), Side(None, marks=(Mark.NOT_DUE,))


def columns(asked: Asked, _points: Sequence[PointView]) -> Sequence[Column]:
    unit, before = words.UNITS[asked.channel], asked.period.before
    this, other = formats.month_name(asked.period.first), formats.month_name(before.first) if before else ""
    so_far = _l("Нарастающим итогом")
    return (
        Column("point", _l("Точка учета"), fixed=True, width=28),
        Column("day", _l("День"), Kind.COUNT, fixed=True, width=8),
        Column("this", this, Kind.ENERGY, unit, summed=True, width=16),
        Column("before", other, Kind.ENERGY, unit, summed=True, width=16),
        Column("delta", _l("Разница"), Kind.ENERGY, unit, summed=True, derived=_delta),
        Column("percent", _l("Изменение"), Kind.SHARE, "%", width=12, derived=_percent),
        Column("so_far", _("%(month)s с начала месяца", month=this), Kind.ENERGY, unit, width=18, over=so_far),
        Column("so_far_before", _("%(month)s с начала месяца", month=other), Kind.ENERGY, unit, width=18, over=so_far),
        Column("marks", _l("Отметка"), Kind.MARKS, width=20),
    )


def _delta(line: Line, sums: Mapping[str, Sum]) -> Cell:
    """Of the sums of both months, where every day of theirs may be compared."""
    this, before, delta = (sums[name] for name in ("this", "before", "delta"))
    if line is not Line.TOTAL or delta.lacking or not delta.known or this.total is None or before.total is None:
        return None
    return this.total - before.total


def _percent(line: Line, sums: Mapping[str, Sum]) -> Cell:
    return _part(_delta(line, sums), sums["before"].total)


def _part(delta: Cell, of: Cell) -> Cell:
    return Fraction(delta, of) if isinstance(delta, int) and isinstance(of, int) and of else None


def rows(made: Making) -> Iterator[Row]:
    period, channel = made.asked.period, made.asked.channel
    for one in made.each():
        this, before = _sides(made, one, period), _sides(made, one, period.before)
        sums = {"this": profiles.explained_period(made.asked, one, channel)}
        if period.before is not None:
            sums["before"] = profiles.explained(one, channel, period.before.first, period.before.until)
        if any(side.opens for side in (*this, *before)):
            for number, (mine, other) in enumerate(zip_longest(this, before, fillvalue=NO_DAY), 1):
                yield _row(one, number, mine, other, sums)


def _sides(made: Making, one: PointView, period: Chosen | None) -> Sequence[Side]:
    """Each day of a month, one after the other."""
    if period is None:
        return ()
    channel, found, so_far = made.asked.channel, [], None
    there = {day.day: day for day in profiles.days(made, one, period.first, period.until, channel)}
    today = day_of(made.now, one.tz)
    for day in days(period.first, period.until):
        view = there.get(day)
        if view is None:
            awaited = day > today and one.period is not None and made.now < one.visible.until
            found.append(NOT_DUE if awaited else ABSENT)
            continue
        if view.totals.total is not None:
            so_far = (so_far or 0) + view.totals.total
        found.append(
            Side(
                view.totals.total,
                so_far,
                whole(view) and view.totals.total is not None,
                of_counts(view.completeness, [state for states in view.energies.values() for state in states]),
                shares(view.energies.values()),
                profiles.explained(one, channel, day),
                profiles.explained(one, channel, period.first, day + ONE_DAY),
            )
        )
    return found


def _row(one: PointView, number: int, this: Side, before: Side, sums: Mapping[str, Address]) -> Row:
    name = report_words.name_of(one)
    delta: Cell = None if this.dated and before.dated else ""
    if isinstance(this.cell, int) and isinstance(before.cell, int) and this.whole and before.whole:
        delta = this.cell - before.cell
    part = _part(delta, before.cell) if delta != "" else ""
    opens = {
        "this": this.opens,
        "before": before.opens,
        "delta": this.opens,
        "percent": this.opens,
        "so_far": this.opens_so_far,
        "so_far_before": before.opens_so_far,
    }
    letters = ", ".join(dict.fromkeys(str(LETTERS[mark]) for mark in before.marks))
    return Row(
        (name, number, this.cell, before.cell, delta, part, _so_far(this), _so_far(before), None),
        group=name,
        marks=this.marks,
        remark=_("прошлый месяц: %(marks)s", marks=letters) if letters else "",
        opens={column: address for column, address in opens.items() if address is not None},
        sums=sums,
        shares=this.shares,
    )


def _so_far(side: Side) -> Cell:
    """Of a day that the month does not have, nothing stands."""
    return side.so_far if side.dated else ""


def chart(made: Making) -> Chart | None:
    """Days of the month, over each the same day of the month before."""
    if not drawing.drawable(made.points):
        return None
    period, channel, tz = made.asked.period, made.asked.channel, made.points[0].tz
    earlier: Sequence[Step | None] = ()
    if period.before is not None:
        before = drawing.by_days(made, period.before, channel)
        earlier = energy.on_grid(before, period.before.first, period.before.until, DAY, tz)
    return drawing.chart(made, drawing.by_days(made, period, channel), channel, DAY, earlier)


def size(made: Making) -> int:
    period, before = made.asked.period, made.asked.period.before
    return max(period.days, before.days if before else 0) * len(made.points)


def notes(_made: Making) -> Sequence[str]:
    return [_("Разница показана там, где сутки известны целиком в обоих месяцах; за месяц — если известны все.")]


REPORT = Report(
    word="months",
    title=_l("Месяц по сравнению с предыдущим"),
    about=_l("Расход каждых суток месяца и тех же суток предыдущего, разница и оба нарастающим итогом."),
    order=50,
    columns=columns,
    rows=rows,
    size=size,
    parameters=frozenset({Parameter.CHANNEL}),
    lengths=("month",),
    lines=(Line.TOTAL,),
    chart=chart,
    notes=notes,
)
