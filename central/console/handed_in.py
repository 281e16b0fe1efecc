"""Readings that consumers handed in: what is doubtful waits for a decision; the rest can be looked at."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.room import ROWS, TZ, console, number_asked, page_asked
from central.db import writing
from central.faces import letters
from central.faces.forms import Field, Group, Text, parse, typed_in
from central.faces.here import here, viewer
from central.figures import NotFound
from central.handing import desk, photos
from central.handing.desk import Decided, Waiting
from central.handing.states import Handed
from central.metering.handed import Doubt, used_since
from central.notices.choices import choices
from central.notices.kinds import Kind
from central.registry.refusals import Refused

REASON = Field("reason", _l("Причина, как её прочитает потребитель"), "area", most=500)


@console.get("/handed-in")
def handed_in() -> ResponseReturnValue:
    """`state`: review | accepted | declined."""
    asked = request.args.get("state", "")
    state = asked if asked in {one.value for one in Handed} else Handed.REVIEW
    with here().source.engine.connect() as connection:
        found, count = desk.queue(connection, viewer(), state, page_asked(), ROWS)
    told = {"found": found, "count": count, "state": state, "page": page_asked(), "on_page": ROWS, "tz": TZ}
    return render_template("console/handed_in.html", states=list(Handed), done=number_asked("done"), **told)


@console.route("/handed-in/<int:key>", methods=["GET", "POST"])
def one_handed_in(key: int) -> ResponseReturnValue:
    made = here()
    with made.source.engine.connect() as connection:
        found = desk.one(connection, viewer(), key)
        pictures = photos.of(connection, [key]).get(key, ())
    if found is None:
        raise NotFound("handed in")
    around = desk.said_around(made.source, found.line)
    errors: dict[str, Text] = {}
    if request.method == "POST":
        errors = _decide(found, around)
        if not errors:
            return redirect(url_for("console.handed_in", done=key), 303)
    typed = typed_in((Group("", (REASON,)),), request.form)
    page = render_template(
        "console/one_handed_in.html",
        one=found,
        photos=pictures,
        last=around[0],
        first=around[1],
        later={
            name
            for name, value in found.line.registers.items()
            if used_since(around[1].get(name, value), value, None) < 0
        },
        Doubt=Doubt,
        errors=errors,
        typed=typed,
        reason=REASON,
        tz=TZ,
        now=made.now,
    )
    return page, 422 if errors else 200


def _decide(found: Waiting, around: tuple[dict[str, int], dict[str, int]]) -> dict[str, Text]:
    """Errors by field."""
    made, who = here(), viewer()
    try:
        with writing(made.source.engine).begin() as connection:
            if request.form.get("decision") != "decline":
                desk.accept(connection, who, found, around, made.now)
                return {}
            given = parse((Group("", (REASON,)),), request.form)
            if given.errors:
                return given.errors
            desk.decline(connection, who, found, given.values["reason"], made.now)
            if found.mail is not None and choices(connection, found.account)[Kind.READING_DECLINED].letter:
                about = {"name": found.person, "number": found.number, "point": found.line.name}
                letters.to_person(connection, found.mail, "reading_declined", reason=given.values["reason"], **about)
    except Decided:
        return {"": _l("Об этом показании уже решено")}
    except Refused as refused:
        return {
            "": _l(
                "Принять нельзя: %(why)s. Отклоните его или сначала исправьте соседнее показание.", why=refused.sentence
            )
        }
    return {}
