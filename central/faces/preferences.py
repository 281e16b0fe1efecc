"""Theme and language of the pages: kept in a cookie of the browser, not in the account, so they hold before login."""

from flask import g, redirect, request
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
        chosen = request.cookies.get("language", "")
        g.language = chosen if chosen in LANGUAGES else LANGUAGES[0]
    found: str = g.language
    return found


def keep(name: str, value: str, allowed: tuple[str, ...], back: str) -> Response:
    """Back to where the switch stood, with the choice in a cookie; an unknown one is the usual one."""
    answer = redirect(back)
    chosen = value if value in allowed else allowed[0]
    answer.set_cookie(name, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=here().https)
    return answer
