"""A consumer's cabinet as he sees it, opened by staff: for half an hour, read only, written down and shown to him."""

from dataclasses import replace

from flask import Flask, abort, g, request, session
from flask_login import current_user

from central.accounts import consumers
from central.accounts.audit import note
from central.accounts.looked import CABINET
from central.accounts.policy import Right, Viewer
from central.db import writing
from central.faces.access import READS
from central.faces.here import here

THROUGH = "through"  # in the session
SECONDS = 1800
PAGES = frozenset(  # that are seen so; on others one is oneself
    {
        "cabinet.main",
        "cabinet.data",
        "cabinet.data_file",
        "cabinet.data_line",
        "cabinet.news",
        "cabinet.events",
        "cabinet.events_file",
        "cabinet.notices",
        "cabinet.consumption",
        "cabinet.readings",
        "cabinet.network",
        "cabinet.network_file",
        "cabinet.reading",
        "cabinet.complexes",
        "cabinet.reports",
        "cabinet.report",
        "cabinet.personal_report",
        "cabinet.explain",
        "cabinet.explain_data",
        "cabinet.what_if",
        "cabinet.hand_in",
        "cabinet.receipt",
        "cabinet.photo",
        "cabinet.made_reports",
        "cabinet.made_report",
        "cabinet.made_file",
        "cabinet.make_report",  # these are only refused
        "cabinet.make_again",
        "cabinet.cancel_report",
        "cabinet.remove_report",
    }
)


def enter(account_id: int) -> None:
    """For whoever has the right."""
    made = here()
    with writing(made.source.engine).begin() as connection:
        note(connection, made.now, current_user.viewer.account, CABINET, f"account {account_id}")
    session[THROUGH] = {"account": account_id, "until": made.now + SECONDS}


def leave() -> int | None:
    """Whose cabinet it was."""
    opened = session.pop(THROUGH, None)
    return None if opened is None else int(opened["account"])


def install(app: Flask) -> None:
    @app.before_request
    def look_through() -> None:
        if request.endpoint not in PAGES or THROUGH not in session or not current_user.is_authenticated:
            return
        g.through = _consumer(session[THROUGH], current_user.viewer)
        if g.through is None:
            session.pop(THROUGH)
        elif request.method not in READS:
            abort(403)


def _consumer(opened: dict[str, int], member: Viewer) -> Viewer | None:
    """None: the time is over, or it is his no more to see."""
    made = here()
    if made.now >= opened["until"] or not member.whole or Right.PEOPLE not in member.rights:
        return None
    with made.source.engine.connect() as connection:
        if consumers.person(connection, member, opened["account"]) is None:
            return None
        found = Viewer.load(connection, opened["account"], made.now)
    return None if found is None else replace(found, by=member.account)
