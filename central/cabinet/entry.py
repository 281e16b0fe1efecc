"""How I log in: my password, where I am logged in, the second factor."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from central.accounts import mail_change, second, sessions
from central.cabinet import me
from central.cabinet.room import cabinet
from central.db import writing
from central.faces import new_password, qr
from central.faces.forms import parse
from central.faces.here import here, viewer
from central.figures import NotFound
from central.mail.rendering import SYSTEM


@cabinet.post("/me/password")
def change_password() -> ResponseReturnValue:
    """All other sessions end."""
    made, who = here(), viewer()
    found = parse((me.PASSWORD,), request.form)
    new_password.compare(found)
    me.proven(found, "old", who)
    hashed = new_password.hashed(found, (who.mail, who.name)) if not found.errors else None
    if hashed is None:
        return me.page(found.errors, {}), 422
    with writing(made.source.engine).begin() as connection:
        sessions.change_password(connection, who, hashed, made.now, but=current_user.token)
        mail_change.give_up(connection, who, made.now)  # whoever knew the old one may have asked for it
    return redirect(url_for("cabinet.me", done="password"), 303)


@cabinet.post("/me/sessions/<int:key>/end")
def end_session(key: int) -> ResponseReturnValue:
    made = here()
    if not sessions.revoke(made.source.engine, viewer(), key, made.now):
        raise NotFound(f"session {key}")
    return redirect(url_for("cabinet.me", done="session"), 303)


@cabinet.route("/me/second", methods=["GET", "POST"], endpoint="second")
def second_factor() -> ResponseReturnValue:
    """The secret for an app, and the first code of it; then the codes to write down, once."""
    made, who, wrong = here(), viewer(), False
    with writing(made.source.engine).begin() as connection:
        if second.stands(connection, who.account):
            return redirect(url_for("cabinet.me"))
        if request.method == "POST":
            codes = second.confirm(connection, made.sealed, who.account, request.form.get("code", ""), made.now)
            if codes is not None:
                return render_template("cabinet/codes.html", codes=codes)
            wrong = True
        secret = second.begun(connection, made.sealed, who.account)
        if secret is None:
            secret = second.begin(connection, made.sealed, who.account, made.now)
    address = second.address(secret, who.mail, str(SYSTEM))
    page = {"secret": secret, "qr": qr.svg(address), "wrong": wrong}
    required = who.staff and made.staff_need_second
    return render_template("cabinet/second.html", **page, required=required), 422 if wrong else 200


@cabinet.post("/me/second/drop")
def drop_second() -> ResponseReturnValue:
    """By the password; where it is required it is set anew at once."""
    made, who = here(), viewer()
    found = parse((me.SECOND,), request.form)
    me.proven(found, "now", who)
    if found.errors:
        return me.page(found.errors, {}), 422
    with writing(made.source.engine).begin() as connection:
        second.drop(connection, who.account, made.now, who.account)
    return redirect(url_for("cabinet.me", done="second"), 303)
