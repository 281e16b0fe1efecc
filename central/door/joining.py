"""Who was invited to look at another's contract comes in by the letter's link: with the account he has, or a new one.

Only a button lets in: scanners of mail follow links.
"""

from dataclasses import replace

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from flask_login import current_user

from central.accounts import family, keys, texts
from central.accounts.family import Invited
from central.db import writing
from central.door import agreeing
from central.door.room import door
from central.faces import new_password
from central.faces.forms import Field, Group, Parsed
from central.faces.here import here, viewer
from central.faces.requests import address
from central.registry.periods import COMPANY

GONE = _l("Приглашение уже использовано, отозвано, или его срок прошёл. Попросите прислать новое.")
ABOUT = Group(
    lazy_pgettext("вход", "Учетные данные"),
    (
        Field("name", _l("Полное имя"), fills="name"),
        replace(new_password.PASSWORD, help=_l("Для входа понадобятся эта почта и пароль.")),
        new_password.REPEAT,
    ),
)


@door.route("/join", methods=["GET", "POST"])
def join() -> ResponseReturnValue:
    key = request.values.get("Key", "").strip()
    made = here()
    try:
        with made.source.engine.connect() as connection:
            invited = family.invited(connection, key, made.now)
            agreed = texts.current(connection, invited.organisation)
        if current_user.is_authenticated and not viewer().staff:
            return _with_account(key, invited)
        return _newcomer(key, invited, agreed) if set(agreed) == set(texts.Kind) else _shown(key, invited)
    except keys.BadKey:
        return render_template("door/join.html", gone=GONE), 404 if request.method == "GET" else 422


def _with_account(key: str, invited: Invited) -> ResponseReturnValue:
    made = here()
    if request.method == "GET":
        return _shown(key, invited)
    with writing(made.source.engine).begin() as connection:
        family.join(connection, key, viewer().account, made.now)
    return redirect(url_for("cabinet.main"), 303)


def _newcomer(key: str, invited: Invited, agreed: texts.Current) -> ResponseReturnValue:
    """A mail that has an account logs in with it."""
    page = agreeing.page(ABOUT, agreed)
    if invited.known or request.method == "GET":
        return _shown(key, invited, **page, typed={}, errors={})
    sent = agreeing.read(ABOUT, agreed, invited.mail)
    if sent.hashed is None:
        return _shown(key, invited, **page, typed=sent.typed, errors=sent.found.errors)
    _let_in(key, sent.found, sent.hashed, agreed)
    session.clear()
    return redirect(url_for("door.login", joined=1), 303)


def _let_in(key: str, found: Parsed, hashed: str, agreed: texts.Current) -> None:
    made = here()
    with writing(made.source.engine).begin() as connection:
        about = found.values["name"], hashed, agreed.values()
        account = family.newcomer(connection, key, *about, made.now, address())
        family.join(connection, key, account, made.now)


def _shown(key: str, invited: Invited, **page: object) -> ResponseReturnValue:
    errors = bool(page.get("errors"))
    return render_template("door/join.html", key=key, one=invited, tz=COMPANY, **page), 422 if errors else 200
