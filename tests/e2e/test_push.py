"""Notices on a phone, in a real browser: turned on by a tap, shown by the service worker, opened by a tap on them.

No browser here reaches the service of its maker, so the page's subscription is made by the test, with keys that it
holds; what the worker is handed is what the job sent to it, opened by them.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.central import scene as s
from tests.central.notices.parts import DAY, HOUR
from tests.central.programs import until
from tests.central.push.conftest import PAGE, Phones
from tests.central.push.stub import Browser, service
from tests.e2e.parts import findings

ON, OFF = "Включить на этом телефоне", "Выключить на этом телефоне"
FAKE = """(told) => {
  let held = null;
  const made = (key) => ({
    endpoint: told.endpoint,
    options: { applicationServerKey: key.buffer },
    toJSON: () => told,
    unsubscribe: async () => { held = null; sessionStorage.removeItem("held"); return true; },
  });
  PushManager.prototype.getSubscription = async () => held;
  PushManager.prototype.subscribe = async (asked) => {
    if (!asked.userVisibleOnly || asked.applicationServerKey.length !== 65) throw new Error("no key");
    sessionStorage.setItem("held", JSON.stringify([...asked.applicationServerKey]));
    return (held = made(asked.applicationServerKey));
  };
  const kept = sessionStorage.getItem("held");
  if (kept) held = made(new Uint8Array(JSON.parse(kept)));
}"""


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Phones]:
    with service(tmp_path) as found:
        made = Phones(lambda days, folder: s.build(folder, days=days), tmp_path / "scene", found)
        made.known_for(20 * DAY)
        yield made
        made.scene.close()


@pytest.fixture
def address(phones: Phones) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, phones.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def phone(browser: Chromium, address: str, held: Browser, permission: bool = True) -> tuple[BrowserContext, Page]:
    """In the hands of Anna, at the page of choices."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True)
    if permission:
        context.grant_permissions(["notifications"], origin=address)
    context.add_init_script(f"({FAKE})({json.dumps(held.subscription)})")
    page = context.new_page()
    page.goto(f"{address}/login")
    page.get_by_label("Электронная почта").fill(s.CONSUMER)
    page.get_by_label("Пароль").fill(s.PASSWORD)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url(lambda url: "/login" not in url, wait_until="load")
    page.goto(address + PAGE)
    return context, page


def deliver(page: Page, address: str, data: str) -> None:
    """To the page's service worker, as the browser does when its service brings a message."""
    talk = page.context.new_cdp_session(page)
    found: list[str] = []

    def known(told: dict[str, list[dict[str, str]]]) -> None:
        found.extend(one["registrationId"] for one in told["registrations"])

    talk.on("ServiceWorker.workerRegistrationUpdated", known)
    talk.send("ServiceWorker.enable")
    until(lambda: page.evaluate("navigator.serviceWorker.controller !== null") and found)
    talk.send("ServiceWorker.deliverPushMessage", {"origin": address, "registrationId": found[-1], "data": data})


def test_turned_on_told_opened_and_turned_off(browser: Chromium, address: str, phones: Phones) -> None:
    held = phones.service.browser("phone")
    context, page = phone(browser, address, held)
    page.get_by_role("button", name=ON).click()
    expect(page.get_by_text("Включены.")).to_be_visible()
    assert phones.devices() == ["phone"]
    assert findings(page) == []
    page.reload()
    expect(page.get_by_role("button", name=OFF)).to_be_visible()

    phones.come((phones.now - HOUR, 4, 4))
    phones.minute()
    (told,) = held.shown
    page.goto(address)
    deliver(page, address, json.dumps(told))
    shown = "navigator.serviceWorker.ready.then(here => here.getNotifications())"
    page.wait_for_function(f"{shown}.then(all => all.length === 1)")
    said = page.evaluate(f"{shown}.then(all => [all[0].title, all[0].body, all[0].tag])")
    assert said == ["Вскрыт счётчик", "Откройте кабинет.", told["tag"]]

    key = phones.notices()[0].id
    (worker,) = context.service_workers
    worker.evaluate(
        """async () => {
          const [notification] = await self.registration.getNotifications();
          const event = new Event("notificationclick");
          Object.assign(event, { notification, waitUntil: (done) => done.catch(() => null) });
          self.dispatchEvent(event);
        }"""
    )
    page.wait_for_url(f"{address}/notices#notice-{key}")
    expect(page.locator(f"#notice-{key}")).to_contain_text("Вскрыт корпус")
    assert page.evaluate(f"{shown}.then(all => all.length)") == 0

    page.goto(address + PAGE)
    page.get_by_role("button", name=OFF).click()
    expect(page.get_by_role("button", name=ON)).to_be_visible()
    assert phones.devices() == []
    context.close()


def test_a_message_that_says_nonsense_or_leads_elsewhere_stays_here(
    browser: Chromium, address: str, phones: Phones
) -> None:
    held = phones.service.browser("phone")
    context, page = phone(browser, address, held)
    page.get_by_role("button", name=ON).click()
    expect(page.get_by_text("Включены.")).to_be_visible()
    page.goto(address)
    deliver(page, address, "nonsense")
    shown = "navigator.serviceWorker.ready.then(here => here.getNotifications())"
    page.wait_for_function(f"{shown}.then(all => all.length === 1)")
    assert page.evaluate(f"{shown}.then(all => all[0].body)") == "Откройте кабинет."
    (worker,) = context.service_workers
    worker.evaluate(
        """() => {
          const event = new Event("notificationclick");
          const notification = { data: { path: "https://evil.example/x" }, close: () => null };
          Object.assign(event, { notification, waitUntil: (done) => done.catch(() => null) });
          self.dispatchEvent(event);
        }"""
    )
    page.wait_for_url(f"{address}/notices")
    context.close()


def test_what_the_browser_refuses_is_said(browser: Chromium, address: str, phones: Phones) -> None:
    context, page = phone(browser, address, phones.service.browser("phone"), permission=False)
    told = page.evaluate("Notification.permission")
    if told == "default":
        page.get_by_role("button", name=ON).click()
    expect(page.get_by_text("Запрещены в браузере.")).to_be_visible()
    assert phones.devices() == []
    context.close()


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1", "в Safari нажмите «Поделиться»"),
        ("Mozilla/5.0 (X11; Linux x86_64) Old/1.0", "Этот браузер их не умеет."),
    ],
)
def test_where_it_cannot_be_it_says_why(browser: Chromium, address: str, phones: Phones, agent: str, said: str) -> None:
    context, page = phone(browser, address, phones.service.browser("phone"))
    page.add_init_script(
        f"delete window.PushManager; Object.defineProperty(navigator, 'userAgent', {{get: () => '{agent}'}})"
    )
    page.reload()
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("button", name=ON)).to_be_hidden()
    context.close()
