"""Programs of mine: a token by which one reads my data, made, shown once, withdrawn."""

from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.accounts import tokens
from central.cabinet import me
from central.cabinet.room import cabinet
from central.db import writing
from central.faces.forms import parse
from central.faces.here import here, viewer
from central.figures import NotFound
from central.metering.zones import day_of
from central.registry.periods import COMPANY

ONE_DAY = timedelta(days=1)
WHY = {
    "many": _l("Токенов уже столько, сколько можно. Отзовите ненужный."),
    "name": _l("Токен с таким назначением у вас уже есть"),
}


@cabinet.post("/me/tokens")
def add_token() -> ResponseReturnValue:
    """Its page is the answer, and there is no other that shows it."""
    made, who = here(), viewer()
    found = parse((me.TOKEN,), request.form)
    me.proven(found, "token_proof", who)
    if found.errors:
        return me.refused(found, me.TOKEN, request.form)
    name, days = found.values["token_name"], int(found.values["token_days"])
    try:
        with writing(made.source.engine).begin() as connection:
            secret = tokens.make(connection, who, name, days, made.now)
    except tokens.Unfit as unfit:
        if unfit.why not in WHY:
            raise NotFound("account") from None
        found.errors["token_name"] = WHY[unfit.why]
        return me.refused(found, me.TOKEN, request.form)
    day = day_of(made.now, COMPANY) - ONE_DAY
    return render_template("cabinet/token.html", name=name, secret=secret, host=request.host_url, yesterday=day)


@cabinet.post("/me/tokens/<int:key>/withdraw")
def withdraw_token(key: int) -> ResponseReturnValue:
    made = here()
    with writing(made.source.engine).begin() as connection:
        if not tokens.withdraw(connection, viewer(), key, made.now):
            raise NotFound(f"token {key}")
    return redirect(url_for("cabinet.me", done="token"), 303)
