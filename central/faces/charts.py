"""Charts drawn by the server as SVG: bars of energy stacked by zone, the same figures that the table beside them has.

A chart fills the width of its box and stays true at any: lengths along are per cent, along the height pixels, so text
and gaps keep their size. Looks are classes (chart.css); hatching is an estimate and nothing else; a gap is a gap.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import ceil, floor, log10

from markupsafe import Markup, escape

from central.faces.formats import number

PLOT = 190  # px between the top line and zero
TOP = 14  # px for the marks over a bar
STRIP = 6  # px under zero to the strip of completeness
STRIP_HEIGHT = 5
AXIS = 34  # px under zero for the strip and the captions of the axis
FILLED = 0.78  # of its place is the bar
NARROW, WIDE = 280, 780  # px of the plot on a phone, on a desktop: what text fits is decided by these
LETTER = 6.6  # px of a letter of the axis
LINES = 6  # of the grid, at most
MOST_BARS = 200

SOLID, OFF, MISSING = "solid", "off", "missing"
NOT_DUE = "not-due"
ABSENT = "absent"  # no meter stood there, or it is not for this viewer


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar, from the bottom: zone's place among the colours (t1…t4), height, whether it is an estimate."""

    colour: str
    value: float
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One step. `state`: solid | off | missing | not-due | absent. `note`: what is told of it under the finger.

    `whole` = nothing of it is lacking or estimated. `tick`: caption of the axis at its left edge or, `centred`, under
    its middle; `fine` ones stand only where there is room.
    """

    parts: tuple[Part, ...]
    state: str
    note: str
    whole: bool = True
    suspect: bool = False
    tick: str = ""
    fine: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Captions:
    """What the chart says in words, already in the language of the page."""

    id: str  # unique on the page
    title: str
    desc: str
    unit: str
    missing: str
    not_due: str
    last_tick: str = ""  # at the right end of the axis


def bars(found: Sequence[Bar], captions: Captions) -> Markup:
    """The whole chart. At most MOST_BARS bars, at least one."""
    top, step = scale(max((sum(part.value for part in bar.parts) for bar in found), default=0.0))
    body = Markup("").join(
        (
            *_grid(top, step),
            *_gaps(found, captions),
            *_columns(found, top, captions.id),
            *_ticks(found, captions.last_tick),
            _svg('<line class="zero" x1="0" x2="100%" y1="{0}" y2="{0}"/>', TOP + PLOT),
            *_hits(found),
        )
    )
    return _svg(
        '<div class="chart" data-chart="" tabindex="0" role="group" aria-labelledby="{id}-title">'
        '<p class="chart-unit">{unit}</p>'
        '<svg role="img" aria-labelledby="{id}-title {id}-desc" width="100%" height="{height}">'
        '<title id="{id}-title">{title}</title><desc id="{id}-desc">{desc}</desc><defs>{patterns}</defs>'
        "{body}</svg></div>",
        id=captions.id,
        unit=captions.unit,
        height=TOP + PLOT + AXIS,
        title=captions.title,
        desc=captions.desc,
        patterns=Markup("").join(_pattern(captions.id, colour) for colour in _estimated(found)),
        body=body,
    )


def months(this: Sequence[Part], so_far: float | None, before: float | None) -> Markup:
    """Two strips: this month by zone; the month before, its same days filled and the rest hollow."""
    total = sum(part.value for part in this)
    longest = max(total, before or 0.0, so_far or 0.0) or 1.0
    rows, x = [], 0.0
    for part in this:
        rows.append(_rect(f"bar {part.colour}", x, part.value / longest * 100, 0, 12))
        x += part.value / longest * 100
    if before:
        rows.append(_rect("hollow", 0, before / longest * 100, 18, 12))
    if so_far:
        rows.append(_rect("before", 0, so_far / longest * 100, 18, 12))
    return _svg('<svg class="months" width="100%" height="30" aria-hidden="true">{}</svg>', Markup("").join(rows))


def scale(highest: float) -> tuple[float, float]:
    """Top of the axis and distance of its lines: 1, 2 or 5 of some power of ten, at most LINES of them, from zero."""
    if highest <= 0:
        return 1.0, 0.5
    power = 10.0 ** floor(log10(highest / LINES))
    step = next(unit * power for unit in (1, 2, 5, 10) if highest / (unit * power) <= LINES)
    return ceil(round(highest / step, 9)) * step, step


def _grid(top: float, step: float) -> Iterator[Markup]:
    digits = max(0, -floor(log10(step) + 1e-9))
    for line in range(round(top / step) + 1):
        y = TOP + PLOT - line * step / top * PLOT
        caption = number(Fraction(line * step), digits) if line else "0"
        if line:
            yield _svg('<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/>', _px(y))
        yield _svg('<text class="axis end" x="-8" y="{}">{}</text>', _px(y + 4), caption)


def _gaps(found: Sequence[Bar], captions: Captions) -> Iterator[Markup]:
    """Runs of missing steps: a sunken column with dashed sides; words where there is room. Not due: words alone."""
    width = 100 / len(found)
    for state, run in groupby(enumerate(found), key=lambda pair: pair[1].state):
        places = [index for index, _ in run]
        x, length = places[0] * width, len(places) * width
        if state == MISSING:
            yield _rect("gap", x, length, 0, TOP + PLOT)
            for side in (x, x + length):
                yield _svg('<line class="gap-side" x1="{0}%" x2="{0}%" y1="0" y2="{1}"/>', _percent(side), TOP + PLOT)
            yield from _words(captions.missing, x + length / 2, length, upright=True)
        elif state == NOT_DUE:
            yield from _words(captions.not_due, x + length / 2, length, upright=False)


def _words(text: str, middle: float, length: float, *, upright: bool) -> Iterator[Markup]:
    """Lying where they fit, upright where only that fits, else not at all: the legend has them always."""
    for screen, width in (("phone-only", NARROW), ("desktop-only", WIDE)):
        room = length * width / 100
        if room >= len(text) * LETTER:
            looks = f"inside {screen}"
        elif upright and room >= 14:
            looks = f"inside upright {screen}"
        else:
            continue
        yield _svg('<text class="{}" x="{}%" y="{}">{}</text>', looks, _percent(middle), TOP + PLOT // 2, text)


def _columns(found: Sequence[Bar], top: float, chart: str) -> Iterator[Markup]:
    width = 100 / len(found)
    for index, bar in enumerate(found):
        x, across = index * width + width * (1 - FILLED) / 2, width * FILLED
        if bar.state == SOLID and not any(part.value > 0 for part in bar.parts):
            yield _rect("nought", x, across, TOP + PLOT - 2, 2)
        elif bar.state == OFF:
            yield _rect("off", x, across, TOP + PLOT - 5, 5)
        else:
            yield from _stack(bar, x, across, top, chart)
        if bar.state not in (NOT_DUE, ABSENT):
            looks = "strip missing" if bar.state == MISSING else "strip" if bar.whole else "strip part"
            yield _rect(looks, x, across, TOP + PLOT + STRIP, STRIP_HEIGHT)


def _stack(bar: Bar, x: float, across: float, top: float, chart: str) -> Iterator[Markup]:
    y = float(TOP + PLOT)
    standing = [part for part in bar.parts if part.value > 0]
    for part in standing:
        height = part.value / top * PLOT
        y -= height
        gap = 1 if part is not standing[-1] and height > 2 else 0  # no two colours touch
        if part.estimated:  # a style sheet cannot point into the page, so the pattern is named here
            yield _rect(f"hatch {part.colour}", x, across, y + gap, height - gap, f"url(#{chart}-{part.colour})")
        else:
            yield _rect(f"bar {part.colour}", x, across, y + gap, height - gap)
    if bar.suspect:
        yield _svg('<text class="suspect" x="{}%" y="{}">!</text>', _percent(x + across / 2), _px(y - 4))


def _ticks(found: Sequence[Bar], last: str) -> Iterator[Markup]:
    width = 100 / len(found)
    for index, bar in enumerate(found):
        if bar.tick:
            x = index * width + (width / 2 if bar.centred else 0)
            looks = "axis middle" if bar.centred or index else "axis"
            yield _svg(
                '<text class="{}" x="{}%" y="{}">{}</text>',
                f"{looks} desktop-only" if bar.fine else looks,
                _percent(x),
                TOP + PLOT + AXIS - 6,
                bar.tick,
            )
    if last:
        yield _svg('<text class="axis end" x="100%" y="{}">{}</text>', TOP + PLOT + AXIS - 6, last)


def _hits(found: Sequence[Bar]) -> Iterator[Markup]:
    """A place to touch over the whole height of each step, with its words."""
    width = 100 / len(found)
    for index, bar in enumerate(found):
        yield _svg(
            '<rect class="hit" x="{}%" y="0" width="{}%" height="{}"><title>{}</title></rect>',
            _percent(index * width),
            _percent(width),
            TOP + PLOT,
            bar.note,
        )


def _svg(template: str, *values: object, **named: object) -> Markup:
    """What is put into the template is escaped, unless it is markup. (`Markup.format` is four times slower.)"""
    return Markup(  # noqa: S704
        template.format(*map(_escaped, values), **{name: _escaped(value) for name, value in named.items()})
    )


def _escaped(value: object) -> object:
    return value if isinstance(value, int) else escape(value)


def _rect(looks: str, x: float, width: float, y: float, height: float, fill: str = "") -> Markup:
    filled = _svg(' fill="{}"', fill) if fill else ""
    return _svg(
        '<rect class="{}" x="{}%" y="{}" width="{}%" height="{}"{}/>',
        looks,
        _percent(x),
        _px(y),
        _percent(width),
        _px(height),
        filled,
    )


def _estimated(found: Sequence[Bar]) -> list[str]:
    return sorted({part.colour for bar in found for part in bar.parts if part.estimated})


def _pattern(chart: str, colour: str) -> Markup:
    return Markup(
        '<pattern id="{}-{}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="hatch-paper" width="5" height="5"/><rect class="ink {}" width="2" height="5"/></pattern>'
    ).format(chart, colour, colour)


def _percent(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _px(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
