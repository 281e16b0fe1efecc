"""What is not ours lies in the repository with name, version, licence and hash; the sprite has the icons used."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
STATIC = ROOT / "central/static"

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("folder", "base"), [(STATIC / "vendor", STATIC), (ROOT / "tests/e2e/vendor", ROOT / "tests/e2e/vendor")]
)
def test_the_list_is_what_lies_there(folder: Path, base: Path) -> None:
    lines = [line.split("\t") for line in (folder / "LIST").read_text().splitlines() if not line.startswith("#")]
    listed = set()
    for file, _package, version, licence, text, digest in lines:
        assert sha256((base / file).read_bytes()).hexdigest() == digest, file
        assert version
        assert licence
        assert (base / text).stat().st_size > 300
        listed |= {base / file, base / text}
    there = {
        path for path in folder.rglob("*") if path.is_file() and path.name not in ("LIST", "LICENSE-3RD-PARTY.txt")
    }
    assert there == listed


def test_the_font_is_small() -> None:
    assert (STATIC / "vendor/inter/inter-uchet.woff2").stat().st_size < 30_000


def test_every_icon_of_the_templates_is_in_the_sprite_and_no_other() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "vendor/lucide/sprite.svg").read_text()))
    templates = "".join(path.read_text() for path in (ROOT / "central/templates").rglob("*.html"))
    words = "".join((ROOT / f"central/faces/{name}.py").read_text() for name in ("words", "notice_words"))
    named = {name for name in sprite if f"'{name}'" in templates or f'"{name}"' in words}
    direct = set(re.findall(r"(?:icon|empty)\('([a-z-]+)'", templates))
    assert direct <= sprite
    assert named == sprite


def test_the_colours_are_those_of_the_tokens_once_for_each_theme() -> None:
    tokens = (STATIC / "tokens.css").read_text()
    others = "".join(path.read_text() for path in (STATIC / "app.css", STATIC / "chart.css"))
    assert len(re.findall(r"light-dark\(#\w{6}, #\w{6}\)", tokens)) == 32
    assert not re.findall(r"#[0-9A-Fa-f]{6}\b", others)  # a colour stands in tokens.css
    used = set(re.findall(r"var\((--[\w-]+)\)", others))
    assert used <= set(re.findall(r"(--[\w-]+):", tokens))
