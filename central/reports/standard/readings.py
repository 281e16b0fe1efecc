"""«Показания счетчиков и потребление энергоресурса»: readings at both ends of a period, and what was used between."""

from collections.abc import Iterator, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.faces import words
from central.figures.bills import PROFILE
from central.figures.views import Between, Boundaries, PointView
from central.reports import between
from central.reports.asked import Asked
from central.reports.between import Captions
from central.reports.description import Address, Cell, Column, Kind, Parameter, Report, Role, Row
from central.reports.description import Line as Under
from central.reports.making import Making


def columns(asked: Asked, _points: Sequence[PointView]) -> Sequence[Column]:
    return (
        Column("point", _l("Точка учета"), fixed=True, width=24),
        Column("meter", _l("Счётчик"), width=24),
        *((Column("tariff", _l("Тариф"), fixed=True, width=13),) if asked.tariffs else ()),
        Column("ratio", _l("Ктр"), Kind.RATIO, width=7),
        Column("start", _l("Начало"), Kind.ENERGY),
        Column("end", _l("Конец"), Kind.ENERGY),
        Column("difference", _l("Разность"), Kind.ENERGY),
        Column("energy", _l("Расход"), Kind.ENERGY, words.UNITS[asked.channel], summed=True),
        Column("marks", _l("Отметка"), Kind.MARKS, width=22),
    )


def rows(made: Making) -> Iterator[Row]:
    captions, asked, by_profile = Captions(), made.asked, _("по профилю")
    for one, found in between.each(made, (asked.channel,)):
        for line in between.lines(found, asked.channel, asked, by_profile):
            yield from _rows(one, found, line, captions, asked.tariffs)


def _rows(one: PointView, found: Boundaries, line: between.Line, captions: Captions, tariffs: bool) -> Iterator[Row]:
    """Of one meter with its readings; of several each alone, and their sum."""
    name, (tariff, zone) = f"{one.code} {one.name}".strip(), captions.of(line)
    group = name if tariffs else ""
    if len(line.parts) > 1 or not line.counted:
        for part in line.parts:
            cells = _cells(name, captions.meter(one, found, [part]), tariff, tariffs, part, part.energy)
            marks, told = between.of_part(found, line, part)
            yield Row(cells, Role.PART, group, zone, marks, "; ".join(told), _readings(found, part))
    if line.counted:
        alone = line.parts[0] if len(line.parts) == 1 else None
        cells = _cells(name, captions.meter(one, found, line.parts), tariff, tariffs, alone, line.energy)
        opens = _readings(found, alone) if alone is not None else {}
        opens |= {"energy": line.opens} if line.opens is not None else {}
        yield Row(cells, Role.ROW, group, zone, line.marks, "; ".join(line.told), opens)


def _cells(
    name: str, meter: str, tariff: str, tariffs: bool, part: Between | None, energy: int | None
) -> tuple[Cell, ...]:
    told: tuple[Cell, ...] = (None, None, None, None)
    if part is not None:
        first, last = (reading.value if reading is not None else None for reading in (part.first, part.last))
        told = (part.segment.k, first, last, part.term.difference if part.term is not None else None)
    return (name, meter, *((tariff,) if tariffs else ()), *told, energy, None)


def _readings(found: Boundaries, part: Between) -> dict[str, Address]:
    there = {
        "start": between.reading_page(found, part.start) if part.first is not None else None,
        "end": between.reading_page(found, part.end) if part.last is not None else None,
    }
    return {name: address for name, address in there.items() if address is not None}


def size(made: Making) -> int:
    return sum(len(one.zones) if made.asked.tariffs else 1 for one in made.points)


def notes(made: Making) -> Sequence[str]:
    asked = made.asked
    by_profile = any(one.zone_source == PROFILE for one in made.points)
    told = []
    if by_profile and asked.tariffs and not asked.fixed:
        told.append(_("Где точка рассчитывается по профилю, расход зон взят из него; показания показаны для сверки."))
    if by_profile and (asked.fixed or not asked.tariffs):
        told.append(_("Расход здесь по показаниям и у тех точек, которые рассчитываются по профилю."))
    return told


REPORT = Report(
    word="readings",
    title=_l("Показания счетчиков и потребление энергоресурса"),
    about=_l("Показания на начало и конец периода, их разность и расход по каждой точке, с тарифами или без."),
    order=60,
    columns=columns,
    rows=rows,
    size=size,
    parameters=frozenset({Parameter.CHANNEL, Parameter.TARIFFS, Parameter.FIXED, Parameter.REPLACED}),
    lines=(Under.TOTAL,),
    grouped=lambda asked: asked.tariffs,
    notes=notes,
    signatures=(_l("Потребитель"), _l("Сетевая организация")),
)
