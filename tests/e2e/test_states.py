"""Every state of a page is designed, and here each is brought about: empty, loading, partial, stale, not yet due,
forbidden, failed, offline. And a link to a view can be sent."""

import threading

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from central.timeseries.base import SeriesUnavailable
from central.timeseries.sqlite import SqliteSeries
from tests.central import scene as s
from tests.central.scene import Scene
from tests.e2e.parts import opened

MONTH = "/data?length=month&day=2026-11-01"


def later(page: Page) -> None:
    page.get_by_role("link", name="Раньше").first.click()


def test_empty_says_why_and_where_to_go(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}/data?length=month&day=2001-01-01")
        empty = page.locator(".card.empty")
        assert "За этот период для вас данных нет" in empty.inner_text()
        empty.get_by_role("link").click()
        page.wait_for_url(lambda url: "2001" not in url)
        assert page.locator("[data-chart]").count() == 1


def test_loading_is_seen_and_what_stood_there_stays(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, wrong):
        page.goto(address + MONTH)
        go = threading.Event()

        def slow(route: Route) -> None:
            go.wait(10)
            route.continue_()

        page.route("**/data?*2026-10-01*", slow)
        later(page)
        main = page.locator("main")
        expect(main).to_have_attribute("aria-busy", "true")
        expect(page.locator("#said")).to_have_text("Загружаем…")
        assert "Ноябрь 2026" in main.inner_text()
        go.set()
        expect(page.locator(".caption-of-period")).to_contain_text("Октябрь 2026")
        expect(main).not_to_have_attribute("aria-busy", "true")
        expect(page.locator("#said")).to_contain_text("Октябрь 2026")
        page.go_back()
        expect(page.locator(".caption-of-period")).to_contain_text("Ноябрь 2026")
        assert wrong == []


def test_partial_is_a_gap_with_its_count_and_what_is_done(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}/data?point=2&length=month&day=2026-11-01")
        assert page.locator(".chart .gap").count() == 1
        assert "Не хватает" in page.locator("main").inner_text()
        assert "запросят у счётчика ещё раз" in page.locator("main").inner_text()


def test_stale_tells_its_age(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}/?point=2")
        told = page.locator(".notice.look").first.inner_text()
        assert "Счётчик не на связи" in told
        assert "Не на связи с 11.11" in told


def test_not_yet_due_is_blank_and_said(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, _):
        page.goto(address + MONTH)
        assert page.locator(".chart .inside", has_text="ещё не пришли").first.is_visible()
        assert page.locator("tr", has_text="25.11").count() == 0


def test_forbidden_is_not_told_from_absent(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        said = []
        for point in (3, 999):
            answer = page.goto(f"{address}/data?point={point}")
            assert answer is not None
            assert answer.status == 404
            said.append(page.locator("main").inner_text())
        assert said[0] == said[1]
        assert page.get_by_role("link", name="На главную").is_visible()
        answer = page.goto(f"{address}/console/points")
        assert answer is not None
        assert answer.status == 403
        assert "Этот раздел не для вас" in page.locator("main").inner_text()


def test_failed_says_that_the_readings_are_safe(
    browser: Browser, running: tuple[str, Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = running

    def away(*_args: object) -> None:
        raise SeriesUnavailable("the store does not answer")

    with opened(browser, address, 360, s.CONSUMER) as (page, wrong):
        page.goto(address + MONTH + "&step=half_hour")
        with monkeypatch.context() as broken:
            for name in ("load", "registers", "last_register"):
                broken.setattr(SqliteSeries, name, away)
            page.get_by_role("link", name="Сутки").first.click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Показания сейчас недоступны")
            assert "Они целы" in page.locator("main").inner_text()
        wrong.clear()
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Учетные данные")


def test_a_line_that_does_not_come_leaves_the_bars(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, _):
        page.route("**/data/line*", lambda route: route.abort())
        page.goto(address + MONTH + "&step=half_hour")
        expect(page.locator(".zoom")).to_have_class("zoom failed")
        assert page.locator(".chart .bar").first.is_visible()


def test_offline_keeps_the_figures_and_tells_their_age(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(address + MONTH)
        before = page.locator("#load-sum").inner_text()
        page.context.set_offline(True)
        notice = page.locator("#offline")
        expect(notice).to_be_visible()
        assert "24.11.2026\u00a009:12" in notice.inner_text()
        later(page)
        expect(notice).to_be_visible()
        assert page.locator("#load-sum").inner_text() == before
        assert "2026-11-01" in page.url
        page.context.set_offline(False)
        expect(notice).to_be_hidden()
        later(page)
        expect(page.locator(".caption-of-period")).to_contain_text("Октябрь 2026")


def test_a_view_is_an_address_that_another_can_open(browser: Browser, address: str) -> None:
    """A guest logs in and stands before the same figures; who may not see the point stands before nothing."""
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}/data?length=own&day=2026-11-02&last=2026-11-04&compare=before&step=hour&hide=night")
        view, figure = page.url, page.locator("#load-sum").inner_text()
        point = page.locator("a.opens.big").get_attribute("href") or ""
    key = point.split("point=")[1].split("&")[0]
    for who, status in ((s.CONSUMER, 200), (s.NEIGHBOUR, 404)):
        with opened(browser, address, 1440, None) as (page, _):
            page.goto(f"{view}&point={key}")
            page.get_by_label("Электронная почта").fill(who)
            page.get_by_label("Пароль").fill(s.PASSWORD)
            with page.expect_navigation(wait_until="load", url="**/data?*") as waited:
                page.get_by_role("button", name="Войти").click()
            assert waited.value.status == status
            if status == 200:
                assert page.locator("#load-sum").inner_text() == figure


def test_a_stretch_over_the_bars_opens_the_days_between(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, wrong):
        page.goto(address + MONTH)
        first, last = (page.locator(".hit").nth(number).bounding_box() for number in (1, 4))
        assert first is not None
        assert last is not None
        page.mouse.move(first["x"] + 5, first["y"] + 60)
        page.mouse.down()
        page.mouse.move(last["x"] + 5, last["y"] + 60, steps=4)
        page.mouse.up()
        expect(page.locator(".caption-of-period")).to_contain_text("2–5 ноября 2026")
        assert "last=2026-11-05" in page.url
        page.locator("[data-chart]").focus()
        page.keyboard.press("Home")
        page.keyboard.press("Enter")
        expect(page.locator(".caption-of-period")).to_contain_text("2 ноября 2026")
        assert page.locator(".hit").count() == 48
        page.go_back()
        expect(page.locator(".caption-of-period")).to_contain_text("2–5 ноября 2026")
        assert wrong == []


def test_the_line_of_a_year_tells_each_day_and_opens_a_part(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, wrong):
        page.goto(f"{address}/data?length=year&step=half_hour")
        holder = page.locator(".long")
        expect(holder.locator("canvas")).to_be_visible()
        holder.focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        expect(holder.locator(".say")).to_contain_text("23 ноября")
        assert "наибольший интервал" in holder.locator(".say").inner_text()
        box = holder.locator(".u-over").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 50, steps=5)
        page.mouse.up()
        expect(page.get_by_label("Последний день")).to_be_visible()
        assert "length=own" in page.url
        assert wrong == []
