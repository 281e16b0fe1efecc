"""Who may open which route: one table. A route without an entry is refused, and fails the tests.

What of a page one sees is another question, and `accounts.policy` answers it: a foreign point is 404 on any of these.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from central.accounts.policy import Right, Viewer
from central.faces.forms import Text
from central.faces.here import here

log = logging.getLogger(__name__)

READS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may open a route: people of these roles.

    `right`: of an operator who sends something there; with `held`, who opens it at all; an auditor sends nothing where
    one is asked for; `also`: a second one. `whole`: it is about the company as a whole, and not for who sees branches
    of it alone.
    """

    roles: frozenset[str]
    right: Right | None = None
    held: bool = False
    whole: bool = False
    also: Right | None = None


def _sees(right: Right | None = None, *, whole: bool = False) -> Entry:
    """A page of the company; `right` for its form."""
    return Entry(frozenset({"operator", "auditor", "administrator"}), right, whole=whole)


def _does(right: Right, *, whole: bool = False, also: Right | None = None) -> Entry:
    """A page that is a form."""
    return Entry(frozenset({"operator", "administrator"}), right, held=True, whole=whole, also=also)


ANYBODY = Entry(frozenset({"guest", "consumer", "operator", "auditor", "administrator"}))
KNOWN = Entry(ANYBODY.roles - {"guest"})
CONSUMER = Entry(frozenset({"consumer"}))
ADMINISTRATOR = Entry(frozenset({"administrator"}))
AUDITING = Entry(frozenset({"auditor", "administrator"}))
PEOPLE = Entry(_sees().roles, Right.PEOPLE, held=True, whole=True)

