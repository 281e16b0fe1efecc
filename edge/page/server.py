"""The page's server: to read, with nothing to change. Loopback unless the configuration says otherwise.

Only the names this machine goes by are answered (a foreign Host is DNS rebinding), no script runs, nothing is loaded
from elsewhere.
"""

import asyncio
import ipaddress
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2 import Environment, FileSystemLoader

from edge.clock import Clock
from edge.config import Config
from edge.health import Board
from edge.journal.journal import Journal
from edge.journal.thread import JournalThread
from edge.page import metrics, russian
from edge.page.view import state
from edge.uplink.pump import Pump

FOLDER = Path(__file__).parent
FILES = {"page.css": "text/css", "icon.svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Page:
    def __init__(self, config: Config, board: Board, journal: JournalThread, pump: Pump, clock: Clock) -> None:
        self._config, self._board, self._journal = config, board, journal
        self._pump, self._clock = pump, clock
        self._host, self._port = config.page.address
        environment = Environment(
            loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters.update(russian.FILTERS)
        self._template = environment.get_template("page.html")
        self._files = {name: (FOLDER / name).read_text() for name in FILES}

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/", self._html)
        for name in FILES:
            app.router.add_get(f"/{name}", self._file)
        app.router.add_get("/state.json", self._json)
        app.router.add_get("/metrics", self._metrics)
        return app

    async def run(self) -> None:
        """Until cancelled. Raises OSError when the address is taken."""
        runner = web.AppRunner(self.app(), access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self._port)
            await site.start()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._ours(request.host):
            raise web.HTTPMisdirectedRequest(text="this name is not ours\n", headers=HEADERS)
        response: web.StreamResponse = await handler(request)
        response.headers.update(HEADERS)
        return response

    def _ours(self, host: str) -> bool:
        """An address, `localhost`, or the name we listen on: none of them can be pointed at us by a stranger."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name in ("localhost", self._host, self._config.edge.name):
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    async def _html(self, _request: web.Request) -> web.Response:
        text = self._template.render(state=await self._state())
        return web.Response(text=text, content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        name = request.path[1:]
        return web.Response(text=self._files[name], content_type=FILES[name])

    async def _json(self, _request: web.Request) -> web.Response:
        return web.json_response(await self._state())

    async def _metrics(self, _request: web.Request) -> web.Response:
        body = metrics.text(await self._state(), self._board.lines, self._board.journal_fault)
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})

    async def _state(self) -> dict[str, object]:
        self._board.waiting = await self._journal.do(partial(Journal.waiting, central=self._config.uplink.central))
        now, trusted = int(self._clock.wall()), self._clock.trusted()
        return state(self._config, self._board, self._pump.state, now, trusted)
