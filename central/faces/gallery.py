"""`/ui`: all components on one page, each as the pages draw it. Only where `[web] components` is set: demo, tests."""

from flask import Blueprint, Flask, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.faces import charts, energy, words
from central.faces.charts import Axes, Bar, Lined, Panel, Part, Strip, Tick
from central.faces.forms import Field, Group
from central.faces.here import here
from central.faces.periods import choose
from central.faces.vectors import vectors
from central.figures.views import Period, PointView
from central.metering.network import Diagram, diagram
from central.metering.terms import State
from central.metering.zones import day_of
from central.registry.periods import COMPANY

gallery = Blueprint("gallery", __name__)
FORM = Group(
    _l("Поля"),
    (
        Field("number", _l("Номер договора"), help=_l("есть в квитанции")),
        Field("mail", _l("Электронная почта"), "mail"),
        Field("phone", _l("Номер телефона"), "phone", needed=False),
        Field("password", _l("Пароль"), "password"),
        Field("consent", _l("Я даю согласие на обработку персональных данных"), "check"),
    ),
)
STATES = (
    State.MEASURED,
    State.COMPUTED,
    State.ESTIMATED,
    State.MANUAL,
    State.SUBSTITUTED,
    State.SUSPECT,
    State.ZERO,
    State.POWER_OFF,
    State.MISSING,
    State.NOT_DUE,
)


@gallery.get("/ui")
def components() -> str:
    now = here().now
    zones = energy.zones_of(("peak", "night", "half_peak"))
    return render_template(
        "ui.html",
        zones=zones,
        states=STATES,
        form=FORM,
        points=[_point(1, _("Квартира")), _point(2, _("Дача")), _point(3, _("Гараж"))],
        period=choose({"length": "month"}, day_of(now, COMPANY)),
        chart=charts.bars(_bars(), energy.captions("sample", _("В графике"), _("Состояния значения"), words.KWH)),
        lines=charts.lines(*_lines(), energy.captions("sample-lines", _("В линиях"), _("Линии двух фаз"), _("В"))),
        vectors=vectors(_vectors(), _name, charts.Captions("vectors", _("Векторы"), "", "", "", "")),
        strips=charts.strips([_strip(), Strip((Part("before", 180.0),), 272.0)]),
        now=now,
        tz=COMPANY,
    )


def install(app: Flask, *, wanted: bool) -> None:
    if wanted:
        app.register_blueprint(gallery)


def _point(key: int, name: str) -> PointView:
    return PointView(
        id=key,
        code=f"T-{key}",
        name=name,
        address=_("ул. Садовая, 12, кв. %(number)s", number=key),
        path="",
        tz=COMPANY,
        scheme="",
        zones=("peak", "night", "half_peak"),
        zone_source="registers",
        serial=f"0421779{key}",
        meter_type="",
        period=1800,
        visible=Period(0, 1),
    )


def _bars() -> list[Bar]:
    def stack(height: float, *, estimated: bool = False) -> tuple[Part, ...]:
        return tuple(Part(colour, height / 3, estimated) for colour in ("t3", "t2", "t1"))

    def told(state: State) -> str:
        return str(words.STATES[state])

    return [
        *(Bar(stack(height), charts.SOLID, told(State.MEASURED)) for height in (0.4, 0.5, 0.63, 0.7, 0.62)),
        *(
            Bar(stack(height, estimated=True), charts.SOLID, told(State.ESTIMATED), whole=False)
            for height in (0.55, 0.5, 0.58)
        ),
        *(Bar(stack(height), charts.SOLID, told(State.SUSPECT), whole=False, suspect=True) for height in (0.66, 0.6)),
        *(Bar(stack(height), charts.SOLID, told(State.MEASURED), before=0.4) for height in (0.3, 0.5)),
        *(Bar((), charts.SOLID, told(State.ZERO)) for _number in range(2)),
        *(Bar((), charts.OFF, told(State.POWER_OFF)) for _number in range(3)),
        *(Bar((), charts.MISSING, told(State.MISSING), whole=False) for _number in range(4)),
        *(Bar((), charts.NOT_DUE, told(State.NOT_DUE)) for _number in range(7)),
    ]


def _lines() -> tuple[list[Panel], Axes, list[str]]:
    """Two phases with a gap; the last places are yet to come."""
    heights = (230, 231, 229, 233, None, None, 231, 228, 206, 230, 231, None)
    places = [None if one is None else Lined(one - 2, one, one + 2) for one in heights]
    panels = [Panel(_("Фаза %(phase)s", phase=phase), places) for phase in ("A", "B")]
    axes = Axes([Tick(0.0, "00"), Tick(0.5, "06")], range(11), (207.0,))
    return panels, axes, [str(one or "") for one in heights]


def _vectors() -> Diagram:
    values = {"p_a": 4.0, "q_a": 1.0, "p_b": 4.0, "q_b": 2.0, "p_c": 4.0, "q_c": -1.0}
    return diagram(values | {f"u_{phase}": 230.0 for phase in "abc"} | {"i_a": 3.0, "i_b": 2.0, "i_c": 2.5})


def _name(field: str) -> str:
    return f"{field[0].upper()}{field[2]}"


def _strip() -> Strip:
    return Strip((Part("t1", 95.0), Part("t2", 47.0), Part("t3", 72.0)), 290.0, True, 276.0, 304.0)
