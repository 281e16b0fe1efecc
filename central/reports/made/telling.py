"""The notice, the letter and the message to a phone about a file that a job made, by what its person chose."""

from sqlalchemy import Connection, update

from central.accounts.policy import Viewer
from central.faces import notice_words, report_words
from central.faces.formats import day
from central.faces.speaking import speaking
from central.mail.message import Mail
from central.mail.outbox import post
from central.mail.rendering import rendered
from central.metering.zones import day_of
from central.notices.choices import choices_of
from central.notices.keeping import due_at
from central.notices.kinds import Kind
from central.notices.quiet import quiet
from central.push.asking import ask
from central.registry.periods import COMPANY
from central.reports.made.desk import Made
from central.reports.tables import State, report_file

KINDS = {State.READY: Kind.REPORT_READY, State.FAILED: Kind.REPORT_FAILED}


def tell(connection: Connection, viewer: Viewer | None, one: Made, home: str, now: int) -> None:
    """In the transaction in which it ends. `viewer` None: he may not log in, and is told nothing."""
    kind = KINDS[one.state]
    chosen = choices_of(connection, [one.account], kind)[one.account]
    if viewer is None or not chosen.cabinet:
        connection.execute(update(report_file).where(report_file.c.id == one.id).values(seen_at=0))
    if viewer is not None and chosen.letter:
        letter = written(viewer, one, home, template=kind.value)
        due = due_at(kind, None, COMPANY, now, quiet(connection, one.account))
        post(connection, letter, now, one.account, f"report {one.id}", due)
    if viewer is not None:
        ask(connection, one.account, kind, f"/reports/made/{one.id}", COMPANY, now)


def written(viewer: Viewer, one: Made, home: str, template: str, **more: object) -> Mail:
    """`home`: how people reach this site."""
    with speaking(viewer.language):
        about = _about(viewer, one, home.rstrip("/"))
    return rendered(viewer.mail, template, viewer.language, **(about | more))


def _about(viewer: Viewer, one: Made, home: str) -> dict[str, object]:
    return {
        "name": viewer.name,
        "title": one.title,
        "form": report_words.FORMATS[one.form],
        "period": one.period.caption,
        "why": report_words.failed(one.error),
        "do": notice_words.KINDS[KINDS[one.state]].do,
        "until": day(day_of(one.goes_at, COMPANY)) if one.goes_at is not None else "",
        "link": f"{home}/reports/made/{one.id}",
        "choose": f"{home}/me/notices",
    }
