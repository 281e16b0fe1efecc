"""Consumers who may log in, or have just left: who they are, what is open to them; locked, unlocked, taken back with a
reason."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.accounts import consumers, mail_change, second, withdrawing
from central.accounts.applications import NotNow
from central.accounts.consumers import Person
from central.accounts.keys import BadKey
from central.accounts.mail_change import Taken
from central.accounts.states import State
from central.console.room import ROWS, TZ, console, page_asked
from central.db import writing
from central.faces import letters, through
from central.faces.forms import Field, Group, Text, parse, typed_in
from central.faces.here import here, viewer
from central.faces.words import TAKEN
from central.figures import NotFound

WHY = Field("reason", _l("Причина"), "area", most=500)
NOTICE = Field("text", _l("Что написать"), "area", most=2000)
DEEDS = {"lock": WHY, "unlock": WHY, "second": WHY, "take_back": WHY, "mail": WHY, "notify": NOTICE}


@console.get("/people")
def people() -> ResponseReturnValue:
    asked = request.args.get("q", "").strip()[:200]
    with here().source.engine.connect() as connection:
        found, count = consumers.people(connection, viewer(), asked, page_asked(), ROWS)
    page = {"found": found, "count": count, "asked": asked, "page": page_asked(), "on_page": ROWS, "tz": TZ}
    return render_template("console/people.html", **page)


@console.route("/people/<int:key>", methods=["GET", "POST"])
def one_person(key: int) -> ResponseReturnValue:
    """`deed` = lock | unlock | second (the second factor is lost) | take_back (the consent was withdrawn) | mail (the
    old one is out of reach) | notify."""
    errors: dict[str, Text] = {}
    deed = request.form.get("deed", "")
    typed: dict[str, str] = {}
    if request.method == "POST":
        if deed not in DEEDS:
            raise NotFound("deed")
        group = (Group("", (DEEDS[deed],)),)
        typed = typed_in(group, request.form)
        found = parse(group, typed)
        errors = found.errors or _do(key, deed, found.values[DEEDS[deed].name])
        if not errors:
            return redirect(url_for("console.one_person", key=key, done=deed), 303)
    with here().source.engine.connect() as connection:
        about = _found(consumers.person(connection, viewer(), key))
        left = withdrawing.standing(connection, key)
        mail = mail_change.pending(connection, key, here().now)
    page = {"one": about, "errors": errors, "typed": typed, "deed": deed, "why": WHY, "notice": NOTICE, "tz": TZ}
    return render_template("console/person.html", left=left, mail=mail, **page), 422 if errors else 200


@console.post("/people/<int:key>/cabinet")
def open_cabinet(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        _found(consumers.person(connection, viewer(), key))
    through.enter(key)
    return redirect(url_for("cabinet.main"), 303)


@console.post("/people/leave")
def leave_cabinet() -> ResponseReturnValue:
    key = through.leave()
    return redirect(url_for("console.people") if key is None else url_for("console.one_person", key=key), 303)


def _do(key: int, deed: str, text: str) -> dict[str, Text]:
    made, who = here(), viewer()
    try:
        with writing(made.source.engine).begin() as connection:
            about = _found(consumers.person(connection, who, key))
            if (deed == "take_back") != (about.state == State.WITHDRAWN):
                raise NotNow(f"account {key}")
            if deed == "lock":
                consumers.lock(connection, who, key, text, made.now)
            elif deed == "unlock":
                consumers.unlock(connection, who, key, text, made.now)
            elif deed == "second":
                second.drop(connection, key, made.now, who.account)
            elif deed == "take_back":
                withdrawing.take_back(connection, who, key, text, made.now)
                letters.to_person(connection, about.mail, "taken_back", name=about.name)
            elif deed == "mail":
                changed = mail_change.vouch(connection, who, key, text, made.now)
                if changed is not None:
                    letters.mail_changed(connection, changed)
            else:
                letters.to_person(connection, about.mail, "notice", name=about.name, text=text)
    except (NotNow, withdrawing.NotNow, BadKey):
        return {"": _l("Это уже сделано")}
    except Taken:
        return {"": TAKEN}
    return {}


def _found(one: Person | None) -> Person:
    if one is None:
        raise NotFound("person")
    return one
