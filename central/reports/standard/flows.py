"""«Акт учета перетоков»: what flowed in and out between two owners in a period, by zone, and the balance."""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.faces import words
from central.figures.views import Between, Boundaries, PointView
from central.reports import between
from central.reports.asked import Asked
from central.reports.between import Captions, Line
from central.reports.description import Address, Cell, Column, Kind, Mark, Parameter, Report, Role, Row, Words
from central.reports.description import Line as Under
from central.reports.making import Making

IN, OUT = "active_import", "active_export"
SIDES = {"in": IN, "out": OUT}  # name of its columns -> direction
Key = tuple[int, int]  # mounting and start: one meter of a line


def columns(asked: Asked, _points: Sequence[PointView]) -> Sequence[Column]:
    return (
        Column("point", _l("Точка учета"), fixed=True, width=22),
        Column("meter", _l("Счётчик"), width=22),
        *((Column("tariff", _l("Тариф"), fixed=True, width=13),) if asked.tariffs else ()),
        Column("ratio", _l("Ктр"), Kind.RATIO, width=7),
        *_side("in", _l("Прием")),
        *_side("out", _l("Отдача")),
        Column("balance", _l("Сальдо"), Kind.ENERGY, words.KWH, summed=True),
        Column("marks", _l("Отметка"), Kind.MARKS, width=20),
    )


def _side(name: str, over: Words) -> tuple[Column, ...]:
    return (
        Column(f"{name}_start", _l("Начало"), Kind.ENERGY, over=over),
        Column(f"{name}_end", _l("Конец"), Kind.ENERGY, over=over),
        Column(f"{name}_difference", _l("Разность"), Kind.ENERGY, over=over),
        Column(
            f"{name}_energy",
            _l("Принято") if name == "in" else _l("Отдано"),
            Kind.ENERGY,
            words.KWH,
            summed=True,
            over=over,
        ),
    )


def rows(made: Making) -> Iterator[Row]:
    captions, asked = Captions(), made.asked
    by_profile = {IN: _("прием по профилю"), OUT: _("отдача по профилю")}
    for one, found in between.each(made, (IN, OUT)):
        sides = {
            name: between.lines(found, channel, asked, by_profile[channel])
            for name, channel in SIDES.items()
            if found.channels[channel].measured
        }
        if not sides:  # of neither direction anything is told
            sides["in"] = between.lines(found, IN, asked, by_profile[IN])
        keys = dict.fromkeys((line.zone, line.counted) for of_side in sides.values() for line in of_side)
        for key in sorted(keys, key=itemgetter(1)):  # what is not counted stands before what is
            pair = {
                name: next((line for line in of_side if (line.zone, line.counted) == key), None)
                for name, of_side in sides.items()
            }
            yield from _rows(one, found, pair, captions, asked.tariffs)


Pair = Mapping[str, Line | None]  # name of a side -> its line; many meters count one side alone


def _rows(one: PointView, found: Boundaries, pair: Pair, captions: Captions, tariffs: bool) -> Iterator[Row]:
    there = [line for line in pair.values() if line is not None]
    name, (tariff, zone) = f"{one.code} {one.name}".strip(), captions.of(there[0])
    group, named = name if tariffs else "", (tariff,) if tariffs else ()
    parts: dict[Key, dict[str, Between]] = {}
    for side, line in pair.items():
        for part in line.parts if line is not None else ():
            parts.setdefault((part.segment.mounting, part.start), {})[side] = part
    if len(parts) > 1 or not there[0].counted:
        for of_part in parts.values():
            told = [between.of_part(found, there[0], part) for part in of_part.values()]
            energies = {side: of_part[side].energy if side in of_part else None for side in pair}
            cells = (name, captions.meter(one, found, list(of_part.values())), *named, *_told(of_part, energies))
            yield Row(cells, Role.PART, group, zone, *_together(told), opens=_readings(found, of_part))
    if there[0].counted:
        alone = next(iter(parts.values())) if len(parts) == 1 else {}
        meter = captions.meter(one, found, [part for line in there for part in line.parts])
        energies = {side: line.energy if line is not None else None for side, line in pair.items()}
        opens = _readings(found, alone)
        opens |= {f"{side}_energy": line.opens for side, line in pair.items() if line is not None and line.opens}
        told = [(line.marks, line.told if line.energy != 0 else line.remarks) for line in there]
        yield Row((name, meter, *named, *_told(alone, energies)), Role.ROW, group, zone, *_together(told), opens)


def _told(parts: Mapping[str, Between], energies: Mapping[str, int | None]) -> tuple[Cell, ...]:
    """From the ratio on. A side that is not counted takes nothing from the balance, one that is not known leaves
    none."""
    cells: list[Cell] = [next((part.segment.k for part in parts.values()), None)]
    for side in SIDES:
        part = parts.get(side)
        if part is None:
            cells += (None, None, None)
        else:
            cells += (reading.value if reading is not None else None for reading in (part.first, part.last))
            cells.append(part.term.difference if part.term is not None else None)
        cells.append(energies.get(side) if side in energies else "")
    known = None not in energies.values()
    balance = (energies.get("in") or 0) - (energies.get("out") or 0)
    return (*cells, balance if known else None, None)


def _together(told: Sequence[tuple[tuple[Mark, ...], tuple[str, ...]]]) -> tuple[tuple[Mark, ...], str]:
    remarks = dict.fromkeys(remark for _marks, of_one in told for remark in of_one)
    return between.in_order({mark for marks, _remarks in told for mark in marks}), "; ".join(remarks)


def _readings(found: Boundaries, parts: Mapping[str, Between]) -> dict[str, Address]:
    opens = {}
    for side, part in parts.items():
        for name, reading, moment in (("start", part.first, part.start), ("end", part.last, part.end)):
            address = between.reading_page(found, moment) if reading is not None else None
            if address is not None:
                opens[f"{side}_{name}"] = address
    return opens


def size(made: Making) -> int:
    return sum(len(one.zones) if made.asked.tariffs else 1 for one in made.points)


def notes(_made: Making) -> Sequence[str]:
    return (
        _("Сальдо — прием минус отдача."),
        _("Отдача без показаний взята по профилю; где счётчик её не считает, сальдо равно приему."),
    )


REPORT = Report(
    word="flows",
    title=_l("Акт учета перетоков"),
    about=_l(
        "Прием и отдача активной энергии за период между двумя владельцами: показания, перетоки, сальдо, подписи."
    ),
    order=80,
    columns=columns,
    rows=rows,
    size=size,
    parameters=frozenset({Parameter.TARIFFS, Parameter.FIXED, Parameter.REPLACED}),
    lines=(Under.TOTAL,),
    grouped=lambda asked: asked.tariffs,
    notes=notes,
    signatures=(_l("Сетевая организация"), _l("Потребитель")),
    wide=True,
)
