"""The page in a real browser at both widths: nothing scrolls sideways, nothing is complained of, nothing is fetched."""

from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright

from edge.health import LineState
from edge.journal.thread import JournalThread
from tests.edge.page.test_page import Shown
from tests.edge.parts import NOW


@pytest.mark.parametrize("width", [360, 1440])
async def test_it_fits(tmp_path: Path, width: int) -> None:
    journal = JournalThread()
    await journal.open(tmp_path / "journal.db", NOW, 2**30)
    shown = Shown(tmp_path, journal)
    shown.board.lines["A"] = LineState("A", "serial:/dev/" + "very-long-name-of-a-port" * 4)
    for number in range(40):
        shown.meter(
            f"m-{'0123456789' * 3}{number}", last_success=NOW, load_mark=NOW, fault="x" * 200 if number % 9 else None
        )
    complaints: list[str] = []
    fetched: list[str] = []
    async with TestServer(shown.page.app()) as server, async_playwright() as play:
        address = str(server.make_url("/"))
        browser = await play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = await browser.new_page(viewport={"width": width, "height": 640}, color_scheme=scheme)  # type: ignore
            page.on("console", lambda message: complaints.append(message.text))
            page.on("request", lambda request: fetched.append(request.url))
            await page.goto(address)
            assert await page.evaluate("document.documentElement.scrollWidth") == width
            assert await page.evaluate("document.querySelectorAll('h1').length") == 1
        await browser.close()
    await journal.close()
    assert complaints == []
    assert [url for url in fetched if not url.startswith(address)] == []
