"""Whether a file is a workbook that may be opened: looked at before openpyxl touches it. Raises Refused.

A workbook is a zip of XML. What it would unpack to stands in its directory, and Python's zipfile never gives more than
that: so a bomb is refused by reading the directory alone. Limits: a registry of 100,000 points is 40 MB packed and
500 MB unpacked; openpyxl holds the shared strings of a file in memory, so they have a limit of their own. XML with a
DOCTYPE (entities that grow) is in no workbook that a program of tables writes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from central.registry.refusals import Refused

MIB = 2**20
MOST_PACKED = 50 * MIB
MOST_UNPACKED = 1024 * MIB
MOST_STRINGS = 128 * MIB  # unpacked, of xl/sharedStrings.xml and xl/styles.xml
MOST_RATIO = 200  # of a member of over 1 MiB; sheets of Excel pack 8 … 40 times
MOST_MEMBERS = 1000
CHUNK = 64 * 1024
OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # what .xls, and a workbook with a password, begins with
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})"')
BROKEN = (BadZipFile, ZlibError, EOFError, OSError, NotImplementedError, RuntimeError, expat.ExpatError)


def check(path: Path) -> None:
    """Of a file on disk."""
    size = path.stat().st_size
    if size > MOST_PACKED:
        raise Refused(None, too_large(size))
    with path.open("rb") as file:
        head = file.read(8)
    if head == OLE:
        sentence = _l("Это .xls старого Excel или файл с паролем: сохраните как «Книга Excel (.xlsx)» без пароля")
        raise Refused(None, sentence)
    if head[:2] != b"PK":
        raise Refused(None, _l("Это не книга Excel (.xlsx)"))
    try:
        with ZipFile(path) as archive:
            _check_members(archive.infolist())
            for member in archive.infolist():
                if member.filename.endswith((".xml", ".rels")):
                    _refuse_doctype(archive, member)
    except BROKEN:
        raise damaged() from None


def too_large(size: int) -> LazyString:
    return _l(
        "Файл %(size)s МБ; больше %(most)s МБ не принимается: разделите его, например по подстанциям",
        size=-(-size // MIB),
        most=MOST_PACKED // MIB,
    )


def damaged() -> Refused:
    return Refused(None, _l("Файл повреждён: он не читается до конца. Откройте его в Excel и сохраните заново"))


def _check_members(members: list[ZipInfo]) -> None:
    names = {member.filename.lower() for member in members}
    if any(name.endswith(("vbaproject.bin", "vbadata.xml")) or "/macrosheets/" in name for name in names):
        raise Refused(None, _l("В книге макросы: сохраните её как «Книга Excel (.xlsx)», без макросов"))
    if "[content_types].xml" not in names or not any(name.startswith("xl/workbook") for name in names):
        raise Refused(None, _l("Это не книга Excel (.xlsx)"))
    if any(member.flag_bits & 1 for member in members):
        raise Refused(None, _l("Книга защищена паролем: сохраните её без пароля"))
    strings = sum(member.file_size for member in members if member.filename.endswith(("Strings.xml", "styles.xml")))
    swollen = any(
        member.file_size > MIB and member.file_size > MOST_RATIO * max(member.compress_size, 1) for member in members
    )
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED or strings > MOST_STRINGS or swollen:
        raise Refused(None, _l("Файл распаковывается слишком широко: это не таблица, и он не открыт"))


def _refuse_doctype(archive: ZipFile, member: ZipInfo) -> None:
    """Reads up to the first element."""
    begun: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: begun.append("element")
    parser.StartDoctypeDeclHandler = lambda *_: begun.append("doctype")
    with archive.open(member) as file:
        while not begun and (chunk := file.read(CHUNK)):
            parser.Parse(chunk, False)
    if begun[:1] == ["doctype"]:
        raise Refused(None, _l("В файле описание DOCTYPE: такие книги не открываются"))


def merged(path: Path, member: str) -> Iterator[tuple[str, str]]:
    """First and last cell of each merged range of a sheet, by its name in the archive: openpyxl streams past them."""
    with ZipFile(path) as archive, archive.open(member) as file:
        kept = b""
        while chunk := file.read(CHUNK):
            text = kept + chunk
            end = 0
            for found in _MERGED.finditer(text):
                yield found[1].decode(), found[2].decode()
                end = found.end()
            kept = text[max(end, len(text) - 200) :]
