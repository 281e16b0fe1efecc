"""«Параметры сети»: the last values of a meter with their age, its vectors, and how many samples lie outside limits.

What is over a period: `network_run`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from central import figures
from central.cabinet import asking, network_run
from central.faces import charts, formats, words
from central.faces import network_words as named
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.faces.periods import Chosen, choose
from central.faces.vectors import vectors
from central.figures import NotFound
from central.figures.network import Beside, InstantView, Latest, NetworkView
from central.figures.views import PointView
from central.metering.network import FIELDS, OF_FIELD, PHASES, By, Quantity
from central.metering.zones import day_of

LENGTHS = ("day", "week", "month")  # live values are kept for 90 days
OLD = 3600  # seconds, after which values are no longer those of «now»
NEUTRAL = "i_n"
FORMS = {"xlsx": "Excel", "csv": "CSV"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `offered`: of what this meter tells."""

    point: PointView
    seen: InstantView
    period: Chosen
    quantity: Quantity
    offered: Sequence[Quantity]

    @property
    def query(self) -> dict[str, object]:
        return {"point": self.point.id, **self.period.named, "what": self.quantity.value}

    @property
    def files(self) -> list[tuple[str, dict[str, str]]]:
        """Caption of a file, and what of the address is another for it."""
        shown = [(word, {"form": form}) for form, word in FORMS.items()]
        each = _("каждый отсчёт")
        return [*shown, *((f"{word}, {each}", {**form, "each": "1"}) for word, form in shown)]

    def without(self, *names: str) -> dict[str, object]:
        """For a picker that sets these itself."""
        return {name: value for name, value in self.query.items() if name not in names}


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity of the table of last values: a cell for each column, "" = this meter has none. `late`: by column the
    age of a value that is older than the others; `names`: of the cells, where their columns do not tell."""

    sign: str
    word: str
    unit: str
    cells: Sequence[str]
    late: Mapping[int, str]
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Limited:
    """A line of the table of limits. `often`: more of the samples are outside than the standard lets of its means."""

    name: str
    limits: str
    allowed: str
    ends: str
    samples: int
    below: int
    above: int
    off: int
    share: str
    often: bool


def asked(point: PointView, args: Mapping[str, str]) -> Asked:
    """Without a day it is the last one that has values. Raises NotFound for a quantity that there is not."""
    made = here()
    seen = figures.instant(made.source, viewer(), point.id, made.now)
    told = {OF_FIELD[field] for field in seen.latest.values} if seen.latest is not None else set()
    offered = [one for one in Quantity if one in told]
    try:
        quantity = Quantity(args.get("what") or (offered[0] if offered else Quantity.VOLTAGE))
    except ValueError:
        raise NotFound("quantity") from None
    day = args.get("day") or (day_of(seen.latest.time, point.tz).isoformat() if seen.latest is not None else "")
    length = args.get("length", "")
    period = choose({"length": length if length in LENGTHS else "day", "day": day}, day_of(made.now, point.tz))
    return Asked(point, seen, period, quantity, offered)


def page(found: Asked, number: str) -> dict[str, object]:
    """`number`: of the table's page."""
    latest, view = found.seen.latest, view_of(found)
    common: dict[str, object] = {
        "asked": found,
        "point": found.point,
        "period": found.period,
        "lengths": LENGTHS,
        "named": named,
        "latest": latest,
        "heard": found.seen.heard,
        "view": view,
        "run": None,
        "ask": asking.told(found.point),
    }
    if latest is not None:
        age = here().now - latest.time
        common |= {"age": words.age(age), "old": age > OLD, **_now(latest), **_vectors(latest)}
    if view is not None and view.history.runs:
        common["run"] = network_run.shown(view.history, found.period, found.point.tz, whole(number) or 1)
        common["beside"] = [_beside(one, three_wires=view.history.three_wires) for one in view.beside]
        common["nominals"] = _nominals(view)
    return common


def view_of(found: Asked) -> NetworkView | None:
    """None: nothing of this period is for this viewer."""
    made = here()
    since, until = found.period.span(found.point.tz)
    try:
        return figures.network(made.source, viewer(), found.point.id, since, until, found.quantity)
    except NotFound:
        return None


# the last values


