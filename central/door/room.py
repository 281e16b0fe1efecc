"""The blueprint of the door, and what its pages share."""

from urllib.parse import urlsplit

from flask import Blueprint, request
from flask_babel import lazy_gettext as _l

from central.accounts import attempts
from central.db import writing
from central.faces.forms import Field
from central.faces.here import here

door = Blueprint("door", __name__)

MAIL = Field("mail", _l("Электронная почта"), "mail", most=254, fills="username")


def new_password(about: str = "") -> tuple[Field, Field]:
    """A password that is made up, and the same once more."""
    return (
        Field("password", _l("Пароль"), "password", fills="new-password", help=about or PASSWORD_HELP),
        Field("repeat", _l("Подтверждение пароля"), "password", fills="new-password"),
    )


PASSWORD_HELP = _l("От восьми знаков, любых. Лучше несколько слов, чем одно с цифрой.")


def local_path(target: str) -> str:
    """A path of this site, else its first page: a link must not lead a person who logs in somewhere else."""
    parts = urlsplit(target)
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if inside and not parts.netloc and not parts.scheme else "/"


def address() -> str:
    """Whence it was asked."""
    return (request.remote_addr or "")[:45]


def once_more(what: str, most: int) -> bool:
    """Whether it may be tried once more from this address, or for this mail."""
    made = here()
    with writing(made.source.engine).begin() as connection:
        return attempts.take(connection, what, made.now, most)
