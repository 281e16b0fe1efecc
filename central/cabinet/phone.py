"""«Подключить мобильный клиент»: a code for the phone's camera, digits beside it, and the question whose it is."""

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from central.accounts import pairing
from central.accounts.pairing import Told
from central.cabinet.room import cabinet
from central.db import writing
from central.faces import qr
from central.faces.here import here, viewer
from central.registry.periods import COMPANY

SHOWN = "code"  # in the session of this browser: the code that its page shows, while that is good
TOO_MANY = _l("За час показано слишком много кодов. Подождите час.")


@cabinet.route("/phone", methods=["GET", "POST"])
def phone() -> ResponseReturnValue:
    """A code is made by the form; the page shows it while it is good, asks, and says what came of it."""
    made = here()
    if request.method == "POST":
        try:
            with writing(made.source.engine).begin() as connection:
                offer = pairing.offer(connection, viewer(), current_user.token, made.now)
        except pairing.TooMany:
            return _page(None, refused=TOO_MANY), 422
        session[SHOWN] = {"id": offer.id, "token": offer.token, "digits": offer.digits}
        return redirect(url_for("cabinet.phone", _anchor="code"), 303)
    with made.source.engine.connect() as connection:
        told = pairing.told(connection, current_user.token, made.now)
    return _page(told)


@cabinet.post("/phone/<int:key>")
def answer_phone(key: int) -> ResponseReturnValue:
    """`answer` = yes | no. What comes too late is told by the page."""
    made = here()
    try:
        with writing(made.source.engine).begin() as connection:
            yes = request.form.get("answer") == "yes"
            pairing.answer(connection, viewer(), current_user.token, key, made.now, yes=yes)
    except pairing.Gone:
        return redirect(url_for("cabinet.phone", done="late"), 303)
    return redirect(url_for("cabinet.phone", _anchor="code"), 303)


def _page(told: Told | None, refused: object = "") -> str:
    shown = session.get(SHOWN)
    if told is None or told.state != pairing.State.SHOWN or shown is None or shown["id"] != told.id:
        session.pop(SHOWN, None)
        shown = None
    page = {"told": told, "state": told.state.value if told else "", "tz": COMPANY, "refused": refused}
    if shown is not None:
        address = f"{here().public_url.rstrip('/')}{url_for('door.open_phone')}#{shown['token']}"
        page["qr"] = qr.svg(address)
        page["digits"] = f"{shown['digits'][:4]} {shown['digits'][4:]}"
    return render_template("cabinet/phone.html", **page)
