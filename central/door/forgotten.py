"""«Забыли пароль?»: a letter with a key, and a new password by it."""

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from central.accounts import attempts, keys, registering
from central.accounts.passwords import WeakPassword
from central.db import writing
from central.door.registration import BAD_KEY, DIFFER, TOO_MANY
from central.door.room import ASKED, address, door, letter_to_mail, new_password, once_more
from central.faces.forms import Group, Text, captions_of, parse, typed_in
from central.faces.here import here
from central.faces.words import WEAK


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
    groups = (Group("", new_password()),)
    if request.method == "GET":
        return render_template("door/reset.html", key=key, group=groups[0], captions={}, errors={})
    found = parse(groups, typed_in(groups, request.form))
    if not found.errors and found.values["password"] != found.values["repeat"]:
        found.errors["repeat"] = DIFFER
    if not found.errors and not once_more(f"keys {address()}", attempts.KEYS):
        found.errors[""] = TOO_MANY
    if not found.errors:
        found.errors |= _reset(key, found.values["password"])
    if found.errors:
        page = {"key": key, "group": groups[0], "captions": captions_of(groups), "errors": found.errors}
        return render_template("door/reset.html", **page), 422
    session.clear()
    return redirect(url_for("door.login", reset=1), 303)


def _reset(key: str, password: str) -> dict[str, Text]:
    """Errors by field."""
    made = here()
    try:
        with made.source.engine.connect() as connection:
            whose = registering.whose(connection, key, made.now)
        hashed = made.passwords.hash(password, whose)  # outside of any transaction: it takes 0.1 s
        with writing(made.source.engine).begin() as connection:
            registering.reset(connection, key, hashed, made.now)
    except keys.BadKey:
        return {"": BAD_KEY}
    except WeakPassword as weak:
        return {"password": WEAK[weak.why]}
    return {}
