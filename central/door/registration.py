"""«Регистрация новой учетной записи», the activation of one, and the letter once more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from sqlalchemy import Connection, Row, select

from central.accounts import attempts, keys, registering, texts
from central.accounts.registering import Applicant
from central.accounts.texts import LegalText
from central.db import writing
from central.door import agreeing
from central.door.room import ASKED, MAIL, TOO_MANY, door, letter_to_mail, once_more
from central.faces import letters, new_password
from central.faces.forms import Field, Group, Text
from central.faces.here import here
from central.faces.preferences import language
from central.faces.requests import address, network
from central.registry.periods import COMPANY
from central.registry.tables import organisation

BAD_KEY = _l("Код не подходит: он уже использован, устарел или скопирован не полностью. Запросите письмо ещё раз.")


@door.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        companies = [row for row in _companies(connection) if not registering.closed(connection, row.id)]
        asked = request.values.get("organisation", "")
        company = next((row for row in companies if str(row.id) == asked), companies[0] if companies else None)
        agreed = texts.current(connection, company.id) if company is not None else {}
    if company is None:
        return render_template("door/closed.html"), 503
    group = _fields([(str(row.id), row.name) for row in companies])
    page = agreeing.page(group, agreed)
    if request.method == "GET":
        return render_template("door/register.html", **page, typed={}, errors={})
    sent = agreeing.read(group, agreed)
    if sent.hashed is None:
        return render_template("door/register.html", **page, typed=sent.typed, errors=sent.found.errors), 422
    values = sent.found.values
    if once_more(f"letter {values['mail']}", attempts.LETTERS):  # beyond that the answer is the same
        _apply(company.id, values, sent.hashed, list(agreed.values()))
    session[ASKED] = values["mail"]
    return redirect(url_for("door.applied"), 303)


@door.get("/registered")
def applied() -> ResponseReturnValue:
    """The application is accepted for processing."""
    return render_template("door/applied.html", mail=session.get(ASKED))


@door.route("/activate", methods=["GET", "POST"])
def activate() -> ResponseReturnValue:
    """The link of the letter fills in the field; only the button activates: scanners of mail follow links."""
    key = request.values.get("Key", "").strip()
    if request.method == "GET":
        return render_template("door/activate.html", key=key, wrong=None)
    wrong: Text | None = None if once_more(f"keys {network()}", attempts.KEYS) else TOO_MANY
    first: str | None = None
    if wrong is None:
        made = here()
        try:
            with writing(made.source.engine).begin() as connection:
                first = registering.activate(connection, key, COMPANY, made.now)
        except keys.BadKey:
            wrong = BAD_KEY
    if wrong is not None:
        return render_template("door/activate.html", key=key, wrong=wrong), 422
    if first is not None:
        return redirect(url_for("door.reset", Key=first), 303)
    return redirect(url_for("door.activated"), 303)


@door.get("/activated")
def activated() -> ResponseReturnValue:
    return render_template("door/activated.html")


@door.route("/activate/again", methods=["GET", "POST"])
def again() -> ResponseReturnValue:
    """The letter once more."""
    return letter_to_mail("door/again.html", "letter", registering.again, "door.applied")


def _companies(connection: Connection) -> Sequence[Row[Any, Any]]:
    return connection.execute(select(organisation.c.id, organisation.c.name).order_by(organisation.c.id)).all()


def _fields(companies: list[tuple[str, str]]) -> Group:
    company = Field("organisation", _l("Сетевая компания"), "choice", choices=companies)
    return Group(
        lazy_pgettext("вход", "Учетные данные"),
        (
            *((company,) if len(companies) > 1 else ()),
            Field("name", _l("Полное имя"), fills="name", help=_l("как в договоре: фамилия, имя, отчество")),
            Field("number", _l("Номер договора"), needed=False, most=60, help=_l("есть в квитанции")),
            Field("phone", _l("Номер телефона"), "phone", needed=False, most=30, fills="tel"),
            replace(MAIL, help=_l("Почта и пароль понадобятся для входа.")),
            new_password.PASSWORD,
            new_password.REPEAT,
        ),
    )


def _apply(company: int, values: Mapping[str, str], hashed: str, agreed: Sequence[LegalText]) -> None:
    """The letter is on its way."""
    made, number, phone = here(), values["number"] or "", values["phone"]
    one = Applicant(company, values["name"], values["mail"], hashed, agreed, number, phone, language())
    with writing(made.source.engine).begin() as connection:
        letters.send(connection, registering.apply(connection, one, made.now, address()))
