"""One program a folder: a lock that the kernel lets go when its holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderTaken(Exception):
    """Another program holds the folder, or it cannot be used; the message says which."""


@contextmanager
def only_one(folder: Path, who: str) -> Iterator[None]:
    """`who` = what the other one is called in the message. Makes the folder. Raises FolderTaken."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderTaken(f"{folder} cannot be used: {error.strerror}") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderTaken(f"another {who} works in {folder}") from None
        yield
    finally:
        os.close(lock)
