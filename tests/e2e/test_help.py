"""The guide on a phone, on a desktop, and on paper."""

import pytest
from playwright.sync_api import Browser

from tests.e2e.parts import opened


@pytest.mark.parametrize(("width", "folded"), [(360, True), (1440, False)])
def test_the_contents_stand_above_on_a_phone_and_beside_on_a_desktop(
    browser: Browser, address: str, width: int, folded: bool
) -> None:
    with opened(browser, address, width, None) as (page, _):
        page.goto(f"{address}/help/data")
        contents, text = page.locator(".guide-contents").bounding_box(), page.locator("article").bounding_box()
        assert contents is not None
        assert text is not None
        assert (contents["y"] + contents["height"] <= text["y"]) == folded
        assert (contents["x"] + contents["width"] <= text["x"]) == (not folded)
        assert page.locator(".guide-fold").is_visible() == folded
        if folded:
            page.get_by_text("Все разделы помощи").click()
        page.locator(".guide-contents").get_by_role("link", name="Словарь").click()
        assert page.url == f"{address}/help/words"


def test_a_printed_section_is_its_text_and_pictures_alone(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, None) as (page, _):
        page.goto(f"{address}/help/data")
        page.emulate_media(media="print")
        assert page.locator("nav, .back, header.top, footer").all()
        assert [
            one.inner_text() for one in page.locator("nav, .back, header.top, footer").all() if one.is_visible()
        ] == []
        assert page.locator("article h1").is_visible()
        assert page.locator("article img").first.is_visible()


def test_a_place_that_is_named_is_scrolled_to(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, None) as (page, _):
        page.goto(f"{address}/help/registration#forgotten")
        box = page.locator("#forgotten").bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 640
