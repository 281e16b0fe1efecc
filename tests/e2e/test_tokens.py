"""A token on a phone: made, copied, used by a program, withdrawn; its page has no finding of axe either."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect

from tests.central import scene as s
from tests.e2e.parts import findings, opened


def asked(address: str, secret: str) -> int:
    """The code of an answer; rows where it is one."""
    path = "/data/file?form=json&length=day&day=2026-11-23"
    request = Request(address + path, headers={"Authorization": f"Bearer {secret}"})
    try:
        with urlopen(request) as answer:
            assert len(json.load(answer)["rows"]) == 48
            return int(answer.status)
    except HTTPError as refused:
        return refused.code


@pytest.mark.parametrize("dark", [False, True])
def test_a_program_reads_by_a_token_till_it_is_withdrawn(browser: Browser, address: str, dark: bool) -> None:
    name = f"таблица {'тёмная' if dark else 'светлая'}"
    with opened(browser, address, 360, s.CONSUMER, dark=dark) as (page, wrong):
        page.goto(f"{address}/me")
        page.locator("summary", has_text="Новый токен").click()
        assert findings(page) == []
        page.get_by_label("Для чего он").fill(name)
        page.locator("[name=token_proof]").fill(s.PASSWORD)
        page.get_by_role("button", name="Сделать токен").click()
        secret = page.locator("#secret").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert findings(page) == []
        assert asked(address, secret) == 200
        page.get_by_role("link", name="Сохранил, дальше").click()
        expect(page.locator(".mine", has_text=name)).to_contain_text("последний раз")
        page.get_by_role("button", name=f"Отозвать токен: {name}").click()
        expect(page.get_by_role("status").first).to_be_attached()
        expect(page.locator(".mine", has_text=name)).to_have_count(0)
        assert asked(address, secret) == 401
        assert wrong == []
