"""The guide on a phone, on a desktop, and on paper."""

import pytest
from playwright.sync_api import Browser

from tests.e2e.parts import opened

ALL_SECTIONS = {"ru": "Все разделы помощи", "en": "All sections of the help"}
GLOSSARY = {"ru": "Словарь", "en": "Glossary"}


@pytest.mark.parametrize(("width", "folded", "language"), [(360, True, "en"), (1440, False, "ru")])
def test_the_contents_stand_above_on_a_phone_and_beside_on_a_desktop(
    browser: Browser, address: str, width: int, folded: bool, language: str
) -> None:
    with opened(browser, address, width, None, language=language) as (page, _):
        page.goto(f"{address}/help/data")
        contents, text = page.locator(".guide-contents").bounding_box(), page.locator("article").bounding_box()
        assert contents is not None
        assert text is not None
        assert (contents["y"] + contents["height"] <= text["y"]) == folded
        assert (contents["x"] + contents["width"] <= text["x"]) == (not folded)
        assert page.locator(".guide-fold").is_visible() == folded
        if folded:
            page.get_by_text(ALL_SECTIONS[language]).click()
        page.locator(".guide-contents").get_by_role("link", name=GLOSSARY[language]).click()
        assert page.url == f"{address}/help/words"


@pytest.mark.parametrize(("language", "marks"), [("ru", "«»"), ("en", "“”")])
def test_what_is_quoted_stands_in_the_quotes_of_the_language(
    browser: Browser, address: str, language: str, marks: str
) -> None:
    """A phrase in quotes is as wide as it is when they are written out."""
    with opened(browser, address, 1440, None, language=language) as (page, _):
        page.goto(f"{address}/help/data")
        quoted, written = page.locator("article q").first.evaluate(
            """(one, marks) => {
              const wide = () => one.getBoundingClientRect().width, quoted = wide();
              one.style.quotes = "none";
              one.textContent = marks[0] + one.textContent + marks[1];
              return [quoted, wide()];
            }""",
            marks,
        )
        assert quoted == pytest.approx(written, abs=0.1)


def test_pictures_stand_one_under_another_beside_the_text(browser: Browser, address: str) -> None:
    with opened(browser, address, 1440, None) as (page, _):
        page.goto(f"{address}/help/reports")
        boxes = [one.bounding_box() for one in page.locator(".shot").all()]
        assert len({box["x"] for box in boxes if box}) == 1
        text = page.locator(".means").first.bounding_box()
        assert text is not None
        assert text["width"] > 400


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
