"""The real app over a scene, and a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from central.accounts import applications, texts
from central.db import writing
from tests.central import scene as s
from tests.central.web.beside import file_of
from tests.central.web.parts import make_app
from tests.e2e.parts import served
from tests.parts import free_port

CODE = "7KQ2-9XWM-D41T-0ZPA"  # of the consumer's file
CHROMIUM = "/usr/bin/chromium"

expect.set_options(timeout=30_000)  # a machine under load is slow, and nothing is wrong


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, s.Scene]]:
    """The real app over a scene of the module's DAYS: its address."""
    folder = tmp_path_factory.mktemp("walk")
    scene = s.build(folder, days=getattr(request.module, "DAYS", s.DAYS))
    administrator = scene.viewer(s.ADMINISTRATOR)
    with writing(scene.engine).begin() as connection:
        for kind in texts.Kind:
            texts.write(connection, administrator, kind, "Соглашение. " * 40, s.NOW)
        applications.apply_again(connection, scene.viewer(s.CONSUMER), "100-3", s.NOW, s.NOW)
    file_of(scene, folder, s.CONSUMER, "2026-11-23", code=CODE.replace("-", ""))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with served(make_app(folder, url=address), port):
        yield address, scene
    scene.close()


@pytest.fixture(scope="module")
def address(running: tuple[str, s.Scene]) -> str:
    return running[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()
