"""«Проверка документа»: whoever holds a document sees what it is, and whether a file is that very document.

Open to all, so it tells nothing of a person; a code that there is not is answered in the same words and time as one
that is wrongly typed.
"""

from hashlib import sha256

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from central.accounts import attempts
from central.door.room import TOO_MANY, door, once_more
from central.faces import report_words
from central.faces.here import here
from central.faces.periods import Chosen
from central.faces.requests import network
from central.registry.periods import COMPANY
from central.reports.made import proof
from central.reports.made.proof import Proof

MEGABYTE = 1024 * 1024
LARGEST = 20 * MEGABYTE  # bytes of a file that is sent here, where the browser does not reckon itself
CHUNK = 1024 * 1024
LONGEST = 60  # letters of a code as it is typed


@door.get("/check")
def check() -> ResponseReturnValue:
    typed = request.args.get("code", "").strip()[:LONGEST]
    if typed:
        return redirect(url_for("door.check_code", code=typed.replace("/", "-")))
    return render_template("door/check.html", typed="", unknown=False)


@door.route("/check/<code>", methods=["GET", "POST"])
def check_code(code: str) -> ResponseReturnValue:
    if not once_more(f"checks {network()}", attempts.CHECKS):
        return render_template("door/check.html", typed=code[:LONGEST], unknown=False, wrong=TOO_MANY), 429
    with here().source.engine.connect() as connection:
        found = proof.of(connection, code[:LONGEST])
    if found is None:
        return render_template("door/check.html", typed=code[:LONGEST], unknown=True), 404
    if request.method == "GET":
        return _page(found)
    digest, wrong = _sent()
    if wrong:
        return _page(found, wrong=wrong), 422
    return _page(found, same=digest == found.sha256)


def _page(found: Proof, same: bool | None = None, wrong: str = "") -> str:
    his = current_user.is_authenticated and current_user.viewer.account == found.account
    period = Chosen(found.length, found.first, found.until, found.until)
    page = {"one": found, "period": period, "same": same, "wrong": wrong, "largest": LARGEST // MEGABYTE, "tz": COMPANY}
    page |= {"his": found.file if his else None, "form": report_words.FORMATS[found.form], "size": report_words.size}
    return render_template("door/checked.html", **page)


def _sent() -> tuple[str, str]:
    """The SHA-256 of the file that was sent, or what is wrong with it."""
    given = request.files.get("file")
    if given is None or not given.filename:
        return "", _("Выберите файл")
    digest, size = sha256(), 0
    for part in iter(lambda: given.stream.read(CHUNK), b""):
        digest.update(part)
        size += len(part)
    if size > LARGEST:
        return "", _(
            "Файл больше %(most)s МБ. Сверьте его в браузере с включёнными скриптами: файл останется у вас.",
            most=LARGEST // MEGABYTE,
        )
    return digest.hexdigest(), ""
