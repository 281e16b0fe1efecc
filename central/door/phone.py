"""The phone's side of joining: it brings a code, waits for the computer's «yes», and has a session of its own.

The token stands behind the «#» of the address, which no server is told; a script sends it in a form. Who has no script
or no camera types eight digits.
"""

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user

from central.accounts import attempts, pairing, sessions
from central.db import writing
from central.door.login import let_in
from central.door.room import TOO_MANY, door, once_more
from central.faces.here import here
from central.faces.requests import address, network

CLAIM = "claim"  # in the session of the phone: what it is known by while it waits


@door.route("/phone/open", methods=["GET", "POST"])
def open_phone() -> ResponseReturnValue:
    """`code`: the token, or the digits."""
    made = here()
    if request.method == "GET":
        return _page(_waiting())
    if not once_more(f"codes from {network()}", attempts.KEYS):
        return _page(None, wrong=TOO_MANY), 422
    try:
        with writing(made.source.engine).begin() as connection:
            device = request.user_agent.string or ""
            claim = pairing.ask(connection, request.form.get("code", ""), device, address(), made.now)
    except pairing.Gone:
        return _page(None, gone=True), 422
    session[CLAIM] = claim.secret
    return redirect(url_for("door.open_phone"), 303)


@door.route("/phone/enter", methods=["GET", "POST"])
def enter_phone() -> ResponseReturnValue:
    """Whoever was logged in on this phone is so no longer. By a link one comes to where a code is brought."""
    made = here()
    if request.method == "GET":
        return redirect(url_for("door.open_phone"))
    try:
        with writing(made.source.engine).begin() as connection:
            account = pairing.enter(connection, session.get(CLAIM, ""), made.now)
    except pairing.Gone:
        session.pop(CLAIM, None)
        return _page(None, gone=True), 422
    if current_user.is_authenticated:
        sessions.logout(made.source.engine, current_user.token, made.now)
        logout_user()
    return let_in(account, url_for("cabinet.main"), remember=True)


def _waiting() -> pairing.Waiting | None:
    made, secret = here(), session.get(CLAIM)
    if secret is None:
        return None
    try:
        with made.source.engine.connect() as connection:
            return pairing.waiting(connection, secret, made.now)
    except pairing.Gone:
        session.pop(CLAIM, None)
        return None


def _page(waiting: pairing.Waiting | None, *, wrong: object = "", gone: bool = False) -> str:
    state = waiting.state.value if waiting is not None else ""
    number = waiting.number if waiting is not None else ""
    return render_template("door/phone.html", state=state, number=number, wrong=wrong, gone=gone)
