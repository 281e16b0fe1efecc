"""The vector diagram as SVG: voltages solid with a filled head, currents dashed with an open one, each with its name.

The voltage of phase A points up; an angle that lags turns with the clock. Lengths are to scale among voltages, and
among currents. It needs no script and prints; looks are classes (chart.css).
"""

import math
from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup, escape

from central.faces.charts import Captions
from central.metering.network import Diagram, Vector

WIDTH, HEIGHT = 360, 316
MIDDLE = (WIDTH / 2, HEIGHT / 2)
LONGEST, CURRENT = 118.0, 78.0  # px of the greatest voltage, of the greatest current
NAMED = 30.0  # px from the middle that a name keeps at least
HEAD, SPREAD = 11.0, 0.32  # px, radians


def vectors(found: Diagram, name: Callable[[str], str], captions: Captions) -> Markup:
    """`name`: of a vector, by its field."""
    marks = [
        _circle(LONGEST),
        *_drawn(found.voltages, LONGEST, "voltage", name, lambda one: (one.angle, 14.0)),
        *_drawn(found.currents, CURRENT, "current", name, lambda one: (one.angle + _side(one, found) * 16, 12.0)),
        f'<circle class="hub" cx="{MIDDLE[0]:g}" cy="{MIDDLE[1]:g}" r="2.5"/>',
    ]
    return Markup(
        '<svg class="vectors" role="img" aria-labelledby="{id}-title {id}-desc" viewBox="0 0 {width} {height}">'
        '<title id="{id}-title">{title}</title><desc id="{id}-desc">{desc}</desc>{body}</svg>'
    ).format(
        id=captions.id,
        width=WIDTH,
        height=HEIGHT,
        title=captions.title,
        desc=captions.desc,
        body=Markup("".join(marks)),  # noqa: S704 - numbers, and names that were escaped
    )


def _drawn(
    found: Sequence[Vector],
    longest: float,
    looks: str,
    name: Callable[[str], str],
    label: Callable[[Vector], tuple[float, float]],
) -> Iterator[str]:
    greatest = max((abs(one.length) for one in found), default=0.0) or 1.0
    for one in found:
        length = abs(one.length) / greatest * longest
        x, y = _at(one.angle, length)
        yield f'<line class="{looks}" x1="{MIDDLE[0]:g}" y1="{MIDDLE[1]:g}" x2="{x:.1f}" y2="{y:.1f}"/>'
        yield _head(one.angle, length, looks)
        turned, beyond = label(one)
        text_x, text_y = _at(turned, max(length, NAMED) + beyond)
        yield f'<text class="{looks}" x="{text_x:.1f}" y="{text_y + 4:.1f}">{escape(name(one.field))}</text>'


def _side(one: Vector, found: Diagram) -> int:
    """Its name stands away from the nearest voltage: 1 against the clock, -1 with it."""
    turns = [(one.angle - voltage.angle + 180) % 360 - 180 for voltage in found.voltages]
    return 1 if min(turns, key=abs) > 0 else -1


def _head(angle: float, length: float, looks: str) -> str:
    size = min(HEAD, length)
    x, y = _at(angle, length)
    turn = math.radians(angle + 90)
    ends = [
        f"{x - size * math.cos(turn + side):.1f},{y + size * math.sin(turn + side):.1f}" for side in (SPREAD, -SPREAD)
    ]
    return f'<polyline class="head {looks}" points="{ends[0]} {x:.1f},{y:.1f} {ends[1]}"/>'


def _circle(radius: float) -> str:
    return f'<circle class="grid" cx="{MIDDLE[0]:g}" cy="{MIDDLE[1]:g}" r="{radius:g}"/>'


def _at(angle: float, length: float) -> tuple[float, float]:
    """On the picture, whose y goes down; 0 degrees is up."""
    turn = math.radians(angle + 90)
    return MIDDLE[0] + length * math.cos(turn), MIDDLE[1] - length * math.sin(turn)
