"""Charts drawn by the server as SVG: bars of energy stacked by zone, lines of what was measured at moments, with the
same figures that the table beside them has.

A chart fills the width of its box and stays true at any: lengths along are per cent, along the height pixels, so text
and gaps keep their size. Looks are classes (chart.css); hatching is an estimate and nothing else; a gap is a gap.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import ceil, floor, log10

from markupsafe import Markup, escape
from msgspec import Struct

from central.faces.colours import light
from central.faces.formats import decimal, number

PLOT = 190  # px between the top line and zero
TOP = 14  # px for the marks over a bar
STRIP = 6  # px under zero to the strip of completeness
STRIP_HEIGHT = 5
AXIS = 34  # px under zero for the strip and the captions of the axis
FILLED = 0.78  # of its place is the bar
NARROW, WIDE = 280, 780  # px of the plot on a phone, on a desktop: what text fits is decided by these
LETTER = 6.6  # px of a letter of the axis
STRIP_BAR, STRIP_STEP = 12, 18  # px of a month, and from one to the next
LINES = 6  # of the grid, at most
MOST_BARS = 200
ALONE, TOGETHER = 170, 84  # px of the plot of a line, of each of several
CAPTION = 26  # px over it
PAPER_LEFT = 52  # px for the numbers of the axis
ROUGH = 3  # lines of the grid of each of several

SOLID, OFF, MISSING = "solid", "off", "missing"
NOT_DUE = "not-due"
ABSENT = "absent"  # no meter stood there, or it is not for this viewer


class Part(Struct, frozen=True, gc=False):
    """A piece of a bar, from the bottom: zone's place among the colours (t1…t4), height, whether it is an estimate."""

    colour: str
    value: float
    estimated: bool = False


class Bar(Struct, frozen=True, gc=False):
    """One step. `state`: solid | off | missing | not-due | absent. `note`: what is told of it under the finger.

    `whole` = nothing of it is lacking or estimated. `tick`: caption of the axis at its left edge or, `centred`, under
    its middle; `fine` ones stand only where there is room. `before`: the same step of an earlier period, a line over
    it. `since`, `until`: local days [since, until] that it lies in, for who wants a part of the chart alone.
    """

    parts: tuple[Part, ...]
    state: str
    note: str
    whole: bool = True
    suspect: bool = False
    noted: bool = False  # something else happened in its time, which its note tells
    tick: str = ""
    fine: bool = False
    centred: bool = False
    before: float | None = None
    since: str = ""
    until: str = ""


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


@dataclass(frozen=True, slots=True)
class Strip:
    """A month in one bar: `parts` so far, `whole` all of it (hollow, or dashed where it is `foretold`), and the band
    `least`…`most` of a forecast. A part of the colour «before» is of an earlier month."""

    parts: tuple[Part, ...]
    whole: float | None = None
    foretold: bool = False
    least: float | None = None
    most: float | None = None

    @property
    def total(self) -> float:
        return sum(part.value for part in self.parts)


_PAPER_STYLE = (
    "text{{font-family:'DejaVu Sans';font-stretch:condensed;font-size:12px;fill:{text2}}}"
    ".end{{text-anchor:end}}.middle,.inside{{text-anchor:middle}}.upright{{writing-mode:vertical-rl}}"
    ".grid{{stroke:{grid}}}.zero{{stroke:{edge}}}.phone-only{{display:none}}.bar{{stroke-width:0.75}}"
    ".hatch-paper,.earlier-paper{{fill:#fff}}.earlier,.nought,.suspect{{fill:{text}}}.suspect{{font-weight:bold}}"
    ".gap{{fill:none}}.gap-side{{stroke:{gap};stroke-dasharray:3 3}}.off{{fill:{off}}}.noted{{fill:{text}}}"
    ".strip{{fill:{text3}}}.strip.part{{fill:{edge}}}.strip.missing{{fill:none;stroke:{gap};stroke-dasharray:2 2}}"
)
_PAPER_ZONES = Markup(  # tiles are long, so that no seam crosses their lines
    '<pattern id="zone-t2" width="2000" height="4" patternUnits="userSpaceOnUse"><rect width="2000" height="4" '
    'fill="#fff"/><rect width="2000" height="2.2" fill="{t2}"/></pattern><pattern id="zone-t3" width="4" height="4" '
    'patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="#fff"/><circle cx="2" cy="2" r="1.1" fill="{t3}"/>'
    '</pattern><pattern id="zone-t4" width="4" height="1000" patternUnits="userSpaceOnUse"><rect width="4" '
    'height="1000" fill="#fff"/><rect width="2" height="1000" fill="{t4}"/></pattern>'
)


