"""«Доступ для близких»: whom the owner of a contract lets look, until when; invited, and ended."""

from datetime import date, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.accounts import attempts, family
from central.cabinet.room import cabinet
from central.db import writing
from central.faces import letters
from central.faces.forms import Field, Group, Parsed, Text, captions_of, parse, typed_in
from central.faces.here import here, viewer
from central.figures import NotFound
from central.metering.zones import day_of, midnight
from central.registry.periods import COMPANY

INVITATIONS = 20  # an hour, of one owner
UNFIT = {
    "contract": ("contract", _l("Это не ваш договор")),
    "self": ("mail", _l("Это ваша почта")),
    "many": ("", _l("Больше десяти человек на договор не приглашают: закончите чей-нибудь доступ")),
}
MANY = _l("Слишком много приглашений за час. Подождите.")
USUAL = 90  # days


@cabinet.route("/me/family", methods=["GET", "POST"], endpoint="family")
def people() -> ResponseReturnValue:
    """A letter goes to whoever is invited; nobody is told whether the mail has an account."""
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        own = [one for one in family.held(connection, who) if one.giver is None]
    group = _group([(str(one.contract), f"{_('№')} {one.number}") for one in own])
    today = day_of(made.now, COMPANY)
    typed = typed_in((group,), request.form) if request.method == "POST" else {}
    errors: dict[str, Text] = {}
    if request.method == "POST":
        found = parse((group,), typed)
        _invite(found, today)
        if not found.errors:
            return redirect(url_for("cabinet.family", done="invited"), 303)
        errors = found.errors
    else:
        typed = {"until": (today + timedelta(days=USUAL)).isoformat(), "contract": str(own[0].contract) if own else ""}
    with made.source.engine.connect() as connection:
        guests, waiting = family.guests(connection, who)
    page = {"own": own, "group": group, "guests": guests, "waiting": waiting, "tz": COMPANY}
    page |= {"typed": typed, "errors": errors, "captions": captions_of((group,))}
    return render_template("cabinet/family.html", **page), 422 if errors else 200


@cabinet.post("/me/family/<int:key>/end")
def end_family(key: int) -> ResponseReturnValue:
    return _ended(family.end, key)


@cabinet.post("/me/family/invitations/<int:key>/end")
def take_invitation_back(key: int) -> ResponseReturnValue:
    return _ended(family.take_back, key)


def _ended(how: family.Ending, key: int) -> ResponseReturnValue:
    made = here()
    with writing(made.source.engine).begin() as connection:
        if not how(connection, viewer(), key, made.now):
            raise NotFound(f"{key}")
    return redirect(url_for("cabinet.family", done="ended"), 303)


def _group(contracts: list[tuple[str, str]]) -> Group:
    return Group(
        _l("Пригласить"),
        (
            Field("contract", _l("Договор"), "choice", choices=contracts),
            Field("mail", _l("Электронная почта"), "mail", most=254, help=_l("кому придёт письмо со ссылкой")),
            Field("until", _l("По какой день"), "day", help=_l("не дольше года; закончить можно в любой день")),
        ),
    )


def _invite(found: Parsed, today: date) -> None:
    """Done, or there is an error more."""
    made, who = here(), viewer()
    until: date = found.values.get("until", today)
    if not today <= until <= today + timedelta(days=family.LONGEST):
        found.errors["until"] = _l("От сегодняшнего дня до года вперёд")
    if found.errors:
        return
    ends_at = midnight(until + timedelta(days=1), COMPANY)
    with writing(made.source.engine).begin() as connection:
        if not attempts.take(connection, f"invitations {who.account}", made.now, INVITATIONS):
            found.errors[""] = MANY
            return
        try:
            asked = int(found.values["contract"]), found.values["mail"]
            letters.send(connection, family.invite(connection, who, *asked, ends_at, made.now))
        except family.Unfit as unfit:
            name, said = UNFIT[unfit.why]
            found.errors[name] = said
