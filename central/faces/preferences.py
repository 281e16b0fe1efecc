"""Theme and language of the pages: kept in a cookie of the browser, so they hold before login; the account keeps the
language of letters (central.accounts.languages)."""

from typing import Any

from flask import Flask, g, redirect, request
from flask_babel import Babel, Domain
from werkzeug.wrappers import Response

from central.faces.here import here

THEMES = ("system", "light", "dark")
LANGUAGES = ("ru", "en")
YEAR = 365 * 86_400


def theme() -> str:
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else THEMES[0]


def language() -> str:
    """Russian, unless English was chosen here."""
    if "language" not in g:
        g.language = chosen() or LANGUAGES[0]
    found: str = g.language
    return found


def chosen() -> str | None:
    """In this browser; None: it says nothing."""
    found = request.cookies.get("language", "")
    return found if found in LANGUAGES else None


class Catalogue(Domain):
    """The texts of one request are looked up in one catalogue, which is found once."""

    def get_translations(self) -> Any:
        if "texts" not in g:
            g.texts = super().get_translations()
        return g.texts


def install(app: Flask) -> None:
    Babel(app, locale_selector=language)
    with app.app_context():
        texts = Catalogue()
    app.before_request(texts.as_default)


def keep(name: str, value: str, allowed: tuple[str, ...], back: str) -> Response:
    """Back to where the switch stood, with the choice in a cookie; an unknown one is the usual one."""
    answer = redirect(back)
    chosen = value if value in allowed else allowed[0]
    answer.set_cookie(name, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=here().https)
    return answer
