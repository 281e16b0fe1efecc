"""The door: login and logout, and the two switches that work before and after it: theme and language."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from central.accounts import sessions
from central.faces.here import Person, here
from central.faces.preferences import LANGUAGES, THEMES, keep

door = Blueprint("door", __name__)


@door.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int]:
    target = local_path(request.values.get("next", ""))
    if current_user.is_authenticated:
        return redirect(target)
    mail = request.form.get("mail", "")
    if request.method == "GET":
        return render_template("login.html", mail=mail, next=target, wrong=False)
    made = here()
    device = request.user_agent.string or ""
    password = request.form.get("password", "")
    token = sessions.login(made.source.engine, made.passwords, mail, password, device, made.now)
    viewer = sessions.viewer_of(made.source.engine, token, made.now) if token else None
    if token is None or viewer is None:
        return render_template("login.html", mail=mail, next=target, wrong=True), 401
    session.clear()  # nothing of the stranger's session goes on: neither its token for forms nor its id
    session.permanent = "remember" in request.form
    login_user(Person(token, viewer))
    return redirect(target)


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
    return keep("language", request.form.get("language", ""), LANGUAGES, local_path(request.form.get("back", "")))


def local_path(target: str) -> str:
    """A path of this site, else its first page: a link must not lead a person who logs in somewhere else."""
    parts = urlsplit(target)
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if inside and not parts.netloc and not parts.scheme else "/"
