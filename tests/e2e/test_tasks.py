"""Tasks of a person who knows nothing of the pages but their words, and how many taps each takes: no more than
stated. A tap is a press on something that is seen; reading costs none.
"""

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from central import figures
from central.faces.formats import clock, kilo, money
from central.figures.around import readings_around
from tests.central import scene as s
from tests.central.scene import Scene
from tests.e2e.parts import WIDTHS, opened

DAYS = 100  # all of September


class Person:
    """In front of the main page."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, what: Locator) -> None:
        what.first.scroll_into_view_if_needed()
        assert what.first.is_visible()
        what.first.click()
        self.taps += 1
        self.page.wait_for_load_state("networkidle")

    def link(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("link", name=name)

    def reads(self, text: str) -> bool:
        return text in self.page.locator("main").inner_text()


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_this_month_and_its_cost_take_no_tap(browser: Browser, running: tuple[str, Scene], width: int) -> None:
    address, scene = running
    view = figures.summary(scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], scene.now)
    assert view.month.cost is not None
    with opened(browser, address, width, s.CONSUMER) as (page, _):
        person = Person(page)
        for text in (kilo(view.month.totals.total), money(view.month.cost.total)):
            found = page.get_by_text(text).first.bounding_box()
            assert found is not None
            assert found["y"] + found["height"] < WIDTHS[width], "before any scrolling"
        assert person.taps == 0


def test_yesterdays_greatest_takes_no_tap(browser: Browser, running: tuple[str, Scene], width: int) -> None:
    """And one, on the bar, to see how much it was."""
    address, scene = running
    view = figures.summary(scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], scene.now)
    most = max(view.yesterday.slots, key=lambda slot: slot.energy or 0)
    with opened(browser, address, width, s.CONSUMER) as (page, _):
        person = Person(page)
        assert f"больше всего в {clock(most.start, s.TZ)}" in page.locator(".yesterday").inner_text()
        person.tap(page.locator(".yesterday .hit").nth([slot.start for slot in view.yesterday.slots].index(most.start)))
        assert kilo(most.energy) in page.locator(".yesterday .say").inner_text()
        assert person.taps == 1


def test_a_half_hour_of_a_past_month_takes_three(browser: Browser, running: tuple[str, Scene], width: int) -> None:
    """Section, the period's name, its day typed, and «Сутки»."""
    address, _ = running
    with opened(browser, address, width, s.CONSUMER) as (page, _wrong):
        person = Person(page)
        person.tap(page.locator(".tile", has_text="Учетные данные"))
        person.tap(page.locator(".arrows summary"))
        page.get_by_label("День", exact=True).fill("2026-09-20")
        person.tap(page.get_by_role("button", name="Сутки"))
        expect(page.locator(".caption-of-period")).to_contain_text("20 сентября 2026")
        expect(page.locator("#table")).to_contain_text("18:30")
        assert "length=day" in page.url
        assert person.taps == 3


def test_a_half_hour_of_a_past_month_as_a_file_takes_five(
    browser: Browser, running: tuple[str, Scene], width: int, tmp_path: Path
) -> None:
    """Section, year, that month, the menu, the file."""
    address, _ = running
    with opened(browser, address, width, s.CONSUMER) as (page, _wrong):
        person = Person(page)
        person.tap(page.locator(".tile", has_text="Учетные данные"))
        person.tap(person.link("Год"))
        expect(page.locator(".caption-of-period")).to_have_text(re.compile(r"2026"))
        person.tap(page.locator("tr", has_text="сентябрь").get_by_role("link"))
        expect(page.locator(".caption-of-period")).to_contain_text("Сентябрь 2026")
        person.tap(page.locator("details.export summary"))
        with page.expect_download() as waited:
            person.tap(person.link("CSV, шаг: 30 мин"))
        waited.value.save_as(tmp_path / "file.csv")
        text = (tmp_path / "file.csv").read_text(encoding="utf-8-sig")
        assert "2026-09-20T18:30" in text
        assert "Europe/Moscow" in text
        assert person.taps == 5


def test_october_against_september_takes_two(browser: Browser, running: tuple[str, Scene], width: int) -> None:
    """From «Потребление» one step back: the month before stands beside it, and how much more or less it was."""
    address, scene = running
    viewer, first = scene.viewer(s.CONSUMER), date(2026, 10, 1)
    found = [
        figures.consumption(scene.source, viewer, scene.points[one], first, scene.now) for one in (s.FLAT, s.DACHA)
    ]
    october = sum(one.month.totals.total or 0 for one in found)
    september = sum(one.previous.totals.total or 0 for one in found if one.previous)
    percent = round(100 * Fraction(october - september, september))
    assert percent != 0
    with opened(browser, address, width, s.CONSUMER) as (page, _):
        person = Person(page)
        person.tap(page.locator(".tile", has_text="Потребление энергоресурсов"))
        person.tap(person.link("Раньше"))
        expect(page.locator(".caption-of-period")).to_contain_text("Октябрь 2026")
        expect(page.locator(".strips")).to_contain_text("Сентябрь 2026")
        assert page.locator(".hero .energy").inner_text().startswith(kilo(october))
        told = f"На {abs(percent)}\u00a0% {'больше' if percent > 0 else 'меньше'}, чем за сентябрь 2026"
        assert told in page.locator(".compare").first.inner_text()
        assert kilo(september) in page.locator("tfoot tr").first.inner_text()
        assert person.taps == 2


