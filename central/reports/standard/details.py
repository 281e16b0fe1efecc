"""«Детализация потребления энергоресурса»: what each point used, step by step, by zones where they are asked for."""

from collections.abc import Iterator, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.faces import report_words, words
from central.faces.formats import kilo
from central.figures.views import PointView
from central.reports import profiles, stepping
from central.reports.asked import Asked
from central.reports.description import Address, Cell, Column, Kind, Line, Parameter, Report, Row
from central.reports.making import Making
from central.reports.marks import shares
from central.reports.stepping import Stepped

VALUE = "value"


def columns(asked: Asked, points: Sequence[PointView]) -> Sequence[Column]:
    unit = words.UNITS[asked.channel]
    return (
        Column("point", _l("Точка учета"), fixed=True, width=28),
        *stepping.columns(asked, VALUE),
        Column(VALUE, words.SIGNS[asked.channel], Kind.ENERGY, unit, summed=True),
        *(
            Column(
                _of_zone(zone),
                words.zone(zone),
                Kind.ENERGY,
                unit,
                summed=True,
                over=_l("По зонам суток"),
                beside=VALUE,  # the time that is told is true of the whole row
            )
            for zone in zones(asked, points)
        ),
        Column("marks", _l("Отметка"), Kind.MARKS),
    )


def zones(asked: Asked, points: Sequence[PointView]) -> Sequence[str]:
    """Of all these points, in the order of their tariffs; of one zone alone nothing is to be told."""
    found = list(dict.fromkeys(zone for one in points for zone in one.zones))
    return found if asked.tariffs and len(found) > 1 else ()


def _of_zone(zone: str) -> str:
    return f"zone_{zone}"


def rows(made: Making) -> Iterator[Row]:
    asked = made.asked
    there = zones(asked, made.points)
    names = (VALUE, *map(_of_zone, there))
    for one in made.each():
        sums = dict.fromkeys(names, profiles.explained_period(asked, one, asked.channel))
        for found in stepping.stepped(made, one, asked.period.first, asked.period.until):
            yield _row(asked, one, found, there, dict.fromkeys(names, stepping.opens(one, asked, found)), sums)


def _row(
    asked: Asked,
    one: PointView,
    found: Stepped,
    there: Sequence[str],
    opens: dict[str, Address],
    sums: dict[str, Address],
) -> Row:
    step, name = found.step, report_words.name_of(one)
    counts, by_zone = step.completeness, step.zones
    lacks = asked.step not in stepping.SECONDS and bool(counts.missing or counts.not_due)
    by_zones: list[Cell] = [by_zone.get(zone, None if lacks and zone in one.zones else "") for zone in there]
    cells = (name, *stepping.cells(asked, found, one.tz), step.total, *by_zones, None)
    told = [stepping.remark(asked, found), _others(asked, by_zone, there)]
    return Row(
        cells,
        group=name,
        marks=found.marks,
        remark="; ".join(filter(None, told)),
        opens=opens,
        sums=sums,
        compared=found.whole,
        shares=shares(step.energies.values()),
    )


def _others(asked: Asked, by_zone: dict[str, int], there: Sequence[str]) -> str:
    """Zones of a scheme that was in force then and is no more."""
    other = sum(energy for zone, energy in by_zone.items() if zone not in there) if there else 0
    unit = words.UNITS[asked.channel]
    return _("по прежним зонам %(energy)s %(unit)s", energy=kilo(other, asked.digits), unit=unit) if other else ""


def size(made: Making) -> int:
    return sum(stepping.sizes(made))


REPORT = Report(
    word="details",
    title=_l("Детализация потребления энергоресурса"),
    about=_l(
        "Расход каждой точки по шагам времени: итог, максимум, минимум, среднее и коэффициент заполнения графика; с "
        "тарифами — по зонам суток."
    ),
    order=20,
    columns=columns,
    rows=rows,
    size=size,
    parameters=frozenset({Parameter.CHANNEL, Parameter.TARIFFS, Parameter.STEP}),
    lines=(Line.TOTAL, Line.MOST, Line.LEAST, Line.MEAN, Line.LOAD),
)
