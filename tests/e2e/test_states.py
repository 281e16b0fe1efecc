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


def test_a_server_that_was_away_for_a_moment_is_away_no_longer_when_it_has_answered(
    browser: Browser, address: str
) -> None:
    """The network stood all the time, so no event of it tells that it is back: the answer does."""
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(address + MONTH)
        page.route("**/data?*2026-10-01*", lambda route: route.abort("connectionrefused"))
        later(page)
        expect(page.locator("#offline")).to_be_visible()
        page.unroute("**/data?*2026-10-01*")
        later(page)
        expect(page.locator(".caption-of-period")).to_contain_text("Октябрь 2026")
        expect(page.locator("#offline")).to_be_hidden()


def test_a_convenience_that_breaks_is_not_told_as_a_network_that_is_away(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, wrong):
        page.goto(address + MONTH)
        page.evaluate("shown.unshift(() => { throw new Error('broken') })")
        later(page)
        expect(page.locator(".caption-of-period")).to_contain_text("Октябрь 2026")
        expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
        expect(page.locator("#offline")).to_be_hidden()
        assert wrong == ["broken"], "it is told where a developer looks"


@pytest.mark.parametrize("path", ["/", "/reading", "/whatif", "/data", "/explain"])
def test_a_page_brings_itself_up_to_date_when_the_network_is_back(browser: Browser, address: str, path: str) -> None:
    """As its notice promises, and in place: the page is not left for an error of the browser."""
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(address + path)
        page.evaluate("document.querySelector('h1').textContent = 'old'")
        page.context.set_offline(True)
        expect(page.locator("#offline")).to_contain_text("Когда сеть появится, страница обновится сама.")
        page.context.set_offline(False)
        expect(page.locator("#offline")).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).not_to_have_text("old")


def test_a_server_that_is_back_is_found_without_a_tap(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.clock.install()
        page.goto(address + MONTH)
        page.route("**/data?*", lambda route: route.abort("connectionrefused"))
        later(page)
        expect(page.locator("#offline")).to_be_visible()
        page.unroute("**/data?*")
        page.clock.run_for(10_000)
        expect(page.locator("#offline")).to_be_hidden()
        assert "2026-11-01" in page.url


def test_what_was_typed_is_not_lost_to_a_network_that_is_back(browser: Browser, address: str) -> None:
    """And so nothing is promised there."""
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}/me")
        page.locator("details:has(input[type=password]) summary").first.click()
        typed = page.locator("details[open] input[type=password]").first
        typed.fill("сложный")
        page.context.set_offline(True)
        notice = page.locator("#offline")
        expect(notice).to_be_visible()
        assert "обновится сама" not in notice.inner_text()
        page.context.set_offline(False)
        expect(notice).to_be_hidden()
        assert typed.input_value() == "сложный"


def focused(page: Page) -> str:
    """What of it is read out."""
    return str(
        page.evaluate("(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText).trim()")
    )


def test_the_keys_go_on_from_what_was_pressed(browser: Browser, address: str) -> None:
    """Also where it is folded away in what came, was a field, or is gone."""
    with opened(browser, address, 1440, s.CONSUMER) as (page, wrong):
        page.goto(address + MONTH)
        period = page.locator(".caption-of-period")
        page.get_by_role("link", name="Раньше").first.focus()
        page.keyboard.press("Enter")
        expect(period).to_have_text("Октябрь 2026")
        assert focused(page) == "Раньше"

        page.locator(".picker.what summary").press("Enter")
        page.locator(".picker.what").get_by_role("link", name="шаг: 30 мин").press("Enter")
        expect(page.locator(".picker.what summary")).to_contain_text("шаг: 30 мин")
        assert "шаг: 30 мин" in focused(page), "the fold that it lies in now"

        page.locator(".arrows summary").press("Enter")
        page.get_by_label("День", exact=True).fill("2026-11-03")
        page.get_by_label("День", exact=True).press("Enter")
        expect(period).not_to_have_text("Октябрь 2026")
        assert focused(page) == period.inner_text()

        page.goto(f"{address}/data?length=own&day=2026-11-02&last=2026-11-04")
        page.get_by_label("Последний день").fill("2026-11-05")
        page.get_by_label("Последний день").press("Enter")
        expect(period).to_contain_text("2–5 ноября")
        assert page.evaluate("document.activeElement.name") == "last"

        page.locator("[data-chart]").focus()
        page.keyboard.press("Home")
        page.keyboard.press("Enter")
        expect(period).to_contain_text("2 ноября 2026")
        assert page.evaluate("'chart' in document.activeElement.dataset")

        page.get_by_role("link", name="Месяц", exact=True).focus()
        page.evaluate("document.activeElement.textContent = 'gone'")
        page.keyboard.press("Enter")
        expect(period).to_have_text("Ноябрь 2026")
        assert page.evaluate("document.activeElement.localName") == "main"

        page.get_by_role("button", name="Светлая").focus()
        page.go_back()
        expect(period).to_contain_text("2 ноября 2026")
        assert page.evaluate("document.activeElement.localName") == "main"
        assert wrong == []


