"""«Проверки»: which there are, what each is for, and its limits for each kind of point."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.deeds import Sheet, shown
from central.console.room import TZ, console, number_asked
from central.faces import check_words
from central.faces import registry_words as words
from central.faces.forms import Field, Group, parse, typed_in
from central.faces.here import here, viewer
from central.figures import limits as settings
from central.metering.checks.catalogue import ANY, BOUNDS, CHECKS, PointKind

ON, OFF = "on", "off"


@console.get("/checks")
def checks() -> ResponseReturnValue:
    found = settings.limits(here().source, viewer())
    return render_template(
        "console/checks.html",
        checks=CHECKS,
        kinds=list(PointKind),
        found=found,
        told=check_words,
        tz=TZ,
        done=number_asked("done"),
    )


@console.route("/checks/limits", methods=["GET", "POST"])
def check_limits() -> ResponseReturnValue:
    """`check`, `kind` of the address."""
    name, kind = request.args.get("check", ""), request.args.get("kind", "")
    if name not in CHECKS or kind not in list(PointKind):
        abort(404)
    made = here()
    found = settings.limits(made.source, viewer())[name, PointKind(kind)]
    usual = {**CHECKS[name].limits, **(found.usual or {})}
    fields = [_field(one, usual[one]) for one in usual]
    which = Field("which", _l("Проверка"), "radio", choices=[(ON, _l("включена")), (OFF, _l("выключена"))])
    groups = (Group("", (which,)), *((Group(_l("Пороги"), fields, when=("which", ON)),) if fields else ()))
    sheet = Sheet(
        title=check_words.CHECKS[name].title,
        of=words.value("kind", kind),
        groups=groups,
        back=url_for("console.checks"),
        help=check_words.CHECKS[name].procedure,
    )
    if request.method == "GET":
        now = {**usual, **(found.limits or {})}
        which_now = OFF if found.limits is None else ON
        return shown(sheet, {"which": which_now, **{key: str(value) for key, value in now.items()}}, {})
    typed = typed_in(groups, request.form)
    parsed = parse(groups, typed)
    wrong = {
        key: _l("Нужно число от %(least)s до %(most)s", least=least, most=most)
        for key in usual
        for least, most in [BOUNDS.get(key, ANY)]
        if parsed.values.get(key) is not None and not least <= parsed.values[key] <= most
    }
    if parsed.errors or wrong:
        return shown(sheet, typed, wrong | parsed.errors)
    chosen = None if parsed.values["which"] == OFF else {key: parsed.values[key] for key in usual}
    settings.set_limits(made.source, viewer(), name, PointKind(kind), chosen, made.now)
    return redirect(url_for("console.checks", done=1), 303)


def _field(name: str, usual: int) -> Field:
    caption, unit = check_words.LIMITS[name]
    return Field(name, caption, "whole", unit=unit, help=_l("обычно %(value)s", value=usual))
