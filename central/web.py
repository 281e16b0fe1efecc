"""The web of central: the cabinet for consumers, the console for the company. `create_app(config)`; nothing is global.

Safe by default: every route stands in the access table, every POST carries a token, every page has a strict content
policy, cookies are HttpOnly and SameSite, a session is a row that can be revoked.
"""

import time
from collections.abc import Callable

from flask import Flask, Request, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from central.accounts import sessions
from central.accounts.passwords import Passwords
from central.accounts.second import Sealed
from central.cabinet import cabinet
from central.config import CentralConfig
from central.console import console
from central.db import connect
from central.door import check, door
from central.faces import (
    access,
    bearer,
    gallery,
    headers,
    installed,
    noting,
    packing,
    preferences,
    requests,
    templating,
    through,
)
from central.faces.here import KEY, Here, Person, here
from central.faces.numbers import Key
from central.faces.page_of import page_of
from central.figures import NotFound, Source
from central.handing import photos
from central.registry.documents import MEGABYTE, Keeping
from central.registry.exchange import uploads
from central.registry.exchange.opening import MOST_PACKED
from central.timeseries.base import SeriesUnavailable
from central.timeseries.stores import open_series

ERRORS = (400, 403, 404, 413, 500)  # HTTP codes that have a page of their own


def create_app(
    config: CentralConfig, *, clock: Callable[[], float] = time.time, passwords: Passwords | None = None
) -> Flask:
    """Raises ConfigError when the secret or a store's settings are wrong."""
    app = Flask("central")
    app.config.update(
        SECRET_KEY=config.web_secret,
        SESSION_COOKIE_NAME="uchet",
        SESSION_COOKIE_SECURE=config.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=sessions.LIFETIME,
        SEND_FILE_MAX_AGE_DEFAULT=365 * 86_400,  # static files carry their hash in the address
        WTF_CSRF_TIME_LIMIT=None,  # a page may lie open over night: its token lives as long as its session
        MAX_CONTENT_LENGTH=256 * 1024,
        LARGEST_FILES={
            "console.new_document": config.documents.largest,
            "console.imports": MOST_PACKED,
            "cabinet.add_photo": photos.LARGEST,
            "door.check_code": check.LARGEST,
        },
        BABEL_DEFAULT_LOCALE="ru",
    )
    if config.web.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    source = Source(connect(config.sql_url), open_series(config))
    documents = Keeping(config.documents_folder, config.documents.largest, config.documents.most)
    app.extensions[KEY] = Here(
        source=source,
        passwords=passwords or Passwords(),
        clock=clock,
        https=config.https,
        public_url=config.central.public_url,
        sealed=Sealed(config.web_secret),
        staff_need_second=config.web.staff_second_factor == "required",
        withdrawn_days=config.keeping.withdrawn_days,
        documents=documents,
        uploads=uploads.folder(config),
        config=config,
    )
    packing.install(app)  # first: what it packs is whole
    requests.install(app, behind_proxy=config.web.behind_proxy)
    bearer.install(app)
    CSRFProtect(app)
    preferences.install(app)
    _login(app)
    access.install(app)
    through.install(app)
    noting.install(app)
    headers.install(app, https=config.https)
    templating.install(app)
    app.url_map.converters["int"] = Key
    for blueprint in (door, cabinet, console):
        app.register_blueprint(blueprint)
    installed.install(app)
    gallery.install(app, wanted=config.web.components)
    app.add_url_rule("/health", "health", _health)
    _errors(app)
    return app


def _login(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # a session is bound to its row, not to an address that changes in a lift

    @manager.user_loader  # type: ignore[untyped-decorator, unused-ignore]
    def load(token: str) -> Person | None:
        if bearer.shown() is not None:
            return None
        viewer = sessions.viewer_of(here().source.engine, token, here().now)
        return None if viewer is None else Person(token, viewer)

    @manager.request_loader  # type: ignore[untyped-decorator, unused-ignore]
    def by_token(_request: Request) -> Person | None:
        viewer = bearer.viewer()
        return None if viewer is None else Person("", viewer)


def _health() -> tuple[Response, int]:
    """200 while SQL answers: for whoever watches the program."""
    try:
        with here().source.engine.connect() as connection:
            connection.execute(select(1))
    except SQLAlchemyError:
        return Response("sql does not answer\n", mimetype="text/plain"), 503
    return Response("ok\n", mimetype="text/plain"), 200


def _errors(app: Flask) -> None:
    def page(code: int) -> ResponseReturnValue:
        if bearer.shown() is not None:
            return bearer.refused(code)
        largest = app.config[requests.LARGEST].get(request.endpoint, 0) // MEGABYTE
        return render_template("error.html", code=code, back_to=page_of(request.full_path), largest=largest), code

    def of_a_form(_error: Exception) -> ResponseReturnValue:
        """Who opens its address by a link, or reloads it, comes to the page where the form stands."""
        looked_at = request.method in access.READS and bearer.shown() is None
        return redirect(page_of(request.path)) if looked_at else page(405)

    app.register_error_handler(NotFound, lambda _error: page(404))
    app.register_error_handler(SeriesUnavailable, lambda _error: page(503))
    app.register_error_handler(CSRFError, lambda _error: page(400))
    for code in ERRORS:
        app.register_error_handler(code, lambda _error, code=code: page(code))
    app.register_error_handler(405, of_a_form)
