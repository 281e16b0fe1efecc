"""«Готовые файлы»: files of reports that one asked for: what becomes of each, and how it is taken away.

The figures of a file are given out by the policy of the moment in which it is taken.
"""

import logging
from typing import Any

from flask import redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from central.cabinet.room import cabinet
from central.db import writing
from central.faces import preferences, report_words
from central.faces.here import Here, here, viewer
from central.faces.numbers import whole
from central.figures import NotFound
from central.logs import about
from central.metering.zones import day_of
from central.registry.periods import COMPANY
from central.registry.refusals import Refused
from central.reports import personal
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.description import Report
from central.reports.formats import FORMS
from central.reports.made import codes, desk, files
from central.reports.made.desk import KEPT, MOST_KEPT, Made
from central.reports.made.making import Place, at_once
from central.reports.made.sending import file_name
from central.reports.personal import Personal
from central.reports.tables import State

log = logging.getLogger(__name__)

ON_PAGE = 20


@cabinet.post("/reports/<word>/make")
def make_report(word: str) -> ResponseReturnValue:
    """What stands in the form is the address of the report, and the format; `personal`: whose name it bears. Raises
    NotFound."""
    report = reports().get(word)
    if report is None:
        raise NotFound(f"report {word}")
    made, who = here(), viewer()
    kept = _personal(word)
    wanted = asked(report, request.form, day_of(made.now, COMPANY))
    form, language = request.form.get("form", ""), preferences.language()
    try:
        key, now = desk.ask(made.source, who, report, wanted, form, made.now, language, kept.name if kept else "")
    except Refused as refused:
        query: dict[str, Any] = wanted.query
        if kept is not None:
            back = url_for("cabinet.personal_report", key=kept.id, **query)
        else:
            back = url_for("cabinet.report", word=word, **query)
        return _refused(str(refused.sentence), kept.name if kept else str(report.title), back)
    return _asked(key, at_once_=now)


def _personal(word: str) -> Personal | None:
    """The one that the form names. Raises NotFound: he sees no such one, or it is of another report."""
    key = whole(request.form.get("personal", ""))
    if key is None:
        return None
    with here().source.engine.connect() as connection:
        found = personal.one(connection, viewer(), key)
    if found.report != word:
        raise NotFound(f"personal report {found.id} as {word}")
    return found


@cabinet.post("/reports/made/<int:key>/again")
def make_again(key: int) -> ResponseReturnValue:
    made, who = here(), viewer()
    try:
        new, now = desk.again(made.source, who, key, made.now, preferences.language())
    except Refused as refused:
        return _refused(str(refused.sentence), "", url_for("cabinet.made_report", key=key))
    return _asked(new, at_once_=now)


def _asked(key: int, *, at_once_: bool) -> ResponseReturnValue:
    made, endpoint = here(), "cabinet.made_report"
    if at_once_ and at_once(made.source, _place(made), viewer(), key, made.now):
        endpoint = "cabinet.made_file"
    return redirect(url_for(endpoint, key=key), 303)


def _refused(sentence: str, title: str, back: str) -> ResponseReturnValue:
    return render_template("cabinet/made_refused.html", sentence=sentence, title=title, way_back=back), 422


@cabinet.get("/reports/made")
def made_reports() -> ResponseReturnValue:
    """How each ended is seen from then on."""
    made, who, number = here(), viewer(), max(whole(request.args.get("page", "")) or 1, 1)
    with made.source.engine.connect() as connection:
        found, count = desk.mine(connection, who, number, ON_PAGE)
        kept = desk.kept(connection, who.account)
    _saw(found, made)
    page: dict[str, Any] = {"found": found, "count": count, "page": number, "on_page": ON_PAGE}
    page |= {
        "kept": kept,
        "most_kept": MOST_KEPT,
        "days": KEPT // 86_400,
    }
    return render_template("cabinet/made_reports.html", **page, **_words())


@cabinet.get("/reports/made/<int:key>")
def made_report(key: int) -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        one = desk.one(connection, who, key)
        seen = one.state is not State.READY or desk.sees(connection, who, one)
    _saw([one], made)
    return _page(one, lost="" if seen else _unseen())


@cabinet.get("/reports/made/<int:key>/file")
def made_file(key: int) -> ResponseReturnValue:
    """Raises NotFound: it is another's, or there is none."""
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        one = desk.one(connection, who, key)
        if one.state is not State.READY or one.sha256 is None:
            raise NotFound(f"file {key}")
        seen = desk.sees(connection, who, one)
    if not seen:
        return _page(one, lost=_unseen()), 404
    try:
        file = files.opened(made.config.reports_folder, one.sha256)
    except FileNotFoundError:
        log.error("a file of a report is no more", extra=about(file=key))
        return _page(one, lost=_("Файла на сервере больше нет. Сделайте его снова.")), 404
    except files.Changed:
        log.error("a file of a report was changed on the disk", extra=about(file=key))
        changed = _("Файл на сервере изменился: его сумма SHA-256 другая, и он не выдаётся. Сделайте его снова.")
        return _page(one, lost=changed), 404
    form = FORMS[one.form]
    answer = send_file(file, form.mimetype, as_attachment=True, download_name=file_name(one), etag=False, max_age=0)
    answer.content_length = one.size or 0
    return answer


@cabinet.post("/reports/made/<int:key>/cancel")
def cancel_report(key: int) -> ResponseReturnValue:
    made = here()
    with writing(made.source.engine).begin() as connection:
        desk.cancel(connection, viewer(), key, made.now)
    return redirect(url_for("cabinet.made_report", key=key), 303)


@cabinet.post("/reports/made/<int:key>/remove")
def remove_report(key: int) -> ResponseReturnValue:
    made = here()
    with writing(made.source.engine).begin() as connection:
        desk.remove(connection, made.config.reports_folder, viewer(), key)
    return redirect(url_for("cabinet.made_reports", done="removed"), 303)


def _page(one: Made, lost: str) -> str:
    known = reports().get(one.report)
    page: dict[str, Any] = {
        "one": one,
        "lost": lost,
        "why": report_words.failed(one.error),
        "points": sum(since < until for since, until in one.spans.values()),
        "code": codes.shown(one.code),
        "again": known is not None,
        "report_way": _way(one, known) if known is not None else None,
    }
    return render_template("cabinet/made_report.html", **page, **_words())


def _way(one: Made, report: Report) -> str | None:
    """To the page of this report, of those of its points that he sees; None: it would be of none."""
    made = here()
    with made.source.engine.connect() as connection:
        his = desk.his_part(connection, viewer(), desk.restored(one, report, one.until), made.now)
    if his is None:
        return None
    query: dict[str, Any] = his.query
    return url_for("cabinet.report", word=one.report, **query)


def _words() -> dict[str, Any]:
    return {"states": report_words.STATES, "forms": report_words.FORMATS, "size": report_words.size, "tz": COMPANY}


def _unseen() -> str:
    return str(_("Файл вам больше не выдаётся: хотя бы одну из его точек учета за это время вы больше не видите."))


def _saw(found: list[Made], made: Here) -> None:
    who = viewer()
    if any(one.new for one in found) and who.by is None:
        with writing(made.source.engine).begin() as connection:
            desk.saw(connection, who, made.now)


def _place(made: Here) -> Place:
    return Place(made.config.reports_folder, made.public_url)