def test_whether_the_meter_is_talking_takes_no_tap(browser: Browser, running: tuple[str, Scene], width: int) -> None:
    """The flat's is, and when it last did; the dacha's is not, since when."""
    address, _ = running
    with opened(browser, address, width, s.CONSUMER) as (page, _wrong):
        person = Person(page)
        assert person.reads("Счётчик на связи")
        assert person.reads("Последнее показание 09:00")
        assert person.reads("Дача: не на связи с 12 ноября")
        assert person.taps == 0


def test_when_the_verification_ends_takes_one(browser: Browser, address: str, width: int) -> None:
    """The section of the meter; it stands there before any scrolling. Within ninety days the main page says it too."""
    with opened(browser, address, width, s.CONSUMER) as (page, _wrong):
        person = Person(page)
        assert person.reads(f"Поверка до {s.VERIFIED_TO:%d.%m.%Y}, осталось 78 дней")
        person.tap(page.locator(".tile", has_text="Измерительные комплексы"))
        stamp = page.locator(".stamp")
        expect(stamp).to_contain_text(f"Поверка до {s.VERIFIED_TO:%d.%m.%Y}")
        expect(stamp).to_contain_text("осталось 78 дней")
        found = stamp.bounding_box()
        assert found is not None
        assert found["y"] + found["height"] < WIDTHS[width], "before any scrolling"
        assert person.taps == 1


def test_where_a_figure_comes_from_takes_one(browser: Browser, running: tuple[str, Scene], width: int) -> None:
    address, _ = running
    with opened(browser, address, width, s.CONSUMER) as (page, _wrong):
        person = Person(page)
        cost = page.locator("a.opens.money").inner_text().replace("\u202f₽", "")
        person.tap(page.locator("a.opens.money"))
        assert page.get_by_role("heading", level=1).inner_text() == "Откуда это"
        for step in ("Показания", "Цена", "Качество", "Проверка", "Что менялось"):
            assert page.get_by_role("heading", name=step, exact=True).is_visible()
        assert cost in page.locator("tfoot").nth(1).inner_text()
        assert person.taps == 1


def test_a_reading_is_handed_in_and_its_receipt_found_in_two(
    browser: Browser, running: tuple[str, Scene], width: int
) -> None:
    """Section, digits typed, «Передать»: the receipt opens. Found again another day, it takes two as well."""
    address, scene = running
    serial = s.FLAT if width == 360 else s.DACHA  # one reading of a half-hour is taken of each
    last = readings_around(scene.source, f"MIL-{serial}", scene.now)[0]
    with opened(browser, address, width, s.CONSUMER) as (page, wrong):
        person = Person(page)
        person.tap(page.locator(".tile", has_text="Ввод показаний"))
        face = page.locator(".face", has_text=serial)
        for field in ("ap1", "ap2", "ap3"):
            face.locator(f"[data-register={field}] input").fill(str(last[field] // 10**6 + 1))
        person.tap(page.get_by_role("button", name="Передать показания"))
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Квитанция 2411-\d{4}"))
        assert person.reads("принято")
        assert person.taps == 2
        number = page.get_by_role("heading", level=1).inner_text()
        page.goto(address)
        again = Person(page)
        again.tap(page.locator(".tile", has_text="Ввод показаний"))
        again.tap(again.link(re.compile(number)))
        expect(page.get_by_role("heading", level=1)).to_have_text(number)
        assert again.taps == 2
        assert wrong == []


def test_a_report_as_a_file_takes_three_taps(browser: Browser, running: tuple[str, Scene], width: int) -> None:
    """«Отчеты», its name, the format; what is told on the way needs none."""
    address, _scene = running
    with opened(browser, address, width, s.CONSUMER) as (page, _):
        person = Person(page)
        person.tap(person.link(re.compile("^Отчеты")))
        person.tap(
            page.locator(".report-kinds")
            .get_by_role("link", name=re.compile("^Показания счетчиков"))
            .locator("visible=true")
        )
        assert person.reads("Октябрь 2026")
        with page.expect_download() as file:
            person.tap(page.get_by_role("button", name="Excel 2007+"))
        assert file.value.suggested_filename.endswith(".xlsx")
        assert person.taps == 3
