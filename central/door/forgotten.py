"""«Забыли пароль?»: a letter with a key, and a new password by it."""

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from central.accounts import attempts, keys, registering
from central.db import writing
from central.door.registration import BAD_KEY
from central.door.room import ASKED, TOO_MANY, door, letter_to_mail, once_more
from central.faces import new_password
from central.faces.forms import Group, Parsed, captions_of, parse, typed_in
from central.faces.here import here
from central.faces.requests import network


@door.route("/forgotten", methods=["GET", "POST"])
def forgotten() -> ResponseReturnValue:
    """A letter with the key."""
    return letter_to_mail("door/forgotten.html", "reset", registering.forgotten, "door.reminded")


@door.get("/reminded")
def reminded() -> ResponseReturnValue:
    return render_template("door/reminded.html", mail=session.get(ASKED))


@door.route("/reset", methods=["GET", "POST"])
def reset() -> ResponseReturnValue:
    """By the key of the letter; all sessions of the account end."""
    key = request.values.get("Key", "").strip()
    groups = (Group("", (new_password.PASSWORD, new_password.REPEAT)),)
    if request.method == "GET":
        return render_template("door/reset.html", key=key, group=groups[0], captions={}, errors={})
    found = parse(groups, typed_in(groups, request.form))
    new_password.compare(found)
    if not found.errors and not once_more(f"keys {network()}", attempts.KEYS):
        found.errors[""] = TOO_MANY
    if not found.errors:
        _reset(key, found)
    if found.errors:
        page = {"key": key, "group": groups[0], "captions": captions_of(groups), "errors": found.errors}
        return render_template("door/reset.html", **page), 422
    session.clear()
    return redirect(url_for("door.login", reset=1), 303)


def _reset(key: str, found: Parsed) -> None:
    """Done, or there is an error more."""
    made = here()
    try:
        with made.source.engine.connect() as connection:
            whose = registering.whose(connection, key, made.now)
        hashed = new_password.hashed(found, whose)
        if hashed is not None:
            with writing(made.source.engine).begin() as connection:
                registering.reset(connection, key, hashed, made.now)
    except keys.BadKey:
        found.errors[""] = BAD_KEY
