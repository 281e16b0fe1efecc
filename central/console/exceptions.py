"""«Исключения»: what the checks found, by cause; one of them with its values; what is decided about it, and undone."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.room import ROWS, TZ, console, number_asked, page_asked
from central.faces import check_words, words
from central.faces.forms import Field, Group, Text, parse, typed_in
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.figures import exceptions as found_by_checks
from central.figures.checking import OPEN
from central.figures.exceptions import NotNow, Opened
from central.figures.source import ACTIVE_IMPORT
from central.metering.decisions import Decided

PUT = (Decided.SUBSTITUTE, Decided.FILL)  # with an energy that is typed
TOGETHER = (Decided.ACCEPT, Decided.ASK)  # what may be decided of many at once
REASON = Field(
    "reason", _l("Причина"), "area", help=_l("останется рядом с цифрами; её увидит и потребитель"), most=1000
)


@console.get("/exceptions")
def exceptions() -> ResponseReturnValue:
    made = here()
    causes = found_by_checks.causes(made.source, viewer(), made.now)
    return render_template("console/exceptions.html", causes=causes, told=check_words, tz=TZ)


@console.route("/exceptions/list", methods=["GET", "POST"])
def exception_list() -> ResponseReturnValue:
    """`name`, `edge`, `point`, `state` of the address; a POST decides about those that were chosen."""
    made = here()
    state = request.args.get("state", OPEN)
    state = state if state in check_words.STATES else OPEN
    name, edge, point = request.args.get("name") or None, request.args.get("edge"), number_asked("point")
    errors: dict[str, Text] = {}
    typed: Mapping[str, str] = {}
    if request.method == "POST":
        groups = (Group("", (_kinds(TOGETHER), REASON)),)
        typed = typed_in(groups, request.form)
        parsed = parse(groups, typed)
        errors = parsed.errors
        chosen = [number for key in request.form.getlist("id") if (number := whole(key)) is not None][:ROWS]
        if not chosen:
            errors["id"] = _l("Отметьте хотя бы одно исключение")
        if not errors:
            done = _decide_all(chosen, Decided(parsed.values["kind"]), parsed.values["reason"])
            passed = len(chosen) - done
            asked: dict[str, Any] = {"name": name, "edge": edge, "point": point, "state": state}
            return redirect(url_for("console.exception_list", decided=done, passed=passed, **asked), 303)
    view = found_by_checks.listed(
        made.source, viewer(), made.now, name=name, edge=edge, point_id=point, state=state, page=page_asked(), rows=ROWS
    )
    page = render_template(
        "console/exception_list.html",
        view=view,
        asked={"name": name, "edge": edge, "point": point},
        state=state,
        told=check_words,
        kinds=[(kind, check_words.DECISIONS[kind]) for kind in TOGETHER],
        reason=REASON,
        errors=errors,
        typed=typed,
        on_page=ROWS,
        decided=number_asked("decided"),
        passed=number_asked("passed"),
    )
    return page, 422 if errors else 200


def _decide_all(keys: list[int], kind: Decided, reason: str) -> int:
    """How many of them; what is decided on already, or cannot be so, is passed over."""
    made, done = here(), 0
    found_by_checks.theirs(made.source, viewer(), keys, made.now)
    for key in keys:
        try:
            found_by_checks.decide(made.source, viewer(), key, kind, reason=reason, now=made.now)
            done += 1
        except NotNow:
            continue
    return done


@console.route("/exceptions/<int:key>", methods=["GET", "POST"])
def exception(key: int) -> ResponseReturnValue:
    made = here()
    seen = found_by_checks.one(made.source, viewer(), key, made.now)
    groups = _groups(seen)
    if request.method == "GET":
        return _page(seen, groups, {}, {})
    typed = typed_in(groups, request.form)
    parsed = parse(groups, typed)
    if (parsed.values.get("energy") or 0) < 0:
        parsed.errors["energy"] = _l("Расход не бывает меньше нуля")
    if parsed.errors:
        return _page(seen, groups, typed, parsed.errors)
    try:
        if not seen.may:
            raise NotNow(f"exception {key} is decided on already")
        values = parsed.values
        found_by_checks.decide(
            made.source,
            viewer(),
            key,
            Decided(values["kind"]),
            reason=values["reason"],
            energy=values.get("energy"),
            now=made.now,
        )
    except NotNow:
        return redirect(url_for("console.exception", key=key, late=1), 303)
    return redirect(url_for("console.exception", key=key, done=1), 303)


@console.route("/exceptions/<int:key>/undo/<int:made>", methods=["GET", "POST"])
def undo_decision(key: int, made: int) -> ResponseReturnValue:
    now, source = here().now, here().source
    seen = found_by_checks.one(source, viewer(), key, now)
    deed = next((one for one in seen.deeds if one.id == made), None)
    groups = (Group("", (REASON,)),)
    typed: Mapping[str, str] = {}
    errors: dict[str, Text] = {}
    if request.method == "POST":
        typed = typed_in(groups, request.form)
        parsed = parse(groups, typed)
        errors = parsed.errors
        if not errors:
            try:
                found_by_checks.undo(source, viewer(), key, made, reason=parsed.values["reason"], now=now)
                return redirect(url_for("console.exception", key=key, done=1), 303)
            except NotNow:
                return redirect(url_for("console.exception", key=key, late=1), 303)
    page = render_template(
        "console/undo_decision.html", seen=seen, deed=deed, groups=groups, typed=typed, errors=errors, told=check_words
    )
    return page, 422 if errors else 200


def _groups(seen: Opened) -> tuple[Group, ...]:
    if not seen.may:
        return ()
    energy = Field(
        "energy",
        _l("Энергия за всё это время"),
        "energy",
        unit=words.UNITS[seen.found.channel or ACTIVE_IMPORT],
        help=_l("с учётом Ki·Ku; разделится поровну между интервалами"),
    )
    put = tuple(Group("", (energy,), when=("kind", kind)) for kind in seen.may if kind in PUT)  # one at most
    return (Group("", (_kinds(seen.may),)), *put, Group("", (REASON,)))


def _kinds(may: Any) -> Field:
    return Field("kind", _l("Что сделать"), "radio", choices=[(kind, check_words.DECISIONS[kind]) for kind in may])


def _page(
    seen: Opened, groups: tuple[Group, ...], typed: Mapping[str, str], errors: Mapping[str, Text]
) -> ResponseReturnValue:
    page = render_template(
        "console/exception.html",
        seen=seen,
        one=seen.found,
        groups=groups,
        typed=typed,
        errors=errors,
        told=check_words,
        done=number_asked("done"),
        late=number_asked("late"),
    )
    return page, 422 if errors else 200
