"""The blueprint of the door, and what its pages share."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection

from central.accounts import attempts
from central.accounts.registering import Letter
from central.db import writing
from central.faces import letters
from central.faces.forms import Field, Group, parse, typed_in
from central.faces.here import here
from central.faces.requests import network

door = Blueprint("door", __name__)
TOO_MANY = _l("Слишком много попыток с этого адреса. Подождите час.")
ASKED = "asked"  # in the session: the mail that a letter was asked for

MAIL = Field("mail", _l("Электронная почта"), "mail", most=254, fills="username")


def local_path(target: str) -> str:
    """A path of this site, else its first page: a link must not lead a person who logs in somewhere else."""
    parts = urlsplit(target)
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if inside and not parts.netloc and not parts.scheme else "/"


def once_more(what: str, most: int) -> bool:
    """Whether it may be tried once more from this address, or for this mail."""
    made = here()
    with writing(made.source.engine).begin() as connection:
        return attempts.take(connection, what, made.now, most)


def letter_to_mail(
    template: str, what: str, letter: Callable[[Connection, str, int], Letter | None], there: str
) -> ResponseReturnValue:
    """A form that asks for a mail, and answers the same whether anybody has it.

    `letter`: the one to send there, if any; `what`: it is counted as; `there`: the page that follows.
    """
    groups = (Group("", (MAIL,)),)
    if request.method == "GET":
        return render_template(template, field=MAIL, typed={}, errors={})
    typed = typed_in(groups, request.form)
    found = parse(groups, typed)
    if found.errors:
        return render_template(template, field=MAIL, typed=typed, errors=found.errors), 422
    mail = session[ASKED] = found.values["mail"]
    if once_more(f"{what} {mail}", attempts.LETTERS) and once_more(f"letters {network()}", attempts.REGISTRATIONS):
        made = here()
        with writing(made.source.engine).begin() as connection:
            sent = letter(connection, mail, made.now)
            if sent is not None:
                letters.send(connection, sent)
    return redirect(url_for(there), 303)
