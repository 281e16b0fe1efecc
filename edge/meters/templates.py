"""Where the templates of Modbus meters lie: config/meters/ of this tree, then /etc/uchet/meters."""

import tomllib
from pathlib import Path

from protocol.errors import LocalError
from protocol.modbus.template import Template, template, valid_name

FOLDERS = (Path(__file__).parents[2] / "config/meters", Path("/etc/uchet/meters"))


def names() -> list[str]:
    """All templates that can be named."""
    return sorted({file.stem for folder in FOLDERS for file in folder.glob("*.toml")})


def load(name: str) -> Template:
    """By name, or by the path of a file that ends in .toml. Raises LocalError, saying what is there or wrong."""
    if name.endswith(".toml"):
        return _read(Path(name))
    for folder in FOLDERS:
        file = folder / f"{name}.toml"
        if valid_name(name) and file.is_file():
            return _read(file)
    raise LocalError(f"no template {name!r}; there are {', '.join(names())}")


def _read(file: Path) -> Template:
    try:
        return template(tomllib.loads(file.read_text()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, LocalError) as error:
        raise LocalError(f"{file}: {error}") from None
