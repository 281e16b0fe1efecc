"""The cabinet as an app of a phone: what it is called and looks like, its service worker, and the page that it shows
without a network.

Nothing here is anybody's: the same for all, but for the language and the theme of the browser. So the worker may keep
the page; figures come into it from the phone's own store.
"""

import json
from functools import cache
from hashlib import sha256

from flask import Blueprint, Flask, Response, current_app, render_template, url_for
from flask_babel import gettext as _

from central.faces import preferences
from central.faces.templating import STATIC, asset, paper

installed = Blueprint("installed", __name__)
ICONS = STATIC / "icons"
WORKER, SHARED, PUSH = "sw.js", "kept.js", "push.js"  # the worker has the other two as parts
FONT = "vendor/inter/inter-uchet.woff2"
FILES = ("tokens.css", "app.css", SHARED, PUSH, "app.js", "offline.js", "vendor/lucide/sprite.svg", "mark.svg")
DRAWN = (("icon", 192, "any"), ("icon", 512, "any"), ("maskable", 512, "maskable"))
SHORTCUTS = ("cabinet.hand_in", "cabinet.reports")  # those that there are


def install(app: Flask) -> None:
    app.register_blueprint(installed)


@installed.get("/manifest.webmanifest")
def manifest() -> Response:
    light, dark = paper()
    ground = dark if preferences.theme() == "dark" else light
    icons = [
        {"src": asset(f"icons/{name}-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in DRAWN
    ]
    captions = {"cabinet.hand_in": _("Ввод показаний счетчика"), "cabinet.reports": _("Отчеты")}
    told = {
        "id": url_for("cabinet.main"),
        "name": _("Учёт"),
        "short_name": _("Учёт"),
        "description": _("Показания, расход и стоимость электроэнергии"),
        "lang": preferences.language(),
        "dir": "ltr",
        "start_url": url_for("cabinet.main"),
        "scope": url_for("cabinet.main"),
        "display": "standalone",
        "background_color": ground,
        "theme_color": ground,
        "icons": icons,
        "shortcuts": [
            {"name": captions[endpoint], "url": url_for(endpoint), "icons": icons[:1]}
            for endpoint in SHORTCUTS
            if endpoint in current_app.view_functions
        ],
    }
    return Response(json.dumps(told, ensure_ascii=False), mimetype="application/manifest+json")


@installed.get(f"/{WORKER}")
def worker() -> Response:
    """Another text for another version: of its files, of the page, or of the language and theme that the page has."""
    files = [asset(name) for name in FILES] + [url_for("static", filename=FONT)]
    told = {
        "version": f"{_digest(tuple(files))}-{preferences.language()}-{preferences.theme()}",
        "files": files,
        "page": url_for("installed.offline"),
        "parts": [asset(SHARED), asset(PUSH)],
        "language": preferences.language(),
        "aside": {"title": _("Учёт"), "body": _("Откройте кабинет.")},
    }
    text = f"const TOLD = {json.dumps(told)};\n{(STATIC / WORKER).read_text()}"
    return Response(text, mimetype="text/javascript")


@cache
def _digest(files: tuple[str, ...]) -> str:
    """Of what the worker keeps: the addresses carry the hashes of the files, and the page its own text."""
    page = current_app.jinja_env.get_or_select_template("offline.html").filename or ""
    with open(page, "rb") as template:
        return sha256(template.read() + repr(files).encode()).hexdigest()[:12]


@installed.get("/offline")
def offline() -> str:
    return render_template("offline.html", shared=asset(SHARED))
