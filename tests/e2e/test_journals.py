"""Journals and notices with something in them, in a real browser: clean by axe in both themes, by the keys; and how
many taps a person needs who wants to know what happened."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.central import scene as s
from tests.central.notices.parts import DAY, HOUR, Town
from tests.e2e.parts import findings, opened

DAYS = 25
NIGHT = "/data?length=day&day=2026-11-24"
PATHS = {
    s.CONSUMER: (
        "/",
        "/events",
        "/events?kind=important",
        "/notices",
        "/me/notices",
        "/data?length=day&day=2026-11-24",
    ),
    s.OPERATOR: ("/console/cases", "/console/exceptions"),
}


@pytest.fixture(scope="module", autouse=True)
def town(running: tuple[str, s.Scene]) -> Town:
    scene = running[1]
    made = Town(scene, Path(str(scene.engine.url.database)).parent)
    made.known_for(20 * DAY)
    night = s.NOW - 8 * HOUR
    made.come(
        (night, 2, 1), (night + 720, 2, 2), (night + 720, 7, 1), (night + HOUR, 4, 3), (s.NOW - 40 * HOUR, 4, 1),
        (s.NOW - 50 * HOUR, 7, 5), (s.NOW - 60 * HOUR, 0, 9), (s.NOW - 10 * DAY, 7, 1),
    )  # fmt: skip
    made.tell()
    made.look_ahead()
    return made


@pytest.mark.parametrize("who", PATHS)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, address: str, who: str) -> None:
    for width, dark in ((360, False), (1440, True)):
        with opened(browser, address, width, who, dark=dark) as (page, wrong):
            for path in PATHS[who]:
                page.goto(address + path, wait_until="load")
                sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert sideways <= 0, (path, width)
                assert findings(page) == [], (path, width)
            assert wrong == []


def test_was_there_an_outage_last_night_in_one_tap(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(address)
        page.get_by_role("link", name="Журналы событий").click()
        outages = page.locator("#outages").inner_text()
        assert "24.11" in outages
        assert "12 мин" in outages


def test_what_happened_on_the_14th_in_three_taps(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(address)
        page.get_by_role("link", name="Журналы событий").click()
        page.locator(".arrows summary").click()
        page.locator(".arrows input[name=day]").fill("2026-11-14")
        page.get_by_role("button", name="Сутки").click()
        page.wait_for_url("**length=day**")
        assert "Счётчик перезапустился" in page.locator("main").inner_text()


def test_filters_are_links_and_go_by_the_keys(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, wrong):
        page.goto(f"{address}/events")
        page.get_by_role("link", name="Важные").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**kind=important**")
        page.locator(".event.act").first.wait_for()
        assert page.locator(".event:not(.act, .look)").count() == 0
        page.go_back()
        page.wait_for_url("**/events")
        page.locator(".event:not(.act, .look)").first.wait_for()
        assert wrong == []


def test_a_tampered_interval_tells_what_happened_to_a_finger(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}{NIGHT}")
        mark = page.locator("td .noted").first
        assert (mark.get_attribute("aria-label") or "").startswith("в это время: ")
        mark.click()
        page.wait_for_url("**/events**")
        assert "Вскрыта крышка клемм" in page.locator("main").inner_text()
