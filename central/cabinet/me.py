"""«Персональные данные»: who I am here and what is kept about me. The page, and its forms as data; what they do is in
entry.py (how I log in), person.py (phone, contracts, consents, closing), tokens.py (programs of mine), mail.py,
take_away.py."""

from dataclasses import replace

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from central.accounts import applications, family, mail_change, people, sessions, texts, tokens
from central.accounts.looked import looks
from central.accounts.policy import Viewer
from central.cabinet.room import cabinet
from central.faces import new_password
from central.faces.forms import Field, Group, Parsed, Text, captions_of, typed_in
from central.faces.here import here, viewer
from central.registry.periods import COMPANY

NOT_IT = _l("Это не ваш пароль, или попыток за час слишком много")
OLD = Field("old", _l("Прежний пароль"), "password", fills="current-password")
NEW = replace(new_password.PASSWORD, caption=_l("Новый пароль"))
PASSWORD = Group(
    _l("Сменить пароль"), (OLD, NEW, new_password.REPEAT), folded=True, help=_l("Все другие входы и токены закончатся.")
)
SECOND = Group("", (Field("now", _l("Пароль"), "password", fills="current-password"),))
NUMBER = Field("number", _l("Номер договора"), most=60, help=_l("есть в квитанции"))
CONTRACT = Group(_l("Добавить договор"), (NUMBER,), help=_l("Оператор сверит его с вашим именем и напишет вам."))
PHONE = Group(
    _l("Сменить телефон"),
    (Field("phone", _l("Номер телефона"), "phone", needed=False, most=30, fills="tel"),),
    folded=True,
    help=_l("Пустое поле — телефон больше не хранить."),
)
MAIL = Group(
    _l("Сменить почту"),
    (
        Field("mail", _l("Новая почта"), "mail", most=254, fills="email"),
        Field("proof", _l("Пароль"), "password", fills="current-password"),
    ),
    folded=True,
    help=_l(
        "Придут два письма, на прежнюю почту и на новую. Почта сменится, когда вы подтвердите обе, в любом порядке."
    ),
)
LIVES = (("30", _l("30 дней")), ("90", _l("90 дней")), ("365", _l("год")))
USUAL = LIVES[1][0]
TOKEN = Group(
    _l("Новый токен"),
    (
        Field("token_name", _l("Для чего он"), most=tokens.LONGEST_NAME, help=_l("например: таблица на даче")),
        Field("token_days", _l("Действует"), "radio", choices=LIVES),
        Field("token_proof", _l("Пароль"), "password", fills="current-password"),
    ),
    folded=True,
    help=_l("Мы покажем его один раз. По нему можно только читать, и только то, что видите вы."),
)
FORMS = {
    "password": PASSWORD,
    "contract": CONTRACT,
    "second": SECOND,
    "phone": PHONE,
    "mail": MAIL,
    "token_form": TOKEN,
}


@cabinet.get("/me")
def me() -> ResponseReturnValue:
    return page({}, {})


def page(errors: dict[str, Text], typed: dict[str, str]) -> str:
    made, who, typed = here(), viewer(), {"token_days": USUAL} | typed
    with made.source.engine.connect() as connection:
        told: dict[str, object] = {
            "phone_kept": people.phone_kept(connection, who.account),
            "mail_asked": mail_change.pending(connection, who.account, made.now),
            "applied": applications.mine(connection, who),
            "held": family.held(connection, who),
            "consents": texts.given(connection, who.account),
            "lacking": () if who.staff else texts.lacking(connection, who),
            "looks": looks(connection, who, made.now),
            "tokens": tokens.tokens_of(connection, who),
            "sessions": sessions.sessions_of(connection, who, made.now),
            "this": sessions.session_of(connection, current_user.token),
        }
    told |= {"captions": captions_of(list(FORMS.values())), "tz": COMPANY, "now": made.now}
    return render_template("cabinet/me.html", **told, **FORMS, errors=errors, typed=typed)


def refused(found: Parsed, group: Group, form: dict[str, str]) -> ResponseReturnValue:
    """The page again, with what was typed and what is wrong with it."""
    return page(found.errors, typed_in((group,), form)), 422


def proven(found: Parsed, field: str, who: Viewer) -> None:
    """The password in this field is the viewer's, or the field has an error. Takes 0.1 s, where the rest is right."""
    made = here()
    if not found.errors and not sessions.is_mine(
        made.source.engine, made.passwords, who, found.values[field], made.now
    ):
        found.errors[field] = NOT_IT
