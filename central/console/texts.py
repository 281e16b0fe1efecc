"""What people agree to when they register: an administrator writes the next version, the ones before are kept."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.accounts import texts as legal
from central.accounts.texts import Kind, NotText
from central.console.room import TZ, console
from central.db import writing
from central.faces import words
from central.faces.forms import Field
from central.faces.here import here, viewer

FIELDS = {
    Kind.LICENCE: Field("text", words.LEGAL[Kind.LICENCE], "area", most=legal.LONGEST),
    Kind.CONSENT: Field("text", words.LEGAL[Kind.CONSENT], "area", most=legal.LONGEST),
}
WRONG = _l("Текст от двухсот знаков: короче — заготовка, а не соглашение")


@console.route("/texts", methods=["GET", "POST"])
def texts() -> ResponseReturnValue:
    made, who = here(), viewer()
    kind = Kind(asked) if (asked := request.form.get("kind", "")) in set(Kind) else None
    typed, wrong = request.form.get("text", ""), False
    if request.method == "POST" and kind is not None:
        try:
            with writing(made.source.engine).begin() as connection:
                legal.write(connection, who, kind, typed, made.now)
            return redirect(url_for("console.texts", done=1), 303)
        except NotText:
            wrong = True
    with made.source.engine.connect() as connection:
        found = legal.current(connection, who.organisation)
    page = {"found": found, "fields": FIELDS, "kind": kind, "typed": typed, "wrong": WRONG if wrong else None, "tz": TZ}
    return render_template("console/texts.html", **page), 422 if wrong else 200