def _now(latest: Latest) -> dict[str, object]:
    """Columns and lines of the table."""
    several = any(f"{stem}_{phase}" in latest.values for stem in "uip" for phase in "bc")
    lines = []
    for quantity in Quantity:
        fields = [field for field in FIELDS[quantity] if field != NEUTRAL]
        if several:
            fields = _in_columns(fields)
        else:
            fields = [next((field for field in reversed(fields) if field in latest.values), "")]
        names = [named.LINES.get(field, "") for field in fields] if latest.ratios.three_wires else ()
        lines.append(_line(latest, quantity, str(named.QUANTITIES[quantity]), named.SIGNS[quantity], fields, names))
        if quantity is Quantity.CURRENT:
            fields = ["", "", "", NEUTRAL] if several else [NEUTRAL]
            lines.append(_line(latest, quantity, str(named.NEUTRAL), _("Iн"), fields, ()))
    return {
        "columns": [*(phase.upper() for phase in PHASES), str(_("Всего"))] if several else (),
        "lines": [line for line in lines if any(line.cells)],
    }


def _in_columns(fields: Sequence[str]) -> list[str]:
    """Of the phases A, B, C and of all."""
    by_phase = {field.partition("_")[2]: field for field in fields}
    return [by_phase.get(phase, "") for phase in (*PHASES, "")]


def _line(
    latest: Latest, quantity: Quantity, word: str, sign: str, fields: Sequence[str], names: Sequence[str]
) -> Line:
    found = [latest.values.get(field) for field in fields]
    late = {
        place: words.age(here().now - one.time)
        for place, one in enumerate(found)
        if one is not None and one.time < latest.time
    }
    cells = ["" if one is None else named.number(quantity, one.value) for one in found]
    return Line(sign, word, str(named.UNITS[quantity]), cells, late, names)


# vectors


def _vectors(latest: Latest) -> dict[str, object]:
    """The diagram with its angles and what is assumed in it; none where there is no voltage or no current."""
    found, three_wires = latest.diagram, latest.ratios.three_wires
    if not found.voltages or not found.currents:
        return {"vectors": None}
    single = len(found.voltages) == 1 and not three_wires

    def name(field: str) -> str:
        if three_wires and field in named.LINES:
            return named.LINES[field]
        return field[0].upper() if single else f"{field[0].upper()}{field[2]}"

    angles = [
        ("I" if single else f"I{phase}", f"{formats.decimal(angle.degrees, 1)}°", _character(angle.degrees))
        for phase, angle in found.angles.items()
    ]
    desc = "; ".join(f"{current}: φ = {degrees}, {character}" for current, degrees, character in angles)
    by = {angle.by for angle in found.angles.values()}
    notes = [named.ANGLES[one] for one in By if one in by]
    if three_wires:
        notes.append(_("Углы между линейными напряжениями счётчик не измеряет: принято, что сеть симметрична."))
    elif not single:
        notes.append(_("Углы между напряжениями счётчик не измеряет: принято 120°."))
    captions = charts.Captions("vectors", str(_("Векторная диаграмма")), desc, "", "", "")
    return {"vectors": vectors(found, name, captions), "angles": angles, "angle_notes": notes}


def _character(degrees: float) -> str:
    if abs(degrees) > 90:
        return str(_("энергия отдаётся в сеть"))
    if abs(degrees) < 0.05:
        return str(_("совпадает с напряжением"))
    return str(_("отстаёт: нагрузка индуктивная") if degrees > 0 else _("опережает: нагрузка ёмкостная"))


# limits


def _nominals(view: NetworkView) -> list[str]:
    """«230 В»: of each way that the meter was connected in the period."""
    found = dict.fromkeys(one.nominal for one in view.beside if one.nominal is not None)
    unit = named.UNITS[Quantity.VOLTAGE]
    return [f"{formats.decimal(one, 0 if one == round(one) else 1)}{formats.NARROW}{unit}" for one in found]


def _beside(one: Beside, *, three_wires: bool) -> Limited:
    found, limits = one.judged, one.judged.limits
    if one.field:
        quantity = OF_FIELD[one.field]
        unit = str(named.UNITS[quantity])
        name = named.short(one.field, three_wires=three_wires)
        bounds = f"{named.number(quantity, limits.low)}–{named.number(quantity, limits.high)}"
    else:
        quantity, unit, name = Quantity.FREQUENCY, "%", "K₂U"
        bounds = str(_("до %(most)s", most=formats.decimal(limits.high, 0)))
    ends = ""
    if found.least is not None and found.greatest is not None:
        ends = f"{named.number(quantity, found.least)}–{named.number(quantity, found.greatest)}"
    share = found.share
    return Limited(
        name=name,
        limits=f"{bounds}{formats.NARROW}{unit}",
        allowed=formats.percent(100 * limits.allowed),
        ends=ends,
        samples=found.samples,
        below=found.below,
        above=found.above,
        off=found.off,
        share=formats.percent(None if share is None else 100 * share, digits=2 if share else 0),
        often=share is not None and share > limits.allowed,
    )
