"""The job `handed_in`: readings that were kept for a month whose days have begun enter the figures."""

from typing import Any

from central.db import alone
from central.handing.entering import enter_due
from central.jobs.context import Context


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Again and again changes nothing."""
    with context.writing() as connection:
        alone(connection, "registry")
        return {"entered": enter_due(connection, context.now)}
