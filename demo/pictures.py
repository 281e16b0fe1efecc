"""`./run pictures`: the pictures of the guide and of the README, taken from the demo while it runs.

The demo starts in a folder of its own and on free ports; when its readings stand in the pages, a consumer logs in, on a
phone and on a desktop, and what he sees is kept as PNG: for the guide in each language. What a picture shows is told
here once, in SHOTS, and no word of a page is: the same shots are taken whatever it speaks.
"""

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from central.cabinet.help import PICTURES, TWICE
from central.faces.preferences import LANGUAGES
from central.metering.zones import local
from demo import check
from demo.palette import with_palette
from demo.seed import CONSUMER, TZ
from demo.system import Failed, Stopped, System, free_port

CHROMIUM = "/usr/bin/chromium"
DESKTOP = Path(__file__).parent.parent / "docs/pictures/cabinet.png"
PHONE_SIZE, DESKTOP_SIZE = (360, 640), (1440, 900)
LARGEST = 60_000  # bytes of one picture
ABOVE, BELOW = 12, 12  # what is left around a part
PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, and which part of it: from the element `first` to the element `last`, at most `height` high.

    Without `first` from the top of the page, without `last` as far as `height` reaches.
    """

    path: str
    first: str | None = None
    last: str | None = None
    height: int = 640
    known: bool = True  # seen by who has logged in
    press: str | None = None  # the button that is pressed first


SHOTS: Mapping[str, Shot] = {  # name of the file, as the guide names it
    "main": Shot("/", last=".answer", height=700),
    "register": Shot("/register", first="h1", height=590, known=False),
    "data": Shot("/data?length=month", first=".pickers", last=".with-side .card", height=760),
    "table": Shot("/data?length=month", first="table.values", last="tbody tr:nth-child(6)", height=480),
    "consumption": Shot("/consumption", first=".pickers", height=640),
    "readings": Shot("/readings?length=month", first=".pickers", height=640),
    "explain": Shot("/explain?length=month", first=".result", last=".steps li", height=700),
    "reading": Shot("/reading", first=".page-head", height=640),
    "whatif": Shot("/whatif", first=".page-head", height=640),
    "network": Shot("/network", first=".pickers", last="#read-now", height=760),
    "events": Shot("/events?length=year", first=".kinds", height=640),
    "entry": Shot("/entry", first=".page-head", height=700),
    "complexes": Shot("/complexes", first=".plate", height=640),
    "report": Shot("/reports/readings", first=".report .page-head", last="#table tbody tr:nth-child(4)", height=780),
    "parameters": Shot("/reports/readings?open=1", first=".parameters", last=".choices li", height=700),
    "phone": Shot("/phone", first=".page-head", last="#code .steps", height=700, press="#code button"),
    "me": Shot("/me", first=".card", last="form[action$=password]", height=640),
}


def say(text: str) -> None:
    print(text, flush=True)


def take(system: System, stop: threading.Event) -> None:
    """Raises Stopped; Failed: the demo shows a page otherwise than it is told of here."""
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stack.callback(browser.close)
        known = {language: _phone(browser, system, language) for language in LANGUAGES}
        for page in known.values():
            _log_in(page, system)
        _wait_for_the_past(known[LANGUAGES[0]], system, stop)
        for language in LANGUAGES:
            _take_the_guide(_phone(browser, system, language), known[language], system.url, PICTURES / language)
        _take_desktop(browser, system)


def _take_the_guide(guest: Page, known: Page, url: str, folder: Path) -> None:
    """All of one language; what no shot is named for goes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, shot in SHOTS.items():
        _take(known if shot.known else guest, url, shot, folder / f"{name}.png")
    for left in {one.stem for one in folder.glob("*.png")} - SHOTS.keys():
        (folder / f"{left}.png").unlink()


def _wait_for_the_past(page: Page, system: System, stop: threading.Event) -> None:
    """Until each day of this month and the one before has come. Raises Failed, Stopped."""
    began, today = time.monotonic(), local(int(time.time()), TZ).date()
    months = (today, today.replace(day=1) - timedelta(days=1))
    while any(_lacks_a_day(page, f"{system.url}data?length=month&step=day&day={one}") for one in months):
        system.check()
        if time.monotonic() - began > check.SECONDS:
            raise Failed(f"the past has not come into the pages in {check.SECONDS:.0f} s")
        if stop.wait(PAUSE):
            raise Stopped


def _lacks_a_day(page: Page, address: str) -> bool:
    page.goto(address)
    rows = page.locator("tr[data-end]").evaluate_all("rows => rows.map(one => [one.dataset.end, one.dataset.mwh])")
    return not rows or any(energy is None for end, energy in rows if int(end) < time.time())


def _phone(browser: Browser, system: System, language: str) -> Page:
    """On which this language was chosen."""
    width, height = PHONE_SIZE
    page = browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=TWICE,
        color_scheme="light",
        locale=language,
        reduced_motion="reduce",
    )
    page.context.add_cookies([{"name": "language", "value": language, "url": system.url}])
    return page


def _log_in(page: Page, system: System) -> None:
    page.goto(f"{system.url}login")
    page.locator("#mail").fill(CONSUMER)
    page.locator("#password").fill(system.logins[CONSUMER])
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def _take(page: Page, url: str, shot: Shot, file: Path) -> None:
    answer = page.goto(url.rstrip("/") + shot.path, wait_until="load")
    if answer is None or not answer.ok:
        raise Failed(f"{shot.path} does not open")
    if shot.press:
        page.locator(shot.press).click()
        page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    top = _edge(page, shot.first, "top") - ABOVE if shot.first else 0
    end = _edge(page, shot.last, "bottom") + BELOW if shot.last else top + shot.height
    whole = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": top, "width": PHONE_SIZE[0], "height": min(end, top + shot.height, whole) - top}
    data = with_palette(page.screenshot(full_page=True, clip=clip))  # type: ignore[arg-type]
    if len(data) > LARGEST:
        raise Failed(f"{file.name} takes {len(data)} bytes, more than {LARGEST}: show less of {shot.path}")
    file.write_bytes(data)
    say(f"  {file.parent.name}/{file.name:<15} {clip['width']}×{clip['height']:.0f} {len(data) // 1000:>4} KB")


def _edge(page: Page, part: str, side: str) -> int:
    """Whole pixels from the top of the document."""
    found = page.locator(part).first
    if not found.count():
        raise Failed(f"{page.url} has no {part}")
    return int(found.evaluate(f"one => Math.round(one.getBoundingClientRect().{side} + scrollY)"))


def _take_desktop(browser: Browser, system: System) -> None:
    width, height = DESKTOP_SIZE
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="light",
        locale=LANGUAGES[0],
        reduced_motion="reduce",
    )
    _log_in(page, system)
    page.goto(system.url, wait_until="load")
    page.evaluate("document.fonts.ready")
    DESKTOP.write_bytes(with_palette(page.screenshot()))
    say(f"  {DESKTOP.name:<14} {width}×{height}")


def main(words: Sequence[str] | None = None) -> int:
    if sys.argv[1:] if words is None else words:
        print("./run pictures takes no arguments", file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uchet-")))
            system = stack.enter_context(System(folder, free_port(), real=False, say=say))
            system.start(stop)
            check.run(system, stop, say)
            take(system, stop)
    except Stopped:
        say("… stopped")
    except Failed as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
