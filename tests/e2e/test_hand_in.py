"""A reading is handed in from a phone that loses its network, without scripts, with a doubt; what is typed is kept and
is written once."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from central.db import writing
from central.figures.around import readings_around
from central.handing import photos
from central.handing.tables import hand_in, handed_in, handed_photo
from central.registry.tables import manual_reading, meter_type
from tests.central import scene as s
from tests.central.scene import Scene
from tests.e2e.parts import findings, opened

DAYS = 20
KWH = 10**6
SECRET = b"GPS 55.7512 37.6184"
DRAW = """async ([width, height]) => {
  const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext("2d");
  for (let at = 0; at < 200; at++) {
    pen.fillStyle = `hsl(${at * 47} 80% ${20 + (at % 6) * 10}%)`;
    pen.fillRect((at * 97) % width, (at * 61) % height, width / 9, height / 7);
  }
  const picture = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  return [...new Uint8Array(await picture.arrayBuffer())];
}"""
SHOWN = "async (one) => { await one.decode(); return [one.naturalWidth, one.naturalHeight]; }"
RECEIPT = re.compile(r"Квитанция 2411-\d{4}")


@pytest.fixture
def village(running: tuple[str, Scene]) -> Iterator[tuple[str, Scene]]:
    """Meters of six digits, of which nothing has been handed in."""
    _, scene = running
    with writing(scene.engine).begin() as connection:
        if connection.execute(select(meter_type.c.id)).first() is None:
            connection.execute(meter_type.insert().values(maker="Милур", name="Милур 107S", digits=6))
        for table in (handed_photo, handed_in, hand_in, manual_reading):
            connection.execute(table.delete())
    return running


def fill(page: Page, scene: Scene, **spent: int) -> dict[str, str]:
    """The registers of the dacha."""
    last = readings_around(scene.source, f"MIL-{s.DACHA}", scene.now)[0]
    typed = {}
    for field, used in ({"ap1": 30, "ap2": 20, "ap3": 25} | spent).items():
        typed[field] = str(last[field] // KWH + used)
        page.locator(".face", has_text=s.DACHA).locator(f"[data-register={field}] input").fill(typed[field])
    return typed


def stands(page: Page) -> dict[str, str]:
    face = page.locator(".face", has_text=s.DACHA)
    return {field: face.locator(f"[data-register={field}] input").input_value() for field in ("ap1", "ap2", "ap3")}


def send(page: Page) -> None:
    page.get_by_role("button", name="передать").click()


def count(scene: Scene) -> tuple[int, int]:
    with scene.engine.connect() as connection:
        return tuple(len(connection.execute(select(table.c.id)).all()) for table in (hand_in, manual_reading))  # type: ignore[return-value]


def test_without_a_network_it_waits_and_goes_by_itself(browser: Browser, village: tuple[str, Scene]) -> None:
    address, scene = village
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}/entry")
        typed = fill(page, scene)
        page.context.set_offline(True)
        send(page)
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        expect(page.locator("#offline")).to_be_visible()
        assert stands(page) == typed
        assert count(scene) == (0, 0)
        page.context.set_offline(False)
        expect(page.get_by_role("heading", level=1)).to_have_text(RECEIPT)
        assert count(scene) == (1, 1)
        page.goto(f"{address}/entry")
        expect(page.locator("#kept")).to_be_hidden()
        assert set(stands(page).values()) == {""}, "what was taken is kept no more"


def test_what_is_only_begun_is_there_at_another_visit(browser: Browser, village: tuple[str, Scene]) -> None:
    address, scene = village
    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}/entry")
        typed = fill(page, scene)
        page.goto(address)
        page.goto(f"{address}/entry")
        assert stands(page) == typed
        assert count(scene) == (0, 0)


def test_a_lost_answer_makes_no_second_reading(browser: Browser, village: tuple[str, Scene]) -> None:
    """The server has it, and the phone does not know."""
    address, scene = village

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    with opened(browser, address, 360, s.CONSUMER) as (page, _):
        page.goto(f"{address}/entry")
        fill(page, scene)
        page.route("**/entry", lose)
        send(page)
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        assert count(scene) == (1, 1)
        page.unroute("**/entry", lose)
        page.goto(f"{address}/data")
        expect(page.locator("#kept")).to_contain_text(RECEIPT)
        assert count(scene) == (1, 1)
        page.locator("#kept").get_by_role("button", name="Понятно").click()
        expect(page.locator("#kept")).to_be_hidden()


def test_a_doubt_is_told_in_place_and_confirmed(browser: Browser, village: tuple[str, Scene]) -> None:
    address, scene = village
    with opened(browser, address, 360, s.CONSUMER) as (page, wrong):
        page.goto(f"{address}/entry")
        typed = fill(page, scene, ap2=2_000)
        expect(page.locator(".face", has_text=s.DACHA).locator("[data-register=ap2] .used")).to_contain_text("Расход 2")
        send(page)
        expect(page.locator("#errors")).to_be_focused()
        expect(page.get_by_text("в десять раз выше обычного")).to_be_visible()
        assert stands(page) == typed
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        page.get_by_role("button", name="Всё верно, передать").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(RECEIPT)
        expect(page.get_by_text("на проверке")).to_be_visible()
        assert findings(page) == []
        assert wrong == []
    with opened(browser, address, 1440, s.OPERATOR, dark=True) as (page, wrong):
        page.goto(f"{address}/console/handed-in")
        assert findings(page) == []
        page.get_by_role("link", name="Дача").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Дача")
        assert findings(page) == []
        page.get_by_role("button", name="Принять").click()
        expect(page.get_by_text("Решение записано")).to_be_visible()
        assert count(scene) == (1, 1)
        assert wrong == []


def test_without_scripts_it_is_handed_in_all_the_same(browser: Browser, village: tuple[str, Scene]) -> None:
    address, scene = village
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(f"{address}/login")
    page.get_by_label("Электронная почта").fill(s.CONSUMER)
    page.get_by_label("Пароль").fill(s.PASSWORD)
    page.get_by_role("button", name="Войти").click()
    page.goto(f"{address}/entry")
    fill(page, scene, ap1=-1)
    send(page)
    assert page.get_by_text("Меньше прошлого показания.").is_visible()
    fill(page, scene)
    send(page)
    assert RECEIPT.search(page.get_by_role("heading", level=1).inner_text())
    assert count(scene) == (1, 1)
    context.close()


@pytest.mark.parametrize("made_small", [True, False])
def test_a_real_photo_goes_with_it_small_and_without_what_the_camera_wrote(
    browser: Browser, village: tuple[str, Scene], made_small: bool
) -> None:
    """Where the browser cannot draw it, it goes as it is, and the server leaves that out."""
    address, scene = village
    with opened(browser, address, 360, s.CONSUMER) as (page, wrong):
        page.goto(f"{address}/entry")
        fill(page, scene)
        send(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(RECEIPT)
        drawn = bytes(page.evaluate(DRAW, [2400, 1800]))
        told = b"\xff\xe1" + (len(SECRET) + 2).to_bytes(2) + SECRET
        camera = drawn[:2] + told + drawn[2:] + drawn[:2] + told + drawn[2:]  # a second one hangs behind it
        if not made_small:
            page.evaluate("() => { window.createImageBitmap = async () => { throw new Error() } }")
        page.locator("input[type=file]").set_input_files(
            {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": camera}
        )
        page.get_by_role("button", name="Приложить снимок").click()
        expect(page.get_by_text("Снимок приложен")).to_be_visible()
        picture = page.locator(".photos img")
        assert picture.evaluate(SHOWN) == ([1600, 1200] if made_small else [2400, 1800])
        kept = page.context.request.get(address + str(picture.get_attribute("src"))).body()
        assert SECRET not in kept
        assert made_small or kept == photos.without_telling(drawn)
        assert wrong == []
