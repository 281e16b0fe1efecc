"""Files of reports in a real browser: a page that says how far it is, and a document compared where it lies."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from werkzeug.datastructures import MultiDict

from central.db import writing
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.made import desk
from central.reports.tables import State, report_file
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import settings
from tests.e2e.conftest import CODE
from tests.e2e.parts import opened

DAYS = 12
PROFILE = reports()["profile"]


def large(scene: Scene) -> int:
    wanted = asked(PROFILE, MultiDict({"length": "year", "day": "2026-01-01"}), date(2026, 11, 24))
    key, at_once = desk.ask(scene.source, scene.viewer(s.CONSUMER), PROFILE, wanted, "csv", s.NOW)
    assert not at_once
    return key


def work(scene: Scene) -> None:
    config = settings(scene.series._path.parent)
    keeper = Keeper(scene.engine, "worker", wall=lambda: s.NOW)
    runner = Runner(config, keeper, scene.series, {"report": KINDS["report"]}, lambda: s.NOW)
    while runner.turn(threading.Event()):
        pass


def test_the_page_of_a_file_renews_itself_until_it_is_ready(
    browser: Browser, running: tuple[str, Scene], tmp_path: Path
) -> None:
    address, scene = running
    key = large(scene)
    with opened(browser, address, 360, s.CONSUMER) as (page, wrong):
        page.goto(f"{address}/reports/made/{key}")
        assert "Файл в очереди" in page.locator("main").inner_text()
        with writing(scene.engine).begin() as connection:
            this = report_file.update().where(report_file.c.id == key)
            connection.execute(this.values(state=State.MAKING, done=1))
        expect(page.locator("[data-going]")).to_contain_text("точек: 1 из 2")
        work(scene)
        expect(page.locator("main")).to_contain_text("Файл готов")
        with page.expect_download() as taken:
            page.get_by_role("link", name="Скачать").click()
        assert taken.value.suggested_filename == "Профиль нагрузки, 2026 год.csv"
        assert wrong == []


@contextmanager
def nothing_is_sent(page: Page) -> Iterator[None]:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    yield
    assert "POST" not in sent


def test_a_document_is_compared_where_it_lies(browser: Browser, address: str, tmp_path: Path) -> None:
    with opened(browser, address, 360, s.CONSUMER) as (page, wrong):
        page.goto(f"{address}/reports/made/1")
        with page.expect_download() as taken:
            page.get_by_role("link", name="Скачать").click()
        same, other = tmp_path / "same.csv", tmp_path / "other.csv"
        taken.value.save_as(same)
        other.write_bytes(same.read_bytes() + b" ")
        page.goto(f"{address}/check/{CODE}")
        with nothing_is_sent(page):
            for file, told, hidden in (
                (same, "#same", "#other"),
                (other, "#other", "#same"),
                (same, "#same", "#other"),
            ):
                page.set_input_files("#f-file", str(file))
                page.get_by_role("button", name="Сверить").click()
                expect(page.locator(told)).to_be_visible()
                expect(page.locator(hidden)).to_be_hidden()
        assert wrong == []


def test_a_code_typed_by_hand_leads_to_the_document(browser: Browser, address: str) -> None:
    with opened(browser, address, 360, None) as (page, _):
        page.goto(f"{address}/check")
        page.get_by_role("textbox").fill(CODE.lower().replace("-", " "))
        page.get_by_role("button", name="Проверить").click()
        expect(page.locator("main")).to_contain_text("Такой документ есть")