ACCESS: dict[str, Entry] = {  # endpoint -> who
    "static": ANYBODY,
    "health": ANYBODY,
    "door.login": ANYBODY,
    "door.second_step": ANYBODY,
    "door.logout": KNOWN,
    "door.register": ANYBODY,
    "door.applied": ANYBODY,
    "door.activate": ANYBODY,
    "door.activated": ANYBODY,
    "door.again": ANYBODY,
    "door.forgotten": ANYBODY,
    "door.reminded": ANYBODY,
    "door.reset": ANYBODY,
    "door.join": ANYBODY,
    "door.mail": ANYBODY,
    "door.open_phone": ANYBODY,
    "door.enter_phone": ANYBODY,
    "door.check": ANYBODY,
    "door.check_code": ANYBODY,
    "door.theme": ANYBODY,
    "door.language": ANYBODY,
    "cabinet.main": KNOWN,
    "gallery.components": ANYBODY,
    "installed.manifest": ANYBODY,
    "installed.worker": ANYBODY,
    "installed.offline": ANYBODY,
    "cabinet.data": KNOWN,
    "cabinet.data_file": KNOWN,
    "cabinet.data_line": KNOWN,
    "cabinet.news": KNOWN,
    "cabinet.events": KNOWN,
    "cabinet.events_file": KNOWN,
    "cabinet.notices": KNOWN,
    "cabinet.notice_choices": CONSUMER,
    "cabinet.push_on": CONSUMER,
    "cabinet.push_off": CONSUMER,
    "cabinet.consumption": KNOWN,
    "cabinet.readings": KNOWN,
    "cabinet.network": KNOWN,
    "cabinet.network_file": KNOWN,
    "cabinet.ask_now": CONSUMER,
    "cabinet.reading": KNOWN,
    "cabinet.complexes": KNOWN,
    "cabinet.explain": KNOWN,
    "cabinet.explain_data": KNOWN,
    "cabinet.what_if": KNOWN,
    "cabinet.hand_in": KNOWN,
    "cabinet.receipt": KNOWN,
    "cabinet.add_photo": CONSUMER,
    "cabinet.photo": KNOWN,
    "cabinet.reports": KNOWN,
    "cabinet.report": KNOWN,
    "cabinet.personal_report": KNOWN,
    "cabinet.ask_report": CONSUMER,
    "cabinet.keep_personal": CONSUMER,
    "cabinet.change_personal": CONSUMER,
    "cabinet.remove_personal": CONSUMER,
    "cabinet.mail_personal": CONSUMER,
    "cabinet.make_report": KNOWN,
    "cabinet.make_again": KNOWN,
    "cabinet.made_reports": KNOWN,
    "cabinet.made_report": KNOWN,
    "cabinet.made_file": KNOWN,
    "cabinet.cancel_report": KNOWN,
    "cabinet.remove_report": KNOWN,
    "cabinet.help": ANYBODY,
    "cabinet.about": ANYBODY,
    "cabinet.me": KNOWN,
    "cabinet.phone": CONSUMER,
    "cabinet.answer_phone": CONSUMER,
    "cabinet.phone_figures": CONSUMER,
    "cabinet.change_password": KNOWN,
    "cabinet.add_contract": CONSUMER,
    "cabinet.change_phone": KNOWN,
    "cabinet.change_mail": KNOWN,
    "cabinet.stop_mail": KNOWN,
    "cabinet.legal_text": CONSUMER,
    "cabinet.close": CONSUMER,
    "cabinet.left": ANYBODY,
    "cabinet.download": CONSUMER,
    "cabinet.family": CONSUMER,
    "cabinet.end_family": CONSUMER,
    "cabinet.take_invitation_back": CONSUMER,
    "cabinet.end_session": KNOWN,
    "cabinet.add_token": CONSUMER,
    "cabinet.withdraw_token": CONSUMER,
    "cabinet.second": KNOWN,
    "cabinet.drop_second": KNOWN,
    "console.applications": PEOPLE,
    "console.approve_sure": PEOPLE,
    "console.application": PEOPLE,
    "console.handed_in": _sees(Right.FIGURES),
    "console.one_handed_in": _sees(Right.FIGURES),
    "console.people": PEOPLE,
    "console.one_person": PEOPLE,
    "console.open_cabinet": PEOPLE,
    "console.leave_cabinet": PEOPLE,
    "console.news": PEOPLE,
    "console.new_item": _does(Right.PEOPLE, whole=True),
    "console.news_item": PEOPLE,
    "console.texts": ADMINISTRATOR,
    "console.mail": ADMINISTRATOR,
    "console.actions": AUDITING,
    "console.actions_file": AUDITING,
    "console.staff": ADMINISTRATOR,
    "console.new_member": ADMINISTRATOR,
    "console.member": ADMINISTRATOR,
    "console.points": _sees(),
    "console.edges": _sees(),
    "console.audit": _sees(whole=True),
    "console.network": _sees(),
    "console.search": _sees(),
    "console.point": _sees(),
    "console.new_point": _does(Right.REGISTRY),
    "console.mount": _does(Right.REGISTRY),
    "console.replacement": _does(Right.REGISTRY),
    "console.ratio": _does(Right.REGISTRY),
    "console.dismount": _does(Right.REGISTRY),
    "console.manual_reading": _does(Right.FIGURES),
    "console.correct_mounting": _does(Right.REGISTRY),
    "console.remove_mounting": _does(Right.REGISTRY),
    "console.correct_point": _does(Right.REGISTRY),
    "console.terms": _does(Right.REGISTRY),
    "console.hand_over": _does(Right.REGISTRY),
    "console.meter": _sees(),
    "console.verify_meter": _does(Right.REGISTRY),
    "console.verify_transformer": _does(Right.REGISTRY),
    "console.correct_meter": _does(Right.REGISTRY),
    "console.contract": _sees(),
    "console.correct_contract": _does(Right.REGISTRY),
    "console.organisation": _sees(),
    "console.correct_organisation": _does(Right.REGISTRY, whole=True),
    "console.node": _sees(),
    "console.new_node": _does(Right.REGISTRY),
    "console.rename_node": _does(Right.REGISTRY),
    "console.schemes": _sees(),
    "console.scheme": _sees(),
    "console.price": _does(Right.FIGURES, whole=True),
    "console.monthly_line": _does(Right.FIGURES, whole=True),
    "console.edge": _sees(),
    "console.new_edge": _does(Right.EDGES),
    "console.correct_edge": _does(Right.EDGES),
    "console.new_line": _does(Right.EDGES),
    "console.entitle": _does(Right.EDGES),
    "console.release": _does(Right.EDGES),
    "console.changes": _sees(whole=True),
    "console.change": _sees(whole=True),
    "console.undo_change": _does(Right.REGISTRY, whole=True),
    "console.foreign": _sees(),
    "console.adopt": _does(Right.REGISTRY, also=Right.EDGES),
    "console.imports": _does(Right.REGISTRY, whole=True),
    "console.import_template": _does(Right.REGISTRY, whole=True),
    "console.export": _does(Right.REGISTRY, whole=True),
    "console.workbook": _does(Right.REGISTRY, whole=True),
    "console.answer_workbook": _does(Right.REGISTRY, whole=True),
    "console.cases": _sees(),
    "console.exceptions": _sees(Right.FIGURES),
    "console.exception_list": _sees(Right.FIGURES),
    "console.exception": _sees(Right.FIGURES),
    "console.undo_decision": _does(Right.FIGURES),
    "console.checks": _sees(),
    "console.check_limits": _does(Right.FIGURES, whole=True),
    "console.all_months": _sees(whole=True),
    "console.month": _sees(whole=True),
    "console.run_month": _does(Right.FIGURES, whole=True),
    "console.corrections": _sees(whole=True),
    "console.corrections_file": _sees(whole=True),
    "console.point_month": _sees(),
    "console.close_point": _does(Right.FIGURES),
    "console.open_month": _does(Right.FIGURES),
    "console.document": _sees(),
    "console.new_document": _does(Right.REGISTRY),
    "console.remove_document": _does(Right.REGISTRY),
}


