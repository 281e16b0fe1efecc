"""The language of texts and figures where no page is: a worker that makes a file for somebody who reads English."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from flask import Flask, g
from flask_babel import Babel

from central.faces.preferences import LANGUAGES, Catalogue, language


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """One of LANGUAGES, for `gettext`, lazy texts and `faces.formats` within. Without it they are Russian, whose
    plurals are found in a catalogue too; no page's `here()` or `url_for` is within. Raises ValueError: there is no such
    language."""
    if chosen not in LANGUAGES:
        raise ValueError(f"language {chosen!r}: one of {', '.join(LANGUAGES)}")
    app, texts = _mute()
    with app.app_context():
        g.language = chosen
        texts.as_default()
        yield


@cache
def _mute() -> tuple[Flask, Catalogue]:
    """An app that has no pages, only the catalogues of this package."""
    app = Flask("central")
    Babel(app, locale_selector=language)
    with app.app_context():
        return app, Catalogue()
