"""The audits as jobs of the worker. Each may be run again at any time: it finds what is there."""

import logging
from datetime import UTC, datetime
from typing import Any

from central.audits import completeness, ledger, projection
from central.commands import keys
from central.config import ConfigError
from central.jobs.context import Context, JobFailed
from central.logs import about
from central.operation.alarms import Alarm
from central.timeseries.base import DAY

log = logging.getLogger(__name__)

RECENT = 2  # days that the projection audit looks back on a common night
WHOLE = 14  # and on the night to Monday: what the inbox keeps
TOLD = 60  # days whose sums are made anew each night


def count(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The sums of today and yesterday, for the pages."""
    today = context.now // DAY
    return {"differing": ledger.recount(context.engine, today - 1, today, context.now)}


def project(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Inbox against series: the last days, and once a week all that the inbox keeps; the sums of days made anew."""
    monday = datetime.fromtimestamp(context.now, UTC).weekday() == 0
    today = context.now // DAY
    first = today - (WHOLE if monday else RECENT)
    found = projection.audit(context.engine, context.series, first, today, context.now, check=context.check)
    ledger.forget(context.engine, context.now)
    ledger.recount(context.engine, today - TOLD, today - RECENT - 1, context.now)
    differing = ledger.recount(context.engine, today - RECENT, today, context.now)
    if differing:
        log.warning("%d counts of meters and days do not agree", differing, extra=about(Alarm.COUNTS_DIFFER))
    findings = {"findings": len(found.findings), "repaired": found.repaired}
    return {"meters": found.meters, "days": found.days, **findings, "differing": differing}


def complete(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Expected against received, and commands for what is missing."""
    settings = context.config.audits
    found = completeness.audit(context.engine, context.series, settings, context.now, check=context.check)
    figures = {"meters": found.meters, "missing": found.missing}
    return {**figures, "found": found.found, "filled": found.filled, "lost": found.lost, "asked": _ask(context)}


def answer(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Gaps whose commands are over; the next ones, within the same night's budget."""
    found = completeness.look_again(context.engine, context.series, context.config.audits, context.now)
    return {"meters": found.meters, "filled": found.filled, "lost": found.lost, "asked": _ask(context)}


def _ask(context: Context) -> int:
    try:
        key = keys.private_key(context.config)
    except ConfigError as error:
        raise JobFailed(str(error)) from None
    asked = completeness.ask(context.engine, key, context.config.audits, context.now)
    for one in asked:
        log.info("gap %d: edge %s is asked, command %s", one.gap, one.edge, one.command)
    return len(asked)