def may(viewer: Viewer | None, endpoint: str, method: str = "GET") -> bool:
    """Whether somebody (None: nobody has logged in) may ask for this route so."""
    entry = ACCESS[endpoint]
    if viewer is None:
        return "guest" in entry.roles
    if viewer.role not in entry.roles or (entry.whole and not viewer.whole):
        return False
    sends = method not in READS
    if entry.right is None or viewer.role == "auditor":
        return entry.right is None or not sends
    asked = {entry.right, entry.also} - {None}
    return asked <= viewer.rights or not (sends or entry.held)


def leads(address: str, method: str = "GET") -> bool:
    """Whether a link (or form) of this address leads where the one who looks may go; it is not shown to others."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(urlsplit(address).path, method=method)
    except (HTTPException, RequestRedirect):
        return False
    return may(current_user.viewer if current_user.is_authenticated else None, endpoint, method)


def open_to(links: Iterable[tuple[str, Text]]) -> list[tuple[str, Text]]:
    """Those that lead where the one who looks may go."""
    return [(address, word) for address, word in links if leads(address)]


FIRST = frozenset(  # what staff may open before the second factor is set, where it is required
    {
        "static",
        "health",
        "installed.manifest",
        "installed.worker",
        "installed.offline",
        "cabinet.second",
        "door.logout",
        "door.theme",
        "door.language",
    }
)


def _lacks_second() -> bool:
    if not current_user.is_authenticated or not here().staff_need_second:
        return False
    return current_user.viewer.staff and not current_user.viewer.second


def install(app: Flask) -> None:
    @app.before_request
    def may_open() -> ResponseReturnValue | None:
        endpoint = request.endpoint
        if endpoint is None:  # no such address: the router has said 404 already
            return None
        if endpoint not in ACCESS:
            log.error("the route %s has no entry in the access table", endpoint)
            abort(404)
        viewer = current_user.viewer if current_user.is_authenticated else None
        if may(viewer, endpoint, request.method):
            return redirect(url_for("cabinet.second")) if endpoint not in FIRST and _lacks_second() else None
        if viewer is not None:
            abort(403)
        asked = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("door.login", next=asked))
