"""The meter's face photographed: sent with a receipt, seen by who handed the reading in."""

import logging

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.cabinet.room import cabinet
from central.db import alone, writing
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.figures import NotFound
from central.handing import photos, receipts
from central.logs import about
from central.registry.periods import COMPANY
from central.registry.refusals import Refused

log = logging.getLogger(__name__)

UNKEPT = _l("Снимок не удалось сохранить: на сервере нет места. Попробуйте позже.")


@cabinet.post("/entry/<number>/photo")
def add_photo(number: str) -> ResponseReturnValue:
    """`line`: of which meter of the receipt; `photo`: the file."""
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        found = receipts.receipt(connection, who, number)
    line = whole(request.form.get("line", ""))
    if found is None or line not in {one.id for one in found.lines} or line is None:
        raise NotFound("receipt")
    given = request.files.get("photo")
    content = given.stream.read(photos.LARGEST + 1) if given is not None else b""
    try:
        with writing(made.source.engine).begin() as connection:
            alone(connection, f"photos of {line}")
            photos.add(connection, made.documents, who, line, content, made.now)
    except Refused as refused:
        return shown(found, {line: refused.sentence}), 422
    except OSError as error:
        log.error("a photo could not be kept", extra=about(error=str(error)))
        return shown(found, {line: UNKEPT}), 422
    return redirect(url_for("cabinet.receipt", number=number, photo=1, _anchor=f"line-{line}"), 303)


@cabinet.get("/photo/<int:key>")
def photo(key: int) -> Response:
    """For its person, and for staff of its point."""
    made = here()
    with made.source.engine.connect() as connection:
        return Response(photos.content(connection, made.documents, viewer(), key), mimetype="image/jpeg")


def shown(found: receipts.Receipt, errors: dict[int, object]) -> str:
    """The page of a receipt. `errors`: by the line whose photo was refused."""
    with here().source.engine.connect() as connection:
        pictures = photos.of(connection, (one.id for one in found.lines))
    about = {"photos": pictures, "most_photos": photos.MOST, "largest": photos.LARGEST, "errors": errors}
    return render_template("cabinet/receipt.html", receipt=found, tz=COMPANY, now=here().now, **about)
