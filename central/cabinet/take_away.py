"""«Скачать все мои данные»: a ZIP of what is kept about me, and of what my meters said in the time that was mine.

It is made in a temporary file, a month of a point at a time: memory does not grow with the years.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flask import render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central import figures
from central.accounts import attempts
from central.accounts.audit import note
from central.accounts.own import all_of
from central.accounts.policy import Viewer
from central.cabinet import me
from central.cabinet.room import cabinet
from central.db import writing
from central.faces import words
from central.faces.formats import moment
from central.faces.here import here, viewer
from central.faces.tables import BOM, Cell, line
from central.figures import Source
from central.figures.kept import Kept
from central.figures.source import FIELDS
from central.figures.views import NotFound, Period, PointView
from central.handing import photos
from central.metering.rounding import MWH_PER_KWH
from central.metering.zones import local
from central.registry.documents import Keeping
from central.registry.periods import COMPANY
from protocol.quantities import TARIFFS

TOO_MANY = _l("Скачать можно пять раз в час. Подождите час.")


@cabinet.post("/me/download")
def download() -> ResponseReturnValue:
    made, who = here(), viewer()
    with writing(made.source.engine).begin() as connection:
        allowed = attempts.take(connection, f"download {who.account}", made.now, attempts.DOWNLOADS)
        if allowed:
            note(connection, made.now, who.account, "data downloaded", f"account {who.account}")
    if not allowed:
        return me.page({"": TOO_MANY}, {}), 422
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())
        pack(file, made.source, made.documents, who, made.now)
        size = file.tell()
        file.seek(0)
        stack.pop_all()  # the answer closes it, once it is sent
    answer = send_file(file, "application/zip", as_attachment=True, download_name="uchet.zip")
    answer.content_length = size
    return answer


def pack(file: IO[bytes], source: Source, keeping: Keeping, who: Viewer, now: int) -> None:
    """Raises SeriesUnavailable."""
    with source.engine.connect() as connection:
        kept = all_of(connection, who, now)
    found = list(_points(source, who, now))
    with ZipFile(file, "w", ZIP_DEFLATED) as pack:
        about = render_template("cabinet/take_away.txt", points=found, when=moment(now, COMPANY))
        made = local(now, COMPANY)
        _write(pack, "README.txt", made, [BOM, about])
        _write(pack, "person.json", made, [json.dumps(kept, ensure_ascii=False, indent=2)])
        for one in found:
            for name, rows in (("readings", _readings(source, who, one)), ("values", _values(source, who, one))):
                _write(pack, f"{name}-{one.name}.csv", made, chain([BOM], map(line, rows)))
        _photos(pack, source, keeping, who)


def _photos(pack: ZipFile, source: Source, keeping: Keeping, who: Viewer) -> None:
    """Of meters, one at a time; a file that is lost is not among them."""
    with source.engine.connect() as connection:
        for key in photos.mine(connection, who):
            with suppress(NotFound):
                pack.writestr(photos.name_of(key), photos.content(connection, keeping, who, key))


@dataclass(frozen=True, slots=True)
class Mine:
    """A point in the times that were mine. `name`: of its files."""

    point: PointView
    spans: tuple[Period, ...]
    name: str


def _points(source: Source, who: Viewer, now: int) -> Iterator[Mine]:
    names: set[str] = set()
    for key in figures.kept_points(source, who):
        spans = figures.kept_spans(source, who, key, now)
        if spans:
            point = figures.point_view(source, who, key, now)
            name = re.sub(r"[^\w-]+", "_", point.code)
            name = f"{name}-{key}" if name in names else name
            names.add(name)
            yield Mine(point, spans, name)


def _write(pack: ZipFile, name: str, made: datetime, parts: Iterable[str]) -> None:
    """Part by part."""
    file = ZipInfo(name, (made.year, made.month, made.day, made.hour, made.minute, made.second))
    file.compress_type = ZIP_DEFLATED
    with pack.open(file, "w") as out:
        for part in parts:
            out.write(part.encode())


def _readings(source: Source, who: Viewer, one: Mine) -> Iterator[Sequence[Cell]]:
    """A line a register: which of them a meter has is not known beforehand."""
    yield [
        *(_("Время"), _("Счётчик"), _("Коэффициент"), _("Снято"), _("Величина"), _("Тариф"), _("Показание")),
        *(_("Единица"), _("Отметки")),
    ]
    for span in one.spans:
        for kept in figures.kept_registers(source, who, one.point.id, span):
            begin: list[Cell] = [_iso(kept.end, one), kept.serial, _ratio(kept.k), str(words.KINDS[kept.kind])]
            for channel, field in FIELDS.items():
                for tariff in range(TARIFFS + 1):
                    value = kept.values.get(f"{field}{tariff}")
                    if value is not None:
                        which = f"T{tariff}" if tariff else _("всего")
                        unit = str(words.UNITS[channel])
                        yield [*begin, str(words.CHANNELS[channel]), which, _kilo(value), unit, _marks(kept)]


def _values(source: Source, who: Viewer, one: Mine) -> Iterator[Sequence[Cell]]:
    named = [f"{words.CHANNELS[channel]}, {words.UNITS[channel]}" for channel in FIELDS]
    yield [_("Начало"), _("Конец"), _("Счётчик"), _("Коэффициент"), *named, _("Отметки")]
    for span in one.spans:
        for kept in figures.kept_intervals(source, who, one.point.id, span):
            energies = [_kilo(kept.values.get(field)) for field in FIELDS.values()]
            start = kept.end if kept.start is None else kept.start
            yield [_iso(start, one), _iso(kept.end, one), kept.serial, _ratio(kept.k), *energies, _marks(kept)]


def _marks(kept: Kept) -> str:
    return ", ".join(str(word) for bit, word in words.QUALITY.items() if kept.quality & bit)


def _iso(seconds: int, one: Mine) -> str:
    return local(seconds, one.point.tz).isoformat(timespec="minutes")


def _kilo(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / MWH_PER_KWH


def _ratio(k: Fraction) -> Decimal:
    return Decimal(k.numerator) / k.denominator
