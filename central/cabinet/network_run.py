"""A quantity of the network over a day, a week or a month: its chart, the same as a table, the same as files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from markupsafe import Markup

from central import figures
from central.faces import charts, energy, formats, words
from central.faces import network_words as named
from central.faces.here import here, viewer
from central.faces.periods import Chosen
from central.faces.tables import Cell, Table
from central.figures.network import History, Samples
from central.figures.views import PointView
from central.metering.network import FIELDS, OF_FIELD, Quantity, Run
from central.metering.terms import State
from central.metering.zones import days, local, midnight

ROWS = 24
FROM_ZERO = frozenset(Quantity) - {Quantity.VOLTAGE, Quantity.FREQUENCY}
FILE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A step in the table: of each field the mean and, of several samples, its ends; None = a gap."""

    start: int
    when: str
    cells: Sequence[tuple[str, str] | None]
    samples: int


@dataclass(frozen=True, slots=True)
class Shown:
    """`step` in words; `limits`: whether some are drawn; of the table `heads`, a page of `rows`, and which it is."""

    chart: Markup
    step: str
    limits: bool
    heads: Sequence[str]
    rows: Sequence[Row]
    number: int
    pages: int
    told: str


def shown(history: History, period: Chosen, tz: str, number: int) -> Shown:
    """`number`: of the table's page, the newest first."""
    names, whens = _names(history), _whens(history, period, tz)
    begun = _places(history, whole=False)[::-1]
    pages = max(1, -(-len(begun) // ROWS))
    number = min(max(number, 1), pages)
    part = begun[(number - 1) * ROWS : number * ROWS]
    first = (number - 1) * ROWS + 1
    return Shown(
        chart=_chart(history, names, whens, period, tz),
        step=energy.size_word(history.step),
        limits=bool(history.limits),
        heads=[name or str(_("Среднее")) for name in names.values()],
        rows=[_row(history, names, place, whens[place]) for place in part],
        number=number,
        pages=pages,
        told=str(_("%(first)s–%(last)s из %(count)s", first=first, last=first + len(part) - 1, count=len(begun))),
    )


def _places(history: History, *, whole: bool) -> range:
    """Of the steps that are in the time a meter stood there and are over (`whole`), or have begun."""
    since, step = history.asked.since, history.step
    end = min(history.held.until, here().now) - since
    return range((history.held.since - since) // step, max(0, end // step if whole else -(-end // step)))


def _names(history: History) -> dict[str, str]:
    """By field, what is of all phases first; nothing is named that stands alone."""
    there = [field for field in FIELDS[history.quantity] if field in history.runs]
    there.sort(key=lambda field: "_" in field)
    alone = len(there) == 1
    return {field: "" if alone else named.name(field, three_wires=history.three_wires) for field in there}


def _chart(history: History, names: Mapping[str, str], whens: Sequence[str], period: Chosen, tz: str) -> Markup:
    quantity = history.quantity
    panels = [_panel(quantity, name, history.runs[field]) for field, name in names.items()]
    axes = charts.Axes(
        ticks=list(_ticks(period, tz)),
        due=_places(history, whole=True),
        limits=history.limits,
        nought=quantity in FROM_ZERO,
    )
    size = energy.size_word(history.step)
    captions = energy.captions(
        "network",
        f"{str(named.QUANTITIES[quantity]).capitalize()}, {period.caption}",
        str(_("Точка линии — %(size)s: среднее, вокруг него от наименьшего до наибольшего", size=size)),
        str(named.UNITS[quantity]) or named.SIGNS[quantity],
    )
    return charts.lines(panels, axes, _notes(history, names, whens), captions)


def _panel(quantity: Quantity, name: str, runs: Sequence[Run | None]) -> charts.Panel:
    there = [run for run in runs if run is not None]
    least, greatest = (named.number(quantity, f(there)) for f in (_least, _greatest))
    divisor = 1 / named.scaled(quantity, 1.0)
    places = [
        None if run is None else charts.Lined(run.least / divisor, run.mean / divisor, run.greatest / divisor)
        for run in runs
    ]
    ends = f"{least}–{greatest}"
    return charts.Panel(f"{name}: {ends}" if name else ends, places)


def _least(runs: Sequence[Run]) -> float:
    return min(run.least for run in runs)


def _greatest(runs: Sequence[Run]) -> float:
    return max(run.greatest for run in runs)


def _notes(history: History, names: Mapping[str, str], whens: Sequence[str]) -> list[str]:
    """Of each step, what is told of it under the finger."""
    missing, quantity = str(words.STATES[State.MISSING]), history.quantity
    number = named.numbers(quantity)
    unit = f"{formats.NARROW}{named.UNITS[quantity]}" if named.UNITS[quantity] else ""
    before = {field: f"{name}: " if name else "" for field, name in names.items()}
    notes = []
    for place, when in enumerate(whens):
        lines = [when]
        for field, caption in before.items():
            run = history.runs[field][place]
            if run is None:
                lines.append(f"{caption}{missing}")
            else:
                mean, ends = _ends(number, run)
                lines.append(f"{caption}{mean}{unit}{f' ({ends})' if ends else ''}")
        notes.append("\n".join(lines))
    return notes


def _row(history: History, names: Mapping[str, str], place: int, when: str) -> Row:
    runs, number = [history.runs[field][place] for field in names], named.numbers(history.quantity)
    return Row(
        start=history.asked.since + place * history.step,
        when=when,
        cells=[None if run is None else _ends(number, run) for run in runs],
        samples=max((run.samples for run in runs if run is not None), default=0),
    )


def _ends(number: Callable[[float], str], run: Run) -> tuple[str, str]:
    """The mean, and «229,8–233,0» of several samples."""
    return number(run.mean), "" if run.samples == 1 else f"{number(run.least)}–{number(run.greatest)}"


def _whens(history: History, period: Chosen, tz: str) -> list[str]:
    """Of each step: «07:00–07:10», «23.11 07:00–09:00»."""
    since, until, step = history.asked.since, history.asked.until, history.step
    bounds = [local(moment, tz) for moment in (*range(since, until, step), until)]
    alone = period.days == 1
    dates = ["" if alone else f"{one:%d.%m}{formats.NO_BREAK}" for one in bounds]
    clocks = [f"{one:%H:%M}" for one in bounds]
    return [
        f"{day}{start}–{'24:00' if end == '00:00' else end}"
        for day, (start, end) in zip(dates, pairwise(clocks), strict=False)
    ]


def _ticks(period: Chosen, tz: str) -> Iterator[charts.Tick]:
    """Where hours or days begin."""
    since, until = period.span(tz)
    if period.days == 1:
        for moment in range(since, until, 3600):
            here_hour = local(moment, tz).hour
            if here_hour % 3 == 0:
                yield charts.Tick((moment - since) / (until - since), f"{here_hour:02}", here_hour % 6 != 0)
        return
    for day in days(period.first, period.until):
        caption = f"{formats.said(day, 'ccc')} {day.day}" if period.days <= 7 else str(day.day)
        place = (midnight(day, tz) - since) / (until - since)
        yield charts.Tick(place, caption, period.days > 7 and day.day != 1 and day.day % 5 != 0)


# files


def table(point: PointView, history: History, period: Chosen) -> Table:
    """As it is shown: of each step the least, the mean and the greatest of every phase."""
    quantity, unit = history.quantity, named.UNITS[history.quantity]
    fields = list(_names(history))
    ends = (_("наименьшее"), _("среднее"), _("наибольшее"))
    heads = [
        f"{named.short(field, three_wires=history.three_wires)}{f', {unit}' if unit else ''}: {end}"
        for field in fields
        for end in ends
    ]
    return Table(
        title=str(named.QUANTITIES[quantity]).capitalize(),
        about=[
            *_about(point, period),
            (_("Шаг"), energy.size_word(history.step)),
            (_("Отметки времени"), _("начало и конец шага; начало входит, конец — нет")),
        ],
        columns=[_("Начало"), _("Конец"), *heads, _("Отсчётов")],
        rows=_steps(history, fields, point.tz),
    )


def every(point: PointView, found: Samples, period: Chosen) -> Table:
    """Every sample of all quantities."""
    units = [named.UNITS[OF_FIELD[field]] for field in found.fields]
    heads = [
        f"{named.short(field)}{f', {unit}' if unit else ''}" for field, unit in zip(found.fields, units, strict=True)
    ]
    zone = ZoneInfo(point.tz)
    rows = (
        [
            datetime.fromtimestamp(time, zone).isoformat(),
            *(_exact(OF_FIELD[field], values.get(field)) for field in found.fields),
        ]
        for time, values in found.rows
    )
    return Table(str(_("Параметры сети")), _about(point, period), [_("Время"), *heads], rows)


def samples(point: PointView, period: Chosen) -> Samples:
    """Raises NotFound."""
    made = here()
    return figures.samples(made.source, viewer(), point.id, *period.span(point.tz))


def _about(point: PointView, period: Chosen) -> list[tuple[str, str]]:
    return [
        (_("Точка учёта"), f"{point.code}, {point.name}, {point.address}"),
        (_("Счётчик"), point.serial or ""),
        (_("Период"), period.caption),
        (_("Часовой пояс"), point.tz),
        (_("Значения"), _("мгновенные, стороны сети: показанное счётчиком, умноженное на Ki, Ku или Ki·Ku")),
    ]


def _steps(history: History, fields: Sequence[str], tz: str) -> Iterator[list[Cell]]:
    zone = ZoneInfo(tz)
    for place in _places(history, whole=False):
        start = history.asked.since + place * history.step
        runs = [history.runs[field][place] for field in fields]
        cells: list[Cell] = []
        for run in runs:
            of_run = (None, None, None) if run is None else (run.least, run.mean, run.greatest)
            cells += [_exact(history.quantity, value) for value in of_run]
        ends = (
            datetime.fromtimestamp(one, zone).isoformat(timespec="minutes") for one in (start, start + history.step)
        )
        yield [*ends, *cells, max((run.samples for run in runs if run is not None), default=0)]


def _exact(quantity: Quantity, value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{named.scaled(quantity, value):.{FILE_DIGITS}f}")
