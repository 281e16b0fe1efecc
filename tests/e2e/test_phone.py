"""On the phone: from the code on the computer's screen to figures, without a network to their age and a reading that
goes later, once; nothing is left of whoever went; it can be installed, renews itself, and is there in two seconds."""

import base64
import json
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from central.accounts.people import add_grant
from central.accounts.tables import grant, session
from central.db import writing
from central.faces import installed
from central.figures.around import readings_around
from central.handing.tables import hand_in, handed_in
from central.metering.handed import DAY, HOUR
from central.registry.tables import manual_reading, meter_type
from tests.central import scene as s
from tests.central.programs import until
from tests.central.scene import Scene
from tests.e2e.conftest import CHROMIUM
from tests.e2e.parts import AXE, findings, told

DAYS = 70
KWH = 10**6
JSQR = AXE.parent.parent / "jsqr/jsQR.js"
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # 400 kbit/s
PERSONAL = ("Квартира", "Дача", s.FLAT, s.DACHA, "кв. 45")  # of the consumer
READ = """async (png) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const found = jsQR(pen.getImageData(0, 0, image.width, image.height).data, image.width, image.height);
  return found && found.data;
}"""
LATER = """async () => {
  const found = await kept.figures();
  const base = await new Promise((done) => (indexedDB.open("uchet").onsuccess = (event) => done(event.target.result)));
  const step = base.transaction("figures", "readwrite");
  step.objectStore("figures").put({ ...found, at: Date.now() + 3600e3 });
  await new Promise((done) => (step.oncomplete = done));
  base.close();
}"""
WAITS = """async (serial) => {
  const { who } = document.body.dataset;
  const fields = { once: "a".repeat(32), "1.ap1": "7" };
  await kept.add({ once: fields.once, who, at: Date.now(), action: "/entry", fields, about: serial });
}"""
MEANWHILE = """async ([path, work]) => {
  const real = window.fetch;
  let came, on;
  const asked = new Promise((done) => (came = done)), goes = new Promise((done) => (on = done));
  window.fetch = async (...given) => {
    const answer = await real(...given);
    if (String(given[0]).startsWith(path)) {
      came();
      await goes;
    }
    return answer;
  };
  const done = (work === "send" ? kept.send() : kept.renew(document.body.dataset.who, "another")).catch(() => null);
  await asked;
  await kept.wipe();
  on();
  await done;
}"""  # all is wiped while an answer of the server is on its way
ALL_KEPT = """async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  for (const { name } of await indexedDB.databases()) {
    const base = await new Promise((done) => (indexedDB.open(name).onsuccess = (event) => done(event.target.result)));
    for (const store of base.objectStoreNames) {
      const asked = base.transaction(store).objectStore(store).getAll();
      await new Promise((done) => (asked.onsuccess = done));
      found.push(name, JSON.stringify(asked.result));
    }
    base.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) found.push(request.url, await (await cache.match(request)).text());
  }
  return found.join("\\n");
}"""


@pytest.fixture
def village(running: tuple[str, Scene]) -> tuple[str, Scene]:
    """Meters of six digits, of which nothing has been handed in."""
    _, scene = running
    with writing(scene.engine).begin() as connection:
        if connection.execute(select(meter_type.c.id)).first() is None:
            connection.execute(meter_type.insert().values(maker="Милур", name="Милур 107S", digits=6))
        for table in (handed_in, hand_in, manual_reading):
            connection.execute(table.delete())
    return running


@contextmanager
def phone(browser: Browser, *, clock: bool = False, dark: bool = False) -> Iterator[Page]:
    """`clock`: that of its pages may be put forward; its worker has the true one, so it sends nothing by itself."""
    context = browser.new_context(
        viewport={"width": 360, "height": 640},
        is_mobile=True,
        has_touch=True,
        locale="ru-RU",
        timezone_id="Europe/Moscow",
        color_scheme="dark" if dark else "light",
    )
    if clock:
        context.clock.install()
        context.add_init_script("delete ServiceWorkerRegistration.prototype.sync")
    yield context.new_page()
    context.close()


def log_in(page: Page, address: str, mail: str = s.CONSUMER, *, remember: bool = True) -> None:
    page.goto(f"{address}/login")
    page.get_by_label("Электронная почта").fill(mail)
    page.get_by_label("Пароль").fill(s.PASSWORD)
    if remember:
        page.get_by_label("Запомнить меня").check()
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url(lambda url: "/login" not in url, wait_until="load")


