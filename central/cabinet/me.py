"""«Персональные данные»: who I am here, my contracts and applications, where I am logged in, my password."""

from dataclasses import replace

import segno
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from central.accounts import applications, people, second, sessions
from central.accounts.looked import looks
from central.accounts.registering import due_at
from central.cabinet.room import cabinet
from central.db import writing
from central.faces import new_password
from central.faces.forms import Field, Group, Text, captions_of, parse, typed_in
from central.faces.here import here, viewer
from central.faces.letters import SYSTEM
from central.figures import NotFound
from central.registry.periods import COMPANY

OLD = Field("old", _l("Прежний пароль"), "password", fills="current-password")
NEW = replace(new_password.PASSWORD, caption=_l("Новый пароль"))
NOT_IT = _l("Это не ваш пароль, или попыток за час слишком много")
PASSWORD = Group(_l("Сменить пароль"), (OLD, NEW, new_password.REPEAT), help=_l("Все другие входы закончатся."))
NUMBER = Field("number", _l("Номер договора"), most=60, help=_l("есть в квитанции"))
SECOND = Group("", (Field("now", _l("Пароль"), "password", fills="current-password"),))
CONTRACT = Group(_l("Добавить договор"), (NUMBER,), help=_l("Оператор сверит его с вашим именем и напишет вам."))


@cabinet.get("/me")
def me() -> ResponseReturnValue:
    return _page({}, {})


@cabinet.post("/me/password")
def change_password() -> ResponseReturnValue:
    """All other sessions end."""
    made, who = here(), viewer()
    found = parse((PASSWORD,), request.form)
    new_password.compare(found)
    if not found.errors and not sessions.is_mine(
        made.source.engine, made.passwords, who, found.values["old"], made.now
    ):
        found.errors["old"] = NOT_IT
    hashed = new_password.hashed(found, (who.mail, who.name)) if not found.errors else None
    if hashed is None:
        return _page(found.errors, {}), 422
    with writing(made.source.engine).begin() as connection:
        sessions.change_password(connection, who, hashed, made.now, but=current_user.token)
    return redirect(url_for("cabinet.me", done="password"), 303)


@cabinet.post("/me/contract")
def add_contract() -> ResponseReturnValue:
    made = here()
    typed = typed_in((CONTRACT,), request.form)
    found = parse((CONTRACT,), typed)
    if found.errors:
        return _page(found.errors, typed), 422
    with writing(made.source.engine).begin() as connection:
        due = due_at(made.now, COMPANY)
        applications.apply_again(connection, viewer(), found.values["number"], due, made.now)
    return redirect(url_for("cabinet.me", done="contract"), 303)


@cabinet.post("/me/sessions/<int:key>/end")
def end_session(key: int) -> ResponseReturnValue:
    made = here()
    if not sessions.revoke(made.source.engine, viewer(), key, made.now):
        raise NotFound(f"session {key}")
    return redirect(url_for("cabinet.me", done="session"), 303)


def _page(errors: dict[str, Text], typed: dict[str, str]) -> str:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        page: dict[str, object] = {
            "applied": applications.mine(connection, who),
            "contracts": people.contracts_of(connection, who.account),
            "looks": looks(connection, who, made.now),
            "sessions": sessions.sessions_of(connection, who, made.now),
            "this": sessions.session_of(connection, current_user.token),
        }
    forms = {"password": PASSWORD, "contract": CONTRACT, "second": SECOND}
    page |= {"captions": captions_of(list(forms.values())), "tz": COMPANY, "now": made.now}
    return render_template("cabinet/me.html", **page, **forms, errors=errors, typed=typed)


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
    address = second.address(secret, who.mail, SYSTEM)
    page = {"secret": secret, "qr": segno.make(address, error="m").svg_inline(scale=4, border=2), "wrong": wrong}
    required = who.staff and made.staff_need_second
    return render_template("cabinet/second.html", **page, required=required), 422 if wrong else 200


@cabinet.post("/me/second/drop")
def drop_second() -> ResponseReturnValue:
    """By the password; where it is required it is set anew at once."""
    made, who = here(), viewer()
    found = parse((SECOND,), request.form)
    if not found.errors and not sessions.is_mine(
        made.source.engine, made.passwords, who, found.values["now"], made.now
    ):
        found.errors["now"] = NOT_IT
    if found.errors:
        return _page(found.errors, {}), 422
    with writing(made.source.engine).begin() as connection:
        second.drop(connection, who.account, made.now, who.account)
    return redirect(url_for("cabinet.me", done="second"), 303)
