"""A person in front of a real browser."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, Error, Page
from werkzeug.serving import make_server

from tests.central import scene as s

AXE = Path(__file__).parent / "vendor/axe-core/axe.min.js"
WIDTHS = {360: 640, 1440: 900}


@contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    """The app on this port of this machine, as long as it is wanted there."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def opened(
    browser: Browser, address: str, width: int, who: str | None, *, dark: bool = False, language: str = "ru"
) -> Iterator[tuple[Page, list[str]]]:
    """A page of a person who has logged in and then chosen a language, and what went wrong in it."""
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if dark else "light",
        has_touch=width < 640,
    )
    context.add_init_script("delete Navigator.prototype.serviceWorker")  # what a test routes would go past it
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else wrong.append(request.url))
    if who is not None:
        page.goto(f"{address}/login")
        page.get_by_label("Электронная почта").fill(who)
        page.get_by_label("Пароль").fill(s.PASSWORD)
        page.get_by_role("button", name="Войти").click()
        page.wait_for_url(lambda url: "/login" not in url, wait_until="load")
    context.add_cookies([{"name": "language", "value": language, "url": address}])
    yield page, wrong
    context.close()


def findings(page: Page) -> list[tuple[str, str]]:
    """What axe-core finds by WCAG 2.1 A and AA, of any weight."""
    page.evaluate(_axe())
    found = page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations']})"
    )
    return [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]]


@cache
def _axe() -> str:
    return AXE.read_text()


def told(page: Page, question: str) -> Any:
    """What the page answers; one that goes elsewhere meanwhile knows nothing for a moment, and is asked again."""
    deadline = monotonic() + 60
    while True:
        page.wait_for_load_state()
        try:
            return page.evaluate(question)
        except Error:
            if monotonic() > deadline:
                raise
