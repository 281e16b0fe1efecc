"""`python -m demo.icons`: the icons of the installed cabinet, drawn from its mark by the browser.

`icon-*` are the mark as it stands, round corners on nothing; `maskable-*` fills its square and keeps the sign within
the circle that a phone may cut out; `apple-*` fills its square, since iOS rounds it by itself and paints what is empty
black.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from central.faces.installed import ICONS
from central.faces.templating import STATIC
from demo.palette import with_palette
from demo.pictures import CHROMIUM

LARGEST = 16_000  # bytes of one icon


@dataclass(frozen=True, slots=True)
class Drawn:
    """`dots`: its side; `sign`: the part of the side that the mark takes; `full`: the ground fills the square."""

    dots: int
    sign: float = 1.0
    full: bool = False


DRAWN: Mapping[str, Drawn] = {
    "icon-192": Drawn(192),
    "icon-512": Drawn(512),
    "maskable-512": Drawn(512, sign=0.8, full=True),
    "apple-180": Drawn(180, full=True),
}


def page_of(mark: str, one: Drawn) -> str:
    """`mark`: the SVG, of which the first rectangle is the ground."""
    ground = re.search(r'<rect [^>]*fill="(#\w+)"/>', mark)
    assert ground is not None
    colour = ground[1] if one.full else "transparent"
    sign = mark.replace(' rx="8"', "", 1) if one.full else mark
    side = round(one.dots * one.sign)
    return (
        f'<body style="margin:0;background:{colour};width:{one.dots}px;height:{one.dots}px;display:grid;'
        f'place-items:center">{sign.replace("<svg ", f"<svg width={side} height={side} ", 1)}</body>'
    )


def draw(folder: Path) -> None:
    """Raises ValueError: one is too large for a phone's slow network."""
    mark = (STATIC / "mark.svg").read_text()
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, one in DRAWN.items():
            page = browser.new_page(viewport={"width": one.dots, "height": one.dots})
            page.set_content(page_of(mark, one))
            file = folder / f"{name}.png"
            shot = page.screenshot(omit_background=not one.full)
            file.write_bytes(with_palette(shot) if one.full else shot)
            if file.stat().st_size > LARGEST:
                raise ValueError(f"{file.name} has {file.stat().st_size} bytes, more than {LARGEST}")
            page.close()
        browser.close()


def main() -> None:
    draw(ICONS)


if __name__ == "__main__":
    main()
