"""What I may change of myself: my phone, one more contract, what I agreed to; and how I leave."""

from typing import Any

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import logout_user
from sqlalchemy import Connection

from central.accounts import applications, attempts, people, texts, withdrawing
from central.accounts.erasing import DAY
from central.accounts.policy import Viewer
from central.accounts.registering import due_at
from central.accounts.states import Stage
from central.accounts.texts import LegalText
from central.cabinet import me
from central.cabinet.room import cabinet
from central.db import writing
from central.faces import letters
from central.faces.formats import said
from central.faces.forms import Field, Group, captions_of, parse
from central.faces.here import here, viewer
from central.faces.requests import address
from central.figures import NotFound
from central.metering.zones import day_of
from central.registry.periods import COMPANY

CLOSED = "closed"  # in the cookie of whoever has just left: when the data go
TOO_MANY = _l("Разных номеров за час слишком много. Подождите час.")
CLOSE = Group("", (Field("password", _l("Пароль"), "password", fills="current-password"),))


@cabinet.post("/me/phone")
def change_phone() -> ResponseReturnValue:
    made, who = here(), viewer()
    found = parse((me.PHONE,), request.form)
    if found.errors:
        return me.refused(found, me.PHONE, request.form)
    with writing(made.source.engine).begin() as connection:
        people.set_phone(connection, who.account, found.values["phone"], made.now)
    return redirect(url_for("cabinet.me", done="phone"), 303)


@cabinet.post("/me/contract")
def add_contract() -> ResponseReturnValue:
    found = parse((me.CONTRACT,), request.form)
    if not found.errors and not _apply(viewer(), found.values["number"]):
        found.errors["number"] = TOO_MANY
    if found.errors:
        return me.refused(found, me.CONTRACT, request.form)
    return redirect(url_for("cabinet.me", done="contract"), 303)


def _apply(who: Viewer, number: str) -> bool:
    """False: he has asked for too many others. What waits already is asked for as often as one likes."""
    made = here()
    with writing(made.source.engine).begin() as connection:
        known = any(one.number == number and one.state == Stage.WAITING for one in applications.mine(connection, who))
        what = f"contracts of {who.account}"
        if not known and not attempts.take(connection, what, made.now, attempts.REGISTRATIONS):
            return False
        applications.apply_again(connection, who, number, due_at(made.now, COMPANY), made.now)
    return True


@cabinet.route("/me/texts/<int:key>", methods=["GET", "POST"])
def legal_text(key: int) -> ResponseReturnValue:
    """One version of a text, to be read; the newest may be agreed to here, under its own words."""
    made, who = here(), viewer()
    with writing(made.source.engine).begin() as connection:
        found = _text(connection, who, key)
        open_ = any(one.id == found.id for one in texts.lacking(connection, who))
        if request.method == "POST" and open_:
            texts.agreed(connection, who.account, [found], made.now, address())
            return redirect(url_for("cabinet.me", done="agreed"), 303)
        newest = texts.current(connection, who.organisation)[found.kind]
    page: dict[str, Any] = {"one": found, "may_agree": open_, "newest": newest, "tz": COMPANY}
    return render_template("cabinet/text.html", **page), 422 if request.method == "POST" else 200


def _text(connection: Connection, who: Viewer, key: int) -> LegalText:
    found = texts.one(connection, who.organisation, key)
    if found is None:
        raise NotFound(f"text {key}")
    return found


@cabinet.route("/me/close", methods=["GET", "POST"])
def close() -> ResponseReturnValue:
    """«Отозвать согласие и закрыть учётную запись»: first what happens, and when; then, by the password, it does."""
    made, who = here(), viewer()
    found = parse((CLOSE,), request.form)
    if request.method == "POST":
        me.proven(found, "password", who)
        if not found.errors:
            return _leave(who)
    erase_at = made.now + made.withdrawn_days * DAY
    page = {"group": CLOSE, "captions": captions_of([CLOSE]), "when": _day(erase_at)}
    if request.method == "GET":
        return render_template("cabinet/close.html", **page, errors={})
    return render_template("cabinet/close.html", **page, errors=found.errors), 422


def _leave(who: Viewer) -> ResponseReturnValue:
    made = here()
    try:
        with writing(made.source.engine).begin() as connection:
            found = withdrawing.withdraw(connection, who, made.withdrawn_days, made.now)
            when = _day(found.erase_at)
            letters.to_person(connection, who.mail, "withdrawn", name=who.name, when=when)
    except withdrawing.NotNow:
        raise NotFound("account") from None
    logout_user()
    session.clear()
    session[CLOSED] = when
    return redirect(url_for("cabinet.left"), 303)


@cabinet.get("/me/left")
def left() -> ResponseReturnValue:
    """For whoever has just closed the account, a guest by now."""
    return render_template("cabinet/left.html", when=session.get(CLOSED))


def _day(moment: int) -> str:
    """«24 декабря 2026»"""
    return said(day_of(moment, COMPANY), "d MMMM y")