def bars(found: Sequence[Bar], captions: Captions) -> Markup:
    """The whole chart. At most MOST_BARS bars, at least one."""
    highest = [max(sum(part.value for part in bar.parts), bar.before or 0.0) for bar in found]
    top, step = scale(max(highest, default=0.0))
    body = _joined(
        (
            *_grid(top, step),
            *_gaps(found, captions),
            *_columns(found, top, captions.id),
            *_earlier(found, top),
            *_noted(found),
            *_ticks(found, captions.last_tick),
            _svg('<line class="zero" x1="0" x2="100%" y1="{0}" y2="{0}"/>', TOP + PLOT),
            *_hits(found),
        )
    )
    patterns = _joined(_pattern(captions.id, colour) for colour in _estimated(found))
    return _framed(captions, TOP + PLOT + AXIS, body, patterns)


def paper(found: Sequence[Bar], captions: Captions, width: int) -> Markup:
    """The same bars for paper, so many px wide, looks and all: each zone has a pattern, for who prints in grey."""
    highest = [max(sum(part.value for part in bar.parts), bar.before or 0.0) for bar in found]
    top, step = scale(max(highest, default=0.0))
    body = Markup("").join(
        (
            *_grid(top, step),
            *_gaps(found, captions),
            *_columns(found, top, captions.id),
            *_earlier(found, top),
            *_noted(found),
            *_ticks(found, captions.last_tick),
            _svg('<line class="zero" x1="0" x2="100%" y1="{0}" y2="{0}"/>', TOP + PLOT),
        )
    )
    patterns = Markup("").join(_pattern(captions.id, colour) for colour in _estimated(found))
    return _svg(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{height}" viewBox="0 0 {whole} {height}">'
        "<style>{style}</style><defs>{zones}{patterns}</defs>"
        '<svg x="{left}" y="0" width="{width}" height="{height}" overflow="visible">{body}</svg></svg>',
        whole=width,
        width=width - PAPER_LEFT,
        left=PAPER_LEFT,
        height=TOP + PLOT + AXIS,
        style=_paper_style(),
        zones=_PAPER_ZONES.format(**light()),
        patterns=patterns,
        body=body,
    )


def _paper_style() -> Markup:
    colours = light()
    zones = "".join(
        f".ink.t{zone}{{fill:{colours[f't{zone}']}}}.hatch.t{zone}{{stroke:{colours[f't{zone}']}}}"
        f".bar.t{zone}{{fill:{f'url(#zone-t{zone})' if zone > 1 else colours['t1']};stroke:{colours[f't{zone}']}}}"
        for zone in range(1, 5)
    )
    return Markup(_PAPER_STYLE.format(**colours) + zones)  # noqa: S704 - colours of ours alone


def _framed(captions: Captions, height: int, body: Markup, patterns: Markup | None = None) -> Markup:
    return _svg(
        '<div class="chart" data-chart="" tabindex="0" role="group" aria-labelledby="{id}-title">'
        '<p class="chart-unit">{unit}</p>'
        '<svg role="img" aria-labelledby="{id}-title {id}-desc" width="100%" height="{height}">'
        '<title id="{id}-title">{title}</title><desc id="{id}-desc">{desc}</desc><defs>{patterns}</defs>'
        "{body}</svg></div>",
        id=captions.id,
        unit=captions.unit,
        height=height,
        title=captions.title,
        desc=captions.desc,
        patterns=patterns or Markup(""),
        body=body,
    )


def strips(found: Sequence[Strip]) -> Markup:
    """Months under each other, all on one scale, from zero."""
    longest = max((max(one.total, one.whole or 0.0, one.most or 0.0) for one in found), default=0.0) or 1.0
    rows = [mark for place, one in enumerate(found) for mark in _strip(one, place * STRIP_STEP, longest)]
    height = STRIP_STEP * len(found) - (STRIP_STEP - STRIP_BAR)
    return _svg('<svg class="months" width="100%" height="{}" aria-hidden="true">{}</svg>', height, _joined(rows))


@dataclass(frozen=True, slots=True)
class Lined:
    """What was measured in a step: the mean is the line, from the least to the greatest is the band around it."""

    least: float
    mean: float
    greatest: float


@dataclass(frozen=True, slots=True)
class Panel:
    """A line under its caption. Several stand under each other on one scale, so none covers another: their shape tells
    them apart and not a colour. None = a gap."""

    caption: str
    places: Sequence[Lined | None]