@pytest.mark.parametrize(("asked", "told"), [
    ("length=month&day=2026-11-01", "Октябрь 2026"),
    ("length=week&day=2026-11-02", "12–18 октября 2026"),
    ("length=day&day=2026-11-02", "14 октября 2026"),
    ("length=own&day=2026-11-02&last=2026-11-04", "14 октября 2026"),
])  # fmt: skip
def test_enter_in_the_field_of_a_day_keeps_the_length(browser: Browser, address: str, asked: str, told: str) -> None:
    """Of one's own period the day itself: it has no length to go on with."""
    with opened(browser, address, 1440, s.CONSUMER) as (page, _):
        for path in ("/data", "/readings"):
            page.goto(f"{address}{path}?{asked}")
            page.locator(".arrows summary").click()
            page.get_by_label("День", exact=True).fill("2026-10-14")
            page.get_by_label("День", exact=True).press("Enter")
            expect(page.locator(".caption-of-period")).to_contain_text(told)


@pytest.mark.parametrize(("path", "period"), [
    ("/readings?point=1&length=month&day=2026-10-01", "Октябрь 2026, 01.10.2026–31.10.2026"),
    ("/data?point=1&length=week&day=2026-10-14", "12–18 октября 2026, 12.10.2026–18.10.2026"),
    ("/consumption?point=1&day=2026-10-14", "Октябрь 2026, 01.10.2026–31.10.2026"),
    ("/explain?point=1&length=day&day=2026-10-14", "ср, 14 октября 2026"),
    ("/reading?point=1&day=2026-10-14", "14.10.2026 00:00"),
])  # fmt: skip
def test_a_sheet_of_paper_says_whose_figures_these_are_and_when_it_was_made(
    browser: Browser, address: str, path: str, period: str
) -> None:
    """Dark on white in the dark theme too, without what leads elsewhere; on the screen the pickers say it."""
    with opened(browser, address, 1440, s.CONSUMER, dark=True) as (page, _):
        page.goto(address + path)
        head = page.locator(".on-paper")
        expect(head).to_be_hidden()
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.emulate_media(media="print", color_scheme="dark")
        told = head.inner_text().replace("\u00a0", " ")
        for one in ("Квартира, ул. Садовая, 12, кв. 45, счётчик № 04217795", period, "24.11.2026 09:12"):
            assert one in told
        ink, paper = (f"getComputedStyle(document.querySelector('{one}'))" for one in ("h1", "html"))
        assert page.evaluate(f"{ink}.color") == "rgb(26, 28, 32)"
        assert page.evaluate(f"{paper}.backgroundColor") == "rgb(255, 255, 255)"
        for gone in (".pickers", ".top", ".bottom", ".back", ".actions", ".more", ".hint"):
            assert page.locator(gone).filter(visible=True).count() == 0, gone


def test_several_points_are_all_named_on_paper(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, _):
        page.goto(f"{address}/data?point=1&point=2&channel=reactive_import")
        page.emulate_media(media="print")
        told = page.locator(".on-paper").inner_text()
        for one in ("Квартира", "Дача", "04217795", "04217801", "Реактивная энергия, прием", "шаг: сутки"):
            assert one in told


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


def test_a_stretch_that_is_let_go_elsewhere_is_over(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, s.CONSUMER) as (page, _):
        page.goto(address + MONTH)
        box = page.locator(".hit").nth(1).bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 5, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 200, box["y"] + 60, steps=4)
        assert page.locator(".hit.taken").count() > 1
        page.mouse.move(box["x"] + 200, box["y"] - 200)
        page.mouse.up()
        page.mouse.move(box["x"] + 300, box["y"] + 60, steps=4)
        assert page.locator(".hit.taken").count() == 0
        page.mouse.down()
        page.mouse.up()
        assert "length=month" in page.url


def fingers(page: Page, begun: tuple[float, float], ended: tuple[float, float]) -> None:
    """Two of them over the chart: where they came down and where they were taken away, parts of its width."""
    page.locator("[data-chart]").scroll_into_view_if_needed()
    box = page.locator("[data-chart]").bounding_box()
    assert box is not None
    driver = page.context.new_cdp_session(page)

    def touch(kind: str, places: tuple[float, ...]) -> None:
        points = [
            {"x": box["x"] + box["width"] * place, "y": box["y"] + 60, "id": number}
            for number, place in enumerate(places)
        ]
        driver.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", begun)
    touch("touchMove", ended)
    touch("touchEnd", ())


def test_two_fingers_draw_a_part_out_and_together_again(browser: Browser, address: str) -> None:
    """Drawn together over what was not drawn out they lead nowhere, least of all off the page."""
    with opened(browser, address, 360, s.CONSUMER) as (page, wrong):
        page.goto(address + MONTH)
        period = page.locator(".caption-of-period")
        page.evaluate("addEventListener('popstate', () => { window.went = true })")
        fingers(page, (0.2, 0.8), (0.4, 0.6))
        later(page)
        expect(period).to_have_text("Октябрь 2026")
        fingers(page, (0.2, 0.8), (0.4, 0.6))
        fingers(page, (0.4, 0.6), (0.2, 0.8))
        expect(period).to_contain_text("октября 2026")
        assert "length=own" in page.url
        assert page.evaluate("window.went") is None
        fingers(page, (0.2, 0.8), (0.4, 0.6))
        expect(period).to_have_text("Октябрь 2026")
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
