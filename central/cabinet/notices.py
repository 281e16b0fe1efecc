"""«Уведомления»: what happened at one's points, and what one wants to be told of, by letter and here."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from central.cabinet.room import cabinet
from central.db import writing
from central.faces import notice_words, report_words
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.metering.zones import day_of
from central.notices import board
from central.notices.board import Notice
from central.notices.choices import Choice, choices, choose
from central.notices.kinds import DANGER, DECREE, Kind
from central.notices.letters import when
from central.reports.made import desk
from central.reports.made.desk import Made
from central.reports.made.telling import KINDS as OF_FILE
from protocol.spodes.events import event_text

ON_PAGE, AMONG, LATEST = 20, 20, 2
FILES_TOLD, MOST_FILES = 7 * 86_400, 5  # seconds after its end, and files, of which the first page tells
LETTER, CABINET = "letter", "cabinet"  # of the form: «letter-opened»


@cabinet.get("/notices")
def notices() -> ResponseReturnValue:
    """Opened by himself, they are seen from then on; this page still tells which are new. Staff have a list of their
    own."""
    if viewer().staff:
        return redirect(url_for("console.cases"))
    made, who, number = here(), viewer(), max(whole(request.args.get("page", "")) or 1, 1)
    with made.source.engine.connect() as connection:
        found, count = board.shown(connection, who, number, ON_PAGE)
        fresh = board.any_unseen(connection, who.account)
        ended = desk.noticed(connection, who, made.now - FILES_TOLD, MOST_FILES) if number == 1 else []
    if fresh and found and who.by is None:
        with writing(made.source.engine).begin() as connection:
            board.seen(connection, who.account, max(one.id for one in found), made.now)
    if any(one.new for one in ended) and who.by is None:
        with writing(made.source.engine).begin() as connection:
            desk.saw(connection, who, made.now)
    page: dict[str, Any] = {"found": [told(one) for one in found], "count": count, "page": number, "on_page": ON_PAGE}
    page["ended"] = [told_file(one) for one in ended]
    return render_template("cabinet/notices.html", **page)


def latest() -> list[dict[str, Any]]:
    """For the main page: the newest that are not seen, danger first, then files that were asked for."""
    if not anything_new():
        return []
    with here().source.engine.connect() as connection:
        found = board.unseen(connection, viewer(), AMONG)
        files = [one for one in desk.noticed(connection, viewer(), 0, LATEST) if one.new]
    danger = [told(one) for one in found if one.kind in DANGER]
    return [*danger, *map(told_file, files), *(told(one) for one in found if one.kind not in DANGER)][:LATEST]


def told_file(one: Made) -> dict[str, Any]:
    """The same of a file that a job made."""
    words = notice_words.KINDS[OF_FILE[one.state]]
    return {"file": one, "title": words.title, "words": words, "why": report_words.failed(one.error)}


def told(one: Notice) -> dict[str, Any]:
    """A notice in words, and where more of it stands."""
    words, journal = notice_words.KINDS[one.kind], one.kind in DECREE
    day = day_of(one.since, one.tz)
    return {
        "one": one,
        "title": notice_words.title(one.kind, one.journal, one.event_code),
        "words": words,
        "when": when(one),
        "lasts": one.until is None,
        "text": event_text(one.journal, one.event_code) if journal else "",
        "way": url_for("cabinet.events", point=one.point, length="day", day=day) if journal else None,
    }


@cabinet.route("/me/notices", methods=["GET", "POST"])
def notice_choices() -> ResponseReturnValue:
    made, who = here(), viewer()
    if request.method == "POST":
        chosen = {kind: Choice(_ticked(LETTER, kind), _ticked(CABINET, kind)) for kind in Kind}
        with writing(made.source.engine).begin() as connection:
            choose(connection, who, chosen)
        return redirect(url_for("cabinet.notice_choices", done="chosen"), 303)
    with made.source.engine.connect() as connection:
        found = choices(connection, who.account)
    groups = [(True, DECREE), (False, tuple(kind for kind in Kind if kind not in DECREE))]
    page: dict[str, Any] = {"groups": groups, "chosen": found, "kinds": notice_words.KINDS, "danger": DANGER}
    return render_template("cabinet/notice_choices.html", **page)


def _ticked(way: str, kind: Kind) -> bool:
    return request.form.get(f"{way}-{kind}") == "1"


@cabinet.app_context_processor
def bell() -> dict[str, Any]:
    """`anything_new`: asked for by the header of a consumer's page alone, once a page."""

    return {"anything_new": anything_new}


def anything_new() -> bool:
    """That the consumer has not seen."""
    if "bell" not in g:
        who = viewer()
        with here().source.engine.connect() as connection:
            g.bell = not who.staff and (
                board.any_unseen(connection, who.account) or desk.any_unseen(connection, who.account)
            )
    return bool(g.bell)