@dataclass(frozen=True, slots=True)
class Tick:
    """A caption of the axis, so far along it (0…1); `fine` ones stand only where there is room."""

    place: float
    caption: str
    fine: bool = False


@dataclass(frozen=True, slots=True)
class Axes:
    """Of a chart of lines. `due`: the places that should have something, of which those that have nothing are gaps;
    `limits`: lines across; `nought`: zero is on the scale."""

    ticks: Sequence[Tick]
    due: range
    limits: tuple[float, ...] = ()
    nought: bool = False


def lines(panels: Sequence[Panel], axes: Axes, notes: Sequence[str], captions: Captions) -> Markup:
    """One panel at least; `notes`: what is told of each place under the finger."""
    plot = ALONE if len(panels) == 1 else TOGETHER
    low, high, step = _between(panels, axes, ROUGH if len(panels) > 1 else LINES)
    each = CAPTION + plot
    whole = each * len(panels)
    body = _joined(
        (
            *_lacking(panels, axes, captions, whole),
            *(mark for row, one in enumerate(panels) for mark in _panel(one, row * each, plot, low, high, step, axes)),
            *(
                _svg(
                    '<text class="{}" x="{}%" y="{}">{}</text>',
                    f"axis middle{' desktop-only' if tick.fine else ''}" if tick.place else "axis",
                    _percent(tick.place * 100),
                    whole + 20,
                    tick.caption,
                )
                for tick in axes.ticks
            ),
            *(_hit(index, len(notes), whole, "", note) for index, note in enumerate(notes) if index in axes.due),
        )
    )
    return _framed(captions, whole + 26, body)


def _panel(one: Panel, top: float, plot: float, low: float, high: float, step: float, axes: Axes) -> Iterator[Markup]:
    def y(value: float) -> float:
        return (high - value) / (high - low) * plot

    head = top + CAPTION
    yield _svg('<text class="panel" x="0" y="{}">{}</text>', _px(top + CAPTION - 7), one.caption)
    digits = max(0, -floor(log10(step) + 1e-9))
    for line in range(round((high - low) / step) + 1):
        value = low + line * step
        at = head + y(value)
        looks = "zero" if line == 0 or abs(value) < step / 2 else "grid"
        yield _svg('<line class="{0}" x1="0" x2="100%" y1="{1}" y2="{1}"/>', looks, _px(at))
        yield _svg('<text class="axis end" x="-8" y="{}">{}</text>', _px(at + 4), decimal(value, digits))
    for limit in axes.limits:
        yield _svg('<line class="limit" x1="0" x2="100%" y1="{0}" y2="{0}"/>', _px(head + y(limit)))
    width = 1000 / len(one.places)
    bands, means = [], []
    for present, run in groupby(enumerate(one.places), key=lambda pair: pair[1] is not None):
        if present:
            there = [(place * width, found) for place, found in run if found is not None]
            bands.append(_band(there, width, y))
            means.append(_mean(there, width, y))
    yield Markup(  # noqa: S704 - numbers alone
        f'<svg x="0" y="{_px(head)}" width="100%" height="{_px(plot)}" viewBox="0 0 1000 {_px(plot)}" '
        f'preserveAspectRatio="none"><path class="around" d="{"".join(bands)}"/>'
        f'<path class="mean" d="{"".join(means)}"/></svg>'
    )


def _band(there: Sequence[tuple[float, Lined]], width: float, y: Callable[[float], float]) -> str:
    """Round a run without a gap; of one place alone as wide as it."""
    points = [(x + width / 2, found) for x, found in there]
    if len(points) == 1:
        x, found = there[0]
        points = [(x, found), (x + width, found)]
    over = [f"{x:.1f} {y(found.greatest):.1f}" for x, found in points]
    under = [f"{x:.1f} {y(found.least):.1f}" for x, found in reversed(points)]
    return f"M{'L'.join([*over, *under])}Z"


def _mean(there: Sequence[tuple[float, Lined]], width: float, y: Callable[[float], float]) -> str:
    points = [(x + width / 2, y(found.mean)) for x, found in there]
    if len(points) == 1:
        points = [(there[0][0], points[0][1]), (there[0][0] + width, points[0][1])]
    return "M" + "L".join([f"{x:.1f} {height:.1f}" for x, height in points])


