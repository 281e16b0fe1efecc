"""A walk of all pages in a real browser, as guest, consumer and operator, on a phone and on a desktop, in both themes.

It fails on an error in the console (so on anything that the content policy stops), a request to another host, sideways
scrolling, a page without one h1, and on any finding of axe-core by WCAG 2.1 AA.
"""

import re

import pytest
from playwright.sync_api import Browser, Page

from central.cabinet.help import SECTIONS
from central.reports.catalogue import reports
from tests.central import scene as s
from tests.e2e.parts import WIDTHS, findings, opened

GUIDE = (("/help", 200), *((f"/help/{name}", 200) for name in SECTIONS), ("/about", 200))
PATHS: dict[str | None, tuple[tuple[str, int], ...]] = {  # who -> path, status
    None: (
        ("/login", 200),
        ("/ui", 200),
        ("/login?next=/data", 200),
        ("/data", 200),
        ("/nothing-here", 404),
        ("/register", 200),
        ("/registered", 200),
        ("/activate?Key=abc", 200),
        ("/activated", 200),
        ("/activate/again", 200),
        ("/forgotten", 200),
        ("/reminded", 200),
        ("/reset?Key=abc", 200),
        ("/mail?Key=abc", 200),
        ("/mail?done=half", 200),
        ("/me/left", 200),
        ("/phone/open", 200),
        ("/check", 200),
        ("/check/7KQ2-9XWM-D41T-0ZPA", 200),
        ("/check/7KQ2-9XWM-D41T-0ZPB", 404),
        ("/offline", 200),
        *GUIDE,
        ("/help/nothing", 404),
    ),
    s.ADMINISTRATOR: (
        ("/console/texts", 200),
        ("/console/staff", 200),
        ("/console/staff/new", 200),
        ("/console/staff/4", 200),
        ("/console/staff/5", 200),
        ("/console/staff/1", 404),
        ("/console/mail", 200),
        ("/console/actions", 200),
        ("/console/actions?action=login&account=1", 200),
        ("/console/actions?who=example.org&since=x", 200),
        ("/console/actions?object=zzz", 200),
    ),
    s.AUDITOR: (
        ("/console/points/3", 200),
        ("/console/exceptions/1", 200),
        ("/console/points/new", 403),
        ("/console/actions", 200),
    ),
    s.FORMER: (
        ("/", 200),
        ("/complexes?point=3", 200),
        ("/reports", 200),
        ("/reports/profile?point=3&length=day&day=2026-11-03", 200),
        ("/?point=3", 404),
        ("/readings?point=3", 200),
        ("/consumption?point=3", 200),
        ("/whatif?point=3", 404),
    ),
    s.CONSUMER: (
        ("/", 200),
        ("/?point=2", 200),
        ("/data", 200),
        ("/data?length=week&day=2026-11-18", 200),
        ("/data?length=month&step=half_hour&page=2", 200),
        ("/data?length=day&day=2026-11-20", 200),
        ("/explain", 200),
        ("/explain?by=profile&length=month", 200),
        ("/explain?by=profile&length=day&day=2026-11-20", 200),
        ("/explain?day=2001-01-01", 200),
        ("/data?length=day&day=2026-11-17", 200),
        ("/data?length=day&day=2026-11-24&channel=reactive_export", 200),
        ("/data?day=2001-01-01", 200),
        ("/data?length=year", 200),
        ("/data?length=year&step=half_hour", 200),
        ("/data?length=own&day=2026-11-02&last=2026-11-19&compare=before", 200),
        ("/data?length=month&compare=year&hide=night", 200),
        ("/data?point=1&point=2&length=month", 200),
        ("/consumption", 200),
        ("/news", 200),
        ("/events", 200),
        ("/events?kind=important&length=year", 200),
        ("/events?journal=2", 200),
        ("/events?point=2&length=day&day=2026-11-20", 200),
        ("/events?day=2001-01-01", 200),
        ("/notices", 200),
        ("/me/notices", 200),
        ("/phone", 200),
        ("/consumption?point=1&day=2026-10-01", 200),
        ("/consumption?day=2001-01-01", 200),
        ("/readings?length=own&day=2026-11-02&last=2026-11-19", 200),
        ("/readings", 200),
        ("/complexes", 200),
        ("/complexes?point=2", 200),
        ("/complexes?point=3", 404),
        ("/reports/made", 200),
        ("/reports/made/1", 200),
        ("/reports/made/2", 404),
        ("/check/7KQ2-9XWM-D41T-0ZPA", 200),
        ("/readings?length=month&day=2026-10-01", 200),
        ("/readings?day=2001-01-01", 200),
        ("/reports", 200),
        ("/reports?kind=zzz", 200),
        ("/reports/profile?length=day&day=2026-11-20", 200),
        ("/reports/profile?length=day&day=2026-11-20&open=1&point=1", 200),
        ("/reports/profile?length=day&day=2026-11-20&edit=1", 200),
        ("/reports/profile?length=day&day=2026-11-20&find=zzz", 200),
        ("/reports/profile?length=year&day=2026-01-01", 200),
        *((f"/reports/{word}?length=month&day=2026-10-01", 200) for word in reports() if word != "profile"),
        ("/reports/nothing", 404),
        ("/reports/personal/1", 404),
        ("/network", 200),
        ("/network?day=2026-11-23&what=active", 200),
        ("/network?length=month&what=frequency", 200),
        ("/network?day=2026-11-01", 200),
        ("/network?point=2", 200),
        ("/reading", 200),
        ("/entry", 200),
        ("/entry?point=2", 200),
        ("/entry/2411-0009", 404),
        ("/me", 200),
        ("/me/second", 200),
        ("/me/close", 200),
        ("/me/texts/1", 200),
        ("/whatif", 200),
        ("/about", 200),
        ("/help/data", 200),
        ("/console/points", 403),
        ("/data?point=3", 404),
    ),
    s.NEIGHBOUR: (("/network", 200), ("/network?length=week&what=current", 200)),
    s.OPERATOR: (
        ("/", 200),
        ("/console/points?q=zzz", 200),
        ("/console/edges", 200),
        ("/console/points/3", 200),
        ("/console/points/3/replacement", 200),
        ("/console/points/1/reading", 200),
        ("/console/applications", 200),
        ("/console/handed-in", 200),
        ("/console/handed-in?state=accepted", 200),
        ("/console/handed-in/99", 404),
        ("/console/news", 200),
        ("/console/news/new", 200),
        ("/console/applications/1", 200),
        ("/console/exceptions", 200),
        ("/console/cases", 200),
        ("/console/cases?kind=opened", 200),
        ("/console/exceptions/list", 200),
        ("/console/exceptions/1", 200),
        ("/console/checks", 200),
        ("/console/schemes/1", 200),
        ("/console/edges/edge-1", 200),
        ("/console/changes/1", 200),
        ("/console/documents/new?kind=point&key=1", 200),
        ("/data?point=3", 200),
        ("/readings?point=3", 200),
        ("/?point=1", 200),
        ("/data", 200),
    ),
}


