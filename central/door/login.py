"""Login with mail and password, the second factor after it, logout; and the two switches that work before and after:
theme and language."""

from typing import Any

from flask import current_app, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from central.accounts import languages, second, sessions
from central.db import writing
from central.door.room import door, local_path
from central.faces import preferences
from central.faces.here import Person, here
from central.faces.preferences import LANGUAGES, THEMES, keep
from central.faces.requests import address

HALF = "half"  # of a login: the password was right, the second factor is asked for
HALF_SECONDS = 600
KNOWN = "known"  # cookie of a device that somebody has logged in from
KNOWN_SECONDS = 400 * 86_400


@door.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int]:
    target = local_path(request.values.get("next", ""))
    if current_user.is_authenticated:
        return redirect(target)
    mail = request.form.get("mail", "")
    if request.method == "GET":
        return render_template("door/login.html", mail=mail, next=target, wrong=False)
    made, password = here(), request.form.get("password", "")
    engine = made.source.engine
    account = sessions.proven(engine, made.passwords, mail, password, made.now, address=address(), known=_known())
    if account is None:
        return render_template("door/login.html", mail=mail, next=target, wrong=True), 401
    with made.source.engine.connect() as connection:
        asked = second.stands(connection, account)
        mark = sessions.mark_of_password(connection, account)
    remember = "remember" in request.form
    if not asked:
        return let_in(account, target, remember=remember)
    session.clear()
    session[HALF] = {"account": account, "mark": mark, "at": made.now, "next": target, "remember": remember}
    return redirect(url_for("door.second_step"), 303)


@door.route("/login/second", methods=["GET", "POST"])
def second_step() -> str | Response | tuple[str, int]:
    """The code of the app, or one of those that were written down."""
    made, half = here(), _half()
    if half is None:
        return redirect(url_for("door.login"))
    if request.method == "GET":
        return render_template("door/second.html", wrong=False)
    with writing(made.source.engine).begin() as connection:
        right = second.passes(connection, made.sealed, half["account"], request.form.get("code", ""), made.now)
    if not right:
        return render_template("door/second.html", wrong=True), 401
    return let_in(half["account"], half["next"], remember=half["remember"])


def _half() -> dict[str, Any] | None:
    """The login that was begun from here, while its time and the password that it was begun with last."""
    made, half = here(), session.get(HALF)
    if half is not None and made.now - half["at"] <= HALF_SECONDS:
        with made.source.engine.connect() as connection:
            if sessions.mark_of_password(connection, half["account"]) == half["mark"]:
                return dict(half)
    session.pop(HALF, None)
    return None


def let_in(account: int, target: str, *, remember: bool) -> Response:
    """A new session of this browser's, which knows the device from now on."""
    made = here()
    token = sessions.opened(made.source.engine, account, request.user_agent.string or "", made.now, address())
    viewer = sessions.viewer_of(made.source.engine, token, made.now)
    if viewer is None:  # blocked at this very moment
        return redirect(url_for("door.login"))
    session.clear()  # nothing of the stranger's session goes on: neither its token for forms nor its id
    session.permanent = remember
    login_user(Person(token, viewer))
    if (chosen := preferences.chosen()) not in (None, viewer.language):
        with writing(made.source.engine).begin() as connection:
            languages.choose(connection, account, chosen)
    answer = redirect(target)
    known = _signer().dumps(account)
    answer.set_cookie(KNOWN, known, max_age=KNOWN_SECONDS, httponly=True, samesite="Lax", secure=made.https)
    return answer


def _known() -> int | None:
    """The account that has logged in from this device before."""
    try:
        found: int = _signer().loads(request.cookies.get(KNOWN, ""), max_age=KNOWN_SECONDS)
    except BadSignature:
        return None
    return found


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="known device")


@door.post("/logout")
def logout() -> Response:
    made = here()
    sessions.logout(made.source.engine, current_user.token, made.now)
    logout_user()
    session.clear()
    return redirect(url_for("door.login"))


@door.post("/theme")
def theme() -> Response:
    return keep("theme", request.form.get("theme", ""), THEMES, local_path(request.form.get("back", "")))


@door.post("/language")
def language() -> Response:
    """Of who has logged in letters come in it too."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES and current_user.is_authenticated:
        with writing(here().source.engine).begin() as connection:
            languages.choose(connection, current_user.viewer.account, chosen)
    return keep("language", chosen, LANGUAGES, local_path(request.form.get("back", "")))
