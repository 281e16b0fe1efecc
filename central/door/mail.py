"""Another mail is confirmed, or the change of it stopped, by the keys of the two letters."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from central.accounts import attempts, mail_change
from central.accounts.keys import BadKey
from central.accounts.mail_change import Changed, Taken
from central.db import writing
from central.door.room import TOO_MANY, door, once_more
from central.faces import letters
from central.faces.forms import Text
from central.faces.here import here
from central.faces.requests import network
from central.faces.words import TAKEN

BAD_KEY = _l("Ссылка не подходит: она уже использована, устарела, или смену почты остановили или попросили ещё раз.")
HALF, DONE, STOPPED = "half", "changed", "stopped"


@door.route("/mail", methods=["GET", "POST"])
def mail() -> ResponseReturnValue:
    """The link of a letter opens the page; only a button does anything: scanners of mail follow links."""
    key = request.values.get("Key", "").strip()
    if request.method == "GET":
        return render_template("door/mail.html", key=key, wrong=None, done=request.args.get("done"))
    wrong: Text | None = None if once_more(f"keys {network()}", attempts.KEYS) else TOO_MANY
    if wrong is None:
        try:
            return redirect(url_for("door.mail", done=_stop(key) if "stop" in request.form else _confirm(key)), 303)
        except BadKey:
            wrong = BAD_KEY
        except Taken:
            wrong = TAKEN
    return render_template("door/mail.html", key=key, wrong=wrong, done=None), 422


def _confirm(key: str) -> str:
    made = here()
    token = current_user.token if current_user.is_authenticated else ""
    with writing(made.source.engine).begin() as connection:
        found: Changed | None = mail_change.confirm(connection, key, made.now, token)
        if found is None:
            return HALF
        letters.mail_changed(connection, found)
    return DONE


def _stop(key: str) -> str:
    made = here()
    with writing(made.source.engine).begin() as connection:
        mail_change.stop(connection, key, made.now)
    return STOPPED
