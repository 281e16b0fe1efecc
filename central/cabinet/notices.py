"""«Уведомления»: what happened at one's points, and what one wants to be told of: by letter, here, on the phone."""

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from central.cabinet.room import cabinet
from central.db import writing
from central.faces import event_words, notice_words, report_words
from central.faces.forms import Field, Group, Text, captions_of, parse
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.metering.zones import day_of
from central.notices import board
from central.notices.board import Notice
from central.notices.choices import Choice, choices, choose
from central.notices.kinds import DANGER, DECREE, Kind
from central.notices.letters import when
from central.notices.quiet import Quiet, choose_quiet, quiet
from central.push import devices, keys
from central.push.telling import A_DAY
from central.reports.made import desk
from central.reports.made.desk import Made
from central.reports.made.telling import KINDS as OF_FILE

ON_PAGE, AMONG, LATEST = 20, 20, 2
FILES_TOLD, MOST_FILES = 7 * 86_400, 5  # seconds after its end, and files, of which the first page tells
LETTER, CABINET, PUSH = "letter", "cabinet", "push"  # of the form: «letter-opened»
EACH_HOUR = tuple((str(hour), f"{hour}:00") for hour in range(24))
QUIET = Group(
    _l("Тихие часы"),
    (
        Field("since", _l("Тихо с"), "choice", choices=EACH_HOUR),
        Field("until", _l("Тихо до"), "choice", choices=EACH_HOUR),
    ),
    help=_l(
        "В это время придёт только опасное: вскрытие, магнитное поле, сбой. Остальное ждёт конца тихих часов. "
        "Время — местное, точки учёта. Одинаковые часы — тишины нет."
    ),
)
GROUPS = (  # of the form; what is not named stands in the last one
    DECREE,
    (Kind.OUTAGE, Kind.HIGH_USE, Kind.SILENT, Kind.VERIFICATION),
    (Kind.READINGS_OPEN, Kind.READING_ACCEPTED, Kind.READING_DECLINED),
)


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
    return {
        "one": one,
        "title": notice_words.title(one.told, one.journal, one.event_code),
        "words": notice_words.KINDS[one.told],
        "what": notice_words.what(one.kind, one.terms),
        "when": when(one),
        "lasts": one.until is None,
        "text": event_words.event(one.journal, one.event_code) if one.kind in DECREE else "",
        "way": _way(one),
    }


def _way(one: Notice) -> tuple[str, str] | None:
    """Where more of it stands, and what that is."""
    if one.kind in DECREE:
        day = day_of(one.since, one.tz)
        return url_for("cabinet.events", point=one.point, length="day", day=day), _("Журнал этого дня")
    if one.kind is Kind.HIGH_USE:
        length = one.terms["period"]
        return url_for("cabinet.data", point=one.point, length=length, day=one.terms["last"]), _("Расход по часам")
    if one.kind is Kind.READINGS_OPEN:
        return url_for("cabinet.hand_in"), _("Передать показания")
    if one.kind in (Kind.READING_ACCEPTED, Kind.READING_DECLINED):
        return url_for("cabinet.receipt", number=one.terms["number"]), _("Квитанция")
    return None


@cabinet.route("/me/notices", methods=["GET", "POST"])
def notice_choices() -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        chosen, hours = choices(connection, who.account), quiet(connection, who.account)
    if request.method == "GET":
        return _choices_page(chosen, {name: str(hour) for name, hour in asdict(hours).items()}, {})
    chosen = _ticked(chosen)
    found = parse((QUIET,), request.form)
    if found.errors:
        return _choices_page(chosen, request.form, found.errors), 422
    with writing(made.source.engine).begin() as connection:
        choose(connection, who, chosen)
        choose_quiet(connection, who, Quiet(int(found.values["since"]), int(found.values["until"])))
    return redirect(url_for("cabinet.notice_choices", done="chosen"), 303)


def _choices_page(chosen: Mapping[Kind, Choice], typed: Mapping[str, str], errors: Mapping[str, Text]) -> str:
    named = {kind for group in GROUPS for kind in group}
    rest = tuple(kind for kind in Kind if kind not in named)
    page: dict[str, Any] = {"groups": [*GROUPS[:-1], (*GROUPS[-1], *rest)], "quiet": QUIET, "typed": typed}
    page |= {"errors": errors, "captions": captions_of((QUIET,)), "most": A_DAY}
    page |= {"chosen": chosen, "kinds": notice_words.KINDS, "danger": DANGER, "phone": _phone()}
    return render_template("cabinet/notice_choices.html", **page)


def _ticked(before: Mapping[Kind, Choice]) -> Mapping[Kind, Choice]:
    """As the form says; what is told to phones stays, where this server tells them nothing."""
    possible = here().config.push is not None

    def tick(way: str, kind: Kind) -> bool:
        return request.form.get(f"{way}-{kind}") == "1"

    return {
        kind: Choice(tick(LETTER, kind), tick(CABINET, kind), tick(PUSH, kind) if possible else before[kind].push)
        for kind in Kind
    }


def _phone() -> dict[str, str] | None:
    """What the browser is told to take messages by, and the address that it takes them at in this session; None: this
    server sends none."""
    made = here()
    if made.config.push is None:
        return None
    with made.source.engine.connect() as connection:
        key = keys.public(connection)
        on = devices.here(connection, viewer(), current_user.token)
    if key is None:
        with writing(made.source.engine).begin() as connection:
            key = keys.key(connection, made.config.web_secret, made.now).public
    return {"key": key, "on": "" if on is None else sha256(on.encode()).hexdigest()}


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
