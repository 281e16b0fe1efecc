"""The registry as a workbook: sent here, tried by the worker, told in words, entered when a person says so; and out."""

import logging
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from flask import Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central.console.room import ROWS, TZ, console, page_asked
from central.db import writing
from central.faces.forms import Field, Text
from central.faces.here import here, viewer
from central.faces.tables import XLSX
from central.logs import about
from central.metering.zones import day_of
from central.registry.exchange import uploads
from central.registry.exchange import writing as workbooks
from central.registry.exchange.opening import MIB, MOST_PACKED
from central.registry.refusals import Refused

log = logging.getLogger(__name__)

FILE = Field(
    "file",
    _l("Книга Excel или один её лист в CSV"),
    "file",
    help=_l("Файл .xlsx или .csv, не больше %(most)s МБ. Сначала он только проверяется.", most=MOST_PACKED // MIB),
    accept=".xlsx,.csv",
    largest=MOST_PACKED,
)


@console.route("/imports", methods=["GET", "POST"])
def imports() -> ResponseReturnValue:
    made, errors = here(), {}
    if request.method == "POST":
        try:
            return redirect(url_for("console.workbook", key=_taken()), 303)
        except Refused as refused:
            errors["file"] = refused.sentence
        except OSError as error:
            log.error("a workbook could not be kept", extra=about(error=str(error)))
            errors["file"] = _l("Файл не удалось сохранить: на сервере нет места или доступа к папке")
    page = page_asked()
    with made.source.engine.connect() as connection:
        found, count = uploads.newest(connection, viewer(), page, ROWS)
    said: Mapping[str, Text] = errors
    view = {"found": found, "count": count, "page": page, "on_page": ROWS}
    return render_template("console/imports.html", file=FILE, errors=said, **view), 422 if errors else 200


def _taken() -> int:
    made, given = here(), request.files.get("file")
    name = (given.filename or "") if given else ""
    content = given.stream.read(MOST_PACKED + 1) if given else b""
    with writing(made.source.engine).begin() as connection:
        return uploads.take(connection, made.uploads, viewer(), name, content, made.now)


@console.get("/imports/<int:key>")
def workbook(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        row = uploads.one(connection, viewer(), key)
    told = row.report or {"counts": [], "wrong": [], "whose": []}
    return render_template(
        "console/import.html",
        book=row,
        state="stuck" if row.stuck else row.state,
        told=told,
        sheets=_by_sheet(told["counts"]),
        whose=[one | {"first": date.fromisoformat(one["first"])} for one in told["whose"]],
    )


def _by_sheet(counts: Sequence[tuple[str, str, int]]) -> Mapping[str, Mapping[str, int]]:
    """Caption of a sheet -> fate -> rows, in the order of the book."""
    found: dict[str, dict[str, int]] = {}
    for sheet, fate, count in counts:
        found.setdefault(sheet, {})[fate] = count
    return found


@console.post("/imports/<int:key>/answer")
def answer_workbook(key: int) -> ResponseReturnValue:
    """Enter it as it was told, or drop it."""
    made, who = here(), viewer()
    with writing(made.source.engine).begin() as connection:
        if request.form.get("enter"):
            uploads.agree(connection, who, key, made.now)
        else:
            uploads.drop(connection, made.uploads, who, key, made.now)
    return redirect(url_for("console.workbook", key=key), 303)


@console.get("/imports/template.xlsx")
def import_template() -> Response:
    return _sent(_("Реестр, шаблон"), workbooks.template)


@console.get("/imports/registry.xlsx")
def export() -> Response:
    """All that is entered, in the form that is taken in."""
    made, who = here(), viewer()

    def write(path: Path) -> None:
        with made.source.engine.connect() as connection:
            workbooks.export(connection, who.organisation, path)

    return _sent(_("Реестр на %(day)s", day=day_of(made.now, TZ).isoformat()), write)


def _sent(title: str, write: Callable[[Path], Any]) -> Response:
    """What `write` puts into a file, as a download; nothing of it stays behind."""
    handle, name = tempfile.mkstemp(suffix=".xlsx")
    os.close(handle)
    path = Path(name)
    try:
        write(path)
        file = path.open("rb")
    finally:
        path.unlink()
    return send_file(file, mimetype=XLSX, as_attachment=True, download_name=f"{title}.xlsx", max_age=0)