def _between(panels: Sequence[Panel], axes: Axes, most: int) -> tuple[float, float, float]:
    """Ends of the scale and distance of its lines: all that is drawn lies within."""
    there = [one for panel in panels for one in panel.places if one is not None]
    ends = [one.least for one in there] + [one.greatest for one in there] + list(axes.limits)
    ends += [0.0] if axes.nought or not ends else []
    low, high = min(ends), max(ends)
    if high - low < 1e-9:
        low, high = (low - 0.5, high + 0.5) if low else (0.0, 1.0)
    step = scale((high - low) * LINES / most)[1]
    return floor(round(low / step, 6)) * step, ceil(round(high / step, 6)) * step, step


def _lacking(panels: Sequence[Panel], axes: Axes, captions: Captions, height: int) -> Iterator[Markup]:
    """Runs of places where nothing was measured in any panel."""
    count = len(panels[0].places)
    width = 100 / count
    empty = {place: all(panel.places[place] is None for panel in panels) for place in axes.due}
    for missing, run in groupby(axes.due, key=lambda place: empty[place]):
        places = list(run)
        if missing:
            x, length = places[0] * width, len(places) * width
            yield _rect("gap", x, length, 0, height)
            for side in (x, x + length):
                yield _svg('<line class="gap-side" x1="{0}%" x2="{0}%" y1="0" y2="{1}"/>', _percent(side), height)
            yield from _words(captions.missing, x + length / 2, length, upright=True)


def _strip(one: Strip, y: int, longest: float) -> Iterator[Markup]:
    x = 0.0
    if one.whole is not None:
        looks = "rest" if one.foretold else "hollow"
        yield _rect(looks, 0, one.whole / longest * 100, y + 0.5, STRIP_BAR - 1)
    for part in one.parts:
        width = part.value / longest * 100
        yield _rect(f"bar {part.colour}", x, width, y, STRIP_BAR)
        x += width
    if one.least is not None and one.most is not None:
        ends = [_percent(value / longest * 100) for value in (one.least, one.most)]
        middle = y + STRIP_BAR // 2
        yield _svg('<line class="band" x1="{0}%" x2="{1}%" y1="{2}" y2="{2}"/>', *ends, middle)
        for end in ends:
            yield _svg('<line class="band" x1="{0}%" x2="{0}%" y1="{1}" y2="{2}"/>', end, y + 2, y + STRIP_BAR - 2)


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


def _noted(found: Sequence[Bar]) -> Iterator[Markup]:
    """A triangle that hangs from the top over each bar in whose time something happened."""
    width = 100 / len(found)
    for index, bar in enumerate(found):
        if bar.noted:
            x = _percent((index + 0.5) * width)
            yield _svg('<svg class="noted" x="{}%" y="0"><path d="M-5 1h10l-5 9z"/></svg>', x)


def _earlier(found: Sequence[Bar], top: float) -> Iterator[Markup]:
    """A step over each bar, in ink over paper: never a second bar."""
    width = 100 / len(found)
    for index, bar in enumerate(found):
        if bar.before is not None:
            y = TOP + PLOT - bar.before / top * PLOT
            yield _rect("earlier-paper", index * width, width, y - 2, 4)
            yield _rect("earlier", index * width, width, y - 0.75, 1.5)


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
    for index, bar in enumerate(found):
        days = f' data-since="{bar.since}" data-until="{bar.until}"' if bar.since else ""
        yield _hit(index, len(found), TOP + PLOT, days, bar.note)


def _hit(index: int, count: int, height: int, about: str, note: str) -> Markup:
    width = 100 / count
    place = (
        f'x="{_percent(index * width)}%" y="0" width="{_percent(width + 0.01)}%" height="{height}"'  # no sliver left
    )
    return Markup(f'<rect class="hit" {place}{about}><title>{escape(note)}</title></rect>')  # noqa: S704


def _joined(found: Iterable[Markup]) -> Markup:
    """(`Markup.join` looks at each piece once more whether it is to be escaped.)"""
    return Markup("".join(found))  # noqa: S704


def _svg(template: str, *values: object, **named: object) -> Markup:
    """What is put into the template is escaped, unless it is markup. (`Markup.format` is four times slower.)"""
    return Markup(  # noqa: S704
        template.format(*map(_escaped, values), **{name: _escaped(value) for name, value in named.items()})
    )


def _escaped(value: object) -> object:
    return value if isinstance(value, int) else escape(value)


def _rect(looks: str, x: float, width: float, y: float, height: float, fill: str = "") -> Markup:
    """Half of a chart is made of these: nothing in them was typed by anybody, so nothing is escaped."""
    filled = f' fill="{fill}"' if fill else ""
    place = f'x="{_percent(x)}%" y="{_px(y)}" width="{_percent(width)}%" height="{_px(height)}"'
    return Markup(f'<rect class="{looks}" {place}{filled}/>')  # noqa: S704


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
