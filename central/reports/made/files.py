"""Where files of reports lie: under the SHA-256 of their content, whole or not at all, outside of what is served.

One that is being made has a name of its own beside them, «.17», of its row: what an attempt left that broke off, the
next one or the sweep takes away.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import file_digest
from io import BufferedRandom, BufferedReader
from pathlib import Path

from central.registry.documents import path_of

HOUR, DAY = 3600, 86_400
MODE = 0o600


class Changed(Exception):
    """What lies there is not what was kept."""


def place(folder: Path, key: int) -> Path:
    """Of the file of this row while it is being made."""
    return folder / f".{key}"


@contextmanager
def partial(folder: Path, key: int) -> Iterator[BufferedRandom]:
    """To be written, gone through and kept; nothing of it is left unless it is kept. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    there = place(folder, key)
    there.unlink(missing_ok=True)
    try:
        with open(os.open(there, os.O_RDWR | os.O_CREAT | os.O_EXCL, MODE), "w+b") as out:
            yield out
    finally:
        there.unlink(missing_ok=True)


def keep(folder: Path, key: int, out: BufferedRandom) -> tuple[str, int]:
    """Its SHA-256 and bytes; it lies there when this returns, through a power cut too. Raises OSError."""
    out.flush()
    size = out.seek(0, os.SEEK_END)
    out.seek(0)
    digest = file_digest(out, "sha256").hexdigest()
    os.fsync(out.fileno())
    there = path_of(folder, digest)
    there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place(folder, key).rename(there)
    handle = os.open(there.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return digest, size


def opened(folder: Path, digest: str) -> BufferedReader:
    """From its beginning. Raises FileNotFoundError; Changed."""
    file = path_of(folder, digest).open("rb")
    if file_digest(file, "sha256").hexdigest() != digest:
        file.close()
        raise Changed(digest)
    file.seek(0)
    return file


def remove(folder: Path, digest: str) -> None:
    path_of(folder, digest).unlink(missing_ok=True)


def lying(folder: Path, before: float) -> Iterator[Path]:
    """Files that were written before this moment (seconds UTC), those that are being made among them."""
    for found in folder.rglob("*"):
        try:
            if found.is_file() and found.stat().st_mtime < before:
                yield found
        except FileNotFoundError:  # it went meanwhile
            continue


def sweep(found: Collection[Path], kept: Collection[str]) -> int:
    """Those that nothing tells of go; how many."""
    gone = [one for one in found if one.name not in kept]
    for one in gone:
        one.unlink(missing_ok=True)
    return len(gone)
