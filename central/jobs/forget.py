"""The job `forget`: what was kept long enough goes, room by room."""

from typing import Any

from central.accounts import erasing, family, mail_change, registering
from central.db import fold_log
from central.figures import retention as of_figures
from central.ingest import retention as of_ingest
from central.jobs import queue
from central.jobs.context import Context
from central.push import job as of_push
from central.registry.exchange import uploads
from central.reports.made import keeping


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Again and again changes nothing."""
    messages = of_ingest.forget(context.engine, context.now)
    context.check()
    days = of_figures.forget(context.engine, context.now, context.config.keeping.point_day_years)
    context.check()
    books = uploads.forget(context.engine, uploads.folder(context.config), context.now)
    context.check()
    made = keeping.forget(context.engine, context.config.reports_folder, context.config.central.public_url, context.now)
    context.check()
    with context.writing() as connection:
        people = registering.forget(connection, context.now)
        family.forget(connection, context.now)
        mail_change.forget(connection, context.now)
    pushed = of_push.forget(context)
    erased = _erase(context)
    jobs = queue.forget(context.engine, context.now)
    gone = {"messages": messages, "days": days, "books": books, "reports": made, "pushed": pushed}
    return gone | {"people": people, "erased": erased, "jobs": jobs}


def _erase(context: Context) -> int:
    """People whose time has come; how many."""
    with context.engine.connect() as connection:
        found = erasing.due(connection, context.config.keeping, context.now)
    for key in found:
        context.check()
        with context.writing() as connection:
            erasing.erase_due(connection, key, context.config.keeping, context.now)
    if found:
        fold_log(context.engine)
    return len(found)
