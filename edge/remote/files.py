"""What of the remote configuration lies in the data folder, for its owner's eyes only: the sealing key, and the
configuration in force as it came, its secrets still sealed.

A file is replaced whole: whoever dies in the middle leaves the old one or the new one.
"""

import base64
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from protocol.errors import Garbled, LocalError
from protocol.messages import command, sealing

KEY, CONFIGURATION = "sealing.key", "configuration"
_DIGITS = 64  # of the SHA-256 that stands before the message


def sealing_key(folder: Path, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """The private key, made at the first start. One that cannot be read is made anew: central will ask its people
    before it seals to another one. Raises OSError."""
    path = folder / KEY
    try:
        return command.key(path.read_text().strip())
    except (FileNotFoundError, UnicodeDecodeError, LocalError):
        made = random(sealing.KEY_BYTES)
        replace(path, base64.b64encode(made) + b"\n")
        return made


def keep(folder: Path, payload: bytes) -> None:
    """The configuration in force from now on. Raises OSError."""
    replace(folder / CONFIGURATION, sha256(payload).hexdigest().encode() + b"\n" + payload)


def kept(folder: Path) -> bytes | None:
    """The message, or None when none was ever kept. Raises OSError, and Garbled for a file that is damaged."""
    try:
        text = (folder / CONFIGURATION).read_bytes()
    except FileNotFoundError:
        return None
    digest, payload = text[:_DIGITS], text[_DIGITS + 1 :]
    if digest != sha256(payload).hexdigest().encode():
        raise Garbled(f"{folder / CONFIGURATION} is damaged")
    return payload


def replace(path: Path, content: bytes) -> None:
    """The file is this or what it was, on the disk, when it returns or dies. Raises OSError."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
