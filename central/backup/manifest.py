"""The manifest of a backup: what it is, what it consists of, whether it is whole."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

FORMAT = 1
NAME = "manifest.json"
_FOLDER = "%Y-%m-%dT%H%M%SZ"


class BadBackup(Exception):
    """This is no backup, not a whole one, or one that this program cannot read. The message says which."""


class File(msgspec.Struct, frozen=True):
    sha256: str
    bytes: int
    rows: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`files` by path inside the folder; `months` = mark of each month of the series when it was saved."""

    format: int
    made: datetime
    central: str  # id of the installation
    program: str
    schema: str  # revision of the migrations
    files: dict[str, File]
    months: dict[str, str]


def folder_name(now: int) -> str:
    return datetime.fromtimestamp(now, UTC).strftime(_FOLDER)


def backups(root: Path) -> list[Path]:
    """The whole backups in a folder, oldest first."""
    return sorted(path.parent for path in root.glob(f"[0-9]*Z/{NAME}"))


def find(path: Path) -> Path:
    """The backup that is this folder, or the newest of those in it. Raises BadBackup."""
    if (path / NAME).is_file():
        return path
    if found := backups(path):
        return found[-1]
    raise BadBackup(f"{path}: there is no backup")


def read(folder: Path) -> Manifest:
    """Raises BadBackup."""
    try:
        found = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise BadBackup(f"{folder}: not a backup: {error}") from None
    if found.format != FORMAT:
        raise BadBackup(f"{folder}: a backup of form {found.format}; this program reads form {FORMAT}: upgrade it")
    return found


def verify(folder: Path, manifest: Manifest) -> None:
    """Every file is there and is what was written. Raises BadBackup."""
    for name, file in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise BadBackup(f"{folder}: {name} is outside of the backup")
        if not path.is_file():
            raise BadBackup(f"{folder}: {name} is missing")
        if sha256(path) != file.sha256:
            raise BadBackup(f"{folder}: {name} is damaged: its SHA-256 is not that of the manifest")


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def write(folder: Path, manifest: Manifest) -> None:
    path = folder / NAME
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """What was written to the file, or the names in the folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def link(old: Path, new: Path) -> None:
    """A file of the backup before stands in this one too."""
    with suppress(OSError):  # another file system, or one without links
        os.link(old, new)
        return
    shutil.copyfile(old, new)
    sync(new)


def under(manifest: Manifest, folder: str) -> Iterator[tuple[str, File]]:
    """Names inside this folder of the backup, without it."""
    for name, file in sorted(manifest.files.items()):
        if name.startswith(f"{folder}/"):
            yield name.removeprefix(f"{folder}/"), file
