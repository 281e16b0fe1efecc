"""«Отчеты» in a browser: points and columns are chosen in place, and by forms where there are no scripts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.central import scene as s
from tests.central.scene import Scene
from tests.e2e.parts import findings, opened

DAYS = 40
DAY = "length=day&day=2026-11-20"


@pytest.fixture(params=[True, False], ids=["scripts", "none"])
def reader(request: pytest.FixtureRequest, browser: Browser, running: tuple[str, Scene]) -> Iterator[Page]:
    """On a desktop, with scripts and without."""
    address, _scene = running
    context = browser.new_context(
        base_url=address, viewport={"width": 1280, "height": 900}, java_script_enabled=request.param
    )
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Электронная почта").fill(s.CONSUMER)
    page.get_by_label("Пароль").fill(s.PASSWORD)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url(lambda url: "/login" not in url, wait_until="load")
    yield page
    context.close()


def test_points_and_a_format_are_chosen_and_the_file_comes(reader: Page) -> None:
    reader.goto(f"/reports/profile?{DAY}")
    reader.locator(".parameters summary").click()
    reader.get_by_label("Поиск").fill("Дача")
    reader.get_by_role("button", name="Найти").click()
    rows = reader.locator(".choices li")
    expect(rows.filter(has_text="Квартира")).to_be_hidden()
    reader.get_by_role("button", name="Выбрать все").click()
    reader.get_by_role("button", name="Сформировать отчет").locator("visible=true").click()
    expect(reader.locator(".begins th")).to_have_count(1)
    reader.goto(f"/reports/profile?{DAY}&open=1")
    reader.get_by_label("Формат отчета").select_option("CSV")
    with reader.expect_download() as file:
        reader.get_by_role("button", name="Сформировать отчет").locator("visible=true").click()
    assert file.value.suggested_filename.endswith(".csv")


def test_columns_are_put_in_order_and_kept_under_a_name(reader: Page) -> None:
    reader.goto(f"/reports/profile?{DAY}&edit=1")
    reader.get_by_role("checkbox", name="Состояние").uncheck()
    for _step in range(2):
        reader.get_by_role("button", name="Раньше: A+, кВт·ч").click()
    names = reader.locator("[data-order] li").all_inner_texts()
    assert "A+" in names[1]
    reader.get_by_label("Название", exact=True).fill("Только прием")
    reader.get_by_role("button", name="Сохранить", exact=True).click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("Только прием")
    heads = reader.locator(".report-table thead th").all_inner_texts()
    assert heads[0] == "A+, кВт·ч"
    assert "Состояние" not in heads
    reader.get_by_role("link", name="Удалить").click()
    reader.get_by_role("button", name="Удалить").click()
    expect(reader.get_by_text("Персональный отчёт удалён")).to_be_visible()


def test_a_column_is_drawn_to_its_place(browser: Browser, running: tuple[str, Scene]) -> None:
    address, _scene = running
    with opened(browser, address, 1440, s.CONSUMER) as (page, troubles):
        page.goto(f"{address}/reports/profile?{DAY}&edit=1")
        grips = page.locator("[data-order] .grip")
        grips.nth(3).hover()
        page.mouse.down()
        over = grips.nth(0).bounding_box()
        assert over is not None
        page.mouse.move(over["x"] + 5, over["y"] + 5, steps=8)
        page.mouse.up()
        assert "A+" in page.locator("[data-order] li").first.inner_text()
        assert troubles == []


@pytest.mark.parametrize("more", ["", "&edit=1"])
def test_everything_is_reached_by_the_keyboard_and_axe_finds_nothing(
    browser: Browser, running: tuple[str, Scene], more: str
) -> None:
    address, _scene = running
    with opened(browser, address, 1440, s.CONSUMER) as (page, _):
        page.goto(f"{address}/reports/profile?{DAY}{more}")
        page.locator(".parameters summary").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Выбрать все")).to_be_visible()
        assert findings(page) == []
        reached = set()
        for _press in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name"))
        assert {"Выбрать все", "Снять выбор", "Инвертировать", "Сформировать отчет", "seek", "until"} <= reached


def test_the_kinds_are_narrowed_as_one_types(browser: Browser, running: tuple[str, Scene]) -> None:
    address, _scene = running
    with opened(browser, address, 1440, s.CONSUMER) as (page, _):
        page.goto(f"{address}/reports/profile?{DAY}")
        page.locator("#w-kind").fill("перетоков")
        names = page.locator(".report-kinds .wide-only li a")
        shown = [one.inner_text() for one in names.all() if one.is_visible()]
        assert all(re.search("перетоков", name) for name in shown)
