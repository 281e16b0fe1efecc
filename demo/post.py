"""The post office of the demo: takes every letter by SMTP, and shows them on a page, so that one can press their links.

    python -m demo.post --smtp PORT --page PORT --folder DIR

No letter leaves this machine. They lie in the folder, one file each.
"""

import argparse
import html
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiohttp import web
from aiosmtpd.controller import Controller

HOST = "127.0.0.1"
LINK = re.compile(r"(https?://\S+)")
NAME = re.compile(r"\d{6}")
PAGE = """<!doctype html><html lang="ru"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Почта демонстрации</title><h1>Почта демонстрации</h1>{body}</html>"""


class Keeper:
    """Files in the order in which letters came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        number = len(list(self._folder.glob("*.eml"))) + 1
        (self._folder / f"{number:06}.eml").write_bytes(envelope.original_content)
        return "250 OK"

    def letters(self) -> list[tuple[str, EmailMessage]]:
        """The newest first."""
        return [(file.stem, _read(file)) for file in sorted(self._folder.glob("*.eml"), reverse=True)]

    def letter(self, name: str) -> EmailMessage | None:
        file = self._folder / f"{name}.eml"
        return _read(file) if NAME.fullmatch(name) and file.exists() else None


def _read(file: Path) -> EmailMessage:
    found = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def pages(keeper: Keeper) -> web.Application:
    async def listed(_request: web.Request) -> web.Response:
        lines = (
            f'<li><a href="/{name}">{html.escape(one["Subject"])}</a> — {html.escape(one["To"])}, {one["Date"]}</li>'
            for name, one in keeper.letters()
        )
        body = "".join(lines) or "<li>Писем пока нет.</li>"
        return _page(f"<ul>{body}</ul>")

    async def shown(request: web.Request) -> web.Response:
        one = keeper.letter(request.match_info["name"])
        if one is None:
            raise web.HTTPNotFound
        part = one.get_body(("plain",))
        text = html.escape(part.get_content() if part is not None else "")
        text = LINK.sub(r'<a href="\1">\1</a>', text).replace("\n", "<br>")
        return _page(f'<p><a href="/">Все письма</a></p><h2>{html.escape(one["Subject"])}</h2><p>{text}</p>')

    app = web.Application()
    app.add_routes([web.get("/", listed), web.get("/{name}", shown)])
    return app


def _page(body: str) -> web.Response:
    return web.Response(text=PAGE.format(body=body), content_type="text/html")


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo.post")
    parser.add_argument("--smtp", type=int, required=True)
    parser.add_argument("--page", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    keeper = Keeper(given.folder)
    office = Controller(keeper, hostname=HOST, port=given.smtp)
    office.start()
    try:
        web.run_app(pages(keeper), host=HOST, port=given.page, print=None)
    finally:
        office.stop()


if __name__ == "__main__":
    main()
