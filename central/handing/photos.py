"""The meter's face photographed, kept beside the reading that was handed in, for whoever decides about it.

A JPEG alone, without what a camera writes into it about place, time and owner; a few for each reading. Files lie with
the documents of the registry, under their SHA-256.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, func, select

from central.accounts.policy import Viewer, own_points
from central.figures import NotFound
from central.handing.tables import hand_in, handed_in, handed_photo
from central.registry.documents import MEGABYTE, Keeping, keep, path_of
from central.registry.refusals import Refused
from central.registry.tables import point

MOST = 3  # of one reading
LARGEST = 8 * MEGABYTE
MOST_PARTS = 10_000  # segments, scans and filling of one picture; cameras make some dozens
SOI, EOI, SOS = b"\xff\xd8", 0xD9, 0xDA  # ITU-T T.81, table B.1
_TELLING = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})  # APP1…APP13, APP15, COM: all but JFIF and Adobe's colours
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_NO_SEGMENT = frozenset({0x00, 0xD8, EOI})
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # what ends a scan: no stuffed byte, no restart, no filling


def add(connection: Connection, keeping: Keeping, viewer: Viewer, line: int, content: bytes, now: int) -> None:
    """To a reading that the viewer handed in himself; the same picture twice is one. Raises NotFound, Refused; OSError:
    it could not be kept."""
    own = select(handed_in.c.id).join(hand_in, hand_in.c.id == handed_in.c.hand_in)
    own = own.where(handed_in.c.id == line, hand_in.c.account == viewer.account)
    if viewer.staff or viewer.by is not None or connection.scalar(own) is None:
        raise NotFound(f"handed in {line}")
    if len(content) > LARGEST:
        raise Refused("photo", _l("Снимок больше %(most)s МБ", most=LARGEST // MEGABYTE))
    bare = without_telling(content)
    digest = sha256(bare).hexdigest()
    here = handed_photo.c.handed_in == line
    if connection.scalar(select(handed_photo.c.id).where(here, handed_photo.c.sha256 == digest)) is not None:
        return
    if connection.execute(select(func.count()).select_from(handed_photo).where(here)).scalar_one() >= MOST:
        raise Refused("photo", _l("К показанию можно приложить не больше %(most)s снимков", most=MOST))
    keep(keeping.folder, digest, bare)
    connection.execute(handed_photo.insert().values(handed_in=line, sha256=digest, size=len(bare), added_at=now))


def of(connection: Connection, lines: Iterable[int]) -> Mapping[int, Sequence[int]]:
    """Reading -> keys of its photos. Who asks has seen to it that these readings are for this viewer."""
    found: dict[int, list[int]] = defaultdict(list)
    query = select(handed_photo.c.handed_in, handed_photo.c.id).where(handed_photo.c.handed_in.in_(list(lines)))
    for line, key in connection.execute(query.order_by(handed_photo.c.id)):
        found[line].append(key)
    return found


def name_of(key: int) -> str:
    """Of its file among what a person takes away."""
    return f"photos/{key}.jpg"


def content(connection: Connection, keeping: Keeping, viewer: Viewer, key: int) -> bytes:
    """For who handed it in, and for staff of the point. Raises NotFound."""
    query = (
        select(handed_photo.c.sha256)
        .join(handed_in, handed_in.c.id == handed_photo.c.handed_in)
        .join(hand_in, hand_in.c.id == handed_in.c.hand_in)
        .join(point, point.c.id == handed_in.c.point)
        .where(handed_photo.c.id == key)
    )
    theirs = own_points(viewer) if viewer.staff else hand_in.c.account == viewer.account
    digest = connection.scalar(query.where(theirs))
    if digest is None:
        raise NotFound(f"photo {key}")
    try:
        return path_of(keeping.folder, digest).read_bytes()
    except FileNotFoundError:
        raise NotFound(f"file of photo {key}") from None


def mine(connection: Connection, viewer: Viewer) -> Sequence[int]:
    """Keys of all that the viewer took."""
    query = select(handed_photo.c.id).join(handed_in, handed_in.c.id == handed_photo.c.handed_in).join(hand_in)
    return connection.scalars(query.where(hand_in.c.account == viewer.account).order_by(handed_photo.c.id)).all()


def without_telling(content: bytes) -> bytes:
    """The same picture without EXIF, XMP, IPTC and comments. Raises Refused: it is no JPEG, or a broken one."""
    return SOI + b"".join(_kept(content))


def _kept(content: bytes) -> Iterator[bytes]:
    """Segments and scans up to the end of the picture (T.81, B.1.1): what a phone hangs behind it, a film or a second
    picture with its own EXIF, is left out too."""
    if not content.startswith(SOI + b"\xff"):
        raise Refused("photo", _l("Это не снимок JPEG"))
    place, drawn = len(SOI), False
    for _part in range(MOST_PARTS):
        if place + 2 > len(content) or content[place] != 0xFF:
            break
        marker = content[place + 1]
        if marker == 0xFF or marker in _ALONE:  # filling
            place += 1 if marker == 0xFF else 2
            continue
        if marker == EOI and drawn:
            yield bytes((0xFF, EOI))
            return
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if marker in _NO_SEGMENT or not place + 4 <= end <= len(content):
            break
        if marker not in _TELLING:
            yield content[place:end]
        place = end
        if marker == SOS:
            scanned = _MARKER.search(content, place)
            if scanned is None:
                break
            yield content[place : scanned.start()]
            place, drawn = scanned.start(), True
    raise Refused("photo", _l("Снимок повреждён: сделайте его заново"))
