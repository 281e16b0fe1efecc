"""An operator at the console's forms in a real browser: by the keys alone, without scripts, on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.central import scene as s
from tests.e2e.parts import opened


@pytest.fixture
def operator(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address, 1440, s.OPERATOR) as (page, wrong):
        yield page
        assert [one for one in wrong if "status of 422" not in one] == []


def tab_to(page: Page, label: str) -> None:
    """By the Tab key, as a person does, to the field of this label."""
    wanted = page.get_by_label(label, exact=True).element_handle()
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("one => document.activeElement === one", wanted):
            return
    raise AssertionError(f"{label} cannot be reached by Tab")


def test_a_meter_is_replaced_by_the_keys_alone(operator: Page, address: str) -> None:
    page = operator
    page.goto(f"{address}/console/points/3")
    page.get_by_role("link", name="Заменить счётчик").press("Enter")
    page.wait_for_url("**/replacement")
    for label, text in (("Номер акта *", "акт 17"), ("Почему заменён *", "сгорел"), ("A+ всего", "1")):
        tab_to(page, label)
        page.keyboard.type(text)
    tab_to(page, "есть в реестре")
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("внести новый").is_checked()
    assert page.get_by_label("Номер счётчика *").is_hidden()
    for label, text in (
        ("Заводской номер *", "09990001"),
        ("Тип *", "Милур 107S"),
        ("Завод", "Милур"),
        ("Имя в сообщениях", "MIL-09990001"),
    ):
        tab_to(page, label)
        page.keyboard.type(text)
    tab_to(page, "A+ всего *")
    page.keyboard.type("0,5")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert "меньше предыдущего показания" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Номер акта *").input_value() == "акт 17"
    page.get_by_role("alert").get_by_role("link", name="A+ всего").press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("9000,25")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Изменятся цифры").wait_for()
    assert "Борис Сидоров" in page.locator("[data-told]").inner_text()
    page.get_by_role("button", name="Сохранить").press("Enter")
    page.wait_for_url("**/console/points/3?done=*")
    for word in ("Сохранено", "09990001", "сгорел", "9 000,25"):
        assert word in page.locator("main").inner_text().replace("\u00a0", " ")
    page.get_by_role("link", name="Что изменилось, и как отменить").press("Enter")
    page.get_by_role("link", name="Отменить изменение").press("Enter")
    tab_to(page, "Почему отменяется *")
    page.keyboard.type("не та точка")
    page.get_by_role("button", name="Отменить изменение").press("Enter")
    page.get_by_role("heading", name="Изменятся цифры").wait_for()
    page.get_by_role("button", name="Отменить изменение").press("Enter")
    page.get_by_role("heading", name="Изменение отменено").first.wait_for()


def test_the_same_works_without_scripts_on_a_phone(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(f"{address}/console/points/2/dismounting")
    page.get_by_label("Электронная почта").fill(s.OPERATOR)
    page.get_by_label("Пароль").fill(s.PASSWORD)
    page.get_by_role("button", name="Войти").click()
    page.get_by_label("Номер акта").fill("5")
    page.get_by_label("Почему снят").fill("снос дома")
    page.get_by_role("button", name="Сохранить").click()
    if page.get_by_role("heading", name="Изменятся цифры").count():
        page.get_by_role("button", name="Сохранить").click()
    assert "done=" in page.url
    assert "счётчика нет" in page.locator("main").inner_text()
    context.close()


def test_a_document_is_attached_and_saved_from_the_page(operator: Page, address: str, tmp_path: Path) -> None:
    act = tmp_path / "Акт 17.pdf"
    act.write_bytes(b"%PDF-1.7 act")
    operator.goto(f"{address}/console/points/1")
    operator.get_by_role("link", name="Приложить документ").click()
    operator.get_by_label("Файл").set_input_files(act)
    operator.get_by_role("button", name="Приложить").click()
    operator.wait_for_url("**/console/points/1")
    with operator.expect_download() as saved:
        operator.get_by_role("link", name="Акт 17.pdf").click()
    assert saved.value.suggested_filename == "Акт 17.pdf"
    assert Path(saved.value.path()).read_bytes() == act.read_bytes()
