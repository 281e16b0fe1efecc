"""Documents of the registry: attaching, downloading, removing. The files are kept by registry/documents.py."""

import logging
from collections.abc import Callable, Mapping

from flask import Response, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from central.console.deeds import Sheet, shown
from central.console.room import console
from central.db import alone, writing
from central.faces.forms import Field, Group
from central.faces.here import here, viewer
from central.figures import NotFound
from central.logs import about
from central.registry import documents
from central.registry.refusals import Refused
from central.registry.tables import mounting

log = logging.getLogger(__name__)

SANDBOX = "sandbox; default-src 'none'"  # whatever it is, it runs nothing in our name


@console.route("/documents/new", methods=["GET", "POST"])
def new_document() -> ResponseReturnValue:
    made, who = here(), viewer()
    kind, key = request.args.get("kind", "")[:20], request.args.get("key", "")[:40]
    with made.source.engine.connect() as connection:
        documents.may_attach(connection, who, kind, key)
    kept = made.documents
    limits = _l(
        "PDF, JPEG, PNG или WebP; не больше %(size)s МБ, у одного объекта не больше %(most)s",
        size=kept.largest // documents.MEGABYTE,
        most=kept.most,
    )
    endings = ",".join(ending for known in documents.SUFFIXES.values() for ending in known)
    file = Field("file", _l("Файл"), "file", help=limits, accept=endings, largest=kept.largest)
    sheet = Sheet(
        title=_l("Приложить документ"),
        of=_l("Вернуться"),
        back=_page(kind, key),
        groups=(Group(_l("Документ"), (file,)),),
        button=_l("Приложить"),
    )
    if request.method == "GET":
        return shown(sheet, {}, {})
    given = request.files.get("file")
    try:
        name = (given.filename or "") if given else ""
        content = given.stream.read(kept.largest + 1) if given else b""
        with writing(made.source.engine).begin() as connection:
            alone(connection, "registry")
            documents.add(connection, kept, who, kind, key, name, content, made.now)
    except Refused as refused:
        return shown(sheet, {}, {"file": refused.sentence})
    except OSError as error:
        log.error("a document could not be kept", extra=about(error=str(error)))
        return shown(sheet, {}, {"": _l("Файл не удалось сохранить: на сервере нет места или доступа к папке")})
    return redirect(sheet.back, 303)


@console.get("/documents/<int:key>")
def document(key: int) -> ResponseReturnValue:
    """The file itself, to be saved and not shown: whoever sent it is not trusted."""
    made = here()
    with made.source.engine.connect() as connection:
        row = documents.one(connection, viewer(), key)
    place = documents.path_of(made.documents.folder, row.sha256)
    if row.removed_at is not None or not place.is_file():
        log.log(logging.INFO if row.removed_at else logging.ERROR, "no file", extra=about(document=key))
        raise NotFound(f"file of document {key}")
    answer: Response = send_file(
        place, mimetype=row.type, as_attachment=True, download_name=documents.download_name(row), max_age=0
    )
    answer.headers["Content-Security-Policy"] = SANDBOX
    return answer


@console.route("/documents/<int:key>/removal", methods=["GET", "POST"])
def remove_document(key: int) -> ResponseReturnValue:
    made = here()
    with made.source.engine.connect() as connection:
        row = documents.one(connection, viewer(), key)
    back = _page(row.kind, row.key)
    if request.method == "GET":
        return shown(
            Sheet(
                title=_("Удалить документ"),
                of=row.name,
                back=back,
                groups=(),
                button=_l("Удалить документ"),
                help=_l("В списке останется, что он был, и кто и когда его удалил."),
            ),
            {},
            {},
        )
    with writing(made.source.engine).begin() as connection:
        documents.remove(connection, viewer(), key, made.now)
    return redirect(back, 303)


def _page(kind: str, key: str) -> str:
    """Of what a document is attached to."""
    if kind == "mounting":
        with here().source.engine.connect() as connection:
            where = connection.execute(select(mounting.c.point).where(mounting.c.id == int(key))).scalar()
        return url_for("console.points") if where is None else url_for("console.point", key=where)
    return _PAGES[kind](key)


_PAGES: Mapping[str, Callable[[str], str]] = {
    "point": lambda key: url_for("console.point", key=key),
    "meter": lambda key: url_for("console.meter", key=key),
    "contract": lambda key: url_for("console.contract", key=key),
    "change": lambda key: url_for("console.change", key=key),
}
