"""A consumer registers on a phone by the keyboard alone: so many fields, so many presses, and axe finds nothing."""

import re

from playwright.sync_api import Browser, Page
from sqlalchemy import select

from central.accounts.tables import account
from central.jobs.tables import job
from tests.central.scene import Scene
from tests.e2e.parts import findings, opened

MAIL, PASSWORD = "vera@example.org", "зелёная лодка у моста"
TYPED = ("Вера Новикова", "100-9", "8 912 345-67-89", MAIL, PASSWORD, PASSWORD)


def pressed(page: Page, what: str, most: int = 40) -> None:
    """Tab until this stands under the finger, then Space or Enter."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText || document.activeElement.name || ''").strip() == what:
            return
    raise AssertionError(f"no way to {what} by the keyboard")


def test_from_the_form_to_activated(browser: Browser, running: tuple[str, Scene]) -> None:
    address, scene = running
    with opened(browser, address, 360, None) as (page, wrong):
        page.goto(f"{address}/login")
        pressed(page, "Зарегистрируйтесь")
        page.keyboard.press("Enter")
        page.wait_for_url("**/register")
        assert findings(page) == []
        pressed(page, "name")
        for number, text in enumerate(TYPED):
            if number:
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.tagName") == "BUTTON":  # to show the password
                    page.keyboard.press("Tab")
            page.keyboard.insert_text(text)
        for box in ("licence", "consent"):
            pressed(page, box)
            page.keyboard.press("Space")
        pressed(page, "Зарегистрироваться")
        page.keyboard.press("Enter")
        page.wait_for_url("**/registered")
        assert findings(page) == []
        assert MAIL in page.inner_text("main")
        with scene.engine.connect() as connection:
            (letter,) = connection.scalars(select(job.c.arguments).where(job.c.kind == "mail")).all()
        (key,) = re.findall(r"Key=(\S+)", letter["text"])
        page.goto(f"{address}/activate?Key={key}")
        assert findings(page) == []
        pressed(page, "Активировать")
        page.keyboard.press("Enter")
        page.wait_for_url("**/activated")
        assert findings(page) == []
        assert "успешно активирована" in page.inner_text("main")
        with scene.engine.connect() as connection:
            assert connection.scalar(select(account.c.state).where(account.c.mail == MAIL)) == "activated"
        assert wrong == []


def test_what_is_typed_outlives_the_switch_of_the_language(browser: Browser, running: tuple[str, Scene]) -> None:
    address, _ = running
    with opened(browser, address, 360, None) as (page, _wrong):
        page.goto(f"{address}/register")
        page.fill("#f-name", "Вера Новикова")
        page.check("#f-licence")
        page.fill("#f-password", PASSWORD)
        page.get_by_role("button", name="Зарегистрироваться").click()  # refused: most of it is not there
        page.get_by_role("button", name="English").click()
        page.wait_for_selector("html[lang=en]")
        assert page.url == f"{address}/register"
        assert page.input_value("#f-name") == "Вера Новикова"
        assert page.is_checked("#f-licence")
        assert not page.is_checked("#f-consent")
        assert page.input_value("#f-password") == ""
        page.reload()
        assert page.input_value("#f-name") == ""