def _expected(text: str, status: int) -> bool:
    """The browser's own line about a page that is a refusal on purpose."""
    return status >= 400 and f"status of {status}" in text


@pytest.mark.parametrize("who", PATHS)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_opens_cleanly(browser: Browser, address: str, width: int, who: str | None) -> None:
    with opened(browser, address, width, who, dark=width == 1440) as (page, wrong):
        for path, status in PATHS[who]:
            _opens_cleanly(page, wrong, address + path, status)


def test_the_guide_opens_cleanly_in_english_too(browser: Browser, address: str) -> None:
    """Its words are others, so on a phone they could need more room; the rest is the same."""
    with opened(browser, address, 360, None, language="en") as (page, wrong):
        for path, status in GUIDE:
            _opens_cleanly(page, wrong, address + path, status)


def _opens_cleanly(page: Page, wrong: list[str], path: str, status: int) -> None:
    answer = page.goto(path, wait_until="load")
    assert answer is not None
    assert answer.status == status, path
    assert page.locator("h1").count() == 1, path
    assert page.locator("main").count() == 1, path
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways <= 0, path
    assert findings(page) == [], path
    assert [text for text in wrong if not _expected(text, status)] == [], path
    wrong.clear()


def test_the_answer_stands_before_any_scrolling_on_a_phone(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        for part in (".energy", ".money", ".compare", ".strips", ".notice.ok"):
            box = page.locator(part).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 640, part


def test_what_is_touched_is_large_enough(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        for path in ("/", "/data", "/readings", "/network", "/entry"):
            page.goto(address + path)
            small = page.evaluate(
                """[...document.querySelectorAll(
                  'button, summary, .segments a, .arrows a, .tile, .pager a, .picker a, a.notice, input[name=mail]'
                )].filter(one => one.offsetParent && one.ariaHidden !== 'true')
                  .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
                  .filter(([, box]) => box.height < 43.9).map(([html, box]) => html + ' ' + box.height)"""
            )
            assert small == [], path


def test_the_chart_tells_its_values_to_a_finger_and_to_the_keys(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, wrong):
        page.goto(f"{address}/data?length=month&day=2026-11-01")
        say = page.locator(".say")
        page.locator(".hit").nth(19).hover()
        assert "пт, 20 ноября" in say.inner_text()
        assert "оценка: 14" in say.inner_text()
        page.locator(".hit").nth(16).hover()
        assert "оценка: 48" in say.inner_text()
        page.goto(f"{address}/data?point=2&length=month&day=2026-11-01")
        page.locator(".hit").nth(16).hover()
        assert "нет данных" in say.inner_text()
        page.locator("[data-chart]").focus()
        page.keyboard.press("Home")
        assert "1 ноября" in say.inner_text()
        page.keyboard.press("ArrowRight")
        assert "2 ноября" in say.inner_text()
        page.keyboard.press("Escape")
        assert say.is_hidden()
        assert wrong == []


def test_a_line_tells_its_values_to_a_finger_and_to_the_keys(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.NEIGHBOUR) as (page, wrong):
        page.goto(f"{address}/network?day=2026-11-23")
        say = page.locator(".say")
        page.locator(".hit").nth(60).hover()
        assert re.match(r"10:00–10:10\nФаза A: 2\d\d,\d", say.inner_text())
        page.locator(".hit").nth(24).hover()
        assert say.inner_text().endswith("04:00–04:10\nФаза A: нет данных\nФаза B: нет данных\nФаза C: нет данных")
        page.locator("[data-chart]").focus()
        page.keyboard.press("Home")
        assert "00:00–00:10" in say.inner_text()
        assert wrong == []


def test_the_whole_way_by_keyboard_and_the_switches(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, wrong):
        page.goto(address)
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "К содержанию"
        page.locator("details.point summary").press("Enter")
        page.get_by_role("link", name="Дача СНТ").press("Enter")
        page.wait_for_url("**/?point=2")
        page.get_by_role("button", name="тёмная").click()
        assert page.url.endswith("/?point=2")
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(17, 18, 20)"
        page.get_by_role("button", name="English").click()
        assert page.locator("html").get_attribute("lang") == "en"
        page.get_by_role("button", name="Русский").click()
        page.get_by_role("button", name="Выход").click()
        page.wait_for_url("**/login")
        assert wrong == []


def test_all_of_it_works_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(f"{address}/readings")
    page.get_by_label("Электронная почта").fill(s.CONSUMER)
    page.get_by_label("Пароль").fill("wrong")
    page.get_by_role("button", name="Войти").click()
    assert page.get_by_label("Электронная почта").input_value() == s.CONSUMER
    page.get_by_label("Пароль").fill(s.PASSWORD)
    page.get_by_role("button", name="Войти").click()
    assert page.url == f"{address}/readings"
    page.locator("details.point summary").click()
    page.get_by_role("link", name="Дача СНТ").click()
    page.get_by_label("Раньше").click()
    assert "day=2026-10-01" in page.url
    assert page.locator("td[data-register]").count() > 0
    context.close()
