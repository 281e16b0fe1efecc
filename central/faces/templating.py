"""What every template has: formats, words, addresses of static files with their hash, theme and language."""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, request, url_for
from flask_login import current_user

from central.faces import access, formats, preferences, words
from central.faces.here import here, viewer
from central.faces.page_of import page_of
from central.faces.whose import keeps, whose
from central.metering.zones import day_of
from central.registry.periods import COMPANY

STATIC = Path(__file__).parent.parent / "static"
FILTERS = (
    formats.kilo,
    formats.money,
    formats.price,
    formats.number,
    formats.percent,
    formats.moment,
    formats.second,
    formats.clock,
    formats.day,
    formats.day_before,
    formats.year_month,
    formats.month_name,
    formats.said,
    formats.place,
    formats.utc,
)


@cache
def _version(filename: str) -> str:
    return sha256((STATIC / filename).read_bytes()).hexdigest()[:10]


def asset(filename: str) -> str:
    """Address of a static file that changes with the file, so browsers may keep it for ever."""
    return _address(request.script_root, filename)


@cache
def _address(_root: str, filename: str) -> str:
    """Asked for by each icon of a page: the router is not asked each time."""
    return url_for("static", filename=filename, v=_version(filename))


@cache
def paper() -> tuple[str, str]:
    """The ground of the pages, light and dark, as tokens.css has it."""
    found = re.search(r"--paper: light-dark\((#\w{6}), (#\w{6})\)", (STATIC / "tokens.css").read_text())
    assert found is not None
    return found[1], found[2]


def _back() -> str:
    """Where a switch of the page leads: the page itself, or that on which the form stands that was refused."""
    asked = request.full_path.rstrip("?")
    return asked if request.method == "GET" else page_of(asked)


def install(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for function in FILTERS:
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.globals.update(
        asset=asset,
        paper=paper,
        whose_browser=whose,
        keeps=keeps,
        words=words,
        share=formats.share,
        day_of=day_of,
        leads=access.leads,
        open_to=access.open_to,
        NARROW=formats.NARROW,
        NOTHING=formats.NOTHING,
    )

    @app.context_processor
    def chosen() -> dict[str, object]:
        return {
            "looking": viewer() if current_user.is_authenticated else None,
            "second_needed": here().staff_need_second,
            "page_made": formats.moment(here().now, COMPANY),
            "here_now": here().now,
            "theme": preferences.theme(),
            "language": preferences.language(),
            "back": _back(),
        }
