"""A password that somebody makes up: its two fields, and what is said when it will not do."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l

from central.accounts.passwords import WeakPassword
from central.faces.forms import Field, Parsed
from central.faces.here import here
from central.faces.words import WEAK

HELP = _l("От восьми знаков, любых. Лучше несколько слов, чем одно с цифрой.")
PASSWORD = Field("password", _l("Пароль"), "password", fills="new-password", help=HELP)
REPEAT = Field("repeat", _l("Подтверждение пароля"), "password", fills="new-password")


def compare(found: Parsed) -> None:
    """Typed twice it is the same, or the second field has an error."""
    if {"password", "repeat"} <= found.values.keys() and found.values["password"] != found.values["repeat"]:
        found.errors["repeat"] = _l("Пароли не совпадают")


def hashed(found: Parsed, about: Iterable[str]) -> str | None:
    """None: it will not do, and its field has an error. `about`: mail, name of its owner. Takes 0.1 s: belongs outside
    of any transaction."""
    try:
        return here().passwords.hash(found.values["password"], about)
    except WeakPassword as weak:
        found.errors["password"] = WEAK[weak.why]
        return None
