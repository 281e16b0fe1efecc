"""What is sent from «Отчеты»: parameters, and personal reports kept, changed, removed."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from central.cabinet import reports_mail
from central.cabinet.reports import again, answer, known, mine, personal_of, refused, sent
from central.cabinet.room import cabinet
from central.db import writing
from central.faces.forms import Parsed, parse, typed_in
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.figures import NotFound
from central.registry.refusals import Refused
from central.reports import personal


@cabinet.post("/reports/<word>")
def ask_report(word: str) -> ResponseReturnValue:
    """Its parameters are remembered, and are its address. A personal one is asked so once."""
    report, key = known(word), whole(request.form.get("personal", ""))
    return answer(report, request.form, personal_of(key) if key is not None else None)


@cabinet.post("/reports/<word>/keep")
def keep_personal(word: str) -> ResponseReturnValue:
    """Under a name, as a new one."""
    report, made = known(word), here()
    wanted = sent(report, request.form, mine())
    try:
        with writing(made.source.engine).begin() as connection:
            key = personal.keep(connection, viewer(), request.form.get("name", ""), wanted, _contract(), made.now)
    except Refused as error:
        return refused(report, wanted, _kept(), {error.field or "": error.sentence}, request.form)
    return redirect(url_for("cabinet.personal_report", key=key, done="kept"), 303)


@cabinet.post("/reports/personal/<int:key>")
def change_personal(key: int) -> ResponseReturnValue:
    kept, made = personal_of(key), here()
    report = known(kept.report)
    wanted = sent(report, request.form, mine())
    try:
        with writing(made.source.engine).begin() as connection:
            personal.change(connection, viewer(), key, request.form.get("name", ""), wanted, _contract(), made.now)
    except Refused as error:
        return refused(report, wanted, kept, {error.field or "": error.sentence}, request.form)
    return redirect(url_for("cabinet.personal_report", key=key, done="changed"), 303)


@cabinet.post("/reports/personal/<int:key>/mail")
def mail_personal(key: int) -> ResponseReturnValue:
    """It is sent each month so, or no more."""
    kept, made, given = personal_of(key), here(), request.form
    dropped = "drop" in given
    found = Parsed() if dropped else parse((reports_mail.FORM,), typed_in((reports_mail.FORM,), given))
    try:
        if not found.errors:
            with writing(made.source.engine).begin() as connection:
                reports_mail.sent(connection, viewer(), key, None if dropped else found.values, made.now)
    except Refused as error:
        found.errors[error.field or ""] = error.sentence
    if found.errors:
        report = known(kept.report)
        return refused(report, again(report, kept.kept), kept, found.errors, given, edited=False)
    return redirect(url_for("cabinet.personal_report", key=key, done="dropped" if dropped else "mailed"), 303)


@cabinet.route("/reports/personal/<int:key>/remove", methods=["GET", "POST"])
def remove_personal(key: int) -> ResponseReturnValue:
    """What will be gone is told first."""
    kept = personal_of(key)
    if not kept.own:
        raise NotFound(f"personal report {key}")
    if request.method == "GET":
        return render_template("cabinet/reports_remove.html", personal=kept)
    with writing(here().source.engine).begin() as connection:
        personal.remove(connection, viewer(), key)
    return redirect(url_for("cabinet.reports", done="removed"), 303)


def _contract() -> int | None:
    return whole(request.form.get("contract", ""))


def _kept() -> personal.Personal | None:
    """The one that is being changed, where a new one is made out of it."""
    key = whole(request.form.get("personal", ""))
    return personal_of(key) if key is not None else None
