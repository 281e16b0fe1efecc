"""Applications for access: the queue by deadline, one with the contracts that it may mean, many sure ones at once."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, select

from central.accounts import applications as desk
from central.accounts.applications import Applied, Candidate, NotNow
from central.accounts.states import Stage
from central.console.room import ROWS, TZ, console, number_asked, page_asked
from central.db import writing
from central.faces import letters
from central.faces.forms import Field, Group, Text, parse, typed_in
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.figures import NotFound
from central.registry.tables import contract

STATES = (Stage.WAITING, Stage.APPROVED, Stage.DECLINED)
REASON = Field("reason", _l("Причина, как её прочитает потребитель"), "area", most=500)


@console.get("/applications")
def applications() -> ResponseReturnValue:
    """`state`: waiting | approved | declined."""
    state = request.args.get("state", Stage.WAITING)
    state = state if state in STATES else Stage.WAITING
    made = here()
    with made.source.engine.connect() as connection:
        found, count = desk.queue(connection, viewer(), state, page_asked(), ROWS)
    told = {"found": found, "count": count, "state": state, "page": page_asked(), "on_page": ROWS, "tz": TZ}
    done = {name: number_asked(name) for name in ("approved", "passed")}
    return render_template("console/applications.html", now=made.now, **told, **done)


@console.post("/applications")
def approve_sure() -> ResponseReturnValue:
    """Those that were chosen, each to the one contract that has its number and name."""
    made, who, done, passed = here(), viewer(), 0, 0
    for key in [number for text in request.form.getlist("id") if (number := whole(text)) is not None][:ROWS]:
        try:
            with writing(made.source.engine).begin() as connection:
                meant = _sure(connection, key)
                _open(connection, desk.approve(connection, who, key, meant.id, made.now), meant.number)
            done += 1
        except NotNow:
            passed += 1
    return redirect(url_for("console.applications", approved=done, passed=passed), 303)


def _sure(connection: Connection, key: int) -> Candidate:
    """The one contract that an application can mean, which nobody else has or wants. Raises NotNow."""
    who = viewer()
    found = desk.one(connection, who, key)
    meant = desk.candidates(connection, found, who) if found is not None else ()
    sure = [one for one in meant if {"number", "holder"} <= one.same and not one.held]
    if len(sure) != 1:
        raise NotNow(f"application {key}")
    return sure[0]


@console.route("/applications/<int:key>", methods=["GET", "POST"])
def application(key: int) -> ResponseReturnValue:
    made, who = here(), viewer()
    errors: dict[str, Text] = {}
    group = (Group("", (REASON,)),)
    typed = typed_in(group, request.form)
    if request.method == "POST":
        errors = _decide(key)
        if not errors:
            return redirect(url_for("console.applications", done=key), 303)
    with made.source.engine.connect() as connection:
        found = _found(desk.one(connection, who, key))
        meant = desk.candidates(connection, found, who) if found.state == Stage.WAITING else []
    page = {"one": found, "meant": meant, "errors": errors, "typed": typed, "reason": REASON, "tz": TZ, "now": made.now}
    return render_template("console/application.html", **page), 422 if errors else 200


def _decide(key: int) -> dict[str, Text]:
    """Errors by field."""
    made, who = here(), viewer()
    try:
        with writing(made.source.engine).begin() as connection:
            _found(desk.one(connection, who, key))
            if request.form.get("decision") == "decline":
                found = parse((Group("", (REASON,)),), request.form)
                if found.errors:
                    return found.errors
                said = desk.decline(connection, who, key, found.values["reason"], made.now)
                letters.to_person(connection, said.mail, "declined", name=said.name, reason=found.values["reason"])
                return {}
            number = request.form.get("number", "").strip()
            ours = (contract.c.organisation == who.organisation, contract.c.number == number)
            meant = connection.scalar(select(contract.c.id).where(*ours))
            if meant is None:
                return {"number": _l("Договора с таким номером нет")}
            _open(connection, desk.approve(connection, who, key, int(meant), made.now), number)
    except NotNow:
        return {"": _l("По этой заявке уже решено")}
    return {}


def _open(connection: Connection, found: Applied, number: str) -> None:
    letters.to_person(connection, found.mail, "approved", name=found.name, number=number)


def _found(one: Applied | None) -> Applied:
    if one is None:
        raise NotFound("application")
    return one
