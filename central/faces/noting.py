"""Each page that staff open, and each form that they send, is a row of the journal of actions.

    page console.point    key=17    200 state=open        the endpoint; what the address names; the answer, the query
    sent console.ratio    key=17    303

What stands in a form is not kept: it may be a secret, and the deed itself is noted by whoever does it. Of the query
what people type to find somebody is left out, since it is names, mails and phones, and a row is for ever; so are keys
of letters. Login and logout are noted by `accounts.sessions`, of everybody.
"""

import logging

from flask import Flask, Response, request
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from central.accounts.audit import note
from central.db import writing
from central.faces.here import here
from central.logs import about, told

log = logging.getLogger(__name__)

UNNOTED = frozenset(  # no pages of the company's, or noted as what they are
    {
        "static",
        "health",
        "installed.manifest",
        "installed.worker",
        "installed.offline",
        "door.theme",
        "door.language",
        "door.login",
        "door.second_step",
    }
)
OBJECTS = ("point", "meter", "edge")  # names of the query that name what a page is about
TYPED = frozenset({"q", "find", "who", "object", "Key", "next"})  # their values are not kept
LEFT_OUT = "…"
LONGEST = 300  # characters of a detail


def install(app: Flask) -> None:
    @app.after_request
    def noted(response: Response) -> Response:
        if request.endpoint is not None and request.endpoint not in UNNOTED:
            try:
                _note(request.endpoint, response.status_code)
            except SQLAlchemyError as error:  # what was done is done, and its answer is due: the log has it
                log.error("an action is not noted: %s", told(error), extra=about(endpoint=request.endpoint))
        return response


def _note(endpoint: str, code: int) -> None:
    if not current_user.is_authenticated or not current_user.viewer.staff:
        return
    made, looks = here(), request.method in ("GET", "HEAD")
    action = f"{'page' if looks else 'sent'} {endpoint}"
    detail = f"{code} {_query() if looks else ''}".strip()[:LONGEST]
    with writing(made.source.engine).begin() as connection:
        note(connection, made.now, current_user.viewer.account, action, _subject(), detail)


def _subject() -> str:
    named = dict(request.view_args or {}) | {name: request.args[name] for name in OBJECTS if name in request.args}
    return " ".join(f"{name}={value}" for name, value in named.items()).replace("\0", "")


def _query() -> str:
    """Not encoded: it is read by people."""
    given = request.args.items(multi=True)
    return "&".join(f"{name}={_kept(name, value)}" for name, value in given).replace("\0", "")


def _kept(name: str, value: str) -> str:
    said = "".join(letter for letter in value if letter.isprintable())
    return LEFT_OUT if said and (name in TYPED or "@" in said) else said
