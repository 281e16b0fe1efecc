"""Who may open which route: one table. A route without an entry is refused, and fails the tests.

What of a page one sees is another question, and `accounts.policy` answers it: a foreign point is 404 on any of these.
"""

import logging

from flask import Flask, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from central.faces.here import here

log = logging.getLogger(__name__)

GUEST = frozenset({"guest", "consumer", "operator", "administrator"})
SIGNED_IN = GUEST - {"guest"}
STAFF = frozenset({"operator", "administrator"})
AUDITING = frozenset({"administrator", "auditor"})

ACCESS: dict[str, frozenset[str]] = {  # endpoint -> roles
    "static": GUEST,
    "health": GUEST,
    "door.login": GUEST,
    "door.second_step": GUEST,
    "door.logout": SIGNED_IN,
    "door.register": GUEST,
    "door.applied": GUEST,
    "door.activate": GUEST,
    "door.activated": GUEST,
    "door.again": GUEST,
    "door.forgotten": GUEST,
    "door.reminded": GUEST,
    "door.reset": GUEST,
    "door.theme": GUEST,
    "door.language": GUEST,
    "cabinet.main": SIGNED_IN,
    "cabinet.data": SIGNED_IN,
    "cabinet.data_file": SIGNED_IN,
    "cabinet.readings": SIGNED_IN,
    "cabinet.reading": SIGNED_IN,
    "cabinet.explain": SIGNED_IN,
    "cabinet.explain_data": SIGNED_IN,
    "cabinet.what_if": SIGNED_IN,
    "cabinet.me": SIGNED_IN,
    "cabinet.change_password": SIGNED_IN,
    "cabinet.add_contract": SIGNED_IN - STAFF,
    "cabinet.end_session": SIGNED_IN,
    "cabinet.second": SIGNED_IN,
    "cabinet.drop_second": SIGNED_IN,
    "console.applications": STAFF,
    "console.approve_sure": STAFF,
    "console.application": STAFF,
    "console.people": STAFF,
    "console.one_person": STAFF,
    "console.texts": frozenset({"administrator"}),
    "console.mail": frozenset({"administrator"}),
    "console.actions": AUDITING,
    "console.actions_file": AUDITING,
    "console.points": STAFF,
    "console.edges": STAFF,
    "console.audit": STAFF,
    "console.network": STAFF,
    "console.search": STAFF,
    "console.point": STAFF,
    "console.new_point": STAFF,
    "console.mount": STAFF,
    "console.replacement": STAFF,
    "console.ratio": STAFF,
    "console.dismount": STAFF,
    "console.manual_reading": STAFF,
    "console.correct_mounting": STAFF,
    "console.remove_mounting": STAFF,
    "console.correct_point": STAFF,
    "console.terms": STAFF,
    "console.hand_over": STAFF,
    "console.meter": STAFF,
    "console.verify_meter": STAFF,
    "console.verify_transformer": STAFF,
    "console.correct_meter": STAFF,
    "console.contract": STAFF,
    "console.correct_contract": STAFF,
    "console.organisation": STAFF,
    "console.correct_organisation": STAFF,
    "console.node": STAFF,
    "console.new_node": STAFF,
    "console.rename_node": STAFF,
    "console.schemes": STAFF,
    "console.scheme": STAFF,
    "console.price": STAFF,
    "console.monthly_line": STAFF,
    "console.edge": STAFF,
    "console.new_edge": STAFF,
    "console.correct_edge": STAFF,
    "console.new_line": STAFF,
    "console.entitle": STAFF,
    "console.release": STAFF,
    "console.changes": STAFF,
    "console.change": STAFF,
    "console.undo_change": STAFF,
    "console.foreign": STAFF,
    "console.adopt": STAFF,
    "console.imports": STAFF,
    "console.import_template": STAFF,
    "console.export": STAFF,
    "console.workbook": STAFF,
    "console.answer_workbook": STAFF,
    "console.exceptions": STAFF,
    "console.exception_list": STAFF,
    "console.exception": STAFF,
    "console.undo_decision": STAFF,
    "console.checks": STAFF,
    "console.check_limits": STAFF,
    "console.all_months": STAFF,
    "console.month": STAFF,
    "console.run_month": STAFF,
    "console.corrections": STAFF,
    "console.corrections_file": STAFF,
    "console.point_month": STAFF,
    "console.close_point": STAFF,
    "console.open_month": STAFF,
    "console.document": STAFF,
    "console.new_document": STAFF,
    "console.remove_document": STAFF,
}


FIRST = frozenset(  # what staff may open before the second factor is set, where it is required
    {"static", "health", "cabinet.second", "door.logout", "door.theme", "door.language"}
)


def _lacks_second() -> bool:
    if not current_user.is_authenticated or not here().staff_need_second:
        return False
    return current_user.viewer.staff and not current_user.viewer.second


def may(endpoint: str) -> bool:
    """Whether who looks may open it: for links."""
    return current_user.is_authenticated and current_user.viewer.role in ACCESS[endpoint]


def install(app: Flask) -> None:
    app.jinja_env.globals["may_open"] = may

    @app.before_request
    def may_open() -> ResponseReturnValue | None:
        endpoint = request.endpoint
        if endpoint is None:  # no such address: the router has said 404 already
            return None
        if endpoint not in ACCESS:
            log.error("the route %s has no entry in the access table", endpoint)
            abort(404)
        role = current_user.viewer.role if current_user.is_authenticated else "guest"
        if role in ACCESS[endpoint]:
            return redirect(url_for("cabinet.second")) if endpoint not in FIRST and _lacks_second() else None
        if role != "guest":
            abort(403)
        asked = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("door.login", next=asked))
