"""On which line of a TOML text a key stands: tomllib does not say, and a person who edits a file asks just that."""

import re
from typing import Any

Path = tuple[str | int, ...]  # ("meter", 2, "period") = `period` of the third [[meter]]

_HEADER = re.compile(r"\s*(\[\[|\[)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([0-9A-Za-z_-]+|\"[^\"]*\")\s*(=|\.)")


def name(path: Path) -> str:
    """As a person reads it: «meter 3: period»; `uplink.tls.ca`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f" {key + 1}:"
        else:
            text += ("" if not text else " " if text.endswith(":") else ".") + key
    return text or "the file"


def value(data: Any, path: Path) -> Any:
    """What stands there, or None."""
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def line(text: str, path: Path) -> int:
    """The line of the key, or of the nearest table around it that can be found; 1 when nothing can."""
    best, depth = 1, 0
    table: Path = ()
    counts: dict[str, int] = {}
    for number, content in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(content):
            table = _table(header.group(1) == "[[", header.group(2), counts)
            here = table
        elif key := _KEY.match(content):
            here = (*table, key.group(1).strip('"'))
        else:
            continue
        common = len(here) if here == path[: len(here)] else 0
        if common > depth:
            best, depth = number, common
    return best


def _table(array: bool, dotted: str, counts: dict[str, int]) -> Path:
    """The path of a header; each [[name]] counts on, a [name.sub] belongs to the last of them."""
    keys = [part.strip().strip('"') for part in dotted.split(".")]
    if array:
        counts[dotted] = counts.get(dotted, -1) + 1
    path: list[str | int] = []
    for depth, key in enumerate(keys, 1):
        path.append(key)
        prefix = ".".join(keys[:depth])
        if prefix in counts:
            path.append(counts[prefix])
    return tuple(path)
