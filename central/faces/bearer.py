"""A program that shows a token: `Authorization: Bearer …` opens a few routes of a consumer's own data, to be read.

No session is begun and no cookie set; a cookie that comes beside it says nothing. Whatever is refused is told as JSON,
in words, with the code: 401 no such token or its day has come, 403 not by a token, 404, 429 too many wrong ones. A
token stands in no address and no log.
"""

from flask import Flask, Response, g, jsonify, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.accounts import attempts, tokens
from central.accounts.policy import Viewer
from central.db import writing
from central.faces.formats import day
from central.faces.here import here
from central.faces.requests import address, network
from central.metering.zones import day_of
from central.registry.periods import COMPANY

OPEN = frozenset({"cabinet.data_file", "cabinet.data_line", "cabinet.explain_data"})
SCHEME = "bearer"


def shown() -> str | None:
    """The token of this request; None: it shows none."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == SCHEME else None


def viewer() -> Viewer | None:
    """Who looks by a token; None: nobody does."""
    found: Viewer | None = g.get("by_token")
    return found


def install(app: Flask) -> None:
    """Before whatever asks who looks, and before what asks a form for its token."""

    @app.before_request
    def by_token() -> Response | None:
        secret = shown()
        if secret is None or request.endpoint is None:
            return None
        made = here()
        try:
            found = tokens.viewer_of(made.source.engine, secret, made.now, address())
        except tokens.Expired as ended:
            when = day(day_of(ended.at, COMPANY))
            return refused(401, _("Срок токена истёк %(day)s. Сделайте новый в «Персональных данных».", day=when))
        except tokens.Wrong:
            return _unknown()
        if request.endpoint not in OPEN or request.method != "GET":
            return refused(403)
        g.by_token = found
        return None


def refused(code: int, said: str = "") -> Response:
    """For a program: the code and what it means."""
    answer = jsonify({"error": code, "message": said or _said(code)})
    answer.status_code = code
    if code == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if code == 429:
        answer.headers["Retry-After"] = str(attempts.WITHIN)
    return answer


def _unknown() -> Response:
    """A wrong one is counted by whence it comes, as wrong passwords are."""
    made = here()
    with writing(made.source.engine).begin() as connection:
        allowed = attempts.take(connection, f"token from {network()}", made.now, attempts.FROM_ONE)
    return refused(401 if allowed else 429)


def _said(code: int) -> str:
    return str(_SAID.get(code, _FAILED))


_SAID = {
    401: _l("Такого токена нет: он отозван, закончился вместе с паролем или записан с ошибкой."),
    403: _l("По токену открываются только GET /data/file, /data/line и /explain.json."),
    404: _l("Такой точки, величины или страницы для вас нет."),
    429: _l("Слишком много неверных токенов с этого адреса. Подождите час."),
    503: _l("Показания сейчас недоступны. Повторите позже."),
}
_FAILED = _l("Запрос не выполнен.")
