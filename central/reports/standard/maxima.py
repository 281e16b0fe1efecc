"""«Максимумы по суткам за месяц»: the greatest mean power of each day, and of its hours of peak."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central import figures
from central.faces import formats, report_words
from central.figures import NotFound
from central.figures.maxima import PEAK, DayMaximum
from central.figures.source import ACTIVE_IMPORT
from central.figures.views import PointView
from central.metering.slots import Maximum
from central.reports import profiles
from central.reports.asked import Asked
from central.reports.description import Cell, Column, Kind, Line, Mark, Report, Row
from central.reports.making import Making, Sum
from central.reports.marks import of_counts

KW = _l("кВт")


def columns(_asked: Asked, _points: Sequence[PointView]) -> Sequence[Column]:
    day, peak = _l("За сутки"), _l("В часы зоны пик")
    return (
        Column("point", _l("Точка учета"), fixed=True, width=28),
        Column("day", _l("Сутки"), Kind.DAY, fixed=True, width=12, beside="most"),
        Column("most", _l("Максимум"), Kind.POWER, KW, summed=True, over=day),
        Column("at", _l("Интервал"), over=day, beside="most"),
        Column("peak", _l("Максимум в часы пик"), Kind.POWER, KW, summed=True, over=peak),
        Column("peak_at", _l("Интервал в часы пик"), over=peak, width=20, derived=_of_month),
        Column("marks", _l("Отметка"), Kind.MARKS),
    )


def rows(made: Making) -> Iterator[Row]:
    period = made.asked.period
    for one in made.each():
        try:
            found = figures.maxima(made.source, made.viewer, one.id, period.first, period.until, made.now)
        except NotFound:
            continue
        for day in found:
            yield _row(one, day)


def _row(one: PointView, found: DayMaximum) -> Row:
    day, name = found.day, report_words.name_of(one)
    peak = found.peak if found.zoned else ""
    cells: tuple[Cell, ...] = (name, day.day, *_cells(found.most, one.tz), *_cells(peak, one.tz), None)
    computed = [Mark.COMPUTED] if any(most and most.computed for most in (found.most, found.peak)) else []
    marks = {*of_counts(day.completeness), *computed}
    opens = dict.fromkeys(("most", "peak"), profiles.explained(one, ACTIVE_IMPORT, day.day))
    return Row(cells, group=name, marks=tuple(mark for mark in Mark if mark in marks), opens=opens)


def _cells(most: Maximum | str | None, tz: str) -> tuple[Cell, Cell]:
    """Power and interval; "" = there are no such hours."""
    if most is None or isinstance(most, str):
        return most, most
    return most.power, f"{formats.clock(most.start, tz)}–{formats.clock(most.end, tz, end=True)}"


def _of_month(line: Line, sums: Mapping[str, Sum]) -> Cell:
    """Beside the month's greatest in the peak: «18.11 18:00–18:30»."""
    row = sums["peak"].where(line)
    if row is None:
        return None
    _, day, _, _, _, at, _ = row.cells
    return f"{day:%d.%m} {at}" if isinstance(day, date) else None


def notes(made: Making) -> Sequence[str]:
    told = [_("Максимум — средняя мощность за интервал, измеренный целиком; оценки и неполные интервалы не в счёт.")]
    if any(PEAK not in one.zones for one in made.points):
        told.append(_("Где в тарифе нет зоны «пик», там часы пик не показаны."))
    return told


REPORT = Report(
    word="maxima",
    title=_l("Максимумы по суткам за месяц"),
    about=_l("Наибольшая мощность каждых суток и её интервал, то же в часы зоны пик; под ними — максимум месяца."),
    order=40,
    columns=columns,
    rows=rows,
    size=profiles.count_days,
    lengths=("month",),
    lines=(Line.MOST,),
    total=False,
    notes=notes,
)
