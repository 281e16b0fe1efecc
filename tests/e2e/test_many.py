"""Dozens of points in a real browser: one of them is found as one types, and no page becomes too long or too wide."""

import pytest
from playwright.sync_api import Browser, expect

from tests.central import scene as s
from tests.central.shops import NAMES, add_shops
from tests.e2e.parts import WIDTHS, opened

DAYS = 2


@pytest.fixture(scope="module")
def address(running: tuple[str, s.Scene]) -> str:
    add_shops(running[1])
    return running[0]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["/readings", "/data"])
def test_a_point_is_found_by_its_name_code_meter_or_board(
    browser: Browser, address: str, width: int, path: str
) -> None:
    with opened(browser, address, width, s.CONSUMER) as (page, wrong):
        page.goto(address + path)
        page.locator("details.picker.point > summary").click()
        found = page.locator("details.picker.point li:visible b")
        box = page.locator("details.picker.point ul").bounding_box()
        assert box is not None
        assert box["height"] < WIDTHS[width], "32 points do not make a page of their own length"
        for typed, names in (
            ("цех 30", ["Цех 30"]),
            ("ц-7", ["Цех 7"]),
            ("9012", ["Цех 12"]),
            ("щс-10", [name for number, name in enumerate(NAMES, 1) if number % 3 == 2]),
        ):
            page.get_by_placeholder("Найти точку").fill(typed)
            expect(found).to_have_text(names)
        assert not wrong


@pytest.mark.parametrize(("width", "columns"), [(360, 1), (1440, 3)])
def test_meters_of_a_form_stand_side_by_side_where_there_is_room(
    browser: Browser, address: str, width: int, columns: int
) -> None:
    with opened(browser, address, width, s.CONSUMER) as (page, wrong):
        page.goto(address + "/entry")
        left = page.locator(".face").evaluate_all("all => all.map(one => one.getBoundingClientRect().left)")
        assert len(left) == len(NAMES) + 2
        assert len(set(left)) == columns
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert not wrong