def let_in(context: BrowserContext, address: str, mail: str, *, remember: bool) -> None:
    """Without any page of it, as by another program of the phone that has the same cookies."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', context.request.get(f"{address}/login").text())
    assert found is not None
    form = {"csrf_token": found[1], "mail": mail, "password": s.PASSWORD} | ({"remember": "on"} if remember else {})
    assert context.request.post(f"{address}/login", form=form, max_redirects=0).status == 302


@contextmanager
def both_hold(scene: Scene) -> Iterator[None]:
    """Boris has Anna's contract too."""
    with writing(scene.engine).begin() as connection:
        made = add_grant(connection, scene.viewer(s.NEIGHBOUR).account, scene.accounts["100-1"], 0)
    try:
        yield
    finally:
        with writing(scene.engine).begin() as connection:
            connection.execute(grant.delete().where(grant.c.id == made))


def ready(page: Page) -> None:
    """The worker is at work, and the figures lie there."""
    until(lambda: told(page, "navigator.serviceWorker.controller !== null"))
    until(lambda: told(page, "kept.figures()") is not None)


def type_in(page: Page, scene: Scene, **spent: int) -> None:
    """The registers of the dacha."""
    last = readings_around(scene.source, f"MIL-{s.DACHA}", scene.now)[0]
    face = page.locator(".face", has_text=s.DACHA)
    for field, used in ({"ap1": 30, "ap2": 20, "ap3": 25} | spent).items():
        face.locator(f"[data-register={field}] input").fill(str(last[field] // KWH + used))


def forms(scene: Scene) -> list[tuple[int, int | None]]:
    """When each was handed in, and when it was read."""
    with scene.engine.connect() as connection:
        return [(row.made_at, row.noted_at) for row in connection.execute(select(hand_in))]


def by_hand(scene: Scene) -> int:
    with scene.engine.connect() as connection:
        return len(connection.execute(select(manual_reading.c.id)).all())


def decoded(browser: Browser, picture: bytes) -> str:
    page = browser.new_page()
    page.add_script_tag(path=str(JSQR))
    found = page.evaluate(READ, base64.b64encode(picture).decode())
    page.close()
    assert found, "a code that a camera reads"
    return str(found)


def test_from_the_code_on_the_screen_to_a_reading_that_goes_when_the_network_is_back(
    browser: Browser, village: tuple[str, Scene]
) -> None:
    address, scene = village
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    computer = context.new_page()
    log_in(computer, address, remember=False)
    computer.get_by_role("navigation").get_by_role("link", name="Подключить мобильный клиент").click()
    computer.get_by_role("button", name="Показать код").click()
    link = decoded(browser, computer.locator(".qr").screenshot())
    assert link.startswith(f"{address}/phone/open#")
    with phone(browser, clock=True) as page:
        page.goto(link)
        number = page.locator(".number").inner_text()
        expect(computer.get_by_text("Это ваш телефон?")).to_be_visible()
        assert computer.locator(".number").inner_text() == number
        computer.get_by_role("button", name="Да, впустить").click()
        expect(page.locator(".hero .energy")).to_be_visible()
        shown = page.locator(".hero .energy").inner_text()
        expect(computer.get_by_text("Телефон подключён")).to_be_visible()
        ready(page)

        page.context.set_offline(True)
        page.goto(f"{address}/data")
        assert page.locator(".point-kept .energy").first.inner_text() == shown
        expect(page.locator("#age")).to_contain_text("Данные на 24.11.2026\u00a009:12, 1 минуту назад")
        page.clock.fast_forward(3 * HOUR * 1000)
        expect(page.locator("#age")).to_contain_text("3 часа назад")
        page.goto(f"{address}/entry")
        type_in(page, scene)
        expect(page.locator(".face", has_text=s.DACHA).locator("[data-register=ap1] .used")).to_contain_text(
            "Расход 30"
        )
        page.get_by_role("button", name="Передать, когда появится сеть").click()
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        expect(page.locator("#kept")).to_contain_text(s.DACHA)
        page.clock.fast_forward(5 * HOUR * 1000)
        page.goto(address)
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        assert forms(scene) == []

        page.context.set_offline(False)
        expect(page.locator("#kept")).to_contain_text(re.compile(r"Показания у нас.*Квитанция 2411-\d{4}", re.DOTALL))
        expect(page.locator(".hero .money")).to_be_visible()
        ((made_at, noted_at),) = forms(scene)
        assert noted_at is not None
        assert abs(made_at - noted_at - 5 * HOUR) < 60
        assert by_hand(scene) == 1
        page.locator("#kept a").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Квитанция 2411-\d{4}"))
        expect(page.locator(".page-head")).to_contain_text(re.compile(r"Сняты 24\.11\.2026.04:1\d, без сети"))
        page.goto(address)
        ready(page)
        expect(page.locator("#kept")).to_be_hidden()

        page.get_by_role("button", name="Выход").click()
        page.wait_for_url("**/login")
        left = page.evaluate(ALL_KEPT)
        assert page.evaluate("indexedDB.databases()") == []
        assert [word for word in PERSONAL if word in left] == []
        page.context.set_offline(True)
        page.goto(address)
        expect(page.locator("#nothing")).to_be_visible()
        assert [word for word in PERSONAL if word in page.content()] == []
    context.close()


def test_a_link_that_somebody_sent_takes_nobody_out_of_his_cabinet(
    browser: Browser, village: tuple[str, Scene]
) -> None:
    """A code of one's own in the address of another: he is asked, and what he has kept stays."""
    address, _ = village
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    computer = context.new_page()
    log_in(computer, address, s.NEIGHBOUR, remember=False)
    computer.goto(f"{address}/phone")
    computer.get_by_role("button", name="Показать код").click()
    link = decoded(browser, computer.locator(".qr").screenshot())
    with phone(browser) as page:
        log_in(page, address)
        ready(page)
        page.goto(link)
        expect(page.get_by_text("С новым кодом этот вход закончится")).to_be_visible()
        assert "#" not in page.url
        computer.reload()
        expect(computer.locator(".qr")).to_be_visible()  # it was not brought
        page.get_by_role("button", name="Войти").click()
        expect(page.get_by_text("Подтвердите на компьютере")).to_be_visible()
        page.goto(address)
        expect(page.get_by_text("Добро пожаловать, Анна")).to_be_visible()
    context.close()


def test_it_goes_also_when_no_page_is_open(browser: Browser, village: tuple[str, Scene]) -> None:
    """Where the browser has that; once."""
    address, scene = village
    with phone(browser) as page:
        log_in(page, address)
        ready(page)
        page.context.set_offline(True)
        page.goto(f"{address}/entry")
        type_in(page, scene)
        page.get_by_role("button", name="Передать, когда появится сеть").click()
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        page.goto("about:blank")
        page.context.set_offline(False)
        until(lambda: len(forms(scene)) == 1)
        page.goto(address)
        expect(page.locator("#kept")).to_contain_text(re.compile(r"Квитанция 2411-\d{4}"))
        assert len(forms(scene)) == 1


def test_figures_of_another_week_are_shown_no_more(browser: Browser, village: tuple[str, Scene]) -> None:
    address, _ = village
    with phone(browser, clock=True) as page:
        log_in(page, address)
        ready(page)
        page.context.set_offline(True)
        page.goto(address)
        expect(page.locator(".point-kept .energy").first).to_be_visible()
        page.clock.fast_forward(6 * DAY * 1000)
        expect(page.locator("#age")).to_contain_text("6 дней назад")
        expect(page.locator(".point-kept .energy").first).to_be_visible()
        page.clock.fast_forward(2 * DAY * 1000)
        expect(page.locator("#too-old")).to_be_visible()
        for left in (page.locator("main").inner_text(), page.reload() and page.locator("main").inner_text()):
            assert "кВт·ч" not in str(left)
            assert "Данные устарели" in str(left)


def test_a_clock_that_was_put_back_makes_nothing_fresh(browser: Browser, village: tuple[str, Scene]) -> None:
    address, _ = village
    with phone(browser) as page:
        log_in(page, address)
        ready(page)
        page.evaluate(LATER)
        page.context.set_offline(True)
        page.goto(address)
        expect(page.locator("#too-old")).to_be_visible()
        expect(page.locator("#points")).to_be_hidden()


@pytest.mark.parametrize("how", ["another account", "revoked"])
def test_nothing_of_the_first_is_left_at_the_next_contact(
    browser: Browser, village: tuple[str, Scene], how: str
) -> None:
    """Also not what had not been sent."""
    address, scene = village
    with phone(browser, clock=True) as page:
        log_in(page, address)
        ready(page)
        page.goto(f"{address}/entry")
        type_in(page, scene)
        page.context.set_offline(True)
        page.get_by_role("button", name="Передать показания").click()
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        assert [word for word in PERSONAL if word in page.evaluate(ALL_KEPT)] != []
        if how == "revoked":
            with writing(scene.engine).begin() as connection:
                connection.execute(session.delete())
        else:
            page.context.clear_cookies()
        page.goto("about:blank")
        page.context.set_offline(False)
        if how == "revoked":
            page.goto(address)
            page.wait_for_url("**/login**")
        else:
            log_in(page, address, s.NEIGHBOUR)
            ready(page)
            assert "Мастерская" in page.evaluate(ALL_KEPT)
        until(lambda: not [word for word in PERSONAL if word in told(page, ALL_KEPT)])
        assert forms(scene) == []


@pytest.mark.parametrize("remember", [True, False])
def test_what_waits_is_never_sent_by_another_who_has_logged_in_meanwhile(
    browser: Browser, village: tuple[str, Scene], remember: bool
) -> None:
    """Not even by one of the same contract, who may hand in for its meters; and nothing of the first is left."""
    address, scene = village
    with both_hold(scene), phone(browser, clock=True) as page:
        log_in(page, address)
        ready(page)
        page.context.set_offline(True)
        page.goto(f"{address}/entry")
        type_in(page, scene)
        page.get_by_role("button", name="Передать, когда появится сеть").click()
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
        page.context.clear_cookies()
        let_in(page.context, address, s.NEIGHBOUR, remember=remember)
        with page.expect_response("**/phone/figures"):
            page.context.set_offline(False)
            page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_load_state("networkidle")
        until(lambda: told(page, "kept.readings()") == [])
        assert (sent, forms(scene)) == ([], [])
        found = told(page, "kept.figures()")
        assert found is None or remember


@pytest.mark.parametrize(
    ("path", "work"), [("/phone/figures", "renew"), ("/phone/figures", "send"), ("/entry", "send")]
)
def test_an_answer_that_comes_after_the_wipe_is_written_nowhere(
    browser: Browser, village: tuple[str, Scene], path: str, work: str
) -> None:
    """Of figures, and of a reading that was on its way."""
    address, _ = village
    with phone(browser, clock=True) as page:
        log_in(page, address)
        ready(page)
        page.evaluate(WAITS, s.DACHA)
        page.evaluate(MEANWHILE, [path, work])
        left = page.evaluate(ALL_KEPT)
        assert [word for word in PERSONAL if word in left] == []


def test_the_button_wipes_at_once_also_without_a_network(browser: Browser, village: tuple[str, Scene]) -> None:
    address, _ = village
    with phone(browser) as page:
        log_in(page, address)
        ready(page)
        page.context.set_offline(True)
        with page.expect_request("**/logout"):  # which is tried after all is gone
            page.get_by_role("button", name="Выход").click()
        later = page.context.new_page()  # the first one is on its way to an error of the browser
        later.goto(address)
        expect(later.locator("#nothing")).to_be_visible()
        assert [word for word in PERSONAL if word in later.evaluate(ALL_KEPT)] == []


def test_on_a_borrowed_phone_no_figures_stay(browser: Browser, village: tuple[str, Scene]) -> None:
    """Who did not ask to be remembered is not."""
    address, _ = village
    with phone(browser) as page:
        log_in(page, address, remember=False)
        until(lambda: told(page, "navigator.serviceWorker.controller !== null"))
        page.goto(f"{address}/data")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("kept.figures()") is None


def test_what_the_server_refuses_comes_back_with_its_words_until_its_person_decides(
    browser: Browser, village: tuple[str, Scene]
) -> None:
    address, scene = village
    with phone(browser, clock=True) as page:
        log_in(page, address)
        ready(page)
        page.context.set_offline(True)
        page.goto(f"{address}/entry")
        type_in(page, scene, ap2=-5)
        page.get_by_role("button", name="Передать, когда появится сеть").click()
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        page.clock.fast_forward(2 * HOUR * 1000)
        page.context.set_offline(False)
        expect(page.locator("#kept")).to_contain_text(re.compile(r"Т2 ночь, № \d+: Меньше прошлого показания"))
        assert forms(scene) == []
        page.goto(f"{address}/data")
        assert findings(page) == []
        page.locator("#kept").get_by_role("link", name="Проверить и передать").click()
        page.get_by_role("button", name="Передать показания").click()
        expect(page.locator("#errors")).to_contain_text("Проверьте цифры")
        expect(page.get_by_text(re.compile(r"Снято 24\.11\.2026.07:1\d, без сети"))).to_be_visible()
        page.get_by_role("button", name="Всё верно, передать").click()
        expect(page.get_by_text("на проверке")).to_be_visible()
        ((made_at, noted_at),) = forms(scene)
        assert noted_at is not None
        assert abs(made_at - noted_at - 2 * HOUR) < 60
        expect(page.locator("#kept")).to_be_hidden()


def test_older_than_three_days_it_is_refused_and_may_be_removed(browser: Browser, village: tuple[str, Scene]) -> None:
    address, scene = village
    with phone(browser, clock=True) as page:
        log_in(page, address)
        ready(page)
        page.context.set_offline(True)
        page.goto(f"{address}/entry")
        page.get_by_role("button", name="Передать, когда появится сеть").click()
        expect(page.locator("#wrong")).to_have_text("Внесите хотя бы одно показание")
        type_in(page, scene)
        page.get_by_role("button", name="Передать, когда появится сеть").click()
        expect(page.locator("#kept")).to_contain_text("Показания ещё не ушли")
        page.clock.fast_forward(73 * HOUR * 1000)
        page.context.set_offline(False)
        expect(page.locator("#kept")).to_contain_text("Показание снято больше 72 ч назад")
        page.locator("#kept").get_by_role("button", name="Удалить").click()
        expect(page.locator("#kept")).to_be_hidden()
        assert page.evaluate("kept.readings()") == []
        assert forms(scene) == []


def test_a_new_version_takes_over_and_no_old_page_stays(
    browser: Browser, village: tuple[str, Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the files, and of the language that the page was made in."""
    address, _ = village
    with phone(browser) as page:
        log_in(page, address)
        ready(page)
        (old,) = page.evaluate("caches.keys()")
        monkeypatch.setattr(installed, "_digest", lambda _files: "newer")
        page.goto(f"{address}/data")
        until(lambda: told(page, "caches.keys()") == ["uchet-newer-ru-system"])
        assert old != "uchet-newer-ru-system"
        page.goto(address)
        page.get_by_role("button", name="English").click()
        until(lambda: told(page, "caches.keys()") == ["uchet-newer-en-system"])
        page.context.set_offline(True)
        page.goto(f"{address}/data")
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("Inter")
        page.context.set_offline(False)
        expect(page.locator("main[data-page=data]")).to_be_visible()


def test_it_can_be_installed(browser: Browser, village: tuple[str, Scene], tmp_path: Path) -> None:
    """By what Chromium itself says; not in a window that keeps nothing."""
    address, _ = village
    context = browser.browser_type.launch_persistent_context(
        tmp_path, executable_path=CHROMIUM, args=["--no-sandbox"], viewport={"width": 412, "height": 915}
    )
    page = context.pages[0]
    log_in(page, address)
    ready(page)
    tools = context.new_cdp_session(page)
    assert tools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    found = tools.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    apple = page.locator("link[rel=apple-touch-icon]").get_attribute("href")
    sizes = [(one["src"], one["sizes"]) for one in manifest["icons"]] + [(apple, "180x180")]
    for source, size in sizes:
        picture = context.request.get(f"{address}{source}").body()
        width, height = struct.unpack(">II", picture[16:24])
        assert f"{width}x{height}" == size, source
    assert {one["purpose"] for one in manifest["icons"]} == {"any", "maskable"}
    for shortcut in manifest["shortcuts"]:
        answer = page.goto(address + shortcut["url"])
        assert answer is not None
        assert answer.status == 200
    context.close()


def test_the_page_without_a_network_is_for_everybody(browser: Browser, village: tuple[str, Scene]) -> None:
    """By WCAG, in both themes, of one's figures and of none; without scripts it says what it is."""
    address, _ = village
    for dark in (False, True):
        with phone(browser, dark=dark) as page:
            log_in(page, address)
            ready(page)
            page.context.set_offline(True)
            page.goto(f"{address}/entry")
            expect(page.locator(".face").first).to_be_visible()
            assert findings(page) == []
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
            page.evaluate("kept.wipe()")
            page.reload()
            expect(page.locator("#nothing")).to_be_visible()
            assert findings(page) == []


def test_on_a_slow_network_the_answer_is_there_in_two_seconds(browser: Browser, village: tuple[str, Scene]) -> None:
    """400 kbit/s, 400 ms, nothing kept: the best of three, since other programs of this machine are in the way too."""
    address, _ = village
    context: BrowserContext = browser.new_context(viewport={"width": 360, "height": 640}, service_workers="block")
    page = context.new_page()
    log_in(page, address)
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", SLOW)
    painted = []
    for _ in range(3):
        page.goto("about:blank")
        tools.send("Network.clearBrowserCache")
        page.goto(address, wait_until="load")
        painted.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    assert min(painted) <= 2000, painted
    context.close()
